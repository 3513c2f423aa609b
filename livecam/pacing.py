"""When a live sink ticks: at a constant rate, in step with the pictures where those come at that rate.

A picture that is ready just after a tick waits a whole period for the next one, and whether it is, is chance:
the camera and the sink run on clocks of their own. So the ticks are shifted, too slowly for anybody to see,
until pictures are ready just before them. Where the two rates differ there is nothing to gain, and the ticks
stay where they are.
"""

from __future__ import annotations

import cmath
import math
from collections import deque

SLOWEST = 0.005
"""Largest shift of a tick, as a share of the period: at 30 fps the rate stays between 29.85 and 30.15."""
GAIN = 0.05
"""Share of the remaining error that one tick makes good."""
WINDOW = 45
ENOUGH = 20
"""Pictures looked at, and how many are needed before anything is shifted."""
IN_STEP = 0.6
"""Length of the mean of the waits as points on a circle: 1 where all are the same, 0 where anything."""
SPREADS = 3.0
"""How many standard deviations of the waits a picture is to be ready before its tick."""
LEAST_MARGIN = 0.002
"""Seconds; what it takes a thread to wake and to look."""


class Pacer:
    """`due` is the next tick's monotonic time in seconds; after each tick call `advance`."""

    def __init__(self, period: float, start: float, in_step: bool = True) -> None:
        """`in_step=False`: never shifted, to see what shifting is worth."""
        self._period, self._in_step = period, in_step
        self._waits: deque[float] = deque(maxlen=WINDOW)
        self.due = start
        self.tick = 0

    @property
    def nominal_ns(self) -> int:
        """The tick's time counted from the first one, without any shift."""
        return round(self.tick * self._period * 1e9)

    def advance(self, now: float, ready: float | None) -> None:
        """Go to the next tick, past those that are over.

        ready: when the picture that this tick showed for the first time was finished; None for a repeat.
        """
        if ready is not None:
            self._waits.append(self.due - ready)
        shift = self._shift()
        if shift:
            self._waits = deque((wait - shift for wait in self._waits), maxlen=WINDOW)
        steps = max(1, math.floor((now - self.due + shift) / self._period) + 1)
        self.tick += steps
        self.due += steps * self._period - shift

    def _shift(self) -> float:
        """Seconds by which to come earlier; negative: later."""
        if not self._in_step or len(self._waits) < ENOUGH:
            return 0.0
        turn = 2 * math.pi / self._period
        mean = sum(cmath.exp(1j * turn * wait) for wait in self._waits) / len(self._waits)
        if abs(mean) < IN_STEP:
            return 0.0
        # Mardia & Jupp, Directional Statistics (2000), 2.3: the standard deviation of angles.
        spread = math.sqrt(-2 * math.log(min(abs(mean), 1.0))) / turn
        wanted = min(LEAST_MARGIN + SPREADS * spread, self._period / 2)
        error = (cmath.phase(mean) / turn - wanted + self._period / 2) % self._period - self._period / 2
        most = SLOWEST * self._period
        return max(-most, min(most, GAIN * error))
