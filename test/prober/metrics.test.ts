import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonDocument } from '../../functions/prober/expectations.ts';
import { compileMetrics } from '../../functions/prober/metrics.ts';
import type { MetricDefinition } from '../../shared/monitor.ts';

const TEXT = '{"depth":250,"text":"1.5","list":[7],"many":[1,2],"nothing":null,"flag":true} rest';
const JSON_TEXT = TEXT.replace(' rest', '');

const CASES: readonly [string, MetricDefinition, number | undefined][] = [
  ['a number', { name: 'm', from: 'json', path: '$.depth' }, 250],
  ['a number written as text', { name: 'm', from: 'json', path: '$.text' }, 1.5],
  ['the only one of a list', { name: 'm', from: 'json', path: '$.list[*]' }, 7],
  ['many', { name: 'm', from: 'json', path: '$.many[*]' }, undefined],
  ['null', { name: 'm', from: 'json', path: '$.nothing' }, undefined],
  ['true', { name: 'm', from: 'json', path: '$.flag' }, undefined],
  ['what is missing', { name: 'm', from: 'json', path: '$.missing' }, undefined],
  ['a header', { name: 'm', from: 'header', header: 'x-depth' }, 12],
  ['a header that is no number', { name: 'm', from: 'header', header: 'x-text' }, undefined],
  ['an empty header', { name: 'm', from: 'header', header: 'x-empty' }, undefined],
  ['an infinite header', { name: 'm', from: 'header', header: 'x-infinite' }, undefined],
  ['the first group of a pattern', { name: 'm', from: 'body', pattern: '"depth":(\\d+)' }, 250],
  ['a whole match', { name: 'm', from: 'body', pattern: '\\d+' }, 250],
  ['a group that took no part', { name: 'm', from: 'body', pattern: 'x(\\d+)|depth' }, undefined],
  ['a pattern that is not found', { name: 'm', from: 'body', pattern: 'z(\\d+)' }, undefined],
];

for (const [what, definition, expected] of CASES) {
  test(`${definition.from}: ${what} ${expected === undefined ? 'is no number' : `is ${expected}`}`, () => {
    const metrics = compileMetrics([definition])({
      status: 200,
      protocol: null,
      headers: { 'x-depth': '12', 'x-text': 'many', 'x-empty': '', 'x-infinite': 'Infinity' },
      totalMs: 1,
      text: TEXT,
      document: jsonDocument(JSON_TEXT),
      certificateValidToEpochMs: null,
      nowEpochMs: 0,
    });
    assert.deepEqual(metrics, expected === undefined ? {} : { m: expected });
  });
}
