"""Follows one face through the frames of a camera or a file.

MediaPipe follows a single face at 5 ms a frame; asked for several it searches for new ones in every frame,
1.3 ms more. So it is asked for one, and who that is gets decided here: whenever nobody is followed, all
faces of the picture are found, one is chosen, and where there are others they are painted over in the one
frame that MediaPipe starts from. From there on it stays with that face, in a window that goes along with it
(`livecam.face.window`), which it is shown turned to both sides by turns (`livecam.face.rotated_tracking`).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from types import TracebackType
from typing import Final

import numpy as np

from livecam.face import _mediapipe
from livecam.face.appearance import point_colours
from livecam.face.bundle import face_landmarker_path
from livecam.face.continuity import Continuity
from livecam.face.doubt import PartDoubt
from livecam.face.identity import Identity
from livecam.face.lip_steps import LipSteps
from livecam.face.optical_flow import FlowStabiliser
from livecam.face.rotated_tracking import RotatedTracker
from livecam.face.window import FollowingWindow, centre, face_size
from livecam.frames import RGB, Landmarks

log = logging.getLogger(__name__)

PATIENCE_NS: Final = 1_500_000_000
"""How long a lost face is waited for before another one is taken: who walks past in front is gone by then."""

UNSURE_MS: Final = 1000
"""So long after a frame that was left out, or a face found again, it is asked whether it is the same face: a
follower whose face is covered goes on with the one that covers it. Not otherwise, for light changes, too."""

NEAR: Final = 1.0
"""A face within this many face sizes of where the lost one was is taken for the same."""

LOOKS: Final = 3
"""So many pictures in a row that show one face alone, surely the followed one's, and each near the last: it
is taken where it is. The camera was turned, or frames are missing. By eye."""

MARGIN: Final = 0.5
"""MediaPipe looks at 1.5 times the face's box; this much of the box is left round a chosen face."""

OTHERS_MARGIN: Final = 0.15
"""The same round a face that is painted over: the model must not find its outline either. By eye."""

GREY: Final = 128
"""0..255: what it is painted with."""

NOMINAL_MS: Final = 33
"""Time given to a frame whose capture time is not after the last one's (a file that starts again)."""


