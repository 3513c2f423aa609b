"""Whatever a live source's stamps do, its frames go through the run with times that grow as time does."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from doubles import Clip

from livecam.pipeline.capture import Capture
from livecam.report import Report

STAMPS = {
    "go back": lambda k, stamp: stamp - (k >= 3) * 3_600 * 10**9,
    "stand still": lambda k, stamp: 10**9,
    "hardly grow": lambda k, stamp: k,
    "are of the future": lambda k, stamp: stamp + 10**12,
}


class Kept:
    """A slot that keeps all frames, with the times at which they came."""

    def __init__(self):
        self.frames = []

    def put(self, frame):
        self.frames.append((frame, time.monotonic_ns()))

    def close(self):
        pass


class Stamped(Clip):
    def __init__(self, stamps):
        super().__init__(10, live=True, fps=100.0)
        self._stamps = stamps

    def read(self):
        frame = super().read()
        return frame and replace(frame, capture_ns=self._stamps(frame.index, frame.capture_ns))


@pytest.mark.parametrize("stamps", STAMPS)
def test_times_grow_as_time_does(stamps):
    kept = Kept()
    Capture(Stamped(STAMPS[stamps]), kept, Report(), threading.Event(), False, lambda: None).run()
    times = np.array([frame.capture_ns for frame, _ in kept.frames])
    put = np.array([at for _, at in kept.frames])
    assert len(times) == 10
    assert (np.diff(times) > 1_000_000).all(), "an eighth of 10 ms"
    assert (times <= put).all()
    assert (times >= put[0] - 2 * 10**9).all()
    # Frames come 10 ms apart at least, and on a busy machine later.
    assert times[-1] - times[0] >= 90_000_000
