import type { NotificationKind } from '../../shared/api-types.ts';
import { humanDuration, humanInstant, humanList, humanMs, humanRatio } from '../../shared/human.ts';
import { type Incident, type Notification, notificationId, type RegionEvidence } from '../../shared/incident.ts';
import type { AlertPolicy } from '../../shared/monitor.ts';
import { resultsNeeded } from '../../shared/sketch.ts';
import { targetOf } from '../../shared/target.ts';
import { heartbeatFault, heartbeatHeadline, heartbeatReason } from './heartbeat-text.ts';
import type { Judgement } from './judge.ts';
import { inUnit, policyHeadline, policySentence } from './policy-text.ts';
import { ALL_REGIONS, type RegionPulse, type SilenceChange } from './silence.ts';

/** An SMS of one part, with room for what carriers put in front of it. */
export const MAX_SMS_CHARS = 140;
/** SNS takes less than 100. @see https://docs.aws.amazon.com/sns/latest/api/API_Publish.html */
export const MAX_SUBJECT_CHARS = 99;

/** What a person who was asleep a minute ago needs to know, about a monitor's incident. */
export function monitorNotification(judgement: Judgement): Notification {
  const { monitor, policy, kind, slotEpochMs, evidence } = judgement;
  const headline =
    heartbeatHeadline(judgement) ?? (policy === null ? noDataHeadline(judgement) : policyHeadline(judgement, policy));
  const incident: Incident = { ...judgement.incident, summary: `${monitor.id} ${headline}` };
  const body = [
    `${monitor.name} ${headline}.`,
    '',
    row('What', targetOf(monitor)),
    ...(kind === 'resolved' ? [] : [row('Why', why(evidence)), row('Where', whereOf(judgement))]),
    row('Since', since(incident, slotEpochMs)),
    kind === 'resolved' ? null : row('Fault', heartbeatFault(judgement) ?? fault(evidence, policy)),
    row('Policy', policy === null ? 'no conclusive result from any region' : policySentence(policy, evidence.length)),
    monitor.runbook === null ? null : row('Runbook', monitor.runbook),
    row('Incident', `${incident.id} (${incident.severity})`),
    '',
    regionTable(evidence, policy),
  ];
  const reason = heartbeatReason(judgement) ?? shortWhy(evidence);
  return compose(incident, kind, slotEpochMs, headline, reason, body, evidence);
}

/** The same, about probers that do not report. */
export function silenceNotification(change: SilenceChange): Notification {
  const { kind, slotEpochMs } = change;
  const everyone = change.incident.subject === ALL_REGIONS;
  const who = everyone ? 'every region' : change.incident.subject.slice('region:'.length);
  const headline = kind === 'resolved' ? `reports again from ${who}` : `is blind: no results from ${who}`;
  const incident: Incident = { ...change.incident, summary: `Prober ${headline}` };
  const body = [
    `Parallax ${headline}.`,
    '',
    row('What', everyone ? 'No prober has stored a result' : `The prober in ${who} has stored no result`),
    row('Since', since(incident, slotEpochMs)),
    row('Fault', 'the prober, its schedule, its region or replication; the monitored APIs may be well'),
    row('Meaning', everyone ? 'every monitor is unknown' : 'monitors go on with the other regions'),
    row('Do', `look at the prober's alarms and dead-letter queue${everyone ? '' : ` in ${who}`}`),
    row('Incident', `${incident.id} (${incident.severity})`),
    '',
    ...change.pulses.map((pulse) => `${pulse.region.padEnd(16)} last result ${lastSeen(pulse)}`),
  ];
  return compose(incident, kind, slotEpochMs, headline, 'prober silent', body, []);
}

/** A monitor or policy that is gone from the definitions takes its incident with it, and says so. */
export function withdrawnNotification(current: Incident, slotEpochMs: number): Notification {
  const headline = 'is no longer defined; its incident is closed';
  const incident: Incident = {
    ...current,
    status: 'resolved',
    resolvedSlotEpochMs: slotEpochMs,
    lastNotifiedSlotEpochMs: slotEpochMs,
    summary: `${current.subject} ${headline}`,
  };
  const body = [
    `${current.subject}: policy ${current.policyId} ${headline}.`,
    '',
    row('Since', since(incident, slotEpochMs)),
    row('Incident', `${incident.id} (${incident.severity})`),
  ];
  return compose(incident, 'resolved', slotEpochMs, headline, 'removed', body, []);
}

export function compose(
  incident: Incident,
  kind: NotificationKind,
  slotEpochMs: number,
  headline: string,
  shortReason: string,
  body: readonly (string | null)[],
  regions: readonly RegionEvidence[],
): Notification {
  const label = kind === 'resolved' ? 'RESOLVED' : incident.severity.toUpperCase();
  const reminder = kind === 'reminder' ? `still, after ${humanDuration(slotEpochMs - incident.sinceEpochMs)}: ` : '';
  const clock = new Date(incident.sinceEpochMs).toISOString().slice(11, 16);
  const subjectName = incident.subject.startsWith('region:') ? 'parallax' : incident.subject;
  const tail = kind === 'resolved' ? '' : ` since ${clock}Z: ${shortReason}`;
  return {
    id: notificationId(kind, incident),
    kind,
    incident,
    slotEpochMs,
    emailSubject: fit(ascii(`[${label}] ${reminder}${subjectName} ${headline}`), MAX_SUBJECT_CHARS),
    emailBody: `${body.filter((line) => line !== null).join('\n')}\n`,
    sms: `${fit(ascii(`${label} ${reminder}${subjectName} ${headline}${tail}`), MAX_SMS_CHARS - incident.id.length - 1)} ${incident.id}`,
    regions,
  };
}

