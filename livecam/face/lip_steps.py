"""Lips do not move where their pixels stand still.

The model sees lips anew in every frame, and of a small, dim or half covered mouth now and then a wide one
where the frames before and after have it nearly shut. Pixels tell: where the lips can be found again in the
next picture, with certainty, and have not moved, a step of the landmarks is none. It is held, and eased in,
for pixels do not say where lips are. docs/lab/doubt.md has the figures behind the bounds.
"""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.face.measures import between_eyes
from livecam.frames import RGB, Landmarks
from livecam.geometry import Array, similarity

# Lengths are in distances of the outer eye corners.
LEAST_STEP: Final = 0.02
"""Of the lips on the head, root mean square, below which nothing is asked: twice the noise from frame to
frame. With .012 the mouth of one clip, whose film repeats frames, loses .08 dB."""
STILL_SHARE: Final = 0.45
"""Pixels stand still if three quarters of them moved less than this share of the landmarks' step."""
SURE: Final = 0.006
"""So near each point has to come back to where it was, followed there and back, for four of five."""
ALIKE: Final = 0.2
"""And so little its surroundings may have changed, as a share of their contrast: still ones change by .02 to
.18."""
EASES_S: Final = 0.15
"""Time constant in which a step that was held comes. By eye."""
GONE: Final = 0.001
"""What is held no more."""
SIDE, PIXELS = 1.6, 96
"""Of the square round the mouth in which pixels are compared: its length, and how many it is drawn with."""
AREA: Final = (11, 11)
"""Pixels round a point that are compared. By eye."""

_STABLE = list(lm.STABLE)
_LIPS = list(lm.LIPS)
_FOLLOWED = [*lm.OUTER_LIPS, *lm.MOUTH[1:10], *lm.MOUTH[11:]]
_MIDDLE = [lm.INNER_LIP_UPPER[5], lm.INNER_LIP_LOWER[5]]

_Grey = NDArray[np.uint8]


class LipSteps:
    """Holds steps of one face's lips that the picture does not show. Call it with every frame in turn;
    `reset` before another face."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next points pass unchanged."""
        self._seen: Landmarks | None = None
        self._square: tuple[RGB, Array] = np.zeros((2, 2, 3), np.uint8), np.zeros(2)
        self._held: Array | None = None
        self._time_s = 0.0

    def __call__(self, picture: RGB, points: Landmarks, time_s: float) -> Landmarks:
        """(478, 3) float32: `points` themselves while nothing is held. picture: H x W x 3. points: where they
        are seen in it, in pixels; not changed. time_s: seconds."""
        before, elapsed = self._seen, max(time_s - self._time_s, 0.0)
        self._seen, self._time_s = points, time_s
        if before is not None and (self._held is not None or _turned_step(before, points) > LEAST_STEP / 2):
            self._judge(picture, before.astype(np.float64), points.astype(np.float64), elapsed)
        self._square = _square(picture, points[_MIDDLE, :2].mean(0), between_eyes(points))
        if self._held is None:
            return points
        shown = points.copy()
        shown[_LIPS] += self._held.astype(np.float32)
        return shown

    def _judge(self, picture: RGB, before: Array, seen: Array, elapsed: float) -> None:
        """Let go of what is held, and hold what is not believed. before, seen: (478, 3) the last points and
        these."""
        unit = max(between_eyes(before), 1.0)
        scale, rotation, shift = similarity(before[_STABLE], seen[_STABLE])
        on_head = scale * before @ rotation.T + shift
        step = seen[_LIPS] - on_head[_LIPS]
        step[:, :2] -= np.median(step[:, :2], axis=0)
        held = np.zeros_like(step)
        if self._held is not None:
            held = math.exp(-elapsed / EASES_S) * scale * self._held @ rotation.T
            back = _along(step, held) * held  # of what the last frames showed: no step of what is shown
            held, step = held - back, step - back
        size = float(np.sqrt((step[:, :2] ** 2).sum(1).mean())) / unit
        if size > LEAST_STEP and self._still(picture, before, on_head, size, unit):
            held -= step
        self._held = held if np.abs(held).max() > GONE * unit else None

    def _still(self, picture: RGB, before: Array, on_head: Array, size: float, unit: float) -> bool:
        """Whether the lips' pixels surely moved much less on the head than landmarks did. before, on_head:
        (478, 3) the last points, and where the head's motion takes them; size: of the landmarks' step."""
        (square, start), (other, corner) = self._square, _square(picture, on_head[_MIDDLE, :2].mean(0), unit)
        last, now = _small(square), _small(other)
        side, pixel = len(square), SIDE / PIXELS
        first = _on(before, start, side)
        there, _, off = cv2.calcOpticalFlowPyrLK(last, now, first, None, winSize=AREA, maxLevel=1)
        moved = (there - _on(on_head, corner, side))[:, 0] * pixel
        moved -= np.median(moved, axis=0)
        if np.percentile(np.linalg.norm(moved, axis=1), 75) >= STILL_SHARE * size:
            return False
        back, _, _ = cv2.calcOpticalFlowPyrLK(now, last, there, None, winSize=AREA, maxLevel=1)
        astray = np.linalg.norm(back - first, axis=2)[:, 0] * pixel
        changed = off[:, 0] / (_contrast(last, first[:, 0]) + 1)
        return bool(np.percentile(astray, 80) < SURE and np.percentile(changed, 80) < ALIKE)


