import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { TestContext } from 'node:test';
import { serveHttp } from './loopback.ts';

/** A request as an AWS service sees it. */
export interface SeenRequest {
  readonly method: string;
  /** As on the wire: path and query. */
  readonly target: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ServiceCase {
  readonly service: string;
  readonly region: string;
  /** By access key id. */
  readonly secretKeys: Readonly<Record<string, string>>;
}

/** What a service's front door says: `ok`, or the code and words of its refusal. */
export type Verdict = 'ok' | string;

/**
 * Verifies AWS Signature Version 4 as the documentation writes it, by nothing that the prober uses. The session token
 * and the clock are not judged, but must be signed where they are there.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function verdictOn(request: SeenRequest, { service, region, secretKeys }: ServiceCase): Verdict {
  const authorization = request.headers['authorization'] ?? '';
  const [, id = '', date = '', inRegion, forService, signed = '', signature] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  if (signature === undefined) return 'MissingAuthenticationToken';
  const secret = secretKeys[id];
  if (secret === undefined) return 'InvalidClientTokenId';
  if (inRegion !== region || forService !== service)
    return `InvalidSignatureException: signed for ${inRegion}/${forService}`;
  const at = request.headers['x-amz-date'] ?? '';
  if (!at.startsWith(date)) return 'InvalidSignatureException: date';
  const names = signed.split(';');
  const must = ['host', ...Object.keys(request.headers).filter((name) => name.startsWith('x-amz-'))];
  const unsigned = must.filter((name) => !names.includes(name));
  if (unsigned.length > 0) return `InvalidSignatureException: not signed: ${unsigned}`;
  const hash = createHash('sha256').update(request.body).digest('hex');
  const claimed = request.headers['x-amz-content-sha256'];
  if (service === 's3' && claimed === undefined) return 'InvalidRequest: Missing required header x-amz-content-sha256';
  if (claimed !== undefined && claimed !== hash) return 'XAmzContentSHA256Mismatch';

  const [path = '', query = ''] = request.target.split(/\?(.*)/s);
  const canonical = [
    request.method,
    canonicalPath(path, service),
    canonicalQuery(query),
    ...names.map((name) => `${name}:${(request.headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}`),
    '',
    signed,
    hash,
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', at, scope, createHash('sha256').update(canonical).digest('hex')].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce<Buffer>(mac, Buffer.from(`AWS4${secret}`));
  return mac(key, text).toString('hex') === signature ? 'ok' : `SignatureDoesNotMatch: ${JSON.stringify(canonical)}`;
}

/** A service on 127.0.0.1 that answers `ok` with 200, and any refusal with 403. Tells whom it saw. */
export async function serveAws(t: TestContext, stated: ServiceCase) {
  const seen: SeenRequest[] = [];
  const port = await serveHttp(t, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const one = seenOf(request, Buffer.concat(chunks));
      seen.push(one);
      const verdict = verdictOn(one, stated);
      response.writeHead(verdict === 'ok' ? 200 : 403, { 'x-amzn-errortype': verdict.split(':')[0] }).end(verdict);
    });
  });
  return { url: `http://127.0.0.1:${port}`, seen };
}

export function seenOf(request: IncomingMessage, body: Buffer): SeenRequest {
  const headers = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
  return { method: request.method ?? '', target: request.url ?? '', headers: Object.fromEntries(headers), body };
}

function mac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** S3 encodes the decoded path once; the others normalize it, and encode what came once more. */
function canonicalPath(path: string, service: string): string {
  if (service === 's3')
    return path
      .split('/')
      .map((segment) => encode(decodeURIComponent(segment)))
      .join('/');
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(encode(segment));
  }
  const end = segments.length > 0 && path.endsWith('/') ? '/' : '';
  return `/${segments.join('/')}${end}`;
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', value = ''] = pair.split(/=(.*)/s).map((part) => encode(decodeURIComponent(part)));
      return [name, value] as const;
    })
    .sort(([a, x], [b, y]) => (a === b ? order(x, y) : order(a, b)))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function encode(text: string): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
