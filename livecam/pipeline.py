"""The way of a frame: source -> tracker -> motion -> generator -> canvas -> sinks.

Two ways to run it. File to file is lossless: one output frame for every input frame, in order. As soon as
somebody watches (a camera in, a camera or a page out) it is live: threads meet in latest-frame slots, a
slow stage skips frames, and every sink ticks at a constant rate whatever happens upstream.

The driver's picture goes no further than `Animator.observe`, which returns landmarks. What reaches a sink
is made by `Animator.paint` from the portrait alone.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from livecam import motion as motions
from livecam.calibration import SETTLE_SECONDS, NeutralFinder
from livecam.errors import SinkLost, SourceLost
from livecam.face.filter import OneEuroFilter
from livecam.frames import RGB, DriverFrame, Landmarks, OutputFrame
from livecam.motion import Motion, MotionTransfer
from livecam.persona.persona import Persona
from livecam.presence import Presence
from livecam.render.canvas import Canvas
from livecam.render.choose import Renderer
from livecam.report import Report
from livecam.settings import Settings
from livecam.sinks.base import Sink
from livecam.slots import Closed, Latest, LatestSlot
from livecam.sources.base import Source

log = logging.getLogger(__name__)

Recorder = Callable[[int, "Landmarks | None", int, int], None]
FAILURES = 30
"""Frames in a row that may fail before a live run gives up; the picture holds meanwhile."""
FILTERED_HEIGHT = 250
"""Height of a face, in the unit that the One-Euro filter's defaults are meant for."""
MAX_WAITING = 600
"""Frames looked at ahead before a neutral frame must do: a face that appears late, or 240 fps."""


class Tracker(Protocol):
    """Finds the driver's landmarks in a picture."""

    def track(self, image: RGB, capture_ns: int) -> Landmarks | None: ...


class Animator:
    """Everything between a driver's frame and a finished picture, with the time each stage takes."""

    def __init__(
        self,
        persona: Persona,
        renderer: Renderer,
        canvas: Canvas,
        tracker: Tracker | None,
        settings: Settings,
        mirror: bool,
        report: Report,
        record: Recorder | None = None,
    ) -> None:
        self._persona, self._renderer, self._canvas, self._tracker = persona, renderer, canvas, tracker
        self._settings, self._mirror, self._report, self._record = settings, mirror, report, record
        self._filter = OneEuroFilter()
        self._unit = 0.0
        self._presence = Presence(motions.rest(persona.landmarks))
        self._transfer: MotionTransfer | None = None
        self._neutral: Landmarks | None = None
        self._updated = 0.0
        self.finder = self._new_finder()

    def observe(self, frame: DriverFrame) -> Landmarks | None:
        """The driver's landmarks, filtered and mirrored as asked; None without a face."""
        with self._report.stage("track"):
            points = frame.landmarks
            if frame.pixels is not None and self._tracker is not None:
                points = self._tracker.track(frame.pixels, frame.capture_ns)
            if self._record is not None:
                self._record(frame.capture_ns, points, frame.width, frame.height)
            if points is None or not _usable(points, frame):
                self._filter.reset()
                self._unit = 0.0
                return None
            points = self._smooth(points, frame.capture_ns / 1e9)
            return motions.mirrored(points, frame.width) if self._mirror else points

    def _smooth(self, points: Landmarks, time_s: float) -> Landmarks:
        """The filter's settings are for faces of one height; a face near or far is scaled to it."""
        if self._unit == 0.0:
            self._unit = max(float(np.ptp(points[:, 1])) / FILTERED_HEIGHT, 1e-6)
        return (self._filter(points / self._unit, time_s) * self._unit).astype(np.float32)

    def calibrate(self, points: Landmarks | None, time_s: float) -> None:
        """Look for the neutral frame; a better one is taken over smoothly."""
        if points is not None:
            self.finder.add(points, time_s)
        best = self.finder.neutral
        if best is None or best is self._neutral:
            return
        if self._neutral is None:
            self._set_neutral(best)
        else:
            share = 1 - np.exp(-max(time_s - self._updated, 0.0) / SETTLE_SECONDS)
            moved = self._neutral + np.float32(share) * (best - self._neutral)
            close = float(np.abs(moved - best).max()) < 0.05
            self._set_neutral(best if close else moved.astype(np.float32))
        self._updated = time_s

    def recalibrate(self) -> None:
        """Take the driver's next two seconds as neutral."""
        self.finder = self._new_finder()
        self._neutral = None

    def animate(self, points: Landmarks | None, time_s: float) -> Motion:
        """The portrait's motion for the driver's landmarks, or for their absence."""
        with self._report.stage("motion"):
            moving = self._transfer is not None and points is not None
            motion = self._transfer(points) if moving and self._transfer and points is not None else None
            return self._presence.update(motion, time_s)

    def paint(self, motion: Motion) -> RGB:
        """The finished picture, canvas height x width x 3."""
        with self._report.stage("generate"):
            rendered = self._renderer.render(motion)
        with self._report.stage("canvas"):
            return self._canvas.place(rendered)

    @property
    def present(self) -> bool:
        """Whether a face is being followed."""
        return self._presence.present

    def resting(self) -> RGB:
        """The portrait at rest: what is shown before the first frame and when nobody is there."""
        return self._canvas.place(self._renderer.render(motions.rest(self._persona.landmarks)))

    def _new_finder(self) -> NeutralFinder:
        asked = self._settings.motion
        return NeutralFinder(self._persona.landmarks, asked.neutral_seconds, asked.neutral_frame)

    def _set_neutral(self, neutral: Landmarks) -> None:
        self._neutral = neutral
        self._transfer = MotionTransfer(self._persona.landmarks, neutral, self._settings.motion)


