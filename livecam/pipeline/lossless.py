"""The way of a frame from file to file: one output frame for every input frame, in order."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from livecam import signals
from livecam.animator import Animator
from livecam.frames import DriverFrame, Landmarks, OutputFrame
from livecam.motion.types import Motion
from livecam.pipeline.threads import one_opencv_thread
from livecam.report import Report
from livecam.sinks.base import Sink
from livecam.sinks.failures import Failures
from livecam.sources.base import Source

MAX_WAITING = 600
"""Frames looked at ahead before a neutral frame must do: a face that appears late, or 240 fps."""


@dataclass(frozen=True, slots=True)
class FrameMotion:
    """A driver's frame without its pixels, the portrait's motion for it, and the nanoseconds spent so far."""

    frame: DriverFrame
    motion: Motion
    spent_ns: int


@one_opencv_thread()
def run_lossless(
    source: Source,
    animator: Animator,
    sinks: Sequence[Sink],
    report: Report,
    max_frames: int | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
    loop: bool = False,
) -> None:
    """Every picture to every sink. Stops at the end of the file or on Ctrl-C.

    With `loop` the file begins again at its end, up to `max_frames`; numbers and times go on. A sink that
    fails ends alone; its error is raised at the end, or at once where it is the last.
    """
    failures = Failures(sinks)
    animator.resting()  # compiled code is loaded at its first use: that is start-up, not a frame
    report.start()
    total = source.info.frames
    if max_frames is not None:
        total = max_frames if loop else min(total or max_frames, max_frames)
    for moved in frame_motions(source, animator, max_frames, loop):
        signals.raise_pending()
        begun = time.perf_counter_ns() - moved.spent_ns
        picture = animator.paint(moved.motion)
        with report.stage("sink"):
            for sink in failures.going:
                try:
                    sink.write(OutputFrame(picture, moved.frame.index, moved.frame.capture_ns))
                except Exception as error:
                    failures.add(sink, error)
        report.add("total", time.perf_counter_ns() - begun)
        report.count()
        progress(report.frames, total)
    if failures.first is not None:
        raise failures.first


def frame_motions(
    source: Source, animator: Animator, max_frames: int | None = None, loop: bool = False
) -> Iterator[FrameMotion]:
    """The portrait's motion for every frame of `source`, in order; nothing is drawn.

    The first two seconds are looked at ahead, so that the neutral face is known from the start.
    """
    for frame, points, spent in _calibrated(_observed(source, animator, max_frames, loop), animator):
        begun = time.perf_counter_ns()
        motion = animator.animate(points, frame.capture_ns / 1e9)
        yield FrameMotion(frame, motion, spent + time.perf_counter_ns() - begun)


def animate_clip(source: Source, animator: Animator, max_frames: int | None = None) -> Iterator[OutputFrame]:
    """A finished picture for every frame of `source`, as `run_lossless` draws them."""
    for moved in frame_motions(source, animator, max_frames):
        yield OutputFrame(animator.paint(moved.motion), moved.frame.index, moved.frame.capture_ns)


Observed = tuple[DriverFrame, "Landmarks | None", int]
"""A frame without its pixels, its landmarks, and the nanoseconds spent on both."""


def _observed(source: Source, animator: Animator, max_frames: int | None, loop: bool) -> Iterator[Observed]:
    count = 0
    round_start, round_ns, last_ns = 0, 0, 0
    while max_frames is None or count < max_frames:
        begun = time.perf_counter_ns()
        with animator.report.stage("capture"):
            frame = source.read()
        if frame is None:
            if not loop or count == round_start:
                return
            source.rewind()
            # The last frame lasts as long as one does on average.
            round_start, round_ns = count, last_ns + round(1e9 / source.info.fps)
            continue
        last_ns = round_ns + frame.capture_ns
        if round_start:
            frame = replace(frame, index=count, capture_ns=last_ns)
        count += 1
        points = animator.observe(frame)
        yield replace(frame, pixels=None), points, time.perf_counter_ns() - begun


def _calibrated(observed: Iterator[Observed], animator: Animator) -> Iterator[Observed]:
    """The same items, after looking two seconds ahead for the neutral frame, or as far as the one asked for.

    Raises:
        UserError: the driver ended before that one.
    """
    waiting: list[Observed] = []
    for item in observed:
        waiting.append(item)
        if item[1] is not None:
            animator.look_ahead(item[1], item[0].capture_ns / 1e9)
        if animator.finder.done or (len(waiting) >= MAX_WAITING and not animator.finder.chosen):
            break
    else:
        animator.finder.check_found()
    animator.calibrate(None, 0.0)
    for item in waiting:
        animator.calibrate(None, item[0].capture_ns / 1e9)
        yield item
    for item in observed:
        animator.calibrate(item[1], item[0].capture_ns / 1e9)
        yield item