class FaceTracker:
    """Gives the landmarks of one face, frame after frame. A context manager; for one thread at a time."""

    def __init__(self, faces: int = 3) -> None:
        """`faces`: how many faces are looked at when one is chosen.

        Raises `UserError` where the face model is missing or mediapipe cannot be loaded.
        """
        model = face_landmarker_path()
        self._finder = _mediapipe.create_face_landmarker(model, video=False, faces=faces)
        self._looks = RotatedTracker()
        self._clock = GrowingClock()
        self._choice = FaceChoice()
        self._window, self._steady = FollowingWindow(), FlowStabiliser()
        self._continuity = Continuity()
        self._parts, self._identity, self._lips = PartDoubt(), Identity(), LipSteps()
        self._unsure_ms = -UNSURE_MS
        self._shown: Landmarks | None = None
        self.left_out = 0
        """Frames so far whose face could not be the followed one's: half a picture, for instance."""
        self._following = False
        self._size = (0, 0)

    def track(self, image: RGB, capture_ns: int) -> Landmarks | None:
        """The landmarks of the followed face, (478, 3) float32 in pixels, or None while there is none.

        `image`: RGB H x W x 3 uint8; its size may change from frame to frame. `capture_ns`: nanoseconds.
        The largest face is taken first and kept until it is gone, whoever passes in front of it
        (`livecam.face.identity`); where it is seen alone in another place it is followed there. Where a
        frame's face cannot be the continuation of the one before (`livecam.face.continuity`) the last
        landmarks are given again. Parts that something covers (`livecam.face.doubt`) are at rest, and lips
        whose pixels stand still do not move (`livecam.face.lip_steps`).
        """
        time_ms = self._clock(capture_ns)
        if image.shape[:2] != self._size:  # pixels are other ones now
            self._following, self._choice, self._size = False, FaceChoice(), image.shape[:2]
            self._continuity = Continuity()
        if not self._following:
            faces = _mediapipe.detect_faces(self._finder, image)
            strangers = self._identity.strangers(image, faces)
            alone = len(faces) == 1 and self._identity.same(image, faces[0])
            chosen = self._choice.choose(faces, capture_ns, strangers, alone)
            if chosen is None:
                return None
            if strangers[chosen]:
                self._identity.forget()
            if not self._identity.known:
                self._parts.reset()
            self._unsure_ms = time_ms
            if len(faces) > 1:
                image = only_face(image, faces, chosen)
            self._window.start(faces[chosen])
            self._steady.reset()
            self._lips.reset()
        part, corner = self._window.cut(image, time_ms)
        held = self._shown if self._following else None
        points = self._looks.again(part) if self._following else self._looks.first(part)
        self._following = points is not None
        if points is None:
            return None
        corner = np.append(corner, np.float32(0))
        seen = points + corner
        points = self._steady(image, seen)
        steady = self._steady
        if doubt := self._continuity.doubt(seen, time_ms, steady.from_flow, steady.flattened):
            self._unsure_ms = time_ms
            return self._leave_out(doubt, held)
        colours = point_colours(image, points)
        if time_ms - self._unsure_ms < UNSURE_MS and self._identity.stranger(colours):
            self._following = False
            return None
        self._continuity.believed(seen, time_ms)
        self._looks.settled(points - corner)
        self._window.seen(points, time_ms)
        self._choice.seen(points, capture_ns)
        self._identity.learn(points, colours, time_ms / 1000)
        points = self._lips(image, points, time_ms / 1000)
        self._shown = self._parts(colours, points, time_ms / 1000)
        return self._shown.copy()

    @property
    def trust(self) -> dict[str, float]:
        """0 to 1 of "mouth", "left eye" and "right eye": 0 while something covers it."""
        return self._parts.trust

    def _leave_out(self, doubt: str, held: Landmarks | None) -> Landmarks | None:
        """The last landmarks again. `held` is None where nobody was followed: the next frame is looked at
        afresh."""
        self.left_out += 1
        log.debug("a frame is left out: %s", doubt)
        self._following = held is not None
        self._steady.take_back()
        return None if held is None else held.copy()

    def close(self) -> None:
        """Frees the models. May be called twice."""
        self._finder.close()
        self._looks.close()

    def __enter__(self) -> FaceTracker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class FaceChoice:
    """Decides whom to follow: the face that was followed before, else, after a wait, the largest one, and
    somebody else only where the one from before is not among them."""

    def __init__(self) -> None:
        self._last: Landmarks | None = None
        self._last_ns = 0
        self._elsewhere: list[Landmarks] = []

    def seen(self, points: Landmarks, capture_ns: int) -> None:
        """Remember where the followed face was."""
        self._last, self._last_ns = points, capture_ns
        self._elsewhere = []

    def choose(
        self,
        faces: Sequence[Landmarks],
        capture_ns: int,
        strangers: Sequence[bool] = (),
        alone: bool = False,
    ) -> int | None:
        """Index of the face to follow; None where there is none yet that may be taken. strangers: which of
        them are certainly somebody else's; all may be the one from before if empty. alone: there is only one,
        and it certainly is the one from before."""
        known = [k for k in range(len(faces)) if not (strangers and strangers[k])]
        if self._last is not None and 0 <= capture_ns - self._last_ns < PATIENCE_NS:
            last, size = centre(self._last), face_size(self._last)
            away = {k: float(np.linalg.norm(centre(faces[k]) - last)) for k in known}
            nearest = min(away, key=away.__getitem__, default=None)
            if nearest is not None and away[nearest] < NEAR * size:
                return nearest
            return 0 if self._went_elsewhere(faces[0] if alone else None) else None
        return max(known or range(len(faces)), key=lambda k: face_size(faces[k]), default=None)

    def _went_elsewhere(self, face: Landmarks | None) -> bool:
        """Whether the followed face was seen alone and elsewhere for long enough. face: this picture's."""
        if face is None:
            self._elsewhere = []
            return False
        if self._elsewhere:
            last = self._elsewhere[-1]
            if float(np.linalg.norm(centre(face) - centre(last))) >= NEAR * face_size(last):
                self._elsewhere = []
        self._elsewhere = [*self._elsewhere, face][-LOOKS:]
        return len(self._elsewhere) == LOOKS


class GrowingClock:
    """Milliseconds that grow with every call, whatever the capture times do: the window goes by them."""

    def __init__(self) -> None:
        self._shift_ms = 0
        self._last_ms = -1

    def __call__(self, capture_ns: int) -> int:
        time_ms = capture_ns // 1_000_000 + self._shift_ms
        if time_ms < self._last_ms:
            self._shift_ms += self._last_ms + NOMINAL_MS - time_ms
            time_ms = self._last_ms + NOMINAL_MS
        self._last_ms = max(time_ms, self._last_ms + 1)
        return self._last_ms


def only_face(image: RGB, faces: Sequence[Landmarks], chosen: int) -> RGB:
    """A copy of the picture with every face but one painted grey; the chosen one's surroundings stay."""
    masked = image.copy()
    for index, face in enumerate(faces):
        if index != chosen:
            top, bottom, left, right = _box(face, OTHERS_MARGIN, image)
            masked[top:bottom, left:right] = GREY
    top, bottom, left, right = _box(faces[chosen], MARGIN / 2, image)
    masked[top:bottom, left:right] = image[top:bottom, left:right]
    return masked


def _box(points: Landmarks, margin: float, image: RGB) -> tuple[int, int, int, int]:
    """Top, bottom, left and right of the box, grown by `margin` of its size on each side."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    grow = margin * (high - low)
    (left, top), (right, bottom) = np.floor(low - grow).astype(int), np.ceil(high + grow).astype(int)
    height, width = image.shape[:2]
    return max(top, 0), min(max(bottom, 0), height), max(left, 0), min(max(right, 0), width)
