import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SecretStore } from '../../shared/monitor.ts';
import { LINE_NAMES, type LineName } from '../../shared/plan/cost.ts';
import { type Plan, planOf } from '../../shared/plan/plan.ts';
import { DEFAULT_PRICES, LIST_PRICES, PRICE_UNITS, parsePrices } from '../../shared/plan/prices.ts';
import { heartbeatOf, monitorOf } from '../shared/build.ts';
import { deploymentWith, monitorsOf } from './build.ts';

const FIVE = ['us-east-1', 'eu-west-1', 'ap-southeast-2', 'us-west-2', 'eu-central-1'];
const planFor = (count: number, over: Parameters<typeof monitorsOf>[1] = {}): Plan =>
  planOf(deploymentWith(monitorsOf(count, { regions: FIVE, ...over }), { regions: FIVE }), DEFAULT_PRICES);

for (const count of [1, 400, 4_000]) {
  describe(`the plan of ${count} monitors from five regions`, () => {
    const plan = planFor(count);

    it('costs what its lines add up to', () => {
      const sum = plan.lines.reduce((total, { dollars }) => total + dollars, 0);
      assert.ok(Math.abs(sum - plan.dollarsPerMonth) < 1e-6);
    });

    it('has lines that are their quantity at their unit price', () => {
      for (const { price, quantity, unitPrice, dollars } of plan.lines) {
        assert.equal(unitPrice, LIST_PRICES[price]);
        assert.equal(dollars, (quantity * unitPrice) / PRICE_UNITS[price].per);
      }
    });

    it('counts every check', () => {
      assert.ok(Math.abs(plan.table.checksPerMonth - count * 5 * 43_200) < 1e-3);
    });

    it('costs less than the same checks on CloudWatch Synthetics', () => {
      assert.ok(plan.dollarsPerMonth < plan.alternatives.synthetics / 10);
      assert.ok(Math.abs(plan.alternatives.synthetics - plan.table.checksPerMonth * 0.0012) < 1e-3);
    });

    it('costs more while everything hangs', () => {
      assert.ok(plan.outageDollarsPerMonth > plan.dollarsPerMonth);
    });

    it('is the same each time', () => {
      assert.deepEqual(planFor(count), plan);
    });
  });
}

it('a job that calls costs its calls, a write of each in every replica, and a read a minute in home', () => {
  const without = planFor(10);
  const job = heartbeatOf({ regions: ['us-east-1'], heartbeat: { everyMs: 3_600_000 } });
  const monitors = [...monitorsOf(10, { regions: FIVE }), job];
  const plan = planOf(deploymentWith(monitors, { regions: FIVE }), DEFAULT_PRICES);
  const quantity = (of: Plan, name: LineName) =>
    of.lines.filter((line) => line.name === name).reduce((sum, line) => sum + line.quantity, 0);
  const calls = 2 * 24 * 30;
  assert.equal(plan.table.heartbeatsPerMonth, calls);
  assert.equal(quantity(plan, 'receiver runs'), calls);
  assert.equal(quantity(plan, 'receiver time'), calls * 0.5 * 0.5);
  assert.equal(plan.table.writeUnits.heartbeats, calls);
  assert.equal(plan.table.readUnitsPerHeartbeatsRun, 1);
  assert.deepEqual(plan.alternatives.synthetics, without.alternatives.synthetics);
  assert.equal(quantity(without, 'receiver runs'), 0);
});

it('a million checks cost the less, the more there are', () => {
  const [one = 0, many = 0, most = 0] = [1, 400, 4_000].map((count) => planFor(count).dollarsPerMillionChecks ?? 0);
  assert.ok(one > many && many > most, `${one}, ${many}, ${most}`);
});

it('a hundred monitors from five regions cost about a dollar a million checks', () => {
  const { dollarsPerMillionChecks } = planFor(100);
  assert.ok(dollarsPerMillionChecks !== null && dollarsPerMillionChecks < 1.2, `${dollarsPerMillionChecks}`);
});

it('packed and paced runs cost a fraction of one run and item for each check', () => {
  for (const count of [100, 400, 4_000]) {
    const { alternatives, dollarsPerMonth } = planFor(count);
    assert.ok(dollarsPerMonth < alternatives.oneRunPerCheck / 5, `${count}: ${dollarsPerMonth}`);
  }
});

it('checks every five seconds cost the prober most of the minute', () => {
  const slow = lineSum(planFor(10), 'prober time');
  const fast = lineSum(planFor(10, { everyMs: 5_000 }), 'prober time');
  assert.ok(fast > 30 * slow, `${fast} against ${slow}`);
});

