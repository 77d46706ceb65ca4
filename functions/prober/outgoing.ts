import { errorCode } from './failure.ts';

/** One request as it goes out: secrets in place. */
export interface Outgoing {
  readonly method: string;
  /** Without credentials and fragment. */
  readonly url: URL;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Names of the headers that hold a secret. */
  readonly headersWithSecrets: readonly string[];
  readonly body: string | null;
  readonly bodyHasSecret: boolean;
}

/** Part of every user agent, so that an API's owner sees who asks, and from where. */
export const PRODUCT = 'Parallax/0.1';

export interface Origin {
  readonly region: string;
  /** 32 hex digits, the same for all of a check's hops. */
  readonly traceId: string;
  /** 16 hex digits, new for each hop. */
  readonly spanId: string;
}

/** @see https://www.w3.org/TR/trace-context/#traceparent-header */
export function traceparent(traceId: string, spanId: string): string {
  return `00-${traceId}-${spanId}-01`;
}

/** The headers on the wire. What the definition says wins over what we add. */
export function wireHeaders(
  outgoing: Pick<Outgoing, 'method' | 'url' | 'headers' | 'body'>,
  origin: Origin,
  acceptEncoding: string,
): Record<string, string> {
  const { method, body } = outgoing;
  const hasBody = body !== null || method === 'POST' || method === 'PUT' || method === 'PATCH';
  return {
    host: outgoing.url.host,
    'user-agent': `${PRODUCT} (region=${origin.region})`,
    accept: '*/*',
    'accept-encoding': acceptEncoding,
    traceparent: traceparent(origin.traceId, origin.spanId),
    ...(hasBody ? { 'content-length': String(Buffer.byteLength(body ?? '')) } : {}),
    connection: 'close',
    ...outgoing.headers,
  };
}

/** Whether Node refused to write a request: its text is not HTTP. */
export function isUnsendable(error: unknown): boolean {
  return UNSENDABLE.has(errorCode(error));
}

const UNSENDABLE: ReadonlySet<string> = new Set([
  'ERR_INVALID_CHAR',
  'ERR_INVALID_HTTP_TOKEN',
  'ERR_UNESCAPED_CHARACTERS',
  'ERR_HTTP_INVALID_HEADER_VALUE',
  'ERR_HTTP2_INVALID_HEADER_VALUE',
  'ERR_HTTP2_HEADER_SINGLE_VALUE',
]);
