"""What one person's face returns to, from all that was seen of it in the last minute.

A mouth rests as it is where it does least: shut rather than open, as wide as usual. Lids rest well open,
whatever blinks. Brows, gaze and head rest where they are most of the time. So each group of points is a mean
of the samples in which this group does what it does at rest, and of those rather that show the face from the
front. The mean moves with what is sampled, never by a jump; what lasts for some seconds changes a young
estimate and hardly an old one.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam import geometry as geo
from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.face.neutrality import FRONTAL_SCALE, turned
from livecam.geometry import Array, smoothstep

SAMPLE_SECONDS: Final = 0.2
"""Between two samples. Shorter than any expression lasts."""
SAMPLES: Final = 300
"""Kept, which is a minute of them; the oldest go first. Smiles and looks aside of 10 s are a sixth of it."""

# Bands are shares of the samples, in the order of what the group does; chosen by reasoning:
LEAST_BAND: Final = (0.0, 0.05)
"""Of a mouth that is least opened and nearest to its usual width; from there on a mouth counts the less, the
more it does. Who speaks without a pause shuts the lips as often."""
USUAL_BAND: Final = (0.1, 0.3)
"""Of a mouth's widths: most are at rest or smiling, few pursed."""
LIDS_BAND: Final = (0.4, 0.8)
"""Of the openings of eyes that are not shut: over glances at the keyboard, below eyes wide with surprise."""
WIDEST_BAND: Final = (0.8, 1.0)
"""What lids are compared with to be awake."""
ASLEEP: Final = (0.4, 0.8)
"""Openings, as parts of the widest, between which a sample of lids begins to count: shut ones, which a
tracker sees open by a third, say nothing of how they rest."""
MIDDLE_BAND: Final = (0.25, 0.75)
"""Of brows and gaze."""
MOUTH_WIDTH, WIDTH_SPREAD = 0.497, 0.05
"""Width of a shut mouth at rest, in distances of the outer corners of the eyes: mean of 51 people from the
front, and one and a half times their standard deviation. Smiling ones: .587."""
PARTED_SCALE: Final = 0.05
"""Gap in mouth widths that counts 1. By eye: parted lips have less."""
WIDE_SCALE, NARROW_SCALE = 0.05, 0.1
"""Differences from the usual width, in that unit, that count as much: half a smile,
and lips half pursed. Of who smiles most of the time the usual width is one of a smile: narrower ones count
less."""
LEAST_COUNT: Final = 0.02
"""What a sample counts at least, where those from the front count 1: somebody may sit turned all the time."""
GAZE_SCALE: Final = 0.15
"""Eye widths off the middle of the eye at which a gaze counts .6 of one in the middle."""

_STABLE = list(lm.STABLE)
_UPPER_LIP, _NOSE_BASE = 0, 2
_BROWS = [105, 107, 334, 336]
_EYE_CORNERS = [*lm.LEFT_EYE_CORNERS, *lm.RIGHT_EYE_CORNERS]
_IRISES = [list(iris) for _, _, iris in lm.EYES]
_LIDS = sorted({*lm.LEFT_EYE, *lm.RIGHT_EYE, *lm.CREASES, *lm.LOWER_FOLDS} - set(_EYE_CORNERS))
_OPENING, _GAP, _WIDTH, _BROW, _LOOK_X, _LOOK_Y = range(6)