it('a deployment without monitors costs what watches over it, and has no price a check', () => {
  const plan = planFor(0);
  assert.equal(plan.dollarsPerMillionChecks, null);
  assert.ok(plan.dollarsPerMonth > 0 && plan.dollarsPerMonth < 10, `${plan.dollarsPerMonth}`);
  assert.ok(plan.lines.every(({ dollars }) => Number.isFinite(dollars)));
});

it('each replica pays for every write', () => {
  const { lines } = planFor(100);
  const writes = lines.filter(({ name }) => name === 'table writes');
  assert.equal(writes.length, 5);
  assert.equal(new Set(writes.map(({ quantity }) => quantity)).size, 1);
});

it('a line is named once for a region and price', () => {
  const { lines } = planFor(1);
  const keys = lines.map(({ name, region, price }) => `${name} ${region} ${price}`);
  // The prober and the aggregator both read.
  assert.deepEqual(
    keys.filter((key, index) => keys.indexOf(key) !== index),
    ['table reads us-east-1 dynamoMillionReadUnits', 'table reads eu-west-1 dynamoMillionReadUnits'],
  );
  assert.ok(lines.every(({ name }) => LINE_NAMES.includes(name)));
});

describe('a price file', () => {
  const suggest = () => null;

  it('replaces prices everywhere and in one region', () => {
    const parsed = parsePrices(
      {
        asOf: '2027-01-01',
        prices: { lambdaMillionRequests: 2 },
        regions: { 'us-west-2': { lambdaMillionRequests: 5 } },
      },
      suggest,
    );
    assert.ok(parsed.ok);
    const plan = planOf(
      deploymentWith(monitorsOf(1, { regions: FIVE }), { regions: FIVE, standby: null }),
      parsed.prices,
    );
    const runs = plan.lines.filter(({ name }) => name === 'prober runs');
    assert.deepEqual(
      runs.map(({ region, unitPrice }) => [region, unitPrice]),
      FIVE.map((region) => [region, region === 'us-west-2' ? 5 : 2]),
    );
  });

  for (const [what, file, complaint] of [
    ['a list', [], /JSON object/],
    ['an unknown price', { prices: { lambdaMilion: 1 } }, /no price "lambdaMilion" in prices/],
    ['an unknown key', { price: {} }, /no key "price"/],
    ['a negative price', { prices: { alarmMonth: -1 } }, /"prices.alarmMonth" must be dollars/],
    ['a price that is text', { regions: { 'us-east-1': { alarmMonth: '1' } } }, /"regions.us-east-1.alarmMonth"/],
    ['prices that are a number', { prices: 1 }, /"prices" is an object/],
    ['a date that is none', { asOf: 'today' }, /YYYY-MM-DD/],
  ] as const) {
    it(`with ${what} is refused`, () => {
      const parsed = parsePrices(file, suggest);
      assert.ok(!parsed.ok);
      assert.match(parsed.problems.join('\n'), complaint);
    });
  }

  it('says everything that is wrong at once', () => {
    const parsed = parsePrices({ asOf: 1, prices: { a: 1, alarmMonth: null } }, suggest);
    assert.equal(parsed.ok ? 0 : parsed.problems.length, 3);
  });
});

function lineSum({ lines }: Plan, wanted: LineName): number {
  return lines.filter(({ name }) => name === wanted).reduce((sum, { dollars }) => sum + dollars, 0);
}

it('secrets cost nothing in Parameter Store, and in Secrets Manager by region, secret and reading', () => {
  const headers = { a: '${secret:db#user} ${secret:db#pw}', b: '${secret:key}' };
  const secretive = (secretStore: SecretStore) =>
    planOf(
      deploymentWith(monitorsOf(3, { regions: FIVE, request: { ...monitorOf().request, headers } }), {
        regions: FIVE,
        secretStore,
      }),
      DEFAULT_PRICES,
    );
  const free = secretive('parameter-store');
  const paid = secretive('secrets-manager');
  assert.equal(lineSum(free, 'secrets') + lineSum(free, 'secret calls'), 0);
  assert.ok(Math.abs(lineSum(paid, 'secrets') - 5 * 2 * 0.4) < 1e-9);
  // A reading each five minutes of a month of 30 days.
  assert.ok(Math.abs(lineSum(paid, 'secret calls') - (5 * 2 * 8_640 * 0.05) / 10_000) < 1e-9);
});