function noDataHeadline({ kind, incident, slotEpochMs }: Judgement): string {
  return kind === 'resolved'
    ? `is known again after ${humanDuration(slotEpochMs - incident.sinceEpochMs)}`
    : 'is UNKNOWN: probers run, but cannot tell whether it is up';
}

function why(evidence: readonly RegionEvidence[]): string {
  const counts = new Map<string, number>();
  const failures = evidence.flatMap(({ failure }) => failure ?? []);
  // What our own side did explains nothing where the target has failed elsewhere.
  const theirs = failures.filter(({ reason }) => reason !== 'prober');
  for (const failure of theirs.length > 0 ? theirs : failures) {
    const phase = failure.failedPhase === null ? '' : ` (in phase ${failure.failedPhase})`;
    const text = `${failure.reason ?? 'failed'}: ${failure.detail ?? 'no detail'}${phase}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const [most] = [...counts].sort((a, b) => b[1] - a[1]);
  if (most === undefined) return 'every answer was right; see the table for its numbers';
  return counts.size === 1 ? most[0] : `${most[0]} (and ${counts.size - 1} other reasons, below)`;
}

function shortWhy(evidence: readonly RegionEvidence[]): string {
  const failure = evidence.find((r) => r.state === 'breached' && r.failure !== null)?.failure;
  const found = failure ?? evidence.find((r) => r.failure !== null)?.failure;
  if (found === null || found === undefined) return 'see e-mail';
  if (found.reason === 'status' && found.status !== null) return `status ${found.status}`;
  return found.failedPhase === null ? (found.reason ?? 'failed') : `${found.reason} in ${found.failedPhase}`;
}

function whereOf({ monitor, evidence }: Judgement): string {
  return monitor.type === 'heartbeat' ? `received and judged in ${humanList(monitor.regions)}` : where(evidence);
}

function where(evidence: readonly RegionEvidence[]): string {
  const named = (state: RegionEvidence['state']) => evidence.filter((r) => r.state === state).map((r) => r.region);
  const clauses = [
    ['breached', 'seen from'],
    ['ok', 'not from'],
    ['unknown', 'unknown from'],
  ] as const;
  return clauses
    .map(([state, words]) => ({ words, regions: named(state) }))
    .filter(({ regions }) => regions.length > 0)
    .map(({ words, regions }) => `${words} ${humanList(regions)}`)
    .join('; ');
}

/** Target or prober: several regions that agree point at the target; inconclusive results at us. */
function fault(evidence: readonly RegionEvidence[], policy: AlertPolicy | null): string {
  const breached = evidence.filter((r) => r.state === 'breached');
  const inconclusive = evidence.reduce((sum, r) => sum + r.inconclusive, 0);
  const excused = evidence.filter((r) => r.failure?.reason === 'prober').map((r) => r.region);
  const from = excused.length === 0 ? '' : ` from ${humanList(excused)}`;
  const ours = inconclusive === 0 ? '' : `; ${inconclusive} inconclusive results of ours${from} are not counted`;
  if (policy === null) return 'the prober or its configuration (a missing secret, no network), not the target';
  if (breached.length === 1 && evidence.length > 1) {
    return `one region only: the path from ${breached[0]?.region}, or the target there${ours}`;
  }
  return breached.length === 1
    ? `the target, as far as one region can tell${ours}`
    : `the target: ${breached.length} regions agree${ours}`;
}

function regionTable(evidence: readonly RegionEvidence[], policy: AlertPolicy | null): string {
  const metric = policy === null || policy.metric.kind === 'availability' ? null : policy;
  const header = [
    'region',
    'state',
    ...(metric === null ? [] : [metric.metricName]),
    'avail',
    'p50',
    'p95',
    'n',
    'last failure',
  ];
  const rows = evidence.map((r) => [
    r.region,
    { breached: 'FAILING', ok: 'ok', unknown: 'unknown' }[r.state],
    ...(metric === null ? [] : [r.value === null ? '—' : inUnit(metric, r.value)]),
    humanRatio(r.availability),
    humanMs(r.p50Ms),
    humanMs(r.p95Ms),
    String(r.n),
    r.failure === null
      ? '—'
      : `${r.failure.reason ?? 'failed'}: ${r.failure.detail ?? ''} [trace ${r.failure.traceId}]`,
  ]);
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((cells) => cells[column]?.length ?? 0)),
  );
  const lines = [header, ...rows].map((cells) =>
    cells.map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  '),
  );
  const few =
    metric?.metric.kind === 'latency' ? fewResultsNote(metric.metricName, metric.metric.quantile, evidence) : null;
  return [...lines, ...(few === null ? [] : ['', few])].join('\n');
}

function fewResultsNote(name: string, quantile: number, evidence: readonly RegionEvidence[]): string | null {
  const needed = resultsNeeded(quantile);
  if (evidence.every((r) => r.n >= needed)) return null;
  return `${name} needs ${needed} results; where n is smaller, it is the slowest one.`;
}

export function since(incident: Incident, slotEpochMs: number): string {
  const duration = humanDuration(slotEpochMs - incident.sinceEpochMs);
  return `${humanInstant(incident.sinceEpochMs)} (${duration}${incident.status === 'open' ? ' so far' : ' in all'})`;
}

function lastSeen(pulse: RegionPulse): string {
  return pulse.lastSlotEpochMs === null ? 'never' : humanInstant(pulse.lastSlotEpochMs);
}

export function row(label: string, value: string): string {
  return `${label.padEnd(9)} ${value}`;
}

/** SNS subjects are ASCII without control characters; SMS stay in one part with plain letters. */
function ascii(text: string): string {
  return text.replaceAll('—', '-').replace(/[^\x20-\x7e]/g, '?');
}

function fit(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 3)}...`;
}
