import { createHash, timingSafeEqual } from 'node:crypto';
import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import type { ErrorResponse } from '../../shared/api-types.ts';
import { heartbeatUpdate } from '../../shared/heartbeat.ts';
import type { Region } from '../../shared/monitor.ts';
import { callerOf, type HttpEvent, messageOf, saidOf } from './call.ts';
import type { Tokens } from './tokens.ts';

/** All that the receiver reaches out with. */
export interface Receiver {
  readonly region: Region;
  readonly table: string;
  readonly dynamo: Pick<DynamoDBClient, 'send'>;
  readonly tokens: () => Promise<Tokens>;
  readonly nowEpochMs: () => number;
  /** One line of JSON; never a path, since a token may be in it. */
  readonly log: (line: string) => void;
}

const METHODS: readonly string[] = ['GET', 'HEAD', 'POST'];
/** A call waits this long for the table; whoever calls tries again. */
const STORE_TIMEOUT_MS = 5_000;

/**
 * Takes the calls of jobs. Whoever has not the token learns nothing, and nothing is written for them: an unknown monitor
 * and a wrong token answer alike, and take as long. What could not be stored is 503, which `curl --retry` tries again.
 */
export function receive(receiver: Receiver) {
  return async (event: HttpEvent): Promise<APIGatewayProxyStructuredResultV2> => {
    const { method } = event.requestContext.http;
    if (!METHODS.includes(method)) {
      const answer = problem(405, 'method-not-allowed', 'Call with GET, HEAD or POST.');
      return { ...answer, headers: { ...answer.headers, allow: METHODS.join(', ') } };
    }
    const receivedAtEpochMs = receiver.nowEpochMs();
    const caller = callerOf(event);
    if (caller === null) return NOT_FOUND;
    const { known, complete } = await receiver.tokens();
    // While a token could not be read, nobody is told that theirs is wrong, nor whose it is.
    if (!isSame(caller.token, known.get(caller.monitorId))) {
      return complete ? NOT_FOUND : UNAVAILABLE;
    }
    const said = saidOf(event);
    if (said === null) {
      return problem(400, 'bad-status', 'status is start, success, fail, or an exit code from 0 to 255.');
    }
    const { status } = said;
    const { monitorId } = caller;
    const message = status === 'fail' ? messageOf(event, said, caller.token) : '';
    const heartbeat = { monitorId, status, atEpochMs: receivedAtEpochMs, message };
    try {
      await receiver.dynamo.send(new UpdateItemCommand(heartbeatUpdate(receiver.table, receiver.region, heartbeat)), {
        abortSignal: AbortSignal.timeout(STORE_TIMEOUT_MS),
      });
    } catch (failure) {
      // What is there is as new, or newer: this call is part of it.
      if (!(failure instanceof ConditionalCheckFailedException)) {
        const why = failure instanceof Error ? failure.name : 'unknown error';
        receiver.log(JSON.stringify({ event: 'heartbeat-lost', monitorId, status, error: why }));
        return UNAVAILABLE;
      }
    }
    return json(200, { monitor: monitorId, received: status });
  };
}

/** By digests of equal length: neither the time nor the length says how much of it was right. A call's token is never empty. */
function isSame(given: string, expected: string | undefined): boolean {
  return timingSafeEqual(digest(given), digest(expected ?? ''));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

const NOT_FOUND = problem(
  404,
  'no-such-heartbeat',
  'There is no such heartbeat, or this is not its token. Call /heartbeat/<monitor id> with "Authorization: Bearer <token>", or /heartbeat/<monitor id>/<token>.',
);

const UNAVAILABLE = ((answer) => ({ ...answer, headers: { ...answer.headers, 'retry-after': '5' } }))(
  problem(503, 'unavailable', 'This cannot be taken now. Call again: curl --retry 5 does.'),
);

function problem(status: number, code: string, message: string) {
  return json(status, { error: { code, message } } satisfies ErrorResponse);
}

function json(statusCode: number, body: object) {
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  };
  return { statusCode, headers, body: JSON.stringify(body) };
}
