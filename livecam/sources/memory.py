"""Driver frames from memory, for instance landmarks that were tracked once and drive many portraits."""

from __future__ import annotations

from collections.abc import Sequence

from livecam.frames import DriverFrame
from livecam.sources.base import SourceInfo


class MemorySource:
    """Gives `frames`, one or more, in order."""

    def __init__(self, frames: Sequence[DriverFrame], fps: float) -> None:
        self._frames, self._next = frames, 0
        first = frames[0]
        self.info = SourceInfo("memory", first.width, first.height, fps, live=False, frames=len(frames))

    def read(self) -> DriverFrame | None:
        if self._next >= len(self._frames):
            return None
        self._next += 1
        return self._frames[self._next - 1]

    def rewind(self) -> None:
        self._next = 0

    def close(self) -> None: ...

    def __enter__(self) -> MemorySource:
        return self

    def __exit__(self, *exc: object) -> None: ...
