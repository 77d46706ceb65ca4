/**
 * Loaded into every function's process before its code: gives it the deployment's clock (see `bridges/clock.py`).
 * Only the date is faster. Timers and measured durations stay those of the wall's clock, as do the target's answers.
 */
const [anchorEpochMs = 0, speed = 1] = (process.env['PARALLAX_TEST_CLOCK'] ?? '').split('x').map(Number);
const wallNow = Date.now;

function now(): number {
  return Math.floor(anchorEpochMs + (wallNow() - anchorEpochMs) * speed);
}

globalThis.Date = new Proxy(Date, {
  construct: (date, parts, newTarget) => Reflect.construct(date, parts.length === 0 ? [now()] : parts, newTarget),
  get: (date, key) => (key === 'now' ? now : Reflect.get(date, key)),
});
