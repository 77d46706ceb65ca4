import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { type HeartbeatStatus, MAX_MESSAGE_CHARS } from '../../shared/heartbeat.ts';
import { hideSecrets } from '../../shared/hide-secrets.ts';

/** The part of a function URL's request (payload 2.0) that is looked at. */
export type HttpEvent = Pick<APIGatewayProxyEventV2, 'rawPath' | 'requestContext'> &
  Partial<Pick<APIGatewayProxyEventV2, 'queryStringParameters' | 'headers' | 'body' | 'isBase64Encoded'>>;

/** Whose call it says it is, not yet proven. */
export interface Caller {
  readonly monitorId: string;
  readonly token: string;
}

const PATH = /^\/heartbeat\/([a-z0-9-]{1,64})(?:\/([^/]{1,2048}))?\/?$/;
/** Longer than any token may be: what is longer is no token. */
const MAX_TOKEN_CHARS = 2_048;

/** The token is in the header, or where there is none in the path. Null: this is no heartbeat's address, or has no token. */
export function callerOf({ rawPath, headers }: HttpEvent): Caller | null {
  const [, monitorId, segment] = PATH.exec(rawPath) ?? [];
  if (monitorId === undefined) return null;
  const bearer = /^Bearer +(\S+) *$/i.exec(headers?.['authorization'] ?? '')?.[1];
  const token = bearer ?? (segment === undefined ? undefined : decoded(segment));
  return token === undefined || token.length > MAX_TOKEN_CHARS ? null : { monitorId, token };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // a bare % is meant as one
  }
}

/** `exitCode` where the status was a number other than 0. */
export interface Said {
  readonly status: HeartbeatStatus;
  readonly exitCode: number | null;
}

/** What the call says of the run: `?status=start`, `success`, `fail`, or an exit code, such as a shell's `$?`. Null: nothing known. */
export function saidOf({ queryStringParameters }: HttpEvent): Said | null {
  const written = queryStringParameters?.['status'];
  if (written === undefined || written === 'success') return { status: 'success', exitCode: null };
  if (written === 'start' || written === 'fail') return { status: written, exitCode: null };
  const exitCode = /^\d{1,3}$/.test(written) ? Number(written) : Number.NaN;
  if (!(exitCode <= 255)) return null;
  return exitCode === 0 ? { status: 'success', exitCode: null } : { status: 'fail', exitCode };
}

/** Colours and the like, of which the line would keep `[31m`. */
const TERMINAL_STYLE = /\p{Cc}\[[\d;?]*[A-Za-z]/gu;

/**
 * What a failing job says: the end of its body, where logs say what went wrong, or `?message=`; on one line, and without its
 * token. Lambda bounds the body at 6 MB.
 */
export function messageOf(event: HttpEvent, { exitCode }: Said, token: string): string {
  const body = event.isBase64Encoded === true ? Buffer.from(event.body ?? '', 'base64').toString() : (event.body ?? '');
  const written = body === '' ? (event.queryStringParameters?.['message'] ?? '') : body;
  const redacted = hideSecrets([token])(written.toWellFormed());
  const line = redacted
    .replaceAll(TERMINAL_STYLE, '')
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  const code = exitCode === null ? '' : `exit code ${exitCode}`;
  const text = [code, line].filter((part) => part !== '').join(': ');
  if (text.length <= MAX_MESSAGE_CHARS) return text;
  const start = code === '' ? '…' : `${code}: …`;
  return `${start}${text.slice(start.length - MAX_MESSAGE_CHARS)}`.toWellFormed();
}
