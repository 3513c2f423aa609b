"""The front door: a driver's frame, or landmarks, in; the portrait's picture out.

    persona = livecam.Persona.open("mona.jpg")
    with livecam.Animator(persona) as animator:
        picture = animator(frame)

Within, a frame takes four steps: observe, calibrate, animate, paint. The driver's picture goes no further
than `Animator.observe`, which returns landmarks. What `paint` returns is made from the portrait alone.
"""

from __future__ import annotations

import contextlib
import math
import zlib
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError
from livecam.face.doubt import PartDoubt
from livecam.face.filter import OneEuroFilter
from livecam.face.measures import mouth_width, on_a_line
from livecam.face.mirror import mirrored
from livecam.frames import RGB, DriverFrame, Landmarks
from livecam.given import check_landmarks, check_picture, check_time
from livecam.motion.belief import NeutralBelief
from livecam.motion.idle import Idle
from livecam.motion.neutral import SETTLE_SECONDS, NeutralFinder
from livecam.motion.portrait_face import PortraitFace
from livecam.motion.presence import Presence
from livecam.motion.seat import Seat
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import Motion, rest
from livecam.persona.room import head_limits
from livecam.persona.types import PersonaData
from livecam.ranges import check_flag, number_text
from livecam.report import Report
from livecam.settings import MotionSettings, check_engine, limits

if TYPE_CHECKING:
    from livecam.render.base import Renderer
    from livecam.render.canvas import Canvas
    from livecam.render.matte import CutOut

Recorder = Callable[[int, "Landmarks | None", int, int], None]
"""Told of every frame: capture time in ns, its landmarks, None without a face that can be used, width and
height of the frame."""
FILTERED_HEIGHT = 250
"""Height of a face, in the unit that the One-Euro filter's defaults are meant for."""
FARTHEST = 1e6
"""Pixels from the frame's corner within which a face lies, where nobody knows how large the frame is."""
SETTLED = 0.05
"""Pixels of the driver's frame from which a neutral face that eases in has arrived, and below which one that
is refined stays."""


REFINED_SECONDS = 0.1
"""Between two steps of the neutral face while it is refined: each goes too little to be noticed, and costs
half a millisecond."""


class Tracker(Protocol):
    """Finds the driver's landmarks in a picture."""

    def track(self, image: RGB, capture_ns: int) -> Landmarks | None: ...


