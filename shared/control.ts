import type { PutItemCommandInput, QueryCommandInput } from '@aws-sdk/client-dynamodb';
import type { Deployment, Monitor, Region } from './monitor.ts';
import { aggregatorRegions } from './resource-names.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './schedule.ts';
import { SPEND_PERIODS, type SpendCap } from './spend-cap.ts';
import { EXPIRY_ATTRIBUTE, type Item } from './table.ts';

/**
 * What people tell a running deployment, and what a monitor's spend cap does. Data, written by the command line and
 * the aggregator, read once a run:
 *
 * |            | checked | counted | shown | opens, reminds | resolves | "no data" |
 * | paused     | no      | –       | yes   | no             | no       | no        |
 * | silenced   | yes     | yes     | yes   | no             | yes      | no        |
 *
 * Slots decide, not the clock of who reads: a slot in [from, end) is paused, whenever it is judged. What is still
 * breached when a silence ends is announced then.
 */
export type ControlKind = 'pause' | 'silence';

export type ControlTarget = 'all' | `monitor:${string}` | `tag:${string}`;

export interface Control {
  readonly kind: ControlKind;
  readonly target: ControlTarget;
  readonly fromEpochMs: number;
  /** Every control ends by itself, at most {@link MAX_CONTROL_MS} after it was written. */
  readonly untilEpochMs: number;
  readonly reason: string | null;
  /** Who wrote it: an IAM ARN, or `user@host`. */
  readonly by: string;
  /** When this record was written. Of several for one kind and target the newest counts. */
  readonly atEpochMs: number;
  /** The cap that was reached, where it is no person's. It stands beside people's pauses of the same monitor. */
  readonly spendCap?: SpendCap;
  /** Set by `resume`; what went before stays readable. */
  readonly endedEarly: { readonly atEpochMs: number; readonly by: string } | null;
}

export const DEFAULT_CONTROL_MS = HOUR_MS;
export const MIN_CONTROL_MS = MINUTE_MS;
/** What is to be off for longer is better taken out of the definitions. */
export const MAX_CONTROL_MS = 30 * DAY_MS;
export const MAX_REASON_CHARS = 200;

/** Who writes what for how long. `previous`: the record that stands, if any; while it is in force this extends or cuts it. */
export function newControl(
  about: Pick<Control, 'kind' | 'target' | 'reason' | 'by'>,
  forMs: number,
  previous: Control | null,
  nowEpochMs: number,
): Control {
  const continued = previous !== null && isInForce(previous, nowEpochMs);
  return {
    ...about,
    fromEpochMs: continued ? previous.fromEpochMs : nowEpochMs,
    untilEpochMs: nowEpochMs + forMs,
    atEpochMs: after(previous, nowEpochMs),
    endedEarly: null,
  };
}

/** The record that ends another now. It keeps its beginning: the slots until now were paused, and stay so. */
export function endedControl(control: Control, by: string, nowEpochMs: number): Control {
  return { ...control, atEpochMs: after(control, nowEpochMs), endedEarly: { atEpochMs: nowEpochMs, by } };
}

/** Two machines' clocks may differ: what is written later must be newer. */
function after(previous: Control | null, nowEpochMs: number): number {
  return Math.max(nowEpochMs, (previous?.atEpochMs ?? 0) + 1);
}

/** The first instant at which it no longer holds. */
export function endOf(control: Control): number {
  return Math.min(
    control.untilEpochMs,
    control.atEpochMs + MAX_CONTROL_MS,
    control.endedEarly?.atEpochMs ?? Number.POSITIVE_INFINITY,
  );
}

export function isInForce(control: Control, epochMs: number): boolean {
  return control.fromEpochMs <= epochMs && epochMs < endOf(control);
}

/**
 * One record for each kind and target, and one for a cap's: the newest, whoever wrote it and in whatever order they are read. Of two that
 * were written in the same millisecond the one that ends first: rather a page too many than a monitor nobody watches.
 */
export function effectiveControls(controls: readonly Control[]): Control[] {
  const newest = new Map<string, Control>();
  for (const control of controls) {
    const known = newest.get(subjectKey(control));
    if (known === undefined || precedence(control, known) > 0) newest.set(subjectKey(control), control);
  }
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, control]) => control);
}

function precedence(a: Control, b: Control): number {
  return (
    a.atEpochMs - b.atEpochMs ||
    endOf(b) - endOf(a) ||
    b.fromEpochMs - a.fromEpochMs ||
    (JSON.stringify(a) < JSON.stringify(b) ? 1 : -1)
  );
}

type Subject = Pick<Monitor, 'id' | 'tags'>;

export function applies(target: ControlTarget, monitor: Subject): boolean {
  if (target === 'all' || target === `monitor:${monitor.id}`) return true;
  return monitor.tags.some((tag) => target === `tag:${tag}`);
}

/** Those in force for the monitor at the instant. `controls`: as {@link effectiveControls} gives them, here and below. */
export function controlsOf(monitor: Subject, epochMs: number, controls: readonly Control[]): Control[] {
  return controls.filter((control) => isInForce(control, epochMs) && applies(control.target, monitor));
}

