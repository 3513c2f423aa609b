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
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError
from livecam.face.observer import Observer, Recorder
from livecam.frames import RGB, DriverFrame, Landmarks
from livecam.given import check_landmarks, check_picture, check_time
from livecam.motion.calibration import Calibration
from livecam.motion.idle import Idle
from livecam.motion.neutral import NeutralFinder
from livecam.motion.portrait_face import PortraitFace
from livecam.motion.presence import Presence
from livecam.motion.reacting import Reacting
from livecam.motion.reaction import Reaction
from livecam.motion.types import Motion, rest
from livecam.persona.room import head_limits
from livecam.persona.types import PersonaData
from livecam.ranges import check_flag, number_text
from livecam.report import Report
from livecam.settings import MotionSettings, check_engine, limits

if TYPE_CHECKING:
    from livecam.render.backdrop import Framing
    from livecam.render.base import Renderer
    from livecam.render.canvas import Canvas


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
        framing: Framing | None = None,
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
        alpha: pictures have a fourth channel, 255 where the person is: a framing with the background
            "transparent" does the same.
        framing: zoom and background of a framed canvas; not of "crop".
        mirror: the portrait moves as in a mirror; None: as `motion` says, which is no unless told.
        expression_gain, pose_gain: 0 to 3, 1 as the driver moves; they beat those of `motion`.
        motion: everything else about how the driver's motion is passed on.
        renderer, tracker: your own; they are not closed here.
        report: where the time of every stage is added up.
        record: is told of every frame's landmarks.

        Raises:
            UserError: a setting that there is not.
        """
        from livecam.render.backdrop import Framing
        from livecam.render.canvas import make_canvas
        from livecam.render.drawn import DrawnCheck
        from livecam.render.matte import CutOut

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
        framing = framing or Framing()
        if alpha and canvas != "crop":
            framing = replace(framing, background="transparent")
        self.canvas: Canvas = make_canvas(persona, canvas, framing)
        self._cut_out = CutOut(persona) if alpha or framing.transparent else None
        self._check_drawn = DrawnCheck(persona)
        self._pans = self._settings.follow == "frame"
        mirrored = bool(self._settings.mirror if mirror is None else mirror)
        self._renderer, self._tracker = renderer, tracker
        self._opened = contextlib.ExitStack()
        self._closed = False
        self._observer = Observer(self._find, mirrored, record, self._settings.smoothing)
        idle = _idle(persona) if self._settings.idle else None
        self._presence = Presence(rest(persona.landmarks), idle, _most_gain(self._settings))
        face = PortraitFace(persona.landmarks, persona.covered)
        room = head_limits(persona)
        self._calibration = Calibration(face, persona.picture_landmarks(), self._settings, room)
        self._reacting = Reacting(face, room, self._settings)
        self._count, self._last_s, self._last_given = 0, -math.inf, False

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
            return self._observer(frame)

    def calibrate(self, points: Landmarks | None, time_s: float) -> None:
        """Look for the neutral face and refine it; changes are taken over smoothly."""
        self._calibration.update(points, time_s)

    def look_ahead(self, points: Landmarks, time_s: float) -> None:
        """Learn from a frame's landmarks what `calibrate` is to know, before that comes to it."""
        self._calibration.add(points, time_s)

    def change(self, motion: MotionSettings) -> None:
        """Pass motion on otherwise from now on. What is known of the driver stays."""
        self._settings = motion
        self._pans = motion.follow == "frame"
        self._observer.smooth(motion.smoothing)
        self._presence.change(_idle(self.persona) if motion.idle else None, _most_gain(motion))
        self._calibration.change(motion)
        self._reacting.change(motion)
        if motion.mirror is not None and motion.mirror != self._observer.mirror:
            self._observer.mirror = motion.mirror
            self._calibration.mirror(self._observer.frame_size[0])

    def take_over(self, other: Animator) -> None:
        """Go on where another portrait's animator was, for the same driver: nothing is looked for anew.

        The tracker must have been given to that one, not opened by it. It cannot be used any more."""
        self._tracker, self._observer = other._tracker, other._observer
        self._observer.find = self._find
        self._calibration.adopt(other._calibration)
        self._reacting.adopt(other._reacting)

    def use_tracker(self, tracker: Tracker) -> None:
        """Ask that one from now on; it is not closed here."""
        self._tracker = tracker

    def another_driver(self) -> None:
        """Other frames come from now on, of another camera say: a neutral face is looked for anew."""
        self._observer.another_camera()
        self._calibration.forget()

    def react(self, reaction: Reaction) -> None:
        """Play a reaction over the driver's motion, from the next frame on; also while nobody is there."""
        self._reacting.start(reaction)

    def recalibrate(self) -> None:
        """Take the driver's next two seconds as neutral."""
        self._calibration.restart()

    def animate(self, points: Landmarks | None, time_s: float) -> Motion:
        """The portrait's motion for the driver's landmarks, or for their absence."""
        with self.report.stage("motion"):
            transfer = self._calibration.transfer
            motion = None if transfer is None or points is None else transfer(points, time_s)
            if motion is not None and not motion.finite:
                motion = None
            return self._reacting.update(self._presence.update(motion, time_s), time_s)

    def paint(self, motion: Motion) -> NDArray[np.uint8]:
        """The finished picture, canvas height x width x 3 uint8 RGB; x 4 RGBA with `alpha`."""
        with self.report.stage("generate"):
            rendered = self.renderer.render(motion)
            self._check_drawn(rendered)
        with self.report.stage("canvas"):
            return self._finished(rendered, motion)

    def resting(self) -> NDArray[np.uint8]:
        """The portrait as it was enrolled, quite still: shown before the first frame and after the last."""
        motion = rest(self.persona.landmarks)
        return self._finished(self.renderer.render(motion), motion)

    @property
    def finder(self) -> NeutralFinder:
        """What looks for the neutral face."""
        return self._calibration.finder

    @property
    def seen(self) -> bool:
        """Whether any frame so far had a face."""
        return self._observer.seen

    @property
    def frame_size(self) -> tuple[int, int]:
        """Width and height of the driver's frame in whose pixels `observe` gives landmarks; zeros before."""
        return self._observer.frame_size

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

            self._renderer = make_renderer(self.canvas.persona, self._engine, self._refine)
            self._opened.callback(self._renderer.close)
        return self._renderer

    def _finished(self, rendered: RGB, motion: Motion) -> NDArray[np.uint8]:
        if self._cut_out is not None:
            rendered = self._cut_out(rendered, motion, getattr(self.renderer, "alpha", None))
        view = motion.view if self._pans else None
        return self.canvas.place(rendered, motion, view)

    def _find(self, image: RGB, capture_ns: int) -> Landmarks | None:
        self._check_open()
        if self._tracker is None:
            from livecam.face.tracker import FaceTracker

            self._tracker = self._opened.enter_context(FaceTracker())
        return self._tracker.track(image, capture_ns)

    def _check_open(self) -> None:
        if self._closed:
            raise UserError("animator", "it is closed", "Make another one, or call it within `with`.")


def _with_gains(settings: MotionSettings, expression: float | None, pose: float | None) -> MotionSettings:
    gains: dict[str, Any] = {"expression_gain": expression, "pose_gain": pose}
    return replace(settings, **{name: gain for name, gain in gains.items() if gain is not None})


def _most_gain(settings: MotionSettings) -> float:
    return max(settings.pose_gain, settings.expression_gain)


def _idle(persona: PersonaData) -> Idle:
    """One portrait always does the same; two side by side do not blink together."""
    return Idle(persona.landmarks, zlib.crc32(persona.picture.tobytes()), persona.covered)
