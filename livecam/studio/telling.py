"""The state of a run in plain values, as the page shows it and `livecam status` prints it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from livecam.pipeline.live import LivePipeline
from livecam.report import Report

RATE_SECONDS: Final = 2.0
"""Over which the rate is counted."""


class Telling:
    """Asked by any thread, a few times a second. more: adds what else there is to tell."""

    def __init__(self, pipeline: LivePipeline, report: Report, more: Callable[[], dict[str, Any]]) -> None:
        self._pipeline, self._report, self._more = pipeline, report, more
        self._counted: deque[tuple[float, int]] = deque(maxlen=64)

    def __call__(self) -> dict[str, Any]:
        status = self._pipeline.status()
        return {
            **status.as_json(),
            "fps": self._rate(status.frames),
            "dropped": self._pipeline.dropped,
            "audio_offset_ms": self._report.recent_ms("total"),
            "stages": self._report.recent_stages(),
            **self._more(),
        }

    def _rate(self, frames: int) -> float:
        now = time.monotonic()
        self._counted.append((now, frames))
        while len(self._counted) > 2 and now - self._counted[0][0] > RATE_SECONDS:
            self._counted.popleft()
        began, first = self._counted[0]
        return round((frames - first) / (now - began), 1) if now > began else 0.0
