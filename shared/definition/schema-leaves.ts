import { isIP } from 'node:net';
import { z } from 'zod';
import { AWS_REGIONS, partitionOf } from './aws-regions.ts';
import { formatDuration, parseDurationMs, parseRatio } from './durations-and-ratios.ts';
import { nearest } from './nearest.ts';

/**
 * The smallest pieces of the definition schema. Their input is what a user writes, their output is what the rest of
 * the code reads: milliseconds, ratios 0–1. A description is what editors show and what error messages call "allowed".
 */

/** What our own checks attach to a zod issue; `schema-problems.ts` reads it. */
export interface IssueHints {
  readonly remedy?: string;
  readonly allowed?: string;
}

/** Adds a problem to the value that is being parsed, without stopping the others. */
export function complain(
  ctx: Pick<z.core.ParsePayload, 'value' | 'issues'>,
  message: string,
  hints: IssueHints = {},
): void {
  ctx.issues.push({ code: 'custom', message, input: ctx.value, params: { ...hints } });
}

/** Where a pattern limits a string in JSON Schema, text with `${env:NAME}` must stay acceptable to editors. */
const ORENV = '|\\$\\{env:';
const DURATION_PATTERN = `^\\d+(\\.\\d+)?(ms|s|m|h|d)$${ORENV}`;
const RATIO_PATTERN = `^\\d+(\\.\\d+)?\\s?%$${ORENV}`;

export interface DurationBounds {
  readonly minMs: number;
  readonly maxMs: number;
  /** A multiple of this, where given. */
  readonly stepMs?: number;
}

/** A duration string within bounds (inclusive), to milliseconds. */
export function duration(bounds: DurationBounds) {
  return z
    .string()
    .transform((text, ctx) => {
      const ms = parseDurationMs(text);
      if (ms === null) {
        complain(ctx, `${quote(text)} is not a duration.`, { remedy: durationRemedy(text) });
        return z.NEVER;
      }
      const { minMs, maxMs, stepMs } = bounds;
      if (ms < minMs) complain(ctx, `${text} is too short.`, { remedy: `Write at least "${formatDuration(minMs)}".` });
      if (ms > maxMs) complain(ctx, `${text} is too long.`, { remedy: `Write at most "${formatDuration(maxMs)}".` });
      if (stepMs !== undefined && ms % stepMs !== 0) {
        complain(ctx, `${text} is not a multiple of ${formatDuration(stepMs)}.`, {
          remedy: `Write "${formatDuration(Math.max(stepMs, Math.ceil(ms / stepMs) * stepMs))}".`,
        });
      }
      return ms;
    })
    .meta({ pattern: DURATION_PATTERN });
}

function durationRemedy(text: string): string {
  if (/^\d+(\.\d+)?$/.test(text.trim())) return `Add the unit: "${text.trim()}ms" or "${text.trim()}s".`;
  return 'Write a number and a unit: "800ms", "5s", "1m", "12h", "30d".';
}

/** A number 0–1 or a percentage such as `"99.9%"`, to 0–1. */
export function ratio() {
  return z.union([z.number(), z.string().meta({ pattern: RATIO_PATTERN })]).transform((value, ctx) => {
    const parsed = parseRatio(value);
    if (parsed !== null) return parsed;
    const shown = typeof value === 'string' ? quote(value) : String(value);
    const percent = typeof value === 'number' ? value : Number(value);
    const remedy =
      percent > 1 && percent <= 100
        ? `Did you mean "${percent}%"?`
        : 'Write a number from 0 to 1, or a percentage such as "99.9%".';
    complain(ctx, `${shown} is not a ratio.`, { remedy });
    return z.NEVER;
  });
}

/** An AWS region name. */
export function region() {
  const editorChoices = { anyOf: [{ enum: [...AWS_REGIONS] }, { pattern: '\\$\\{env:' }] };
  return z
    .string()
    .meta(editorChoices)
    .check((ctx) => {
      if (partitionOf(ctx.value) !== null) return;
      const meant = nearest(ctx.value, AWS_REGIONS);
      complain(ctx, `${quote(ctx.value)} is not an AWS region.`, {
        allowed: 'an AWS region such as "eu-west-1"',
        remedy:
          meant === null
            ? 'See https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html; a very new one is added in shared/definition/aws-regions.ts.'
            : `Did you mean "${meant}"?`,
      });
    });
}

