import type { IncomingHttpHeaders } from 'node:http';
import { type Failure, failed } from './failure.ts';
import type { Outgoing } from './outgoing.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export function isRedirect(status: number, headers: IncomingHttpHeaders): boolean {
  return REDIRECTS.has(status) && headers.location !== undefined;
}

/**
 * The request that a redirect asks for, as the Fetch standard's HTTP-redirect fetch builds it.
 *
 * | status   | method                          | body            |
 * | -------- | ------------------------------- | --------------- |
 * | 301, 302 | POST becomes GET                | dropped with it |
 * | 303      | all but GET and HEAD become GET | dropped with it |
 * | 307, 308 | kept                            | kept            |
 *
 * What is secret goes to the origin it was written for, and to no other: another scheme, host or port loses the
 * credentials and every header with a secret, for good, even when the redirects lead back.
 *
 * @see https://fetch.spec.whatwg.org/#http-redirect-fetch
 */
export function redirected(outgoing: Outgoing, status: number, location: string): Outgoing | Failure {
  const from = outgoing.url;
  const to = URL.parse(location, from.href);
  if (to === null) return refused(`"${location}", which is not a valid URL`);
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    return refused(`"${location}", which is neither http nor https`);
  }
  // A target does not choose whom we claim to be.
  to.username = '';
  to.password = '';
  to.hash = '';

  const { method } = outgoing;
  const becomesGet = status === 303 ? method !== 'GET' && method !== 'HEAD' : status <= 302 && method === 'POST';
  const crossesOrigin = to.origin !== from.origin;
  if (crossesOrigin && outgoing.bodyHasSecret && !becomesGet) {
    return refused(`another origin (${to.origin}): not followed, because the request's body holds a secret`);
  }
  const keeps = (name: string) =>
    !(becomesGet && DESCRIBES_BODY.has(name)) &&
    !(crossesOrigin && (IS_CREDENTIAL.has(name) || outgoing.headersWithSecrets.includes(name)));
  return {
    ...outgoing,
    method: becomesGet ? 'GET' : method,
    url: to,
    headers: Object.fromEntries(Object.entries(outgoing.headers).filter(([name]) => keeps(name))),
    ...(becomesGet ? { body: null, bodyHasSecret: false } : {}),
  };
}

function refused(why: string): Failure {
  return failed('protocol', null, `redirected to ${why}`);
}

const DESCRIBES_BODY: ReadonlySet<string> = new Set([
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-type',
  'transfer-encoding',
]);

/** `host` because it names the first origin. */
const IS_CREDENTIAL: ReadonlySet<string> = new Set(['authorization', 'cookie', 'host', 'proxy-authorization']);
