"""When a live sink ticks: at a constant rate, in step with the pictures where the two rates allow it.

A picture that is ready just after a tick waits a whole period for the next one, and whether it is, is chance:
the camera and the sink run on clocks of their own. Two things are done about it. Where a camera gives a
picture for every tick (or for every second one, or several), the ticks are shifted, too slowly for anybody to
see, until most pictures are ready just before them. And a picture that is about to come is waited for, for a
part of a period, where it would otherwise be a repeat now and a dropped frame next time; the grid of the
ticks stays as it is meanwhile.

`python -m livecam.benchmarks.glass_to_glass.simulation` shows what the constants are worth.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from itertools import pairwise

WINDOW = 60
ENOUGH = 20
"""Pictures that are remembered, and how many are needed before anything is done."""
GAP = 1.0
"""Seconds without a picture after which what was learned is forgotten."""

SLOWEST = 0.005
"""Largest shift of a tick, as a share of the period: at 30 fps the rate stays between 29.85 and 30.15."""
GAIN = 0.05
"""Share of the remaining error that one tick makes good."""
STEADY = 0.01
"""How far the ratio of the two rates may be from a whole number for ticks and pictures to be in step."""
IN_TIME = 0.8
IN_TIME_FAST = 0.95
"""Share of the pictures that are to be ready before their tick; the second for a camera that gives several
for each tick, where a late one is not waited for: the one before it is shown."""
MARGIN = 0.001
"""Seconds; what it takes a thread to wake and to look."""
PATIENCE = 0.7
PATIENCE_OUT_OF_STEP = 0.35
"""Share of a period for which a picture is waited for. Out of step that happens every few ticks."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What is known of the pictures. Seconds, on the monotonic clock."""

    captured: float
    """When the newest one was."""
    interval: float
    """From one capture to the next."""
    delays: tuple[float, ...]
    """From capture to finished picture, for each of the last ones, shortest first."""

    def delay(self, share: float) -> float:
        """Seconds within which that share of the pictures is finished."""
        return self.delays[int(share * (len(self.delays) - 1))] + MARGIN


class Rhythm:
    """Learns the beat from every finished picture; one thread adds, any may look at `beat`."""

    def __init__(self) -> None:
        self._captured: deque[float] = deque(maxlen=WINDOW)
        self._delays: deque[float] = deque(maxlen=WINDOW)
        self.beat: Beat | None = None

    def add(self, captured: float, ready: float) -> None:
        """When a driver's frame was captured and when its picture was finished."""
        if self._captured and not 0 < captured - self._captured[-1] < GAP:
            self._captured.clear()
            self._delays.clear()
        self._captured.append(captured)
        self._delays.append(ready - captured)
        enough = len(self._captured) >= ENOUGH
        self.beat = Beat(captured, self._interval(), tuple(sorted(self._delays))) if enough else None

    def _interval(self) -> float:
        """The mean, in which frames that never came this far count as well."""
        gaps = [later - earlier for earlier, later in pairwise(self._captured)]
        usual = sorted(gaps)[len(gaps) // 2]
        return sum(gaps) / sum(max(1, round(gap / usual)) for gap in gaps)


class Pacer:
    """`due` is the next tick's time, `patience` how long to wait there for a picture that has not come yet.

    Monotonic times in seconds. After each tick call `advance`.
    """

    def __init__(self, period: float, start: float, rhythm: Rhythm) -> None:
        """With a rhythm to which nothing is added it is never shifted and never patient."""
        self._period, self._rhythm = period, rhythm
        self.due = start
        self.tick = 0
        self.patience = 0.0

    @property
    def nominal_ns(self) -> int:
        """The tick's time counted from the first one, without any shift."""
        return round(self.tick * self._period * 1e9)

    def advance(self, now: float) -> None:
        """Go to the next tick, past those that are over."""
        beat = self._rhythm.beat
        if beat is not None and now - beat.captured > GAP:
            beat = None
        shift = self._shift(beat) if beat else 0.0
        steps = max(1, math.floor((now - self.due + shift) / self._period) + 1)
        self.tick += steps
        self.due += steps * self._period - shift
        self.patience = self._wait_for(beat) if beat else 0.0

    def _shift(self, beat: Beat) -> float:
        """Seconds by which to come earlier; negative: later."""
        if not self._steady(beat):
            return 0.0
        several = beat.interval < 0.75 * self._period
        turn = min(beat.interval, self._period)
        spare = self.due - beat.captured - beat.delay(IN_TIME_FAST if several else IN_TIME)
        error = (spare + turn / 2) % turn - turn / 2
        most = SLOWEST * self._period
        return max(-most, min(most, GAIN * error))

    def _wait_for(self, beat: Beat) -> float:
        """How long to wait at the next tick, if the next picture is expected soon enough."""
        longest = self._period * (PATIENCE if self._steady(beat) else PATIENCE_OUT_OF_STEP)
        expected = beat.captured + beat.interval + beat.delay(IN_TIME)
        return longest if -self._period < expected - self.due < longest else 0.0

    def _steady(self, beat: Beat) -> bool:
        """Whether every tick can have its picture at the same place of the period."""
        ratio = max(beat.interval / self._period, self._period / beat.interval)
        return abs(ratio - round(ratio)) < STEADY
