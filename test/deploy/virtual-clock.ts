/**
 * Loaded into every function's process before its code: gives it the deployment's clock (see `bridges/clock.py`).
 * Only the date is faster. Timers and measured durations stay those of the wall's clock, as do the target's answers.
 */
const [anchorEpochMs = 0, speed = 1] = (process.env['PARALLAX_TEST_CLOCK'] ?? '').split('x').map(Number);
const wall = Date;

class VirtualDate extends wall {
  constructor(...parts: []) {
    if (parts.length === 0) super(VirtualDate.now());
    else super(...parts);
  }

  static override now(): number {
    return Math.floor(anchorEpochMs + (wall.now() - anchorEpochMs) * speed);
  }
}

globalThis.Date = VirtualDate as DateConstructor;
