"""A sink that throws frames away: for measuring everything before it."""

from __future__ import annotations

from livecam.frames import OutputFrame
from livecam.sinks.base import ClosingSink, SinkFormat


class NullSink(ClosingSink):
    """Counts frames in `frames` and keeps none."""

    name = "null"
    live = False

    def __init__(self) -> None:
        self.frames = 0

    def open(self, fmt: SinkFormat) -> None:
        self.frames = 0

    def write(self, frame: OutputFrame) -> None:
        self.frames += 1

    def close(self) -> None: ...