class Animator:
    """Moves one portrait. Call it with one frame of the driver after the other.

    The first two seconds should show the driver's neutral face: eyes on the camera, mouth shut. `recalibrate`
    looks again. Without a face the portrait holds for a moment and eases to rest, where it breathes, blinks
    and looks about a little unless `motion` says otherwise.

    The renderer and the tracker are opened when they are first needed, so the first call takes longer. What
    was opened here is closed by `close`, or at the end of `with`; an animator cannot be used after that.

    One thread at a time may call it. Where stages have a thread each, `observe`, `calibrate` and
    `recalibrate` belong to one, `animate` and `paint` to the same or another.
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
        mirror: bool | None = None,
        expression_gain: float | None = None,
        pose_gain: float | None = None,
        motion: MotionSettings | None = None,
        renderer: Renderer | None = None,
        tracker: Tracker | None = None,
        report: Report | None = None,
        record: Recorder | None = None,
    ) -> None:
        """
        persona: as `livecam.Persona.open` gives it.
        size: side in pixels of the square in which the face is rendered: 256, 512 or 768; None: the
            persona's. Another one than that is prepared here, which takes about a second.
        engine: "auto", "cpu", "cuda", "tensorrt", "torch", or the address of a Triton server's model.
        refine: repair mouth and eyes with the network.
        canvas: "crop" for the rendered square alone, "source" for the portrait's whole picture, or
            WIDTHxHEIGHT in pixels, as for a call.
        alpha: pictures have a fourth channel, 255 where the person is; with the canvas "crop" only.
        mirror: the portrait moves as in a mirror; None: as `motion` says, which is no unless told.
        expression_gain, pose_gain: 0 to 3, 1 as the driver moves; they beat those of `motion`.
        motion: everything else about how the driver's motion is passed on.
        renderer, tracker: your own; they are not closed here.
        report: where the time of every stage is added up.
        record: is told of every frame's landmarks.

        Raises:
            UserError: a setting that there is not.
        """
        from livecam.render.canvas import make_canvas

        if not isinstance(persona, PersonaData):
            raise UserError("persona", f"it is a {type(persona).__name__}", "Use livecam.Persona.open(...).")
        check_engine(engine)
        if motion is not None and not isinstance(motion, MotionSettings):
            raise UserError("motion", f"it is a {type(motion).__name__}", "Use livecam.MotionSettings(...).")
        flags = {"refine": refine, "alpha": alpha, **({} if mirror is None else {"mirror": mirror})}
        for name, flag in flags.items():
            check_flag(name, flag)
        if size is not None:
            limits("size").check(f"size {number_text(size)}", size)
            if size != persona.size:
                from livecam.persona.enroll import resize

                persona = resize(persona, size)
        self.persona = persona
        self.report = report or Report()
        self._settings = _with_gains(motion or MotionSettings(), expression_gain, pose_gain)
        self._engine, self._refine = engine, refine
        self.canvas: Canvas = make_canvas(persona, canvas)
        self._cut_out = _cut_out(persona, canvas) if alpha else None
        self._pans = self._settings.follow == "frame"
        self._mirror = bool(self._settings.mirror if mirror is None else mirror)
        self._record, self._renderer, self._tracker = record, renderer, tracker
        self._opened = contextlib.ExitStack()
        self._closed = False
        self._filter = OneEuroFilter()
        self._doubt = PartDoubt()
        self._unit = 0.0
        gain = max(self._settings.pose_gain, self._settings.expression_gain)
        idle = _idle(persona) if self._settings.idle else None
        self._presence = Presence(rest(persona.landmarks), idle, gain)
        self._transfer: MotionTransfer | None = None
        self._face = PortraitFace(persona.landmarks, persona.covered)
        self._limits = head_limits(persona)
        self._seat = self._new_seat()
        self._neutral: Landmarks | None = None
        self._updated = 0.0
        self._count, self._last_s, self._last_given = 0, -math.inf, False
        self.finder = self._new_finder(self._settings.neutral_frame)
        self._belief = NeutralBelief()
        self._begun_with: NeutralFinder | None = None
        self.seen = False
        """Whether any frame so far had a face."""

    def __enter__(self) -> Animator:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close what was opened here; it cannot be used any more. May be called twice."""
        self._closed = True
        self._opened.close()

    def __call__(
        self,
        frame: NDArray[Any] | None = None,
        time_s: float | None = None,
        *,
        landmarks: NDArray[Any] | None = None,
    ) -> NDArray[np.uint8]:
        """The portrait's picture for one frame: height x width x 3 uint8 RGB, x 4 RGBA with `alpha`.

        frame: H x W x 3 uint8 RGB, of any size.
        time_s: when it was taken, in seconds from any start; never less than the last. None: now.
        landmarks: instead of a frame, from your own tracker: (478, 3) in MediaPipe's order, x to the right
            and y down in pixels of the frame (not shares of it), z away from the camera in the same unit.
        Neither: nobody is there.

        Raises:
            UserError: a frame, a time or landmarks of another kind; or the face model or the engine cannot be
                opened; or the animator is closed.
            EngineError: the engine failed while it drew.
        """
        self._check_open()
        if frame is not None and landmarks is not None:
            raise UserError("frame and landmarks", "both are given", "Give one of them.")
        height, width = 0, 0
        if frame is not None:
            frame = np.ascontiguousarray(check_picture("frame", frame))
            height, width = frame.shape[:2]
        points = None if landmarks is None else check_landmarks("landmarks", landmarks)
        seconds = check_time(time_s, self._last_s, self._last_given)
        taken = DriverFrame(self._count, round(seconds * 1e9), width, height, frame, points)
        self._count, self._last_s = self._count + 1, seconds
        self._last_given = time_s is not None
        points = self.observe(taken)
        self.calibrate(points, seconds)
        return self.paint(self.animate(points, seconds))

    def observe(self, frame: DriverFrame) -> Landmarks | None:
        """The driver's landmarks, filtered and mirrored as asked; None without a face."""
        with self.report.stage("track"):
            points = frame.landmarks
            if frame.pixels is not None:
                points = self._opened_tracker().track(frame.pixels, frame.capture_ns)
            if points is not None and not _usable(points, frame):
                points = None
            if self._record is not None:
                self._record(frame.capture_ns, points, frame.width, frame.height)
            if points is None:
                self._filter.reset()
                self._doubt.reset()
                self._unit = 0.0
                return None
            self.seen = True
            if frame.pixels is None:  # the tracker does so itself, and sees more
                points = self._doubt(None, points, frame.capture_ns / 1e9)
            points = self._smooth(points, frame.capture_ns / 1e9)
            return mirrored(points, frame.width) if self._mirror else points

    def calibrate(self, points: Landmarks | None, time_s: float) -> None:
        """Look for the neutral face and refine it; changes are taken over smoothly."""
        if points is not None:
            self.look_ahead(points, time_s)
        if self.finder.done and not self.finder.pinned:
            self._refine_neutral(time_s)
        else:
            self._take_found(time_s)

    def look_ahead(self, points: Landmarks, time_s: float) -> None:
        """Learn from a frame's landmarks what `calibrate` is to know, before that comes to it."""
        self.finder.add(points, time_s)
        if not self.finder.pinned:
            self._belief.add(points, time_s)

    def _take_found(self, time_s: float) -> None:
        """The best of the frames so far."""
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

    def _refine_neutral(self, time_s: float) -> None:
        """What the face that is there returns to. Whose it is must be known for it."""
        if self._begun_with is not self.finder:
            assert self.finder.neutral is not None  # it is done, and none was asked for
            self._belief.begin(self.finder.neutral, self._neutral, time_s)
            self._begun_with = self.finder
        if self._belief.undecided:
            self._transfer = self._neutral = None
            return
        belief, since = self._belief, time_s - self._updated
        if self._neutral is not None and not belief.hurries and 0 <= since < REFINED_SECONDS:
            return
        self._updated = time_s
        if belief.changed:
            self._seat = self._new_seat()
        neutral = self._belief.step(time_s, self._neutral)
        if self._neutral is None or float(np.abs(neutral - self._neutral).max()) > SETTLED:
            self._set_neutral(neutral)

    def recalibrate(self) -> None:
        """Take the driver's next two seconds as neutral."""
        self.finder = self._new_finder(None)
        self._belief, self._begun_with = NeutralBelief(), None
        self._neutral, self._seat = None, self._new_seat()

    def animate(self, points: Landmarks | None, time_s: float) -> Motion:
        """The portrait's motion for the driver's landmarks, or for their absence."""
        with self.report.stage("motion"):
            transfer = self._transfer
            motion = None if transfer is None or points is None else transfer(points, time_s)
            if motion is not None and not motion.finite:
                motion = None
            return self._presence.update(motion, time_s)

    def paint(self, motion: Motion) -> NDArray[np.uint8]:
        """The finished picture, canvas height x width x 3 uint8 RGB; x 4 RGBA with `alpha`."""
        with self.report.stage("generate"):
            rendered = self.renderer.render(motion)
        with self.report.stage("canvas"):
            return self._finished(rendered, motion)

    def resting(self) -> NDArray[np.uint8]:
        """The portrait as it was enrolled, quite still: shown before the first frame and after the last."""
        motion = rest(self.persona.landmarks)
        return self._finished(self.renderer.render(motion), motion)

    @property
    def width(self) -> int:
        """Of the finished pictures, in pixels."""
        return self.canvas.width

    @property
    def height(self) -> int:
        """Of the finished pictures, in pixels."""
        return self.canvas.height

    @property
    def present(self) -> bool:
        """Whether a face is being followed."""
        return self._presence.present

    @property
    def renderer(self) -> Renderer:
        """What draws; opened now, if it was not yet. Raises `UserError` where its engine cannot run here."""
        self._check_open()
        if self._renderer is None:
            from livecam.render.choose import make_renderer

            self._renderer = make_renderer(self.persona, self._engine, self._refine)
            self._opened.callback(self._renderer.close)
        return self._renderer

    def _finished(self, rendered: RGB, motion: Motion) -> NDArray[np.uint8]:
        if self._cut_out is not None:
            return self._cut_out(rendered, motion)
        view = motion.view if self._pans else None
        return self.canvas.place(rendered, motion, view)

    def _opened_tracker(self) -> Tracker:
        self._check_open()
        if self._tracker is None:
            from livecam.face.tracker import FaceTracker

            self._tracker = self._opened.enter_context(FaceTracker())
        return self._tracker

    def _check_open(self) -> None:
        if self._closed:
            raise UserError("animator", "it is closed", "Make another one, or call it within `with`.")

    def _smooth(self, points: Landmarks, time_s: float) -> Landmarks:
        """The filter's settings are for faces of one height; a face near or far is scaled to it."""
        if self._unit == 0.0:
            self._unit = max(float(np.ptp(points[:, 1])) / FILTERED_HEIGHT, 1e-6)
        return (self._filter(points / self._unit, time_s) * self._unit).astype(np.float32)

    def _new_finder(self, chosen: int | None) -> NeutralFinder:
        portrait = self.persona.picture_landmarks()
        return NeutralFinder(portrait, self._settings.neutral_seconds, chosen)

    def _new_seat(self) -> Seat | None:
        return None if self._settings.follow == "all" else Seat()

    def _set_neutral(self, neutral: Landmarks) -> None:
        self._neutral = neutral
        self._transfer = MotionTransfer(self._face, neutral, self._settings, self._seat, self._limits)


def _with_gains(settings: MotionSettings, expression: float | None, pose: float | None) -> MotionSettings:
    gains: dict[str, Any] = {"expression_gain": expression, "pose_gain": pose}
    return replace(settings, **{name: gain for name, gain in gains.items() if gain is not None})


def _idle(persona: PersonaData) -> Idle:
    """One portrait always does the same; two side by side do not blink together."""
    return Idle(persona.landmarks, zlib.crc32(persona.picture.tobytes()), persona.covered)


def _cut_out(persona: PersonaData, canvas: str) -> CutOut:
    from livecam.render.matte import CutOut

    if canvas != "crop":
        why = "the person is cut out in the crop alone"
        raise UserError(f"alpha with canvas {canvas}", why, 'Use the canvas "crop".')
    return CutOut(persona)


def _usable(points: Landmarks, frame: DriverFrame) -> bool:
    """Whether the points can be a face at all, and in or near the frame, where its size is known."""
    reach = 4 * max(frame.width, frame.height) or FARTHEST
    if not np.isfinite(points).all() or np.abs(points).max() >= reach or on_a_line(points):
        return False
    return mouth_width(points) > 0
