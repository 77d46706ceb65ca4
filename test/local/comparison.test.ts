import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { renderComparison } from '../../local/comparison.ts';
import { displayWidth } from '../../local/text-width.ts';
import type {
  IncidentSummary,
  MonitorStatus,
  RegionStatus,
  StatusResponse,
  WindowSummary,
} from '../../shared/api-types.ts';

const AT = Date.UTC(2026, 10, 22, 4, 5, 6);

function window(changes: Partial<WindowSummary> = {}): WindowSummary {
  return {
    passed: 60,
    failed: 0,
    inconclusive: 0,
    availability: 1,
    latency: { n: 60, p50Ms: 21.4, p95Ms: 31.2, p99Ms: null, maxMs: 40 },
    errors: {},
    metrics: {},
    certificateDaysLeft: null,
    ...changes,
  };
}

function region(name: string, changes: Partial<RegionStatus> = {}): RegionStatus {
  return {
    ...window(),
    region: name,
    latest: {
      slotEpochMs: AT,
      outcome: 'passed',
      reason: null,
      failedPhase: null,
      detail: null,
      status: 200,
      totalMs: 22.3,
      traceId: '0'.repeat(32),
    },
    ...changes,
  };
}

function monitor(changes: Partial<MonitorStatus> = {}): MonitorStatus {
  return {
    id: 'checkout-api',
    name: 'checkout-api',
    tags: [],
    verdict: 'up',
    because: null,
    regions: [region('us-east-1'), region('ap-southeast-2')],
    overall: window(),
    openIncidents: [],
    slo: null,
    ...changes,
  };
}

function status(...monitors: readonly MonitorStatus[]): StatusResponse {
  return { name: 'acme', asOfEpochMs: AT, rangeMs: 900_000, regions: [], monitors };
}

function render(monitors: readonly MonitorStatus[], columns = 120): string {
  return renderComparison(status(...monitors), { columns }).join('\n');
}

const INCIDENT: IncidentSummary = {
  id: 'i-1',
  subject: 'checkout-api',
  policyId: 'down',
  severity: 'critical',
  status: 'open',
  sinceEpochMs: AT - 60_000,
  openedSlotEpochMs: AT - 30_000,
  resolvedSlotEpochMs: null,
  summary: 'checkout-api is down in 3 of 3 regions',
};

describe('renderComparison', () => {
  it('lines up monitors and regions', () => {
    assert.equal(
      render([monitor()]),
      [
        'acme · the last 15m · 04:05:06 UTC',
        '',
        'MONITOR       REGION          VERDICT  AVAIL    P50    P95  P99   N  LATEST',
        'checkout-api  all             up        100%  21 ms  31 ms    —  60',
        '              us-east-1                 100%  21 ms  31 ms    —  60  22 ms',
        '              ap-southeast-2            100%  21 ms  31 ms    —  60  22 ms',
        '— is a percentile that n cannot support: p50 needs 2 results, p95 20, p99 100.',
        '',
        'No open incidents.',
      ].join('\n'),
    );
  });

  it('shows what is not known as a dash, never as 0', () => {
    const nothing = window({
      passed: 0,
      availability: null,
      latency: { n: 0, p50Ms: null, p95Ms: null, p99Ms: null, maxMs: null },
    });
    const text = render([
      monitor({ verdict: 'unknown', overall: nothing, regions: [region('us-east-1', { ...nothing, latest: null })] }),
    ]);
    assert.match(text, /us-east-1 +— +— +— +— +0 +no result yet/);
  });

  it('does not round up to 100%', () => {
    assert.match(render([monitor({ overall: window({ availability: 0.999999 }) })]), /99\.99%/);
  });

  it('says why a monitor is not up', () => {
    const because = 'ap-southeast-2 fails: status 503';
    assert.match(render([monitor({ verdict: 'degraded', because })]), /degraded .* ap-southeast-2 fails: status 503/);
  });

  it('says why a region failed', () => {
    const failed = region('us-east-1');
    const latest = failed.latest && {
      ...failed.latest,
      outcome: 'failed' as const,
      reason: 'status' as const,
      detail: 'got 503',
    };
    assert.match(render([monitor({ regions: [region('us-east-1', { latest })] })]), /FAILED status: got 503/);
  });

  it('lists open incidents, oldest first', () => {
    const older = { ...INCIDENT, sinceEpochMs: AT - 120_000, summary: 'search is slow' };
    const text = render([monitor({ openIncidents: [INCIDENT] }), monitor({ openIncidents: [older] })]);
    assert.match(
      text,
      /Open incidents: 2\n +critical since 04:03:06 UTC: search is slow\n +critical since 04:04:06 UTC/,
    );
  });

  it('leaves out percentiles before their n', () => {
    const heading = render([monitor()], 48).split('\n')[2] ?? '';
    assert.deepEqual(heading.split(/ +/), ['MONITOR', 'REGION', 'VERDICT', 'AVAIL', 'N']);
  });

  it('folds monitors that are up, the last ones first, where there is no room', () => {
    const monitors = ['one', 'two', 'three'].map((name) =>
      monitor({ name, verdict: name === 'three' ? 'down' : 'up' }),
    );
    const lines = renderComparison(status(...monitors), { columns: 120, rows: 13 });
    assert.equal(lines.length, 13);
    assert.deepEqual(
      lines.slice(3, 10).map((line) => line.slice(0, 25).trim().split(/ {2,}/)),
      [
        ['one', 'all'],
        ['us-east-1'],
        ['ap-southeast-2'],
        ['two', 'all 2'],
        ['three', 'all'],
        ['us-east-1'],
        ['ap-southeast-2'],
      ],
    );
  });

  it('keeps columns in line below wide characters', () => {
    const lines = render([monitor({ name: '支払い' }), monitor({ name: 'login' })]).split('\n');
    const starts = lines
      .filter((line) => / all /.test(line))
      .map((line) => displayWidth(line.slice(0, line.indexOf('all'))));
    assert.equal(new Set(starts).size, 1);
  });

  it('prints nothing that a terminal would obey', () => {
    const text = render([monitor({ because: '\u001b[2J\u001b]0;owned\u0007\nnext \u202eline' })]);
    assert.match(text, /next line/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the point
    assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  });

  it('says so without monitors', () => {
    assert.match(render([]), /There are no monitors\./);
  });

  it('is never wider than the terminal', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.string({ maxLength: 200 }),
        (columns, name, because) => {
          const lines = renderComparison(status(monitor({ name, because, openIncidents: [INCIDENT] })), { columns });
          for (const line of lines) assert.ok(displayWidth(line) <= columns, `${columns}: ${line}`);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('paints without moving anything', () => {
    const monitors = [monitor({ verdict: 'down', because: 'all fail', openIncidents: [INCIDENT] })];
    const painted = renderComparison(status(...monitors), {
      columns: 90,
      paint: (tone, text) => `<${tone}>${text}</>`,
    });
    assert.equal(painted.join('\n').replace(/<[a-z]*>|<\/>/g, ''), render(monitors, 90));
  });
});
