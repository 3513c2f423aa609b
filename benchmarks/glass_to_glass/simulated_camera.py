"""A camera that is not there: a clip's pictures, given when a camera of some rate would give them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from livecam.frames import RGB, DriverFrame
from livecam.sources import open_source
from livecam.sources.base import SourceInfo

KEPT = 150
"""Pictures held in memory; 118 MB at 512 x 512."""
PATTERN = 4096
"""Delays drawn in advance; they repeat after that."""


def pictures_of(clip: Path, most: int = KEPT) -> list[RGB]:
    """The first pictures of a video, decoded."""
    found: list[RGB] = []
    with open_source(str(clip)) as source:
        while len(found) < most and (frame := source.read()) is not None:
            if frame.pixels is not None:
                found.append(frame.pixels)
    return found


class SimulatedCamera:
    """Exposes a picture every 1/fps seconds and hands it over a little later, by chance.

    The capture time is that of the exposure, so the delay counts as latency. Like a camera's driver with one
    buffer it gives the newest picture to a reader that comes late, and forgets the others. Played forth and
    back, so that nothing jumps.
    """

    def __init__(
        self,
        pictures: Sequence[RGB],
        fps: float,
        jitter_ms: float = 0.0,
        *,
        clock_ns: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`jitter_ms`: standard deviation of the delay, a normal distribution's positive half."""
        height, width = pictures[0].shape[:2]
        self.info = SourceInfo(f"simulated camera, {fps:g} fps", width, height, fps, live=True)
        self._pictures = [*pictures, *reversed(pictures)]
        self._delays = np.abs(np.random.default_rng(1).normal(0, jitter_ms * 1e6, PATTERN)).astype(np.int64)
        self._clock_ns, self._sleep = clock_ns, sleep
        self._period_ns = 1e9 / fps
        self._start_ns = 0
        self._next = 0
        self.skipped = 0
        """Exposures that nobody fetched in time."""

    def read(self) -> DriverFrame:
        if self._start_ns == 0:
            self._start_ns = self._clock_ns()
        while self._clock_ns() >= self._given_ns(self._next + 1):
            self._next += 1
            self.skipped += 1
        self._sleep(max(self._given_ns(self._next) - self._clock_ns(), 0) / 1e9)
        number, self._next = self._next, self._next + 1
        pixels = self._pictures[number % len(self._pictures)]
        return DriverFrame(number, self._exposed_ns(number), self.info.width, self.info.height, pixels)

    def _exposed_ns(self, number: int) -> int:
        return self._start_ns + round(number * self._period_ns)

    def _given_ns(self, number: int) -> int:
        return self._exposed_ns(number) + int(self._delays[number % PATTERN])

    def rewind(self) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> SimulatedCamera:
        return self

    def __exit__(self, *exc: object) -> None: ...
