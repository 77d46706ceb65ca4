import type { HttpEvent } from '../../functions/receiver/call.ts';

interface CallCase {
  readonly method?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

/** A request as a function URL hands it on; POST unless stated. */
export function callOf(rawPath: string, stated: CallCase = {}): HttpEvent {
  const { method = 'POST', query = {}, headers = {}, body = '', isBase64Encoded = false } = stated;
  const http = { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'curl/8' };
  return {
    rawPath,
    queryStringParameters: { ...query },
    headers: { ...headers },
    ...(body === '' ? {} : { body }),
    isBase64Encoded,
    requestContext: {
      accountId: 'anonymous',
      apiId: 'test',
      domainName: 'test',
      domainPrefix: 'test',
      http,
      requestId: 'test',
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
  };
}
