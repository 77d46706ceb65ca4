import { promises as dns } from 'node:dns';
import { errorCode } from './failure.ts';

/** A host's addresses, in the order in which to try them; at least one. Rejects with an error whose `code` is DNS's. */
export type ResolveName = (host: string) => Promise<readonly string[]>;

export interface ResolverOptions {
  /** `ip:port` of name servers; the system's own when absent. */
  readonly servers?: readonly string[];
  /** Of the first try, in milliseconds; later ones wait longer. */
  readonly timeoutMs?: number;
  /** Hosts file and system resolver, in place of `getaddrinfo`. */
  readonly lookup?: (host: string) => Promise<readonly string[]>;
}

/**
 * Resolves through c-ares, which needs no thread: `getaddrinfo` shares four with everything else, and a burst of
 * names queues there for seconds. It still serves names that only this machine knows (`localhost`, the hosts file).
 *
 * IPv4 first, and IPv6 only where there is no IPv4 address: Lambda has no IPv6 of its own outside of a VPC.
 */
export function createResolver(options: ResolverOptions = {}): ResolveName {
  const resolver = new dns.Resolver({ timeout: options.timeoutMs ?? 2_000, tries: 3 });
  if (options.servers !== undefined) resolver.setServers(options.servers);
  const lookup = options.lookup ?? systemLookup;

  return async (host) => {
    if (!host.replace(/\.$/, '').includes('.')) return lookup(host);
    try {
      return await resolve4Then6(resolver, host);
    } catch (error) {
      if (errorCode(error) === 'ENOTFOUND') return lookup(host).catch(() => Promise.reject(error));
      throw error;
    }
  };
}

async function resolve4Then6(resolver: dns.Resolver, host: string): Promise<readonly string[]> {
  try {
    return await asked(resolver.resolve4(host));
  } catch (error) {
    if (errorCode(error) === 'ENODATA') return asked(resolver.resolve6(host));
    throw error;
  }
}

/** c-ares says ECONNREFUSED for its own name servers, which must not be read as the target refusing. */
async function asked(answer: Promise<string[]>): Promise<readonly string[]> {
  try {
    return await answer;
  } catch (error) {
    if (errorCode(error) !== 'ECONNREFUSED') throw error;
    throw Object.assign(new Error('name servers cannot be reached', { cause: error }), { code: 'EDNSUNREACHABLE' });
  }
}

async function systemLookup(host: string): Promise<readonly string[]> {
  const found = await dns.lookup(host, { all: true, order: 'ipv4first' });
  return found.map((entry) => entry.address);
}

/** The host of a URL, without an IPv6 address's brackets. */
export function hostOf(url: URL): string {
  return url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
}
