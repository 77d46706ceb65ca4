import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  MAX_SMS_CHARS,
  MAX_SUBJECT_CHARS,
  monitorNotification,
  withdrawnNotification,
} from '../../functions/aggregator/notification-text.ts';
import { openedIncident, type RegionEvidence, resolvedIncident } from '../../shared/incident.ts';
import { monitorOf, policyOf } from '../shared/build.ts';

const SINCE = Date.UTC(2026, 0, 5, 12, 3);
const SLOT = SINCE + 60_000;

function seen(region: string, over: Partial<RegionEvidence> = {}): RegionEvidence {
  const failure = {
    reason: 'status',
    failedPhase: null,
    detail: 'expected status 200, got 503',
    status: 503,
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  } as const;
  const numbers = { value: 0, n: 1, usual: null, availability: 0, p50Ms: 120, p95Ms: null, inconclusive: 0 };
  return { region, state: 'breached', ...numbers, failure, ...over };
}

const policy = policyOf();
const incident = openedIncident('checkout', policy, SINCE, SLOT);
const evidence = [
  seen('eu-west-1'),
  seen('us-east-1'),
  seen('ap-southeast-2', { state: 'ok', availability: 1, failure: null }),
];
const opened = {
  monitor: monitorOf(),
  policy,
  kind: 'opened',
  incident,
  slotEpochMs: SLOT,
  evidence,
  pooled: null,
} as const;

test('the subject says severity, what, and how widely', () => {
  assert.equal(monitorNotification(opened).emailSubject, '[CRITICAL] checkout is DOWN in 2 of 3 regions');
});

test('the SMS says what, where from, since when and why', () => {
  const { sms } = monitorNotification(opened);
  assert.equal(sms, `CRITICAL checkout is DOWN in 2 of 3 regions since 12:03Z: status 503 ${incident.id}`);
});

test('the e-mail answers what, why, where, since, whose fault, and shows the regions', () => {
  const { emailBody } = monitorNotification(opened);
  for (const line of [
    'What      GET https://api.acme.example/checkout',
    'Why       status: expected status 200, got 503',
    'Where     seen from eu-west-1 and us-east-1; not from ap-southeast-2',
    'Since     2026-01-05 12:03:00 UTC (1m so far)',
    'Fault     the target: 2 regions agree',
    'Policy    availability below 50% over 1m, in a majority of regions, 2 slots in a row',
  ]) {
    assert.ok(emailBody.includes(`${line}\n`), `${line}\n--- is not in ---\n${emailBody}`);
  }
  assert.match(emailBody, /^eu-west-1 +FAILING +0% +120 ms +— +1 +status: expected status 200, got 503 \[trace 4bf9/m);
});

test('a failure seen from one region only does not blame the target alone', () => {
  const one = { ...opened, evidence: [seen('eu-west-1'), seen('us-east-1', { state: 'ok', failure: null })] };
  assert.match(
    monitorNotification(one).emailBody,
    /Fault {5}one region only: the path from eu-west-1, or the target there/,
  );
});

test('a recovery says how long it was', () => {
  const resolved = resolvedIncident(incident, SINCE + 14 * 60_000);
  const healed = evidence.map((r) => ({ ...r, state: 'ok' as const }));
  const text = monitorNotification({
    ...opened,
    kind: 'resolved',
    incident: resolved,
    slotEpochMs: SINCE + 14 * 60_000,
    evidence: healed,
  });
  assert.equal(text.emailSubject, '[RESOLVED] checkout is up again after 14m');
});

test('a percentile that few results stand behind says so', () => {
  const latency = policyOf({
    id: 'latency.p95',
    metricName: 'latency.p95',
    metric: { kind: 'latency', quantile: 0.95 },
    breach: 'above',
    threshold: 800,
  });
  const slow = { ...opened, policy: latency, evidence: [seen('eu-west-1', { value: 1_240, n: 10, failure: null })] };
  const text = monitorNotification(slow);
  assert.equal(text.emailSubject, '[CRITICAL] checkout latency.p95 1.24 s, above 800 ms in 1 of 1 regions');
  assert.match(text.emailBody, /latency\.p95 needs 20 results; where n is smaller, it is the slowest one\./);
});

test('whatever the names and reasons, subject and SMS keep to ASCII and their lengths, and name the incident', () => {
  fc.assert(
    fc.property(
      fc.string({ maxLength: 80, unit: 'binary' }),
      fc.string({ maxLength: 300, unit: 'binary' }),
      (id, detail) => {
        const subject = { ...incident, subject: id };
        const failing = seen('eu-west-1', {
          failure: { reason: 'tls', failedPhase: 'tls', detail, status: null, traceId: '0' },
        });
        for (const text of [
          monitorNotification({ ...opened, incident: subject, evidence: [failing] }),
          withdrawnNotification(subject, SLOT),
        ]) {
          assert.match(text.emailSubject, /^[\x20-\x7e]+$/);
          assert.match(text.sms, /^[\x20-\x7e]+$/);
          assert.ok(text.emailSubject.length <= MAX_SUBJECT_CHARS && text.sms.length <= MAX_SMS_CHARS);
          assert.ok(text.sms.endsWith(subject.id));
        }
      },
    ),
  );
});

const cost = { kind: 'custom', name: 'cost', aggregate: 'sum', unit: 'dollars' } as const;
const dear = policyOf({
  metricName: 'cost.sum.vsWeek',
  metric: { kind: 'vsWeek', of: cost },
  breach: 'above',
  threshold: 3,
  overMs: 3_600_000,
});

test('what is compared with its own week says how much it is and what is usual', () => {
  const compared = [seen('eu-west-1', { value: 4.23, usual: 0.2 }), seen('us-east-1', { value: 3.1, usual: 0.3 })];
  assert.equal(
    monitorNotification({ ...opened, policy: dear, evidence: compared }).incident.summary,
    'checkout cost.sum 4.2x its own week: $0.85 in 1h, usually $0.20, in 2 of 2 regions',
  );
});

test('of pooled regions the numbers are those of all together', () => {
  const pooled = { value: 4.2, n: 120, usual: 0.2 };
  const policy = { ...dear, regions: 'pooled' } as const;
  const { emailBody, incident: told } = monitorNotification({ ...opened, policy, pooled });
  assert.equal(told.summary, 'checkout cost.sum 4.2x its own week: $0.84 in 1h, usually $0.20, over all regions');
  assert.match(emailBody, /^Policy +cost\.sum\.vsWeek above 3x over 1h, over all regions together/m);
});
