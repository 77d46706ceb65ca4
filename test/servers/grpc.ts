import { createSecureServer, createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { TestContext } from 'node:test';
import type { TlsOptions } from 'node:tls';
import { type Certificate, keyPair, listen } from './loopback.ts';

/** An HTTP/2 server, with TLS where a certificate is given. Answers its port. */
export function serveHttp2(
  t: TestContext,
  onCall: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, message: Buffer) => void,
  certificate?: Certificate,
  tls: TlsOptions = {},
): Promise<number> {
  const server = certificate === undefined ? createServer() : createSecureServer({ ...keyPair(certificate), ...tls });
  server.on('sessionError', () => {}); // clients of these servers break off, that is the point
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => onCall(stream, headers, Buffer.concat(chunks)));
  });
  return listen(t, server);
}

/** A unary answer: headers, this body, and the status in trailers. */
export function answer(
  stream: ServerHttp2Stream,
  body: Buffer,
  trailers: Record<string, string> = { 'grpc-status': '0' },
): void {
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
}

/** A message with its prefix. */
export function framedMessage(...bytes: readonly number[]): Buffer {
  return Buffer.from([0, 0, 0, 0, bytes.length, ...bytes]);
}
