"""The front door: a driver's frame, or landmarks, in; the portrait's picture out.

    persona = livecam.Persona.open("mona.jpg")
    with livecam.Animator(persona) as animator:
        picture = animator(frame)

Within, a frame takes four steps: observe, calibrate, animate, paint. The driver's picture goes no further
than `Animator.observe`, which returns landmarks. What `paint` returns is made from the portrait alone.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from livecam.face.filter import OneEuroFilter
from livecam.face.mirror import mirrored
from livecam.frames import RGB, DriverFrame, Landmarks
from livecam.motion.neutral import SETTLE_SECONDS, NeutralFinder
from livecam.motion.presence import Presence
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import Motion, rest
from livecam.persona.types import PersonaData
from livecam.report import Report
from livecam.settings import MotionSettings

if TYPE_CHECKING:
    from livecam.render.base import Renderer
    from livecam.render.canvas import Canvas
    from livecam.render.matte import MatteWarper

Recorder = Callable[[int, "Landmarks | None", int, int], None]
"""Told of every frame: capture time in ns, its landmarks, width and height of the frame."""
FILTERED_HEIGHT = 250
"""Height of a face, in the unit that the One-Euro filter's defaults are meant for."""
SETTLED = 0.05
"""Pixels of the driver's frame from which a neutral face that eases in has arrived."""


class Tracker(Protocol):
    """Finds the driver's landmarks in a picture."""

    def track(self, image: RGB, capture_ns: int) -> Landmarks | None: ...


