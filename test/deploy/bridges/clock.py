"""The clock of the deployment: the wall's, or a faster one, so that a minute of schedules passes in seconds.

`virtual-clock.ts` gives the same time to the functions. Both count from the same instant, so all agree.
"""

import time

_anchor = time.time()
_speed = 1.0


def start(anchor_epoch_ms, speed):
    global _anchor, _speed
    _anchor = anchor_epoch_ms / 1000
    _speed = speed


def now():
    """Unix epoch seconds."""
    return _anchor + (time.time() - _anchor) * _speed


def wall_seconds(seconds):
    """How long the wall's clock takes for so many of this clock's seconds."""
    return seconds / _speed
