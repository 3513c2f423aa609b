"""Chance that can be asked about any time, in any order: smooth wandering, and moments that come again.

What is drawn hangs on a seed and on the time alone, never on what was asked before. Times are in seconds
from a start; earlier ones count as the start.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from livecam.geometry import Array


def drawn(seed: int, stream: int, index: int) -> np.random.Generator:
    """The random numbers of one place in one of a seed's streams; all three are at least 0."""
    return np.random.default_rng([seed, stream, index])


@dataclass(frozen=True)
class Wander:
    """Smooth noise: a cubic B-spline over random numbers, one every `spacing` seconds.

    It has no period and stays within -1 to 1, mostly within .8. Most of it lies at two to four spacings.
    """

    seed: int
    stream: int
    spacing: float
    count: int = 1

    def __call__(self, time_s: float) -> Array:
        """(count,): values of that moment, independent of each other."""
        first, t = divmod(max(time_s, 0.0) / self.spacing, 1.0)
        shares = np.array([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3]) / 6
        rows = [_row(self.seed, self.stream, int(first) + k, self.count) for k in range(4)]
        out: Array = shares @ np.stack(rows)
        return out


@functools.lru_cache(maxsize=256)
def _row(seed: int, stream: int, index: int, count: int) -> Array:
    return drawn(seed, stream, index).uniform(-1, 1, count)


BLOCK = 16
"""Intervals that are drawn at once. Together they last so many times the mean, so that any time can be found
without counting from the start."""


@dataclass(frozen=True)
class Moments:
    """Moments with log-normal intervals, numbered from 0, which is the start.

    mean, least: seconds. spread: standard deviation of the intervals' logarithm.
    """

    seed: int
    stream: int
    mean: float
    spread: float
    least: float

    def last(self, time_s: float) -> tuple[int, float]:
        """Number of the last moment, and the seconds since."""
        time_s = max(time_s, 0.0)
        block = math.floor(time_s / (BLOCK * self.mean))
        since = time_s - block * BLOCK * self.mean
        starts = _starts(self, block)
        k = int(np.searchsorted(starts, since, "right")) - 1
        return block * BLOCK + k, float(since - starts[k])


@functools.lru_cache(maxsize=16)
def _starts(moments: Moments, block: int) -> Array:
    """(BLOCK,): the block's moments, in seconds from its first one."""
    more = moments.mean - moments.least
    drawn_ones = drawn(moments.seed, moments.stream, block).lognormal(0.0, moments.spread, BLOCK)
    intervals = moments.least + drawn_ones * (more / drawn_ones.mean())
    return np.concatenate([[0.0], np.cumsum(intervals)[:-1]])
