"""The newest picture to every sink, each in a thread of its own; sinks come and go while a run goes on."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from livecam.errors import SinkLost
from livecam.frames import RGB, OutputFrame
from livecam.pipeline.pacing import Pacer, Rhythm
from livecam.pipeline.slots import Latest
from livecam.report import Report
from livecam.sinks.base import Sink
from livecam.sinks.failures import Failures, told_of

log = logging.getLogger(__name__)

JOIN_SECONDS = 5.0
"""How long a sink may take to end."""
Finished = tuple[OutputFrame, float]
"""A picture, and the monotonic time in seconds at which it was ready."""


class Fanout:
    """Threads that tick at a constant rate, one a sink. They end with `stop`; errors go to `guard`'s owner.

    finished: the newest picture. resting: a live sink's last one, so that a call does not stay at a face in
    mid-word. guard: runs a thread's function and keeps its error. ended: told of a sink that broke and
    ended, and why.
    """

    def __init__(
        self,
        sinks: Sequence[Sink],
        fps: float,
        finished: Latest[Finished],
        resting: Callable[[], RGB],
        rhythm: Rhythm,
        report: Report,
        guard: Callable[..., None],
    ) -> None:
        self._fps, self._finished, self._resting = fps, finished, resting
        self._rhythm, self._report, self._guard = rhythm, report, guard
        self._failures = Failures(sinks)
        self._stops: dict[int, tuple[threading.Thread, threading.Event]] = {}
        self._lock = threading.Lock()
        self._given = list(sinks)
        self.ended: Callable[[Sink, Exception], None] = lambda sink, error: None
        self._waiting: set[int] = set()
        self.latency_ms: float | None = None
        """From camera to sink, of the newest picture; None before the first."""

    def start(self) -> None:
        """Begin with the sinks that were given."""
        for sink in self._given:
            self._begin(sink)

    def add(self, sink: Sink) -> None:
        """One more, which is open already."""
        self._failures.join(sink)
        self._begin(sink)

    def remove(self, sink: Sink) -> None:
        """End one, and close it. Does nothing where it has ended by itself."""
        with self._lock:
            thread, stop = self._stops.pop(id(sink), (None, None))
        if thread is None or stop is None:
            return
        stop.set()
        thread.join(timeout=JOIN_SECONDS)
        if self._failures.leave(sink):
            sink.close()

    def waits(self, sink: Sink) -> bool:
        """Whether its device or receiver is away."""
        return id(sink) in self._waiting

    def stop(self) -> None:
        """Tell all threads to end."""
        with self._lock:
            stops = [stop for _, stop in self._stops.values()]
        for stop in stops:
            stop.set()

    def join(self, seconds: float) -> None:
        """Wait until they have, that many seconds in all; one that hangs is left behind."""
        deadline = time.monotonic() + seconds
        with self._lock:
            threads = [thread for thread, _ in self._stops.values()]
        for thread in threads:
            if thread.ident is not None:  # Ctrl-C may come before all are started
                thread.join(max(deadline - time.monotonic(), 0))
                if thread.is_alive():
                    log.warning("%s hangs and is left behind", thread.name)

    def _begin(self, sink: Sink) -> None:
        stop = threading.Event()
        args = (self._tick, sink, stop)
        thread = threading.Thread(target=self._guard, args=args, name=f"sink {sink.name}", daemon=True)
        with self._lock:
            self._stops[id(sink)] = thread, stop
        thread.start()

    def _tick(self, sink: Sink, stop: threading.Event) -> None:
        """The newest picture to one sink at a constant rate; a late tick is skipped, never made up for.

        A live sink's last frame is the portrait at rest: that is what a call goes on showing.
        """
        pacer = Pacer(1 / self._fps, time.monotonic(), self._rhythm)
        shown: Finished | None = None
        lost = False
        while not stop.wait(max(pacer.due - time.monotonic(), 0)):
            finished = self._finished.other_than(shown, pacer.due + pacer.patience - time.monotonic())
            frame, ready = finished
            begun = time.perf_counter_ns()
            waited = time.monotonic() - ready
            try:
                sink.write(replace(frame, index=pacer.tick, capture_ns=pacer.nominal_ns))
                lost = False
                self._waiting.discard(id(sink))
            except SinkLost as error:
                if not lost:
                    log.warning("%s; waiting for it to come back", error)
                lost = True
                self._waiting.add(id(sink))
            except Exception as error:
                self._failures.add(sink, error)
                with self._lock:
                    self._stops.pop(id(sink), None)
                self.ended(sink, told_of(sink, error))
                return
            self._report.add("sink", time.perf_counter_ns() - begun)
            if finished is not shown and frame.index >= 0 and not lost:
                self._report.add("wait", 1e9 * waited)
                latency = time.monotonic_ns() - frame.capture_ns
                self._report.add("total", latency)
                self.latency_ms = latency / 1e6
            shown = finished
            pacer.advance(time.monotonic())
        if sink.live and not lost:
            with contextlib.suppress(Exception):
                sink.write(OutputFrame(self._resting(), pacer.tick, pacer.nominal_ns))