def _usable(points: Landmarks, frame: DriverFrame) -> bool:
    """Whether the points can be a face in or near the frame at all."""
    reach = 4 * max(frame.width, frame.height)
    return bool(np.isfinite(points).all() and np.abs(points).max() < reach)


def run_lossless(
    source: Source,
    animator: Animator,
    sinks: Sequence[Sink],
    report: Report,
    max_frames: int | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> None:
    """One output frame for every input frame, in order. Stops at the end of the file or on Ctrl-C."""
    report.start()
    total = source.info.frames
    if max_frames is not None:
        total = min(total or max_frames, max_frames)
    observed = _observed(source, animator, report, max_frames)
    for frame, points, spent in _calibrated(observed, animator):
        begun = time.perf_counter_ns() - spent
        picture = animator.paint(animator.animate(points, frame.capture_ns / 1e9))
        with report.stage("sink"):
            for sink in sinks:
                sink.write(OutputFrame(picture, frame.index, frame.capture_ns))
        report.add("total", time.perf_counter_ns() - begun)
        report.count()
        progress(report.frames, total)


Observed = tuple[DriverFrame, "Landmarks | None", int]
"""A frame without its pixels, its landmarks, and the nanoseconds spent on both."""


def _observed(
    source: Source, animator: Animator, report: Report, max_frames: int | None
) -> Iterator[Observed]:
    count = 0
    while max_frames is None or count < max_frames:
        begun = time.perf_counter_ns()
        with report.stage("capture"):
            frame = source.read()
        if frame is None:
            return
        count += 1
        points = animator.observe(frame)
        yield replace(frame, pixels=None), points, time.perf_counter_ns() - begun


def _calibrated(observed: Iterator[Observed], animator: Animator) -> Iterator[Observed]:
    """The same items, after looking two seconds ahead for the neutral frame."""
    waiting: list[Observed] = []
    for item in observed:
        waiting.append(item)
        if item[1] is not None:
            animator.finder.add(item[1], item[0].capture_ns / 1e9)
        if animator.finder.done or len(waiting) >= MAX_WAITING:
            break
    animator.calibrate(None, 0.0)
    yield from waiting
    yield from observed


class LivePipeline:
    """Capture, work and sinks in threads of their own. `run` returns when the driver ends or on `stop`."""

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
        self._captured: LatestSlot[DriverFrame] = LatestSlot()
        self._stop = threading.Event()
        self._recalibrate = threading.Event()
        self._error: BaseException | None = None
        resting = OutputFrame(animator.resting(), -1, time.monotonic_ns())
        self._finished: Latest[OutputFrame] = Latest(resting)
        self._driver_lost = False
        self._latency_ms: float | None = None

    def run(self) -> None:
        """Blocks. A thread's error is raised here, after everything has stopped."""
        self._report.start()
        threads = [
            threading.Thread(target=self._guard, args=(self._capture,), name="capture"),
            threading.Thread(target=self._guard, args=(self._work,), name="work"),
            *(
                threading.Thread(target=self._guard, args=(self._tick, sink), name=f"sink {sink.name}")
                for sink in self._sinks
            ),
        ]
        for thread in threads:
            thread.start()
        try:
            while not self._stop.wait(0.2):
                pass
        finally:
            self.stop()
            for thread in threads:
                thread.join(timeout=5)
            self._report.dropped = self._captured.dropped
        if self._error is not None:
            raise self._error

    def recalibrate(self) -> None:
        """Take the driver's next two seconds as neutral. May be called from any thread."""
        self._recalibrate.set()

    def stop(self) -> None:
        self._stop.set()
        self._captured.close()

    def status(self) -> dict[str, object]:
        """For the page and for messages: state, frames so far, latency."""
        state = "live" if self._animator.present else "no face"
        if self._driver_lost:
            state = "camera lost"
        elif self._report.frames == 0:
            state = "starting"
        return {"state": state, "frames": self._report.frames, "latency_ms": self._latency_ms}

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

    def _work(self) -> None:
        """Slot to finished picture. Without frames the portrait eases to rest."""
        failures = 0
        while not self._stop.is_set():
            try:
                frame = self._captured.take(timeout=1 / self._fps)
            except Closed:
                self.stop()
                return
            try:
                self._one(frame)
                failures = failures if frame is None else 0
            except Exception:
                failures += 1
                log.warning("a frame failed; the picture holds", exc_info=failures == 1)
                if failures >= FAILURES:
                    raise
            if self._max_frames is not None and self._report.frames >= self._max_frames:
                self.stop()

    def _one(self, frame: DriverFrame | None) -> None:
        if frame is None:
            if not self._driver_lost:
                return  # between two frames of a slow source
            now = time.monotonic_ns()
            picture = self._animator.paint(self._animator.animate(None, now / 1e9))
            self._finished.set(OutputFrame(picture, -1, now))
            return
        seconds = frame.capture_ns / 1e9
        if self._recalibrate.is_set():
            self._recalibrate.clear()
            self._animator.recalibrate()
        points = self._animator.observe(frame)
        self._animator.calibrate(points, seconds)
        picture = self._animator.paint(self._animator.animate(points, seconds))
        self._finished.set(OutputFrame(picture, frame.index, frame.capture_ns))
        self._report.count()

    def _tick(self, sink: Sink) -> None:
        """The newest picture to one sink at a constant rate; a late tick is skipped, never made up for."""
        period = 1 / self._fps
        start, tick, shown, lost = time.monotonic(), 0, -2, False
        while not self._stop.wait(max(start + tick * period - time.monotonic(), 0)):
            frame = self._finished.get()
            begun = time.perf_counter_ns()
            try:
                sink.write(OutputFrame(frame.pixels, tick, round(tick * period * 1e9)))
                lost = False
            except SinkLost as error:
                if not lost:
                    log.warning("%s; waiting for it to come back", error)
                lost = True
            self._report.add("sink", time.perf_counter_ns() - begun)
            if frame.index != shown and frame.index >= 0 and not lost:
                shown = frame.index
                latency = time.monotonic_ns() - frame.capture_ns
                self._report.add("total", latency)
                self._latency_ms = latency / 1e6
            behind = int((time.monotonic() - start) / period) + 1
            tick = max(tick + 1, behind)
