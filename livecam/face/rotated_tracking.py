"""Looks at a face that is turned a little to one side and to the other, from frame to frame in turn.

What MediaPipe sees is off by another bit in every picture it could be shown of the same face. The mean of
many is truer than any, but a look costs 4 ms. So there is one look a frame, each at another turn; how far
the looks at each turn lie from the mean of all is learned on the way, and taken off.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.face import _mediapipe
from livecam.face.bundle import face_landmarker_path
from livecam.face.measures import between_eyes
from livecam.face.rotation import RotatedCrop
from livecam.face.window import centre, face_size
from livecam.frames import RGB, Landmarks

TURNS: Final = (7.0, -7.0)
"""Degrees. With 4 less is gained; with mirrored pictures as well points jitter twice as much."""

SHOWN: Final = 0.88
"""Part of the window's side that is shown, for turning pixels takes time. MediaPipe looks at .6 of it all. By
eye."""

LARGEST_SIDE: Final = 384
"""Pixels of what is shown, so that the part MediaPipe looks at has its 256."""

LEARNED: Final = 0.4
"""Share of a new difference that is learned at once. With .1 points jitter a tenth more and heads shake twice
as much: how the looks differ changes with pose and expression."""

DOUBT: Final = 0.02
"""A difference that is further from the learned one, in distances of the outer eye corners, is no look's but
a movement. By eye."""

ELSEWHERE: Final = 0.5
"""Face sizes between two looks beyond which the second is at somebody else: a follower that lost its face
takes any it finds, and the two must not follow different people. By eye."""

APART_MS: Final = 33_000
"""MediaPipe smooths by the time between pictures, so hard that points lag by .3 to .8 of a frame. Told that a
thousand times as much time has passed it leaves them as they are; what jitters then is for our own filter,
which waits for less. docs/face-model.md has the figures."""

FIRST_LOOKS: Final = 3
"""At the first picture of a face MediaPipe starts from a detection, and is less exact than when it starts
from landmarks (`livecam.face.detector` finds the same)."""


class RotatedTracker:
    """Two of MediaPipe's followers, one for each turn, for one face in a window that goes along with it.

    For every frame: `first` or `again`, and then `settled` with where the points were taken to be. All points
    are in pixels of the window.
    """

    def __init__(self) -> None:
        """Raises `UserError` where the face model is missing or mediapipe cannot be loaded."""
        model = face_landmarker_path()
        self._followers = [_mediapipe.create_face_landmarker(model, video=True, faces=1) for _ in TURNS]
        self._off = np.zeros((len(TURNS), 1, 3))
        self._seen: Landmarks | None = None
        self._last: Landmarks | None = None
        self._turn = 0
        self._time_ms = 0

    def first(self, window: RGB) -> Landmarks | None:
        """A face nobody has looked at yet, in the mean of all looks; None where one of them finds nobody."""
        found = []
        for turn in range(len(TURNS)):
            for _ in range(FIRST_LOOKS):
                points = self._look(turn, window)
            found.append(points)
        seen = [points for points in found if points is not None]
        if len(seen) < len(TURNS):
            return None
        mean = np.mean(seen, 0)
        self._off = np.stack([points - mean for points in seen]) / _unit(mean)
        self._seen = None
        self._last = np.asarray(mean, np.float32)
        return self._last.copy()

    def again(self, window: RGB) -> Landmarks | None:
        """The same face a frame later: (478, 3) float32, or None where it is gone."""
        self._turn = (self._turn + 1) % len(TURNS)
        self._seen = self._look(self._turn, window)
        if self._seen is None or self._is_elsewhere(self._seen):
            return None
        return (self._seen - self._off[self._turn] * _unit(self._seen)).astype(np.float32)

    def settled(self, points: Landmarks) -> None:
        """Learn how far the last look was from where the points were taken to be, (478, 3).

        Of depth, which pixels do not show, from where it was a frame ago: that was a look at the other turn.
        """
        before, self._last = self._last, points
        if self._seen is None or before is None:
            return
        unit = _unit(points)
        expected = np.column_stack([points[:, :2], before[:, 2] * (unit / _unit(before))])
        new = (self._seen - expected) / unit - self._off[self._turn]
        new *= np.linalg.norm(new[:, :2], axis=1, keepdims=True) < DOUBT
        self._off[self._turn] += LEARNED * new
        self._off -= self._off.mean(0)

    def close(self) -> None:
        """Frees the models. May be called twice."""
        for follower in self._followers:
            follower.close()

    def _is_elsewhere(self, points: Landmarks) -> bool:
        if self._last is None:
            return False
        way = float(np.linalg.norm(centre(points) - centre(self._last)))
        return way > ELSEWHERE * face_size(self._last)

    def _look(self, turn: int, window: RGB) -> Landmarks | None:
        height, width = window.shape[:2]
        shown = SHOWN * max(height, width)
        side = round(min(max(shown, 2), LARGEST_SIDE))
        turned = RotatedCrop.about(np.array([width / 2, height / 2]), side / shown, TURNS[turn], side)
        self._time_ms += APART_MS
        faces = _mediapipe.detect_faces(self._followers[turn], turned.cut(window), self._time_ms)
        return turned.back(faces[0]) if faces and bool(np.isfinite(faces[0]).all()) else None


def _unit(points: Landmarks) -> float:
    return max(between_eyes(points), 1.0)