def _along(step: Array, held: Array) -> float:
    """The share, 0 to 1, of what is held that a step towards what is shown takes back."""
    whole = float((held * held).sum())
    return min(max(float((step * held).sum()) / whole, 0.0), 1.0) if whole > 0 else 0.0


def _turned_step(before: Landmarks, seen: Landmarks) -> float:
    """The same step, quickly, as if the head had not turned."""
    moved = seen[_LIPS, :2] - before[_LIPS, :2]
    moved -= moved.mean(0)
    return float(np.sqrt((moved * moved).sum(1).mean())) / max(between_eyes(before), 1.0)


def _square(picture: RGB, middle: Array, unit: float) -> tuple[RGB, Array]:
    """A copy of the square of `SIDE` round `middle`, beyond the picture its rim; and its corner there."""
    side = max(round(SIDE * unit), 2)
    height, width = picture.shape[:2]
    left, top = (round(float(v) - side / 2) for v in middle.clip(0, (width, height)))
    rows, columns = slice(max(top, 0), min(top + side, height)), slice(max(left, 0), min(left + side, width))
    up, aside = rows.start - top, columns.start - left
    down, after = top + side - rows.stop, left + side - columns.stop
    part = cv2.copyMakeBorder(picture[rows, columns], up, down, aside, after, cv2.BORDER_REPLICATE)
    return np.asarray(part, np.uint8), np.array([left, top], np.float64)


def _small(square: RGB) -> _Grey:
    """`PIXELS` x `PIXELS`, grey."""
    way = cv2.INTER_AREA if len(square) > PIXELS else cv2.INTER_LINEAR
    return np.asarray(
        cv2.resize(cv2.cvtColor(square, cv2.COLOR_RGB2GRAY), (PIXELS, PIXELS), interpolation=way), np.uint8
    )


def _on(points: Array, corner: Array, side: int) -> NDArray[np.float32]:
    """(N, 1, 2): where the followed points are in a square that is made small, as OpenCV counts."""
    return ((points[_FOLLOWED, :2] - corner) * (PIXELS / side) - 0.5).astype(np.float32)[:, None]


def _contrast(grey: _Grey, places: NDArray[np.float32]) -> Array:
    """(N,): standard deviation of the grey levels round places (N, 2)."""
    levels = grey.astype(np.float32)
    mean, square = cv2.blur(levels, AREA), cv2.blur(levels * levels, AREA)
    x, y = np.clip(places.astype(int), 0, PIXELS - 1).T
    return np.sqrt(np.maximum(square - mean * mean, 0))[y, x].astype(np.float64)
