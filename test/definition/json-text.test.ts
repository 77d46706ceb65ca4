import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_DEPTH, parseJsonText } from '../../shared/definition/json-text.ts';

test('any JSON value is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.constantFrom('', ' ', '\t'), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent);
      const parsed = parseJsonText(spaced);
      assert.ok(parsed.ok);
      assert.deepEqual(parsed.value, JSON.parse(spaced));
    }),
  );
});

test('what JSON.parse rejects is rejected, and what it accepts is accepted', () => {
  const piece = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '"a"',
    '\\',
    '\\u12',
    '1',
    '-',
    '0',
    '.5',
    'e9',
    'true',
    'nul',
    ' ',
    '\n',
    '//',
    "'",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
      const text = pieces.join('');
      assert.equal(parseJsonText(text).ok, accepts(text));
    }),
    { numRuns: 3_000, examples: [[['1', 'e9', '1', '0']]] },
  );
});

for (const [what, text, line, column, message] of [
  ['a trailing comma', '{\n  "a": 1,\n}', 2, 9, /comma stands before the closing }/],
  ['a missing comma', '{"a": 1\n "b": 2}', 2, 2, /Here stands "\\"", where a comma or } should/],
  ['a comment', '// hello\n{}', 1, 1, /where a value should/],
  ['an open object', '{\n "a": [1, 2', 2, 12, /The file ends inside what began on line 2/],
  ['an open string', '{"a": "b}', 1, 7, /never closed/],
  ['a bad escape', '{"a": "\\q"}', 1, 7, /escape/],
  ['a line break in a string', '{"a": "b\nc"}', 1, 9, /line break/],
  ['a second value', '{} {}', 1, 4, /After the end/],
  ['a property without its object', '"a": 1', 1, 4, /After the end.*":"/],
  ['an empty file', ' \n', 1, 1, /empty/],
  ['a number beyond a double', '[1e999]', 1, 2, /too large/],
] as const) {
  test(`${what} is found at its line and column`, () => {
    const parsed = parseJsonText(text);
    assert.ok(!parsed.ok);
    assert.deepEqual(parsed.position, { line, column });
    assert.match(parsed.message, message);
  });
}

test('depth is bounded', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal(parseJsonText(nested(MAX_DEPTH)).ok, true);
  assert.equal(parseJsonText(nested(100_000)).ok, false);
});

test('a key is found where it is written, an absent one where its object is', () => {
  const parsed = parseJsonText('{\n  "a": [ {"b": 1} ]\n}');
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.positionOf(['a', 0, 'b']), { line: 2, column: 11 });
  assert.deepEqual(parsed.positionOf(['a', 0, 'c']), { line: 2, column: 10 });
  assert.deepEqual(parsed.positionOf(['x', 'y']), { line: 1, column: 1 });
});

test('a key that is written twice is told', () => {
  const parsed = parseJsonText('{"a": {"b": 1, "b": 2}}');
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.repeatedKeys, [['a', 'b']]);
});

test('a byte order mark is no part of the value', () => {
  const parsed = parseJsonText('\uFEFF{"a": 1}');
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.value, { a: 1 });
});

test('__proto__ is a key like any other, and no prototype', () => {
  const parsed = parseJsonText('{"__proto__": {"polluted": true}}');
  assert.ok(parsed.ok);
  assert.deepEqual(Object.keys(parsed.value ?? {}), ['__proto__']);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

function accepts(text: string): boolean {
  try {
    let fits = true;
    JSON.parse(text, (_, value) => {
      if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) fits = false;
      return value;
    });
    // The one deliberate difference: 1e910 is too large for a number.
    return fits;
  } catch {
    return false;
  }
}
