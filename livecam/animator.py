"""From one driver's frame to one finished picture: observe, calibrate, animate, paint.

The driver's picture goes no further than `Animator.observe`, which returns landmarks. What `paint` returns is
made from the portrait alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from livecam import motion as motions
from livecam.calibration import SETTLE_SECONDS, NeutralFinder
from livecam.face.filter import OneEuroFilter
from livecam.frames import RGB, DriverFrame, Landmarks
from livecam.motion import Motion, MotionTransfer
from livecam.persona.persona import Persona
from livecam.presence import Presence
from livecam.render.canvas import Canvas
from livecam.render.choose import Renderer
from livecam.report import Report
from livecam.settings import Settings

Recorder = Callable[[int, "Landmarks | None", int, int], None]
FILTERED_HEIGHT = 250
"""Height of a face, in the unit that the One-Euro filter's defaults are meant for."""


class Tracker(Protocol):
    """Finds the driver's landmarks in a picture."""

    def track(self, image: RGB, capture_ns: int) -> Landmarks | None: ...


class Animator:
    """Everything between a driver's frame and a finished picture, with the time each stage takes.

    `observe`, `calibrate` and `recalibrate` are for one thread, `animate` and `paint` for it or another.
    """

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
        self.finder = self._new_finder(settings.motion.neutral_frame)
        self.seen = False
        """Whether any frame so far had a face."""

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
            self.seen = True
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
        self.finder = self._new_finder(None)
        self._neutral = None

    def animate(self, points: Landmarks | None, time_s: float) -> Motion:
        """The portrait's motion for the driver's landmarks, or for their absence."""
        with self._report.stage("motion"):
            transfer = self._transfer
            motion = None if transfer is None or points is None else transfer(points)
            if motion is not None and not motion.finite:
                motion = None
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

    def _new_finder(self, chosen: int | None) -> NeutralFinder:
        portrait = self._persona.picture_landmarks()
        return NeutralFinder(portrait, self._settings.motion.neutral_seconds, chosen)

    def _set_neutral(self, neutral: Landmarks) -> None:
        self._neutral = neutral
        persona = self._persona
        self._transfer = MotionTransfer(persona.landmarks, neutral, self._settings.motion, persona.covered)


def _usable(points: Landmarks, frame: DriverFrame) -> bool:
    """Whether the points can be a face in or near the frame at all."""
    reach = 4 * max(frame.width, frame.height)
    return bool(np.isfinite(points).all() and np.abs(points).max() < reach)
