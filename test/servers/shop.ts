import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { serveHttp } from './loopback.ts';

/** What a shop does wrong. */
export type ShopFault = 'refuses orders' | 'mixes up orders' | 'keeps orders';

export interface Shop {
  readonly url: string;
  /** `METHOD /path status`, in order. */
  readonly asked: readonly string[];
  /** Ids of the orders that have not been cancelled. */
  readonly orders: ReadonlySet<number>;
  /** Tokens that are logged in. */
  readonly sessions: ReadonlySet<string>;
}

/** A shop with a login, which checks every token and forgets what is cancelled. */
export async function serveShop(t: TestContext, fault: ShopFault | null = null): Promise<Shop> {
  const asked: string[] = [];
  const orders = new Set<number>();
  const sessions = new Set<string>();

  async function answer(request: IncomingMessage): Promise<[status: number, body?: object]> {
    const { method, url = '' } = request;
    const body = await text(request);
    if (method === 'POST' && url === '/login') {
      const { user, password } = JSON.parse(body);
      if (user !== 'probe' || password !== 'hunter2') return [401];
      const token = `token-${asked.length}-of-the-shop`;
      sessions.add(token);
      return [200, { access_token: token }];
    }
    const token = (request.headers.authorization ?? '').replace('Bearer ', '');
    if (!sessions.has(token)) return [401];
    if (method === 'POST' && url === '/logout') {
      sessions.delete(token);
      return [204];
    }
    if (method === 'POST' && url === '/orders') {
      if (fault === 'refuses orders') return [503];
      const id = 4_711 + orders.size;
      orders.add(id);
      return [201, { id }];
    }
    const id = Number(/^\/orders\/(\d+)$/.exec(url)?.[1]);
    if (!orders.has(id)) return [404];
    if (method === 'DELETE') {
      if (fault === 'keeps orders') return [500];
      orders.delete(id);
      return [204];
    }
    return [200, { id: fault === 'mixes up orders' ? id + 1 : id, status: 'new', lines: [{ sku: 'probe' }] }];
  }

  const port = await serveHttp(t, async (request, response: ServerResponse) => {
    const [status, body] = await answer(request);
    asked.push(`${request.method} ${request.url} ${status}`);
    response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body));
  });
  return { url: `http://127.0.0.1:${port}`, asked, orders, sessions };
}
