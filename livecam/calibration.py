"""Finding the driver's neutral frame, the one that the portrait's resting face stands for.

By itself: within the first two seconds the best frontal frame with open eyes and a shut mouth. One case is
special: where the portrait *is* a picture of this driver (self-reenactment), the frame that matches it is
neutral, whatever its pose and expression.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livecam import geometry as geo
from livecam.face import landmarks as lm

F32 = NDArray[np.float32]

SAME_PICTURE = 0.012
"""Mean landmark distance, in outer-eye distances, below which a frame is the portrait's own picture."""
SETTLE_SECONDS = 0.25
"""Time constant with which a better neutral frame replaces an earlier one while live."""

_MESH = slice(0, lm.MESH_COUNT)


class NeutralFinder:
    """Rates frames as they come.

    `portrait`: (478, 3) landmarks in pixels of its picture. `chosen`: take this frame, counted from 0 among
    those with a face, and rate nothing.
    """

    def __init__(self, portrait: F32, seconds: float, chosen: int | None = None) -> None:
        self._chosen, self._count = chosen, 0
        self._portrait = portrait[:, :2].astype(np.float64)
        self._seconds = seconds
        self._start: float | None = None
        self._widest = 1e-6
        self._best: tuple[float, F32] | None = None
        self.done = False

    def add(self, driver: F32, time: float) -> None:
        """driver: (478, 3) pixels; time in seconds. Ignored once the window is over."""
        if self.done:
            return
        if self._chosen is not None:
            self._best = (0.0, driver)
            self.done = self._count >= self._chosen
            self._count += 1
            return
        self._start = time if self._start is None else self._start
        if time - self._start > self._seconds and self._best is not None:
            self.done = True
            return
        badness = self._rate(driver)
        if self._best is None or badness < self._best[0]:
            self._best = (badness, driver)

    @property
    def neutral(self) -> F32 | None:
        """The best frame so far."""
        return None if self._best is None else self._best[1]

    def _rate(self, driver: F32) -> float:
        distance, displacement = picture_distance(self._portrait, driver)
        if distance < SAME_PICTURE:
            # Always better than any other frame; of several, the one that also lies where the portrait does.
            return distance + min(displacement, 1.0) - 2.0
        points = driver.astype(np.float64)
        yaw, pitch, roll = geo.to_euler(geo.face_axes(points))
        lids = float(np.mean([geo.lid_opening(points, upper, lower) for upper, lower, _ in lm.EYES]))
        self._widest = max(self._widest, lids)
        gap = points[list(lm.INNER_LIP_LOWER), 1] - points[list(lm.INNER_LIP_UPPER), 1]
        open_mouth = max(float(gap.max()) / max(geo.mouth_width(points), 1e-9), 0.0)
        turned = (yaw / 0.35) ** 2 + (roll / 0.35) ** 2 + 0.25 * (pitch / 0.35) ** 2
        shut_eyes = 4 * (1 - lids / self._widest) ** 2
        return float(turned + shut_eyes + (open_mouth / 0.10) ** 2)


def picture_distance(portrait: NDArray[np.float64], driver: F32) -> tuple[float, float]:
    """How far a frame is from being the portrait's picture, in outer-eye distances, as means over 468 points.

    First the distance that is left after the best 2-D similarity: the same picture tracked twice gives under
    .01, another person more than .02. Second how far that similarity moves and turns the face, beyond a
    change of the pixels' size. portrait: (478, 2).
    """
    own, found = portrait[_MESH], driver[_MESH, :2].astype(np.float64)
    scale, rotation, shift = geo.similarity(found, own)
    moved = scale * found @ rotation.T + shift
    eyes = np.linalg.norm(own[lm.OUTER_EYE_CORNERS[0]] - own[lm.OUTER_EYE_CORNERS[1]])
    left, displaced = (np.linalg.norm(moved - p, axis=1).mean() / eyes for p in (own, scale * found))
    return float(left), float(displaced)
