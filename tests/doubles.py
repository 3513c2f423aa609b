"""Shared by the tests: stand-ins for both ends of a frame's way, and for what may fail on it."""

from __future__ import annotations

import errno
import time
from dataclasses import dataclass, field

import numpy as np

from livecam.animator import Animator
from livecam.errors import SinkLost, SourceLost
from livecam.frames import DriverFrame, OutputFrame
from livecam.render.cpu.renderer import CpuRenderer
from livecam.report import Report
from livecam.settings import Settings
from livecam.sources.base import SourceInfo

GREEN = (0, 255, 0)
"""No portrait of the tests has this colour; the driver's pictures are full of it."""


class Clip:
    """A source of green pictures. `faces[i]` is what the tracker will say of frame i."""

    def __init__(self, count, live=False, fps=25.0, failing=()):
        self.info = SourceInfo("clip", 64, 64, fps, live, None if live else count)
        self._count, self._next, self._failing = count, 0, set(failing)
        self.rewinds = 0

    def read(self):
        if self._next in self._failing:
            self._failing.discard(self._next)
            raise SourceLost("unplugged")
        if self._next >= self._count:
            return None
        if self.info.live:
            time.sleep(1 / self.info.fps)
        index, self._next = self._next, self._next + 1
        stamp = time.monotonic_ns() if self.info.live else round(index * 1e9 / self.info.fps)
        pixels = np.full((64, 64, 3), GREEN, np.uint8)
        pixels[0, 0, 0] = index % 200  # a camera's pictures are never equal twice
        return DriverFrame(index, stamp, 512, 512, pixels)

    def rewind(self):
        self._next, self.rewinds = 0, self.rewinds + 1

    def close(self):
        pass


class Tracked:
    """A tracker that gives prepared landmarks, or None, or raises."""

    def __init__(self, *answers):
        self._answers, self._calls = answers, 0

    def track(self, image, capture_ns):
        answer = self._answers[min(self._calls, len(self._answers) - 1)]
        self._calls += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Collected:
    name: str = "collected"
    live: bool = False
    delay: float = 0.0
    lose: int = 0
    frames: list[OutputFrame] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def open(self, fmt):
        pass

    def write(self, frame):
        time.sleep(self.delay)
        if self.lose > 0:
            self.lose -= 1
            raise SinkLost("gone")
        self.frames.append(frame)
        self.times.append(time.monotonic())

    def close(self):
        pass


class SmallDisk:
    """Takes so many bytes of a file, as a disk does that fills up: the last write is cut in the middle."""

    def __init__(self, file, room: int) -> None:
        self._file, self._room = file, room

    def write(self, data: memoryview) -> int:
        taken = bytes(data)[: self._room]
        self._room -= len(taken)
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        return self._file.write(taken)

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)


class Failing:
    """A renderer that breaks, as a lost GPU would."""

    name = "failing"

    def __init__(self, inner):
        self._inner, self.broken = inner, False

    def render(self, motion):
        if self.broken:
            raise RuntimeError("device lost")
        return self._inner.render(motion)

    def close(self):
        pass


def make_animator(persona, *answers, mirror=False, record=None, settings=None, renderer=None):
    """(animator, its report); `answers` as for `Tracked`."""
    report = Report()
    animator = Animator(
        persona,
        canvas="source",
        mirror=mirror,
        motion=(settings or Settings()).motion,
        renderer=renderer or CpuRenderer(persona),
        tracker=Tracked(*answers),
        report=report,
        record=record,
    )
    return animator, report