class RestingFace:
    """Estimate for one person. `first`: (478, 3) in pixels of the driver.

    Shapes are (478, 3) in face coordinates: distances of the outer eye corners from the middle of the stable
    points, along the axes of the face. Turns are yaw, pitch and roll against `first` in radians.
    """

    def __init__(self, first: F32) -> None:
        own = first.astype(np.float64)
        self._unit = max(measures.between_eyes(own), 1e-6)
        self._axes, self._centre = measures.face_axes(own), own[_STABLE].mean(0)
        self._first = (own - self._centre) @ self._axes / self._unit
        height = self._first[:, 1]
        self._low = smoothstep(height[_NOSE_BASE], height[_UPPER_LIP], height)[:, None]
        self._shapes = np.zeros((SAMPLES, lm.COUNT, 3), np.float32)
        self._turns, self._does = np.zeros((SAMPLES, 3)), np.zeros((SAMPLES, 6))
        self._frontal = np.zeros(SAMPLES)
        self._taken = 0
        self._last = -np.inf
        self._waiting: tuple[F32, float] | None = None
        self._estimate: tuple[Array, Array] | None = None

    @property
    def seconds(self) -> float:
        """How long this face was looked at, up to the length of the memory."""
        return min(self._taken, SAMPLES) * SAMPLE_SECONDS

    def add(self, points: F32, time: float) -> None:
        """A frame; of those within `SAMPLE_SECONDS` the one with the least open mouth is kept, for in speech
        lips meet for a moment. points: (478, 3); time in seconds."""
        gap = measures.lip_gap(points)
        if self._waiting is None or gap < self._waiting[1]:
            self._waiting = points, gap
        if time - self._last >= SAMPLE_SECONDS:
            self._keep(self._waiting[0])
            self._waiting, self._last = None, time

    def _keep(self, points: F32) -> None:
        shape, turn, _, _ = self._taken_apart(points)
        if not (np.isfinite(shape).all() and np.isfinite(turn).all()):
            return
        k = self._taken % SAMPLES
        self._shapes[k], self._turns[k], self._does[k] = shape, turn, _does(shape)
        self._frontal[k] = np.exp(-turned(points.astype(np.float64)) / 2)
        self._taken, self._estimate = self._taken + 1, None

    def estimate(self) -> tuple[Array, Array]:
        """Shape (478, 3) and turn (3,) that this face returns to; of `first` while there is no sample."""
        if not self._taken:
            return self._first, np.zeros(3)
        if self._estimate is None:
            self._estimate = self._new_estimate()
        return self._estimate

    def _new_estimate(self) -> tuple[Array, Array]:
        count = min(self._taken, SAMPLES)
        does, turns, frontal = self._does[:count], self._turns[:count], self._frontal[:count] + LEAST_COUNT
        turn = np.array([_mean_in(MIDDLE_BAND, turns[:, k], turns[:, k], frontal) for k in range(3)])
        away = np.linalg.norm(turns - turn, axis=1) / FRONTAL_SCALE
        counts = np.exp(-(away**2)) + LEAST_COUNT
        looking = counts * (np.exp(-0.5 * (does[:, _LOOK_X] / GAZE_SCALE) ** 2) + LEAST_COUNT)
        width = does[:, _WIDTH]
        usual = np.clip(
            _mean_in(USUAL_BAND, width, width, counts), MOUTH_WIDTH - WIDTH_SPREAD, MOUTH_WIDTH + WIDTH_SPREAD
        )
        off = (width - usual) / np.where(width > usual, WIDE_SCALE, NARROW_SCALE)
        unrest = (does[:, _GAP] / PARTED_SCALE) ** 2 + off**2
        least = _mean_in(LEAST_BAND, unrest, unrest, counts)
        mouth = counts * np.exp(-np.maximum(unrest - least, 0.0))
        opening = does[:, _OPENING]
        awake = smoothstep(*ASLEEP, opening / max(_mean_in(WIDEST_BAND, opening, opening, counts), 1e-6))
        weights = np.stack(
            [
                mouth / mouth.sum(),
                _band(opening, counts * (awake + LEAST_COUNT), LIDS_BAND),
                _band(does[:, _BROW], counts, MIDDLE_BAND),
                _band(does[:, _LOOK_X], looking, MIDDLE_BAND),
                _band(does[:, _LOOK_Y], looking, MIDDLE_BAND),
            ]
        )
        flat = self._shapes[:count].reshape(count, -1)
        means = (weights.astype(np.float32) @ flat).reshape(-1, lm.COUNT, 3).astype(np.float64)
        at_mouth, at_lids, shape, aside, up = means
        shape = shape + self._low * (at_mouth - shape)
        shape[_LIDS] = at_lids[_LIDS]
        for iris, (upper, _, _) in zip(_IRISES, lm.EYES, strict=True):
            corners = [upper[0], upper[-1]]
            shape[iris, 0] = aside[iris, 0] - aside[corners, 0].mean() + shape[corners, 0].mean()
            shape[iris, 1] = up[iris, 1] - up[corners, 1].mean() + shape[corners, 1].mean()
        return shape, turn

    def place(self, points: F32) -> tuple[Array, Array]:
        """Have `points` lie where these (478, 3) do, and tell their shape and turn. It is a sample, too."""
        self._keep(points)
        shape, turn, self._unit, self._centre = self._taken_apart(points)
        return shape, turn

    def move(self, points: F32) -> None:
        """Have `points` lie where these (478, 3) do, whatever they show."""
        _, _, self._unit, self._centre = self._taken_apart(points)

    def points(self, shape: Array, turn: Array) -> F32:
        """(478, 3) pixels: that face, so turned, at its place."""
        rotation = self._axes @ geo.from_euler(turn)
        return (shape @ rotation.T * self._unit + self._centre).astype(np.float32)

    def _taken_apart(self, points: F32) -> tuple[Array, Array, float, Array]:
        """Shape, turn, size and place of a face."""
        seen = points.astype(np.float64)
        scale, rotation, shift = geo.similarity(self._first[_STABLE], seen[_STABLE])
        shape = (seen - shift) @ rotation / max(scale, 1e-9)
        return shape, geo.to_euler(self._axes.T @ rotation), scale, shift


def _does(shape: Array) -> Array:
    """(6,): what a face does that bands are cut of."""
    looks = []
    for upper, _, iris in lm.EYES:
        corners = shape[[upper[0], upper[-1]], :2]
        width = max(float(np.linalg.norm(corners[1] - corners[0])), 1e-6)
        looks.append((shape[iris[0], :2] - corners.mean(0)) / width)
    look = np.mean(looks, 0)
    brow = shape[_EYE_CORNERS, 1].mean() - shape[_BROWS, 1].mean()
    gap = max(measures.lip_gap(shape), 0.0)
    return np.array([measures.lid_openings(shape), gap, measures.mouth_width(shape), brow, *look])


def _band(values: Array, counts: Array, band: tuple[float, float]) -> Array:
    """(N,) weights, 1 in all, of the samples that lie between two shares of all in the order of `values`."""
    order = np.argsort(values, kind="stable")
    upto = np.cumsum(counts[order]) / counts.sum()
    share = np.minimum(upto, band[1]) - np.maximum(np.append(0.0, upto[:-1]), band[0])
    weights = np.zeros(len(values))
    weights[order] = np.maximum(share, 0.0)
    inside: Array = weights / weights.sum()
    return inside


def _mean_in(band: tuple[float, float], order: Array, values: Array, counts: Array) -> float:
    """Mean of the values of those samples that `_band` takes."""
    return float(_band(order, counts, band) @ values)
