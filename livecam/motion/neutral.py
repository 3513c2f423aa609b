"""Finding the driver's neutral frame, the one that the portrait's resting face stands for.

By itself: within the first two seconds the best frontal frame with open eyes and a shut mouth. One case is
special: where the portrait *is* a picture of this driver (self-reenactment), the frame that matches it is
neutral, whatever its pose and expression, and for good. All others are where `livecam.motion.belief` begins.
Frames that show the same face as the best one are averaged with
it, for what is wrong with the neutral frame is wrong with all others.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from livecam import geometry as geo
from livecam.arrays import F32
from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.face.neutrality import unrest

SAME_PICTURE = 0.012
"""Mean landmark distance, in outer-eye distances, below which a frame is the portrait's own picture."""
ALIKE = 0.004
"""The same distance, head pose undone, below which two frames of a driver show the same face: of one face at
rest it is about .003 from frame to frame, which is noise. Lips and lids may be `ALIKE_PARTS` apart: they are
few, and move by themselves."""
ALIKE_PARTS = 0.006
ASIDE = 0.3
"""Eye widths that irises are off the middle which count 1, as in `livecam.face.neutrality`: who looks to a
corner of the screen has about .2. By eye."""
SETTLE_SECONDS = 0.25
"""Time constant with which a better neutral frame replaces an earlier one while live."""

_MESH = slice(0, lm.MESH_COUNT)
_STABLE = list(lm.STABLE)
_PARTS = tuple(list(part) for part in (lm.LIPS, lm.LEFT_EYE, lm.RIGHT_EYE, *(iris for _, _, iris in lm.EYES)))


class NeutralFinder:
    """Rates frames as they come.

    `portrait`: (478, 3) landmarks in pixels of its picture. `chosen`: take this frame, counted from 0 among
    those with a face, and rate nothing.
    """

    def __init__(self, portrait: F32, seconds: float, chosen: int | None = None) -> None:
        self._chosen, self._count = chosen, 0
        self._picture = portrait.astype(np.float64)
        self._seconds = seconds
        self._start: float | None = None
        self._widest = 1e-6
        self._badness = math.inf
        self._frames: list[F32] = []
        self._alike: list[NDArray[np.float64]] = []
        self._neutral: F32 | None = None
        self.done = False

    def add(self, driver: F32, time: float) -> None:
        """driver: (478, 3) pixels; time in seconds. Ignored once the window is over."""
        if self.done:
            return
        if self._chosen is not None:
            self._neutral = driver
            self.done = self._count >= self._chosen
            self._count += 1
            return
        self._start = time if self._start is None else self._start
        if time - self._start > self._seconds and self._frames:
            self.done = True
            return
        badness = self._rate(driver)
        self._frames.append(driver)
        if not self._alike or badness < self._badness:
            self._badness, self._neutral = badness, driver
            self._alike = [driver.astype(np.float64)]
            if badness < 0:  # the portrait's own picture, whose landmarks are better than a frame's
                self._average([align_pose(self._picture, self._alike[0])])
            self._average(self._same_face(self._frames[:-1]))
        else:
            self._average(self._same_face([driver]))

    @property
    def chosen(self) -> bool:
        """Whether one frame is to be taken, however late it comes."""
        return self._chosen is not None

    @property
    def pinned(self) -> bool:
        """Whether what was found is the neutral face for good: a chosen frame, or the portrait's own
        picture."""
        return self.chosen or self._badness < 0

    @property
    def neutral(self) -> F32 | None:
        """(478, 3): the best frame so far, in the mean of all alike; one array until that changes."""
        return self._neutral

    def check_found(self) -> None:
        """To be asked when the driver has ended.

        Raises:
            UserError: the chosen frame never came.
        """
        if self._chosen is not None and not self.done:
            raise no_such_frame(self._chosen, self._count, "the driver showed a face in")

    def _same_face(self, frames: Iterable[F32]) -> list[NDArray[np.float64]]:
        """Those of the frames that show the same face as the best one, in its head pose."""
        best = self._alike[0]
        unit = measures.between_eyes(best)
        moved = [align_pose(frame.astype(np.float64), best) for frame in frames]
        return [
            points
            for points in moved
            if _distance(points, best) < ALIKE * unit
            and all(_distance(points[part], best[part]) < ALIKE_PARTS * unit for part in _PARTS)
        ]

    def _average(self, more: list[NDArray[np.float64]]) -> None:
        if more:
            self._alike += more
            self._neutral = np.mean(self._alike, 0).astype(np.float32)

    def _rate(self, driver: F32) -> float:
        distance, displacement = picture_distance(self._picture[:, :2], driver)
        if distance < SAME_PICTURE:
            # Always better than any other frame; of several, the one that also lies where the portrait does.
            return distance + min(displacement, 1.0) - 2.0
        self._widest = max(self._widest, measures.lid_openings(driver.astype(np.float64)))
        return unrest(driver, self._widest) + (_look(driver) / ASIDE) ** 2


def no_such_frame(chosen: int, count: int, which: str) -> UserError:
    """The error for a neutral frame beyond the `count` that there are; `which`: words before that number."""
    todo = f"Use --neutral 0 to {count - 1}." if count else "Leave --neutral away."
    return UserError(f"neutral frame {chosen}", f"{which} {count} frames only", todo)


def picture_distance(portrait: NDArray[np.float64], driver: F32) -> tuple[float, float]:
    """How far a frame is from being the portrait's picture, in outer-eye distances, as means over 468 points.

    First the distance that is left after the best 2-D similarity: the same picture tracked twice gives under
    .01, another person more than .02. Second how far that similarity moves and turns the face, beyond a
    change of the pixels' size. portrait: (478, 2).
    """
    own, found = portrait, driver[:, :2].astype(np.float64)
    scale, rotation, shift = geo.similarity(found[_MESH], own[_MESH])
    moved = scale * found @ rotation.T + shift
    unit = measures.between_eyes(own)
    return _distance(moved, own) / unit, _distance(moved, scale * found) / unit


def align_pose(points: NDArray[np.float64], target: NDArray[np.float64]) -> NDArray[np.float64]:
    """A face's points in the head pose of another's, both (478, 3): as if the head had not moved."""
    scale, rotation, shift = geo.similarity(points[_STABLE], target[_STABLE])
    return np.asarray(scale * points @ rotation.T + shift, np.float64)


def _look(points: F32) -> float:
    """How far irises are to the right of the middle between the corners of the eyes, in eye widths."""
    aside = [points[iris[0], 0] - points[[upper[0], upper[-1]], 0].mean() for upper, _, iris in lm.EYES]
    return float(np.mean(aside)) / measures.eye_width(points)


def _distance(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Mean distance of points of the mesh in the picture, in the unit of both."""
    return float(np.linalg.norm(a[_MESH, :2] - b[_MESH, :2], axis=1).mean())
