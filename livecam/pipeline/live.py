"""The way of a frame as soon as somebody watches: a camera in, or a camera or a page out.

Capture, tracking, drawing and every sink have a thread each and meet in slots that hold the latest frame
only, so a slow stage skips frames and the freshest always wins; every sink ticks at a constant rate
whatever happens upstream (`livecam.pipeline.pacing`). From file to file it is `livecam.pipeline.lossless`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from livecam import signals
from livecam.animator import Animator
from livecam.errors import SinkLost, SourceLost
from livecam.frames import DriverFrame, Landmarks, OutputFrame
from livecam.pipeline.pacing import Pacer, Rhythm
from livecam.pipeline.slots import Closed, Latest, LatestSlot
from livecam.pipeline.status import State, Status
from livecam.pipeline.threads import one_opencv_thread
from livecam.report import Report
from livecam.sinks.base import Sink
from livecam.sinks.failures import Failures
from livecam.sources.base import Source

log = logging.getLogger(__name__)

SILENCE_SECONDS = 0.5
"""Without a frame of the driver for so long, or for three of its frames where those last longer, nobody is
there: longer than a webcam takes for a frame in the dark (.2 s), and soon enough not to look frozen."""
FAILURES = 30
"""Frames in a row that may fail before a live run gives up; the picture holds meanwhile."""
Tracked = tuple[DriverFrame, "Landmarks | None"]
"""A frame without its pixels, and its landmarks."""
Finished = tuple[OutputFrame, float]
"""A picture, and the monotonic time in seconds at which it was ready."""
Item = TypeVar("Item")


class LivePipeline:
    """Capture, tracking, drawing and sinks in threads. `run` returns when the driver ends or on `stop`."""

    def __init__(
        self,
        source: Source,
        animator: Animator,
        sinks: Sequence[Sink],
        report: Report,
        fps: float,
        loop: bool = False,
        max_frames: int | None = None,
    ) -> None:
        self._source, self._animator, self._sinks, self._report = source, animator, sinks, report
        self._fps, self._loop, self._max_frames = fps, loop, max_frames
        self._failures = Failures(sinks)
        self._captured: LatestSlot[DriverFrame] = LatestSlot()
        self._tracked: LatestSlot[Tracked] = LatestSlot()
        self._stop = threading.Event()
        self._recalibrate = threading.Event()
        self._error: BaseException | None = None
        self._resting = animator.resting()
        self._finished: Latest[Finished] = Latest((OutputFrame(self._resting, -1, time.monotonic_ns()), 0.0))
        self._rhythm = Rhythm()
        self._driver_lost = False
        rate = source.info.fps
        self._silence = max(SILENCE_SECONDS, 3 / rate if rate > 0 else 0.0)
        self._heard = 0.0
        self._latency_ms: float | None = None

    @one_opencv_thread()
    def run(self) -> None:
        """Blocks. A thread's error is raised here, after everything has stopped."""
        self._report.start()
        self._heard = time.monotonic()
        track = (self._stage, self._captured, self._track, self._tracked.close)
        draw = (self._stage, self._tracked, self._draw, self.stop)
        threads = [
            threading.Thread(target=self._guard, args=(self._capture,), name="capture"),
            threading.Thread(target=self._guard, args=track, name="track"),
            threading.Thread(target=self._guard, args=draw, name="draw"),
            *(
                threading.Thread(target=self._guard, args=(self._tick, sink), name=f"sink {sink.name}")
                for sink in self._sinks
            ),
        ]
        try:
            for thread in threads:
                thread.start()
            while not self._stop.wait(0.2):
                signals.raise_pending()
        finally:
            signals.begin_finishing()
            self.stop()
            for thread in threads:
                if thread.ident is not None:  # Ctrl-C may come before all are started
                    thread.join(timeout=5)
            self._report.dropped = self._captured.dropped + self._tracked.dropped
            self._report.extra["audio_offset_ms"] = self.audio_offset_ms()
        if self._error is not None:
            raise self._error

    def recalibrate(self) -> None:
        """Take the driver's next two seconds as neutral. May be called from any thread."""
        self._recalibrate.set()

    def stop(self) -> None:
        self._stop.set()
        self._captured.close()
        self._tracked.close()

    def finish(self, frame: OutputFrame) -> None:
        """Every finished picture passes here before it is shown; for subclasses, which may draw on it."""

    def keep_step(self, captured_s: float, ready_s: float) -> None:
        """Every finished picture's times; the sinks' ticks are brought into step with them."""
        self._rhythm.add(captured_s, ready_s)

    def audio_offset_ms(self) -> int | None:
        """Median time from capture to sink so far, by which a microphone has to be delayed; None at first."""
        latency = self._report.result()["stages"].get("total")
        return None if latency is None else round(latency["p50_ms"])

    def status(self) -> Status:
        """How it goes, for the page and for messages. May be called from any thread."""
        state = State.LIVE if self._animator.present else State.NO_FACE
        if self._driver_lost:
            state = State.CAMERA_LOST
        elif self._report.frames == 0:
            state = State.STARTING
        return Status(state, self._report.frames, self._latency_ms)

    def _guard(self, target: Callable[..., None], *args: object) -> None:
        try:
            target(*args)
        except Closed:
            pass
        except BaseException as error:  # handed to `run`
            self._error = self._error or error
            self.stop()

    def _capture(self) -> None:
        """Source to slot. Files are played at their own pace; a lost device is waited for."""
        live = self._source.info.live
        offset = time.monotonic_ns()
        index = 0
        while not self._stop.is_set():
            try:
                with self._report.stage("capture"):
                    frame = self._source.read()
            except SourceLost as lost:
                if not self._driver_lost:
                    log.warning("%s; the portrait rests until it is back", lost)
                self._driver_lost = True
                self._stop.wait(0.2)
                continue
            self._driver_lost = False
            if frame is None:
                if not self._loop:
                    break
                self._source.rewind()
                offset = time.monotonic_ns()
                continue
            if not live:
                due = offset + frame.capture_ns
                self._stop.wait(max(due - time.monotonic_ns(), 0) / 1e9)
                frame = replace(frame, capture_ns=due)
            self._captured.put(replace(frame, index=index))
            index += 1
        self._captured.close()

    def _stage(
        self, slot: LatestSlot[Item], step: Callable[[Item | None], None], ended: Callable[[], None]
    ) -> None:
        """One step for every item of a slot, and with None whenever none came for the time of a tick since
        the last step began."""
        failures, begun = 0, time.monotonic()
        while not self._stop.is_set():
            try:
                item = slot.take(timeout=max(begun + 1 / self._fps - time.monotonic(), 0))
            except Closed:
                ended()
                return
            begun = time.monotonic()
            try:
                step(item)
                failures = failures if item is None else 0
            except Exception:
                failures += 1
                log.warning("a frame failed; the picture holds", exc_info=failures == 1)
                if failures >= FAILURES:
                    raise

    def _track(self, frame: DriverFrame | None) -> None:
        """Driver's frame to landmarks. Its pixels go no further."""
        if frame is None:
            return
        if self._recalibrate.is_set():
            self._recalibrate.clear()
            self._animator.recalibrate()
        points = self._animator.observe(frame)
        self._animator.calibrate(points, frame.capture_ns / 1e9)
        self._tracked.put((replace(frame, pixels=None), points))

    def _draw(self, tracked: Tracked | None) -> None:
        """Landmarks to finished picture. While the camera is lost or silent the portrait is by itself."""
        if tracked is None:
            now = time.monotonic_ns()
            if self._driver_lost or now / 1e9 - self._heard > self._silence:
                picture = self._animator.paint(self._animator.animate(None, now / 1e9))
                self._finished.set((OutputFrame(picture, -1, now), now / 1e9))
            return
        frame, points = tracked
        self._heard = time.monotonic()
        seconds = frame.capture_ns / 1e9
        picture = self._animator.paint(self._animator.animate(points, seconds))
        finished = OutputFrame(picture, frame.index, frame.capture_ns)
        self.finish(finished)
        ready = time.monotonic()
        self.keep_step(seconds, ready)
        self._finished.set((finished, ready))
        self._report.count()
        if self._max_frames is not None and self._report.frames >= self._max_frames:
            self.stop()

    def _tick(self, sink: Sink) -> None:
        """The newest picture to one sink at a constant rate; a late tick is skipped, never made up for.

        A live sink's last frame is the portrait at rest: that is what a call goes on showing.
        """
        pacer = Pacer(1 / self._fps, time.monotonic(), self._rhythm)
        shown: Finished | None = None
        lost = False
        while not self._stop.wait(max(pacer.due - time.monotonic(), 0)):
            finished = self._finished.other_than(shown, pacer.due + pacer.patience - time.monotonic())
            frame, ready = finished
            begun = time.perf_counter_ns()
            waited = time.monotonic() - ready
            try:
                sink.write(OutputFrame(frame.pixels, pacer.tick, pacer.nominal_ns))
                lost = False
            except SinkLost as error:
                if not lost:
                    log.warning("%s; waiting for it to come back", error)
                lost = True
            except Exception as error:
                self._failures.add(sink, error)
                return
            self._report.add("sink", time.perf_counter_ns() - begun)
            if finished is not shown and frame.index >= 0 and not lost:
                self._report.add("wait", 1e9 * waited)
                latency = time.monotonic_ns() - frame.capture_ns
                self._report.add("total", latency)
                self._latency_ms = latency / 1e6
            shown = finished
            pacer.advance(time.monotonic())
        if sink.live and not lost:
            with contextlib.suppress(Exception):
                sink.write(OutputFrame(self._resting, pacer.tick, pacer.nominal_ns))
