"""One time for every frame of a live source: it grows as time does, whatever the stamps of a driver do.

What filters and eases by such times freezes where they go back, and shakes where they hardly grow: a point
that moves a little in no time moves fast.
"""

from __future__ import annotations

from typing import Final

TRUSTED_NS: Final = 1_000_000_000
"""How long before it came a frame can have been taken. No camera keeps pictures for longer, and nobody would
stay in a call with one that does."""
LEAST_STEP: Final = 1 / 8
"""Of the distance between two frames: cameras vary by half of it where light is short or the bus is full.
What grows less stands still."""
SLOWEST_FPS: Final = 1.0


class SteadyClock:
    """Called with each frame's stamp as it comes in, in nanoseconds on the monotonic clock; gives its time.

    A stamp is taken as it is where it grows and is none of the future or of long ago. Else as much time has
    passed as between the arrivals of this frame and the last one.
    """

    def __init__(self, fps: float) -> None:
        self._least = round(LEAST_STEP * 1e9 / max(fps, SLOWEST_FPS))
        self._last: int | None = None
        self._arrived = 0
        self.mended = 0
        """Frames whose stamp was not taken."""

    def __call__(self, stamp_ns: int, now: int) -> int:
        """Grows by an eighth of the distance between two frames at least. now: when the frame came, on the
        monotonic clock."""
        believed = now - TRUSTED_NS <= stamp_ns <= now
        if self._last is None:
            found = stamp_ns if believed else now
        elif believed and stamp_ns >= self._last + self._least:
            found = stamp_ns
        else:
            believed = False
            passed = min(self._last + now - self._arrived, now)
            found = max(passed, self._last + self._least)
        self.mended += not believed
        self._last, self._arrived = found, now
        return found