/** Text that must match a pattern, with what to say where it does not. `what` follows "is not". */
export function patterned(pattern: RegExp, what: string, remedy: string) {
  return z
    .string()
    .check((ctx) => {
      if (!pattern.test(ctx.value)) complain(ctx, `${quote(ctx.value)} is not ${what}.`, { remedy });
    })
    .meta({ pattern: `${pattern.source}${ORENV}` });
}

/** An address that people or machines call. `https` only where told. */
export function webAddress(protocols: readonly ('http:' | 'https:')[]) {
  return z.string().check((ctx) => {
    const url = URL.canParse(ctx.value) ? new URL(ctx.value) : null;
    const schemes = protocols.map((protocol) => `${protocol}//`).join(' or ');
    // The address itself is not shown: it may hold a password.
    if (url === null)
      complain(ctx, 'This is not an absolute URL.', { remedy: `Write it in full, beginning with ${schemes}.` });
    else if (!protocols.some((protocol) => protocol === url.protocol)) {
      complain(ctx, `The scheme ${quote(url.protocol)} is not supported.`, { remedy: `Begin with ${schemes}.` });
    }
  });
}

/** A host name or an IP address, and nothing around it. */
export function host() {
  return z.string().check((ctx) => {
    const problem = hostProblem(ctx.value);
    if (problem !== null) complain(ctx, problem.message, { remedy: problem.remedy });
  });
}

/** A name that is looked up in DNS; underscores are common there. */
export function domainName() {
  return z.string().check((ctx) => {
    if (isIP(ctx.value) !== 0) {
      complain(ctx, 'This is an address, and names are looked up.', { remedy: 'Write a name, such as "your.domain".' });
      return;
    }
    const problem = hostProblem(ctx.value);
    if (problem !== null) complain(ctx, problem.message, { remedy: problem.remedy });
  });
}

function hostProblem(text: string): { readonly message: string; readonly remedy: string } | null {
  if (isIP(text) !== 0) return null;
  const notHost = `${quote(text)} is not a host.`;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? URL.parse(text) : null;
  if (url !== null && url.hostname !== '') {
    // The URL is not repeated: it may hold a password.
    return { message: 'This is a URL, not a host.', remedy: `Write only the host: "${url.hostname}".` };
  }
  const bracketed = /^\[(.*)\](:\d+)?$/.exec(text)?.[1];
  if (bracketed !== undefined && isIP(bracketed) === 6) {
    return { message: notHost, remedy: `Write the address without brackets and port: "${bracketed}".` };
  }
  const [, name, port] = /^([^:]+):(\d+)$/.exec(text) ?? [];
  if (name !== undefined) return { message: notHost, remedy: `Write only "${name}"; ${port} is its port.` };
  if (text.length <= MAX_NAME_CHARS && DOMAIN_NAME.test(text)) return null;
  return { message: notHost, remedy: 'Write a name such as "api.your.domain", or an IP address.' };
}

/** RFC 1035: 255 octets on the wire are 253 characters. */
const MAX_NAME_CHARS = 253;
const DOMAIN_NAME = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?$/i;

/** As a number, or as a text of digits, which `${env:PORT}` leaves. */
export function port() {
  return z.union([z.int(), z.string().meta({ pattern: `^\\d+$${ORENV}` })]).transform((value, ctx) => {
    const number = typeof value === 'number' ? value : /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
    if (number >= 1 && number <= 65_535) return number;
    const shown = typeof value === 'number' ? String(value) : quote(value);
    complain(ctx, `${shown} is not a port.`, { remedy: 'Write a whole number from 1 to 65535.' });
    return z.NEVER;
  });
}

/** Any JSON value; one instance, so that the JSON Schema defines it once. */
export const anyJson = z.json().meta({ id: 'json' });

/** For messages: at most 60 characters. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
