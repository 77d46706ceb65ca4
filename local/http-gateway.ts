import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { ErrorResponse } from '../shared/api-types.ts';
import { oneLine } from './local-error.ts';
import { closeServer, isForThisMachine, LOOPBACK, listenOnLoopback, readBody } from './loopback-server.ts';

/** Stands in for the function URLs: requests become events of payload format 2.0, results become responses. */
export interface HttpGateway {
  readonly url: string;
  close(): Promise<void>;
}

export interface HttpGatewayOptions {
  /** 0: a free one. */
  readonly port: number;
  /** Runs the API's handler; its result is format 2.0, structured or inferred. */
  readonly invoke: (event: APIGatewayProxyEventV2) => Promise<unknown>;
  /** The same of the receiver, for paths below {@link RECEIVED}, where there is one. */
  readonly receive?: (event: APIGatewayProxyEventV2) => Promise<unknown>;
  readonly nowEpochMs: () => number;
  readonly report: (line: string) => void;
}

const CLOSE_WITHIN_MS = 500;
/** A function URL takes 6 MB; nobody here has that much to say. */
const MAX_BODY_BYTES = 1_024 * 1_024;

/** Beginning of the paths that jobs call. */
export const RECEIVED = '/heartbeat/';

/** Throws `LocalError` `port` where the port is taken. */
export async function startHttpGateway(options: HttpGatewayOptions): Promise<HttpGateway> {
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isForThisMachine(request.headers.host)) {
      answerError(response, 403, 'host', 'This API answers to localhost and 127.0.0.1 only.');
      return;
    }
    const receive = request.url?.startsWith(RECEIVED) === true ? options.receive : undefined;
    if (receive === undefined && request.method !== 'GET') {
      response.setHeader('allow', 'GET');
      answerError(response, 405, 'method', `This API is read with GET, not ${request.method}.`);
      return;
    }
    try {
      const body = await readBody(request, MAX_BODY_BYTES);
      if (body === null) {
        answerError(response, 413, 'too-large', `A body has at most ${MAX_BODY_BYTES} bytes.`);
        return;
      }
      answer(response, await (receive ?? options.invoke)(eventOf(request, body, options.nowEpochMs())));
    } catch (error) {
      options.report(`${receive === undefined ? 'api' : 'receiver'}: ${oneLine(error)}`);
      if (!response.headersSent)
        answerError(response, 502, 'function', 'The function failed; see the log of this run.');
    }
  }

  const server = createServer((request, response) => void handle(request, response));
  const url = await listenOnLoopback(server, options.port, 'Choose another with --port.');
  return { url, close: () => closeServer(server, CLOSE_WITHIN_MS) };
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html#urls-payloads */
function eventOf(request: IncomingMessage, body: string, nowEpochMs: number): APIGatewayProxyEventV2 {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const path = mark === -1 ? target : target.slice(0, mark);
  const query = mark === -1 ? '' : target.slice(mark + 1);
  const parameters = joined(new URLSearchParams(query));
  const { cookie, ...headers } = request.headersDistinct;
  const cookies = cookie?.join(';').split(/; */);
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: query,
    headers: Object.fromEntries(Object.entries(headers).map(([name, values]) => [name, values?.join(',')])),
    ...(cookies === undefined ? {} : { cookies }),
    ...(query === '' ? {} : { queryStringParameters: parameters }),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'local',
      domainName: LOOPBACK,
      domainPrefix: 'local',
      http: {
        method: request.method ?? 'GET',
        path,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp: request.socket.remoteAddress ?? LOOPBACK,
        userAgent: request.headers['user-agent'] ?? '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: new Date(nowEpochMs).toISOString(),
      timeEpoch: nowEpochMs,
    },
    ...(body === '' ? {} : { body }),
    isBase64Encoded: false,
  };
}

/** A parameter that comes twice is joined by a comma, as function URLs do. */
function joined(parameters: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name).join(',')]));
}

/** What a function URL makes of a result: with a `statusCode` it is a response, anything else is the JSON body of a 200. */
function answer(response: ServerResponse, result: unknown): void {
  const fields = new Map<string, unknown>(typeof result === 'object' && result !== null ? Object.entries(result) : []);
  const status = fields.get('statusCode');
  if (typeof status !== 'number') {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(typeof result === 'string' ? result : JSON.stringify(result ?? null));
    return;
  }
  const headers = fields.get('headers');
  if (typeof headers === 'object' && headers !== null) {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  }
  const cookies = fields.get('cookies');
  if (Array.isArray(cookies)) response.setHeader('set-cookie', cookies.map(String));
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
  const body = fields.get('body');
  response.writeHead(status);
  response.end(Buffer.from(typeof body === 'string' ? body : '', fields.get('isBase64Encoded') ? 'base64' : 'utf8'));
}

function answerError(response: ServerResponse, status: number, code: string, message: string): void {
  const body: ErrorResponse = { error: { code, message } };
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