export function isPaused(monitor: Subject, slotEpochMs: number, controls: readonly Control[]): boolean {
  return controlsOf(monitor, slotEpochMs, controls).some(({ kind }) => kind === 'pause');
}

/** Whether the slot may open an incident or remind of one. */
export function isSilenced(monitor: Subject, slotEpochMs: number, controls: readonly Control[]): boolean {
  return controlsOf(monitor, slotEpochMs, controls).some(({ kind }) => kind === 'silence');
}

/** Up to when, at most now, the monitor was last paused: before that nobody can miss its results. 0: never. */
export function pausedUntil(monitor: Subject, controls: readonly Control[], nowEpochMs: number): number {
  const ends = controls
    .filter(
      ({ kind, target, fromEpochMs }) => kind === 'pause' && fromEpochMs <= nowEpochMs && applies(target, monitor),
    )
    .map((control) => Math.min(endOf(control), nowEpochMs));
  return Math.max(0, ...ends);
}

/** For how much of [from, to) the monitor was paused, as far as the records that stand tell. */
export function pausedMs(
  monitor: Subject,
  fromEpochMs: number,
  toEpochMs: number,
  controls: readonly Control[],
): number {
  const pauses = controls
    .filter(({ kind, target }) => kind === 'pause' && applies(target, monitor))
    .map((control) => ({ from: control.fromEpochMs, to: Math.min(endOf(control), toEpochMs) }))
    .sort((a, b) => a.from - b.from);
  let [covered, until] = [0, fromEpochMs];
  for (const { from, to } of pauses) {
    covered += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return covered;
}

/**
 * Stores a control in the replica of `writer`, under that region's key. A record that is newer by its own clock stays:
 * DynamoDB answers ConditionalCheckFailedException.
 */
export function controlPut(table: string, writer: Region, control: Control): PutItemCommandInput {
  return {
    TableName: table,
    Item: {
      pk: { S: partitionKey(writer) },
      sk: { S: sortKey(control) },
      at: { N: String(control.atEpochMs) },
      json: { S: JSON.stringify(control) },
      [EXPIRY_ATTRIBUTE]: { N: String(Math.ceil((endOf(control) + KEPT_MS) / 1_000)) },
    },
    ConditionExpression: 'attribute_not_exists(pk) OR #at < :at',
    ExpressionAttributeNames: { '#at': 'at' },
    ExpressionAttributeValues: { ':at': { N: String(control.atEpochMs) } },
  };
}

/** Who wrote it stays readable this long after its end. Probers read the whole partition each minute: it must not grow. */
const KEPT_MS = 30 * DAY_MS;

/** Every control that was written in the region. */
function controlsQuery(table: string, writer: Region): QueryCommandInput {
  return {
    TableName: table,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: partitionKey(writer) } },
  };
}

/** What stands, from home's and standby's records in the replica that `query` reads. Rejects with what `query` does. */
export async function readControls(
  query: (input: QueryCommandInput) => Promise<readonly Item[]>,
  table: string,
  deployment: Pick<Deployment, 'home' | 'standby'>,
): Promise<Control[]> {
  const items = await Promise.all(aggregatorRegions(deployment).map((writer) => query(controlsQuery(table, writer))));
  return effectiveControls(
    items
      .flat()
      .map(controlOf)
      .filter((control) => control !== null),
  );
}

/** Null for what this version does not understand: an unreadable pause stops nothing. */
export function controlOf(item: Item): Control | null {
  try {
    const value: unknown = JSON.parse(item['json']?.S ?? 'null');
    return isControl(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

function isControl(value: unknown): value is Control {
  if (typeof value !== 'object' || value === null) return false;
  const field = new Map<string, unknown>(Object.entries(value));
  const target = field.get('target');
  const ended = field.get('endedEarly');
  return (
    (field.get('kind') === 'pause' || field.get('kind') === 'silence') &&
    typeof target === 'string' &&
    /^(?:all$|(?:monitor|tag):.)/.test(target) &&
    ['fromEpochMs', 'untilEpochMs', 'atEpochMs'].every((name) => Number.isFinite(field.get(name))) &&
    (field.get('reason') === null || typeof field.get('reason') === 'string') &&
    typeof field.get('by') === 'string' &&
    isSpendCap(field.get('spendCap')) &&
    (ended === null ||
      (typeof ended === 'object' && 'atEpochMs' in ended && Number.isFinite(ended.atEpochMs) && 'by' in ended))
  );
}

function partitionKey(writer: Region): string {
  return `control#${writer}`;
}

/** People's records and the aggregator's have keys of their own: one writer each. */
function sortKey(control: Pick<Control, 'kind' | 'target' | 'spendCap' | 'endedEarly'>): string {
  const isResumedCap = control.spendCap !== undefined && control.endedEarly !== null;
  return `${subjectKey(control)}${isResumedCap ? '#ended' : ''}`;
}

function subjectKey({ kind, target, spendCap }: Pick<Control, 'kind' | 'target' | 'spendCap'>): string {
  return `${kind}#${target}${spendCap === undefined ? '' : '#spend-cap'}`;
}

function isSpendCap(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'object' || value === null) return false;
  const field = new Map<string, unknown>(Object.entries(value));
  return Number.isFinite(field.get('dollars')) && SPEND_PERIODS.some((per) => per === field.get('per'));
}
