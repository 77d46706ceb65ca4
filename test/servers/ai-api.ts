import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { chatEvents, messagesEvents, responsesEvents, type StreamCase } from './ai-streams.ts';
import { serveHttp } from './loopback.ts';

/** What the model behind a stub says to a prompt. */
export type Model = (prompt: string) => string;

const EVENTS: Readonly<Record<string, (stated: StreamCase) => readonly string[]>> = {
  '/v1/chat/completions': chatEvents,
  '/v1/responses': responsesEvents,
  '/v1/messages': messagesEvents,
};

/**
 * AI APIs in one: three formats by path, each as its own API speaks it, to whoever brings the key. One event is
 * written at a time, so that events come in pieces of their own.
 */
export async function serveAiApi(t: TestContext, key: string, model: Model): Promise<string> {
  const port = await serveHttp(t, (request, response) => void answer(request, response, key, model));
  return `http://127.0.0.1:${port}`;
}

async function answer(request: IncomingMessage, response: ServerResponse, key: string, model: Model): Promise<void> {
  const prompt = await text(request);
  const events = EVENTS[request.url ?? ''];
  const brought = request.headers['x-api-key'] ?? request.headers.authorization?.replace('Bearer ', '');
  if (events === undefined || brought !== key || !prompt.includes('"stream":true')) {
    response.writeHead(events === undefined ? 404 : brought === key ? 400 : 401, {
      'content-type': 'application/json',
    });
    response.end('{"error":{"message":"no","type":"invalid_request_error"}}');
    return;
  }
  const words = model(prompt).split(/(?<= )/);
  // A chat tells its usage only to those who ask.
  const isCounted = request.url !== '/v1/chat/completions' || prompt.includes('"include_usage":true');
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const one of events({ text: words, usage: isCounted ? { input: 100, output: words.length } : null })) {
    await new Promise((resolve) => response.write(one, resolve));
  }
  response.end();
}
