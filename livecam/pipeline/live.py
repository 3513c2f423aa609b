"""The way of a frame as soon as somebody watches: a camera in, or a camera or a page out.

Capture, tracking, drawing and every sink have a thread each and meet in slots that hold the latest frame
only, so a slow stage skips frames and the freshest always wins; every sink ticks at a constant rate
whatever happens upstream (`livecam.pipeline.fanout`). From file to file it is `livecam.pipeline.lossless`.

While it runs, the driver's source, the portrait and the sinks may be changed, the picture be held, and the
driver be hidden: what is asked for takes effect with the next frame.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from livecam import signals
from livecam.animator import Animator
from livecam.frames import RGB, DriverFrame, Landmarks, OutputFrame
from livecam.motion.reaction import Reaction
from livecam.pipeline.capture import Capture
from livecam.pipeline.fade import Fade
from livecam.pipeline.fanout import Fanout, Finished
from livecam.pipeline.pacing import Rhythm
from livecam.pipeline.slots import Closed, Latest, LatestSlot
from livecam.pipeline.stage import Stage
from livecam.pipeline.status import State, Status
from livecam.pipeline.threads import one_opencv_thread
from livecam.render.backdrop import over_green
from livecam.report import Report
from livecam.settings import MotionSettings
from livecam.sinks.base import Sink
from livecam.sources.base import Source

log = logging.getLogger(__name__)

STOP_SECONDS = 2.0
"""How long threads have to end, all together; one that hangs is left behind."""
WATCH_SECONDS = 0.1
"""Between two looks at whether a stage hangs."""
Tracked = tuple[DriverFrame, "Landmarks | None"]
"""A frame without its pixels, and its landmarks."""
Painted = tuple[RGB, "NDArray[np.uint8] | None"]
"""A picture, and the person alone, (H, W, 4), where nothing is behind it."""


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
        self._animator, self._report = animator, report
        self._fps, self._max_frames = fps, max_frames
        self._captured: LatestSlot[DriverFrame] = LatestSlot()
        self._tracked: LatestSlot[Tracked] = LatestSlot()
        self._stop = threading.Event()
        self._asked: list[Callable[[], None]] = []
        self._asking = threading.Lock()
        self._error: BaseException | None = None
        self._resting, _ = split(animator.resting())
        self._finished: Latest[Finished] = Latest((OutputFrame(self._resting, -1, time.monotonic_ns()), 0.0))
        self._rhythm = Rhythm()
        self._fade = Fade()
        self._drawn, self._held, self._stood_in, self._told_hang = animator, False, False, False
        self._done: dict[Animator, Callable[[Animator], None]] = {}
        self.fanout = Fanout(
            sinks, fps, self._finished, lambda: self._resting, self._rhythm, report, self._guard
        )
        self._capture = Capture(
            source, self._captured, report, self._stop, loop, lambda: self._ask(self._another_driver)
        )
        tick = 1 / fps
        self.tracking: Stage[DriverFrame] = Stage(
            "tracking", self._captured, self._track, self._tracked.close, tick, self._stop
        )
        self.drawing: Stage[Tracked] = Stage(
            "drawing", self._tracked, self._draw, self.stop, tick, self._stop
        )
        self._heard = 0.0
        self.frozen = False
        """Whether the picture is held as it is."""
        self.hidden = False
        """Whether the portrait rests, whatever the driver does."""
        self.seen: Landmarks | None = None
        """The newest landmarks of the driver, (478, 3) in pixels of `frame_size`; None without a face."""
        self.frame_size = (0, 0)
        """Width and height in pixels of the driver's frame that they lie in."""
        self.peep: Callable[[RGB], None] | None = None
        """Shown the driver's own frames while somebody holds the page's button for that; never a sink."""

    @one_opencv_thread()
    def run(self) -> None:
        """Blocks. A thread's error is raised here, after everything has stopped."""
        self._report.start()
        self._heard = time.monotonic()
        works = {"capture": self._capture.run, "track": self.tracking.run, "draw": self.drawing.run}
        threads = [
            threading.Thread(target=self._guard, args=(work,), name=name, daemon=True)
            for name, work in works.items()
        ]
        try:
            for thread in threads:
                thread.start()
            self.fanout.start()
            while not self._stop.wait(WATCH_SECONDS):
                signals.raise_pending()
                self._watch()
        finally:
            signals.begin_finishing()
            self.stop()
            deadline = time.monotonic() + STOP_SECONDS
            for thread in threads:
                if thread.ident is not None:  # Ctrl-C may come before all are started
                    thread.join(max(deadline - time.monotonic(), 0))
                    if thread.is_alive():
                        log.warning("%s hangs and is left behind", thread.name)
            self.fanout.join(max(deadline - time.monotonic(), 0))
            self._report.dropped = self.dropped
            self._report.extra["audio_offset_ms"] = self.audio_offset_ms()
        if self._error is not None:
            raise self._error

    # What may be asked for from any thread, while it runs:

    def recalibrate(self) -> None:
        """Take the driver's next two seconds as neutral."""
        self._ask(lambda: self._animator.recalibrate())

    def change_motion(self, motion: MotionSettings) -> None:
        """Pass motion on otherwise."""
        self._ask(lambda: self._animator.change(motion))

    def react(self, reaction: Reaction) -> None:
        """Play it over the driver's motion; also while nobody is there, or the driver is hidden."""
        self._ask(lambda: self._animator.react(reaction))

    def show(self, animator: Animator, done: Callable[[Animator], None]) -> None:
        """Another portrait, or the same one drawn otherwise, of the same canvas's size: it is faded to.

        It must be opened and have drawn a picture already. done: told of the former, which is used no more.
        """

        def change() -> None:
            before = self._animator
            animator.take_over(before)
            self._resting = resting
            self._done[before] = done
            self._animator = animator

        resting, _ = split(animator.resting())
        self._ask(change)

    def change_source(self, source: Source) -> None:
        """Another camera or film from the next frame on; the former is closed. Its neutral face is looked for
        anew."""
        self._capture.change(source)

    def stop(self) -> None:
        self._stop.set()
        self._captured.close()
        self._tracked.close()
        self.fanout.stop()

    def _ask(self, change: Callable[[], None]) -> None:
        with self._asking:
            self._asked.append(change)

    # What subclasses, the page and messages use:

    def finish(self, frame: OutputFrame) -> None:
        """Every finished picture passes here before it is shown; for subclasses, which may draw on it."""

    def keep_step(self, captured_s: float, ready_s: float) -> None:
        """Every finished picture's times; the sinks' ticks are brought into step with them."""
        self._rhythm.add(captured_s, ready_s)

    @property
    def dropped(self) -> int:
        """Frames of the driver so far that were skipped because a later one had come."""
        return self._captured.dropped + self._tracked.dropped

    @property
    def animator(self) -> Animator:
        """What moves the portrait now."""
        return self._animator

    @property
    def source(self) -> Source:
        """What the driver's frames come from now."""
        return self._capture.source

    def audio_offset_ms(self) -> int | None:
        """Median time from capture to sink so far, by which a microphone has to be delayed; None at first."""
        latency = self._report.result()["stages"].get("total")
        return None if latency is None else round(latency["p50_ms"])

    def status(self) -> Status:
        """How it goes, for the page and for messages. May be called from any thread."""
        state = State.LIVE if self._animator.present else State.NO_FACE
        if self._capture.lost:
            state = State.CAMERA_LOST
        elif self.tracking.recovering or self.drawing.recovering:
            state = State.RECOVERING
        elif self._report.frames == 0:
            state = State.STARTING
        elif self._capture.stalled or self.tracking.hangs or self.drawing.hangs or self._silent():
            state = State.STALLED
        if self.frozen:
            state = State.FROZEN
        elif self.hidden:
            state = State.HIDDEN
        return Status(state, self._report.frames, self.fanout.latency_ms)

    # The threads:

    def _guard(self, target: Callable[..., None], *args: object) -> None:
        try:
            target(*args)
        except Closed:
            pass
        except BaseException as error:  # handed to `run`
            self._error = self._error or error
            self.stop()

    def _watch(self) -> None:
        """Where drawing hangs the portrait at rest is shown: nobody may stay in mid-word."""
        if not self.drawing.hangs:
            self._stood_in = False
        elif not self._stood_in:
            self._stood_in = True
            level = logging.DEBUG if self._told_hang else logging.WARNING  # a busy computer does it often
            self._told_hang = True
            log.log(level, "drawing hangs; the portrait at rest is shown meanwhile")
            self._finished.set((OutputFrame(self._resting, -1, time.monotonic_ns()), time.monotonic()))

    def _another_driver(self) -> None:
        self._animator.another_driver()

    def _silent(self) -> bool:
        """Whether no frame of the driver has come for long."""
        return time.monotonic() - self._heard > self._capture.silence

    def _track(self, frame: DriverFrame | None) -> None:
        """Driver's frame to landmarks. Its pixels go no further."""
        with self._asking:
            asked, self._asked = self._asked, []
        for change in asked:
            change()
        if frame is None:
            return
        if self.peep is not None and frame.pixels is not None:
            self.peep(frame.pixels)
        points = self._animator.observe(frame)
        self._animator.calibrate(points, frame.capture_ns / 1e9)
        self.seen, self.frame_size = points, self._animator.frame_size
        self._tracked.put((replace(frame, pixels=None), points))

    def _draw(self, tracked: Tracked | None) -> None:
        """Landmarks to finished picture. While the camera is lost or silent the portrait is by itself."""
        animator = self._animator
        if tracked is None:
            now = time.monotonic_ns()
            if self._capture.lost or self._silent():
                painted = self._paint(animator, None, now / 1e9)
                if painted is not None:
                    self._finished.set((OutputFrame(painted[0], -1, now, painted[1]), now / 1e9))
            return
        frame, points = tracked
        self._heard = time.monotonic()
        seconds = frame.capture_ns / 1e9
        painted = self._paint(animator, None if self.hidden else points, seconds)
        if painted is not None:
            finished = OutputFrame(painted[0], frame.index, frame.capture_ns, painted[1])
            self.finish(finished)
            ready = time.monotonic()
            self.keep_step(seconds, ready)
            self._finished.set((finished, ready))
        self._report.count()
        if self._max_frames is not None and self._report.frames >= self._max_frames:
            self.stop()

    def _paint(self, animator: Animator, points: Landmarks | None, time_s: float) -> Painted | None:
        """The picture to be shown, and the person alone where nothing is behind it; None while it is held."""
        motion = animator.animate(points, time_s)
        if animator is self._drawn and self.frozen:
            self._held = True
            return None
        picture, cut_out = split(animator.paint(motion))
        if animator is not self._drawn or self._held:
            self._fade.begin(time_s)
            self._held = False
        picture = self._fade(picture, time_s)
        if animator is not self._drawn:
            self._drawn = animator
            for former in [one for one in self._done if one is not animator]:
                self._done.pop(former)(former)
        return picture, cut_out


def split(picture: NDArray[np.uint8]) -> Painted:
    """What an animator paints, (H, W, 3) or (H, W, 4): the picture for all, and the person alone."""
    return (picture, None) if picture.shape[2] == 3 else (over_green(picture), picture)
