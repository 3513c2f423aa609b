"""Frames of the driver into a slot: files at their own pace, cameras as they come, and what goes wrong there.

A camera that is gone is waited for, and so is one that fails in any other way. One that repeats a single
picture has stalled: the pictures of a sensor are never equal twice.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from livecam.errors import SourceLost
from livecam.frames import RGB, DriverFrame
from livecam.pipeline.slots import LatestSlot
from livecam.report import Report
from livecam.sources.base import Source
from livecam.sources.steady_clock import SteadyClock

log = logging.getLogger(__name__)

SILENCE_SECONDS: Final = 0.5
"""Without a frame of the driver for so long, or for three of its frames where those last longer, nobody is
there: longer than a webcam takes for a frame in the dark (.2 s), and soon enough not to look frozen."""
RETRY_SECONDS: Final = (0.2, 5.0)
"""Before a source that failed is asked again: at first, and at most, doubled each time."""
SAMPLED: Final = 13
"""Of a picture every so-many-th pixel of every so-many-th row is compared with the last one's."""
REPEATED: Final = 8
"""Equal pictures in a row from a camera that has stalled: a driver that has no new one may repeat it once or
twice."""


class Capture:
    """`run` in a thread of its own. loop: files begin anew at their end."""

    def __init__(
        self,
        source: Source,
        slot: LatestSlot[DriverFrame],
        report: Report,
        stop: threading.Event,
        loop: bool,
        changed: Callable[[], None],
    ) -> None:
        """changed: called as another source takes over."""
        self._source, self._slot, self._report = source, slot, report
        self._stop, self._loop, self._changed = stop, loop, changed
        self._next: Source | None = None
        self._steady = SteadyClock(source.info.fps)
        self._lock = threading.Lock()
        self._sample: RGB | None = None
        self._repeated = 0
        self.lost = False
        """Whether it is waited for."""

    @property
    def source(self) -> Source:
        """What frames come from now."""
        return self._source

    @property
    def stalled(self) -> bool:
        """Whether it gives one picture again and again."""
        return self._repeated >= REPEATED

    @property
    def silence(self) -> float:
        """Seconds without a frame after which nobody is there."""
        rate = self._source.info.fps
        return max(SILENCE_SECONDS, 3 / rate if rate > 0 else 0.0)

    def change(self, source: Source) -> None:
        """Another one from the next frame on; the former is closed."""
        with self._lock:
            before, self._next = self._next, source
        if before is not None:
            before.close()

    def run(self) -> None:
        """Until the source ends, or `stop`."""
        offset, index, wait = time.monotonic_ns(), 0, RETRY_SECONDS[0]
        while not self._stop.is_set():
            if self._take_next():
                offset = time.monotonic_ns()
            try:
                with self._report.stage("capture"):
                    frame = self._source.read()
            except Exception as error:
                if not isinstance(error, SourceLost) and not self._source.info.live:
                    raise
                self._lose(error)
                self._stop.wait(wait)
                wait = RETRY_SECONDS[0] if isinstance(error, SourceLost) else min(2 * wait, RETRY_SECONDS[1])
                continue
            self.lost, wait = False, RETRY_SECONDS[0]
            if frame is None:
                if not self._loop:
                    break
                self._source.rewind()
                offset = time.monotonic_ns()
                continue
            if not self._source.info.live:
                due = offset + frame.capture_ns
                self._stop.wait(max(due - time.monotonic_ns(), 0) / 1e9)
                frame = replace(frame, capture_ns=due)
            elif self._is_repeated(frame):
                continue
            else:
                taken = self._steady(frame.capture_ns, time.monotonic_ns())
                frame = replace(frame, capture_ns=taken)
            self._slot.put(replace(frame, index=index))
            index += 1
        self._slot.close()
        self._source.close()

    def _lose(self, error: Exception) -> None:
        if self.lost:
            return
        known = isinstance(error, SourceLost)
        why = str(error) if known else f"{self._source.info.name} failed ({type(error).__name__}: {error})"
        log.warning("%s; the portrait rests until it is back", why)
        self.lost = True

    def _take_next(self) -> bool:
        with self._lock:
            source, self._next = self._next, None
        if source is None:
            return False
        self._source.close()
        self._source, self.lost = source, False
        self._steady = SteadyClock(source.info.fps)
        self._sample, self._repeated = None, 0
        self._changed()
        return True

    def _is_repeated(self, frame: DriverFrame) -> bool:
        """Whether a camera has stalled at this picture."""
        if frame.pixels is None:
            return False
        sample = frame.pixels[::SAMPLED, ::SAMPLED].copy()
        same = self._sample is not None and np.array_equal(sample, self._sample)
        self._sample = sample
        self._repeated = self._repeated + 1 if same else 0
        if self._repeated == REPEATED:
            log.warning("%s repeats one picture; the portrait rests", self._source.info.name)
        return self.stalled
