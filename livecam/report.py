"""What a run measured: time per stage, rate, memory. The numbers behind `--report` and the closing table."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from livecam.errors import UserError
from livecam.files import create_part, is_stream, write_whole

STAGES = ("capture", "track", "motion", "generate", "canvas", "wait", "sink", "total")
"""`wait`: of live runs, from a finished picture to the sink's tick; what pacing costs."""
KEEP_SECONDS = 10.0
"""Between two reports of a run that goes on; one takes some 50 ms after an hour."""
RECENT = 45
"""Samples that "recent" means: a second and a half at 30 fps."""
KEPT = 100_000
"""Samples kept per stage: about an hour at 30 fps; older ones go."""


class Report:
    """Collects samples from every thread of a run."""

    def __init__(self) -> None:
        self._samples: dict[str, deque[float]] = {name: deque(maxlen=KEPT) for name in STAGES}
        self._lock = threading.Lock()
        self.frames = 0
        self.dropped = 0
        self.interrupted = False
        """Whether Ctrl-C ended the run."""
        self.complaint: UserError | None = None
        """What makes the run's result useless, although it came to its end."""
        self.engines: list[str] = []
        """What drew, one after the other: a second one where a GPU was lost."""
        self.extra: dict[str, Any] = {}
        self._started = time.monotonic()
        self._cpu = time.process_time()
        self._part: Path | None = None
        self._ended: tuple[float, float] | None = None

    def start(self) -> None:
        """Begin the clock at the first frame; what came before is start-up."""
        self._started, self._cpu = time.monotonic(), time.process_time()

    def stop(self) -> None:
        """End the clock; what is written afterwards does not count."""
        self._ended = (time.monotonic(), time.process_time())

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begin = time.perf_counter_ns()
        try:
            yield
        finally:
            self.add(name, time.perf_counter_ns() - begin)

    def add(self, name: str, nanoseconds: float) -> None:
        self._samples[name].append(nanoseconds / 1e6)

    def count(self) -> None:
        with self._lock:
            self.frames += 1

    def recent_ms(self, name: str) -> int | None:
        """Median of a stage's newest samples in whole milliseconds; None before the first."""
        samples = self._newest(name)
        return round(sorted(samples)[len(samples) // 2]) if samples else None

    def recent_stages(self) -> dict[str, float]:
        """Median of every stage's newest samples, in milliseconds."""
        newest = {name: sorted(self._newest(name)) for name in STAGES}
        return {name: round(samples[len(samples) // 2], 2) for name, samples in newest.items() if samples}

    def _newest(self, name: str) -> list[float]:
        samples = self._samples[name]
        for _ in range(3):
            with suppress(RuntimeError):  # another thread has just added one
                return list(islice(reversed(samples), RECENT))
        return []

    def result(self) -> dict[str, Any]:
        """The report as plain values, as docs/recording.md describes it."""
        ended, cpu = self._ended or (time.monotonic(), time.process_time())
        seconds, cpu = max(ended - self._started, 1e-9), cpu - self._cpu
        frames = max(self.frames, 1)
        return {
            "frames": self.frames,
            "dropped": self.dropped,
            "fps": round(self.frames / seconds, 2),
            "cpu_ms_per_frame": round(1e3 * cpu / frames, 2),
            "rss_mb": round(peak_memory_mb(), 1),
            "engine": ", then ".join(self.engines),
            "stages": {name: _percentiles(list(s)) for name, s in self._samples.items() if s},
            **self.extra,
        }

    @contextmanager
    def kept(self, path: Path | None) -> Iterator[None]:
        """Meanwhile keep the figures so far in a part beside `path`: a killed run leaves them."""
        if path is None or is_stream(path):
            yield
            return
        ended = threading.Event()

        def keep() -> None:
            while not ended.wait(KEEP_SECONDS):
                if self.frames == 0:
                    continue
                with suppress(OSError, UserError):  # a full disk: said at the end
                    self._keep(path)

        keeper = threading.Thread(target=keep, name="report", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            ended.set()
            keeper.join()

    def write(self, path: Path) -> None:
        """Raises `UserError` where the file cannot be written; an older one then stays."""
        try:
            write_whole(path, self._json())
        except OSError as error:
            raise UserError(
                str(path), f"cannot be written ({error.strerror})", "Name another file."
            ) from error
        if self._part is not None:
            self._part.unlink(missing_ok=True)
            self._part = None

    def _keep(self, path: Path) -> None:
        part = self._part or create_part(path)
        try:
            write_whole(part, self._json(), durable=False)
            self._part = part
        finally:
            if self._part is None:
                part.unlink(missing_ok=True)

    def _json(self) -> bytes:
        return (json.dumps(self.result(), indent=1) + "\n").encode()


def check_writable(path: Path) -> None:
    """Fail before a long run, not after it. A device or a pipe is just written; its folder is not ours."""
    if is_stream(path):
        return
    parent = path.parent
    if path.is_dir() or not parent.is_dir() or not os.access(parent, os.W_OK):
        raise UserError(str(path), "cannot be written", "Name a file in a folder that you can write to.")


def peak_memory_mb() -> float:
    """Largest resident set of this process so far; 0 where the system does not tell (Windows)."""
    try:
        import resource
    except ImportError:
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20) if sys.platform == "darwin" else peak / 1024


def _percentiles(samples: list[float]) -> dict[str, float]:
    p50, p95, p99 = np.percentile(samples, [50, 95, 99])
    return {"p50_ms": round(float(p50), 3), "p95_ms": round(float(p95), 3), "p99_ms": round(float(p99), 3)}
