import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { FAULTS, type Fault, type FaultKind, type FaultScope, FaultSwitchboard, isFaultKind } from './demo-faults.ts';
import { demoLatencyMs } from './demo-latency.ts';
import { isForThisMachine, readBody } from './loopback-server.ts';

/**
 * A small shop's API to watch: `/checkout`, `/search?q=`, `/login`, `/account`, `/health`.
 * How far it is depends on who asks (the region in a Parallax user-agent), and `/_faults` breaks it.
 * Not listening yet.
 */
export function createDemoApi(random: () => number): Server {
  const switchboard = new FaultSwitchboard();
  const server = createServer((request, response) => {
    // A request that is broken off half-way costs only itself.
    handle(request, response, switchboard, random).catch(() => response.destroy());
  });
  return server;
}

const MAX_BODY_BYTES = 64 * 1_024;
const SLOW_MS = 2_000;

async function handle(
  request: IncomingMessage,
  response: ServerResponse,
  switchboard: FaultSwitchboard,
  random: () => number,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://demo.invalid');
  if (url.pathname === '/_faults') {
    send(response, switchFaults(request, url, switchboard), 2);
    return;
  }

  const body = await readBody(request, MAX_BODY_BYTES);
  const region = /\(region=([a-z0-9-]+)\)/.exec(request.headers['user-agent'] ?? '')?.[1] ?? null;
  const latencyMs = demoLatencyMs(url.pathname, region, random);
  const fault = switchboard.faultFor(url.pathname, region);
  const answer = routeTo(request, url, body, latencyMs);

  await passing(latencyMs + (fault === 'slow' ? SLOW_MS : 0), response);
  if (fault === null || fault === 'slow') send(response, answer);
  else misbehave(fault, response);
}

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

function routeTo(request: IncomingMessage, url: URL, body: string | null, latencyMs: number): Answer {
  switch (`${request.method} ${url.pathname}`) {
    case 'GET /checkout':
      return { status: 200, json: { status: 'ok', queue: { depth: 12 } } };
    case 'GET /search': {
      const wanted = (url.searchParams.get('q') ?? '').toLowerCase();
      const results = CATALOGUE.filter((product) => product.includes(wanted));
      return { status: 200, json: { results, tookMs: Math.round(latencyMs) } };
    }
    case 'POST /login':
      if (body === null || !isJsonObject(body)) return { status: 400, json: { error: 'send a JSON object' } };
      return { status: 200, json: { token: 'demo-session-token' } };
    case 'GET /account':
      if (!/^Bearer \S/.test(request.headers.authorization ?? '')) {
        return { status: 401, json: { error: 'send authorization: Bearer <token>' } };
      }
      return { status: 200, json: { name: 'Demo Customer', orders: 3 } };
    case 'GET /health':
      return { status: 204, json: null };
    default:
      return { status: 404, json: { error: `there is no ${request.method} ${url.pathname}` } };
  }
}

const CATALOGUE: readonly string[] = ['red bicycle', 'blue bicycle', 'bicycle bell', 'helmet', 'tyre', 'lamp'];

function isJsonObject(text: string): boolean {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null;
  } catch {
    return false;
  }
}

function send(response: ServerResponse, { status, json }: Answer, indent = 0): void {
  if (status === 204) {
    response.writeHead(204).end();
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(json, null, indent)}\n`);
}

function misbehave(fault: Exclude<FaultKind, 'slow'>, response: ServerResponse): void {
  switch (fault) {
    case 'error':
      send(response, { status: 503, json: { error: 'service unavailable' } });
      return;
    case 'wrong':
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<!doctype html><title>Oops</title><h1>Something went wrong</h1>');
      return;
    case 'garbage':
      response.socket?.end('\u0000\u0001 this is not HTTP\r\n\r\n');
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'hang':
      return; // until the other side gives up
  }
}

/** `POST /_faults?path=&region=&fault=` breaks, `DELETE /_faults?path=&region=` heals, `GET /_faults` says how it stands. */
function switchFaults(request: IncomingMessage, url: URL, switchboard: FaultSwitchboard): Answer {
  // A page in a browser sends its origin with each of these: it has no business here.
  if (!isForThisMachine(request.headers.host) || request.headers.origin !== undefined) {
    return { status: 403, json: { error: 'only from a terminal on this machine' } };
  }
  const scope: FaultScope = { path: url.searchParams.get('path'), region: url.searchParams.get('region') };
  switch (request.method) {
    case 'GET':
      break;
    case 'POST': {
      const fault = url.searchParams.get('fault');
      if (!isFaultKind(fault)) {
        return { status: 400, json: { error: `fault is one of ${Object.keys(FAULTS).join(', ')}` } };
      }
      switchboard.switchOn({ ...scope, fault });
      break;
    }
    case 'DELETE':
      switchboard.heal(scope);
      break;
    default:
      return { status: 405, json: { error: 'GET, POST or DELETE' } };
  }
  return { status: 200, json: explained(switchboard.faults, `http://${request.headers.host}`) };
}

function explained(faults: readonly Fault[], url: string): unknown {
  return {
    faults,
    kinds: FAULTS,
    break: [
      `curl -X POST '${url}/_faults?path=/checkout&region=ap-southeast-2&fault=error'   (one path from one region)`,
      `curl -X POST '${url}/_faults?path=/checkout&fault=slow'   (one path from everywhere)`,
      `curl -X POST '${url}/_faults?fault=hang'   (everything)`,
    ],
    heal: [`curl -X DELETE '${url}/_faults'`],
  };
}

/** Ends early where the other side has gone: nobody waits any more. */
function passing(ms: number, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    response.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