class Animator:
    """Moves one portrait. Call it with one frame of the driver after the other.

    The first frames show the driver's neutral face: about two seconds, looking at the camera with the mouth
    shut; `recalibrate` looks again. Without a face the portrait eases to rest.

    Renderer and tracker are opened when they are first needed, and closed by `close` or at the end of `with`.
    `observe`, `calibrate` and `recalibrate` are for one thread, `animate` and `paint` for it or another.
    """

    def __init__(
        self,
        persona: PersonaData,
        size: int | None = None,
        *,
        engine: str = "auto",
        refine: bool = True,
        canvas: str = "crop",
        alpha: bool = False,
        mirror: bool = False,
        expression_gain: float | None = None,
        pose_gain: float | None = None,
        motion: MotionSettings | None = None,
        renderer: Renderer | None = None,
        tracker: Tracker | None = None,
        report: Report | None = None,
        record: Recorder | None = None,
    ) -> None:
        """
        size: side in pixels of the square in which the face is rendered: 256, 512 or 768; None: the
        persona's. engine: "auto", "cpu", "cuda", "tensorrt", "torch", or the address of a Triton server's
        model. refine: repair mouth and eyes with the network. canvas: "crop" for the rendered square alone,
        "source" for the portrait's whole picture, or
            WIDTHxHEIGHT as for a call.
        alpha: pictures have a fourth channel, 255 where the person is; with canvas="crop" only.
        mirror: the portrait moves as in a mirror.
        expression_gain, pose_gain: 1 as the driver moves, 0 not at all; they beat those of `motion`.
        renderer, tracker: your own; they are not closed here.
        report: where the time of every stage is added up.
        record: is told of every frame's landmarks.

        Raises:
            UserError: a setting that there is not.
        """
        from livecam.render.canvas import make_canvas

        if size is not None and size != persona.size:
            from livecam.persona.enroll import resize

            persona = resize(persona, size)
        self.persona = persona
        self.report = report or Report()
        self._settings = _with_gains(motion or MotionSettings(), expression_gain, pose_gain)
        self._engine, self._refine = engine, refine
        self.canvas: Canvas = make_canvas(persona, canvas)
        self._matte = _matte(persona, canvas) if alpha else None
        self._mirror, self._record = mirror, record
        self._renderer, self._tracker = renderer, tracker
        self._opened = contextlib.ExitStack()
        self._filter = OneEuroFilter()
        self._unit = 0.0
        self._presence = Presence(rest(persona.landmarks))
        self._transfer: MotionTransfer | None = None
        self._neutral: Landmarks | None = None
        self._updated = 0.0
        self._count = 0
        self.finder = self._new_finder(self._settings.neutral_frame)
        self.seen = False
        """Whether any frame so far had a face."""

    def __enter__(self) -> Animator:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened here."""
        self._opened.close()

    def __call__(
        self,
        frame: RGB | None = None,
        time_s: float | None = None,
        *,
        landmarks: Landmarks | None = None,
        frame_size: tuple[int, int] = (1, 1),
    ) -> NDArray[np.uint8]:
        """The portrait's picture for one frame, H x W x 3 uint8 RGB; with `alpha` H x W x 4 RGBA.

        frame: H x W x 3 uint8 RGB. time_s: when it was taken, in seconds that never go back; None: now.
        landmarks: in place of a frame, those of your own tracker: (478, 3) float32 in MediaPipe's order, x
        and
            y in pixels of a frame of `frame_size` (width, height), z in the same unit.
        Neither: nobody is there.

        Raises:
            UserError: the face model or the engine cannot be opened.
            EngineError: the engine failed while it drew.
        """
        time_s = time.monotonic() if time_s is None else time_s
        if frame is not None:
            frame_size = (frame.shape[1], frame.shape[0])
        taken = DriverFrame(self._count, round(time_s * 1e9), *frame_size, pixels=frame, landmarks=landmarks)
        self._count += 1
        points = self.observe(taken)
        self.calibrate(points, time_s)
        motion = self.animate(points, time_s)
        picture = self.paint(motion)
        return picture if self._matte is None else np.dstack([picture, self._matte(motion)])

    def observe(self, frame: DriverFrame) -> Landmarks | None:
        """The driver's landmarks, filtered and mirrored as asked; None without a face."""
        with self.report.stage("track"):
            points = frame.landmarks
            if frame.pixels is not None:
                points = self._opened_tracker().track(frame.pixels, frame.capture_ns)
            if self._record is not None:
                self._record(frame.capture_ns, points, frame.width, frame.height)
            if points is None or not _usable(points, frame):
                self._filter.reset()
                self._unit = 0.0
                return None
            self.seen = True
            points = self._smooth(points, frame.capture_ns / 1e9)
            return mirrored(points, frame.width) if self._mirror else points

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
            close = float(np.abs(moved - best).max()) < SETTLED
            self._set_neutral(best if close else moved.astype(np.float32))
        self._updated = time_s

    def recalibrate(self) -> None:
        """Take the driver's next two seconds as neutral."""
        self.finder = self._new_finder(None)
        self._neutral = None

    def animate(self, points: Landmarks | None, time_s: float) -> Motion:
        """The portrait's motion for the driver's landmarks, or for their absence."""
        with self.report.stage("motion"):
            transfer = self._transfer
            motion = None if transfer is None or points is None else transfer(points)
            if motion is not None and not motion.finite:
                motion = None
            return self._presence.update(motion, time_s)

    def paint(self, motion: Motion) -> RGB:
        """The finished picture, canvas height x width x 3 uint8 RGB."""
        with self.report.stage("generate"):
            rendered = self.renderer.render(motion)
        with self.report.stage("canvas"):
            return self.canvas.place(rendered)

    def resting(self) -> RGB:
        """The portrait at rest: what is shown before the first frame and when nobody is there."""
        return self.canvas.place(self.renderer.render(rest(self.persona.landmarks)))

    @property
    def present(self) -> bool:
        """Whether a face is being followed."""
        return self._presence.present

    @property
    def renderer(self) -> Renderer:
        """What draws; opened now, if it was not yet. Raises `UserError` where its engine cannot run here."""
        if self._renderer is None:
            from livecam.render.choose import make_renderer

            self._renderer = make_renderer(self.persona, self._engine, self._refine)
            self._opened.callback(self._renderer.close)
        return self._renderer

    def _opened_tracker(self) -> Tracker:
        if self._tracker is None:
            from livecam.face.tracker import FaceTracker

            self._tracker = self._opened.enter_context(FaceTracker())
        return self._tracker

    def _smooth(self, points: Landmarks, time_s: float) -> Landmarks:
        """The filter's settings are for faces of one height; a face near or far is scaled to it."""
        if self._unit == 0.0:
            self._unit = max(float(np.ptp(points[:, 1])) / FILTERED_HEIGHT, 1e-6)
        return (self._filter(points / self._unit, time_s) * self._unit).astype(np.float32)

    def _new_finder(self, chosen: int | None) -> NeutralFinder:
        portrait = self.persona.picture_landmarks()
        return NeutralFinder(portrait, self._settings.neutral_seconds, chosen)

    def _set_neutral(self, neutral: Landmarks) -> None:
        self._neutral = neutral
        persona = self.persona
        self._transfer = MotionTransfer(persona.landmarks, neutral, self._settings, persona.covered)


def _with_gains(settings: MotionSettings, expression: float | None, pose: float | None) -> MotionSettings:
    gains: dict[str, Any] = {"expression_gain": expression, "pose_gain": pose}
    return replace(settings, **{name: gain for name, gain in gains.items() if gain is not None})


def _matte(persona: PersonaData, canvas: str) -> MatteWarper:
    from livecam.errors import UserError
    from livecam.render.matte import MatteWarper

    if canvas != "crop":
        raise UserError(f"alpha with canvas {canvas}", "the person is cut out in the crop alone", "Use crop.")
    return MatteWarper(persona)


def _usable(points: Landmarks, frame: DriverFrame) -> bool:
    """Whether the points can be a face in or near the frame at all."""
    reach = 4 * max(frame.width, frame.height)
    return bool(np.isfinite(points).all() and np.abs(points).max() < reach)
