"""Landmarks as a tracker would have found them: exact ones, made wrong the way MediaPipe is wrong.

Fitted to MediaPipe on 1,500 rendered pictures of 500 people (`python -m training.heads.detection` measures it
again; docs/heads.md has the table). Three kinds of error:

- what depends on the expression: lids are seen more alike than they are and never quite shut, brows move by a
  third of what they do, irises by a half, and lips that touch are seen a little apart;
- a bias of each region, the same for everybody;
- errors that belong to a person and stay, and errors of one frame, larger where the head is turned. Both are
  smooth over the face: neighbouring points err together, a brow as a whole.

Rendered faces are strange to the tracker, and it errs far more on them than on films of people, where its
lips lie on the lips to half a millimetre: `FILMED` is the share of these errors that is left there.

Frames are independent here. In a film the tracker's errors hang together from frame to frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.geometry import Array
from livecam.motion.lips import SHUT_LIPS
from livecam.motion.transfer import SHUT_LIDS

Points = NDArray[np.float32]
Rng = np.random.Generator

NOSE: Final = (1, 2, 4, 5, 6, 19, 94, 98, 97, 168, 195, 197, 326, 327, 48, 278)
IRISES: Final = (*lm.LEFT_IRIS, *lm.RIGHT_IRIS)
RIM: Final = (454, 323, 361, 234, 93, 132)
"""The outline beside the ears, where MediaPipe's mesh ends in another place than the head."""


@dataclass(frozen=True, slots=True)
class Region:
    """Errors in the face's own directions: outwards from its middle, towards the chin, away from the viewer.

    In distances of the outer eye corners: what everybody shares, then standard deviations of what stays
    with a person and of what changes from frame to frame (of a frontal face).
    """

    points: Sequence[int]
    bias: tuple[float, float, float]
    own: tuple[float, float, float]
    frame: tuple[float, float, float]


_BROWS = [*lm.BROWS[0], *lm.BROWS[1]]
_INNER = sorted(lm.MOUTH)
_LIDS = sorted({i for upper, lower, _ in lm.EYES for i in (*upper, *lower)})
REGIONS: Final = (
    Region(range(lm.COUNT), (0.005, -0.002, -0.009), (0.014, 0.015, 0.035), (0.013, 0.017, 0.019)),
    Region(lm.FACE_OVAL, (0.010, -0.012, 0.046), (0.018, 0.029, 0.057), (0.017, 0.026, 0.034)),
    Region(RIM, (0.054, -0.004, 0.394), (0.020, 0.031, 0.045), (0.021, 0.029, 0.030)),
    Region(NOSE, (0.005, -0.001, -0.034), (0.010, 0.013, 0.029), (0.012, 0.014, 0.011)),
    Region(_BROWS, (0.009, 0.015, -0.015), (0.014, 0.022, 0.032), (0.014, 0.021, 0.023)),
    Region(_LIDS, (0.001, -0.003, 0.019), (0.007, 0.005, 0.021), (0.010, 0.008, 0.020)),
    Region(IRISES, (0.002, 0.001, 0.035), (0.004, 0.003, 0.022), (0.008, 0.007, 0.022)),
    Region(lm.LIPS, (-0.005, -0.003, -0.010), (0.010, 0.012, 0.029), (0.015, 0.013, 0.024)),
    Region(_INNER, (-0.004, -0.006, -0.004), (0.009, 0.008, 0.029), (0.014, 0.015, 0.024)),
)
"""Later ones stand in for earlier ones."""

LIDS: Final = ((0.0, 0.08, 0.125, 0.175, 0.23, 0.28, 0.33, 0.37, 0.44, 1.0),
               (SHUT_LIDS, 0.11, 0.165, 0.213, 0.254, 0.281, 0.306, 0.338, 0.386, 0.7))  # fmt: skip
"""Openings as shares of the eye's width: as they are, and as they are seen on average."""
OWN_LIDS, FRAME_LIDS = 0.08, 0.06
"""Deviations of the logarithm of an opening."""
LIPS: Final = (
    (0.0, 0.014, 0.035, 0.065, 0.15, 0.29, 0.52, 0.9),
    (0.0, 0.01, 0.02, 0.055, 0.145, 0.28, 0.48, 0.7),
)
"""Gaps between the inner lips as shares of the mouth's width: as they are, and as they are seen."""
LIPS_FILMED: Final = ((0.0, 0.05, 0.15, 0.3, 0.9), (SHUT_LIPS, 0.075, 0.165, 0.305, 0.9))
"""The same on films of people: what touches is seen apart, all else as it is."""
OWN_LIPS, FRAME_LIPS = 0.12, 0.18
FILMED: Final = 0.35
"""Share of all errors but the lids' on films: lips of four clips, compared by eye and by .5 mm."""
BROWS_SEEN, BROWS_AT = 0.35, 0.277
"""Share of a brow's height above the eye corners that is seen, and the height where all of it is."""
IRISES_SEEN: Final = (0.59, 0.36)
"""Share of an iris's way from the middle of a resting eye that is seen: sideways, up and down."""
IRIS_AT: Final = -0.015
"""Height of the resting iris below the eye corners."""
TURNED: Final = np.radians(33)
"""Yaw at which the errors of a frame are twice those of a frontal one."""
UNEVEN: Final = 0.45
"""Deviation of the logarithm of a frame's errors: most are small, a few large."""
LENGTH: Final = 0.27
"""Distance over which errors of neighbours become independent: one deviation of the covariance's bell."""
BOTH: Final = 0.7
"""Share of the vertical error's variance that both halves of the face have together."""
WAVES: Final = 48
LOST: Final = 0.003
"""Most that the share of undetected pictures can be: none of 1,000 was, which leaves .3 % (at 95 %)."""


class _Field:
    """Smooth random numbers over the face, of deviation 1, along each of its three directions.

    Sums of cosines with random directions and phases: Rahimi and Recht, "Random features for large-scale
    kernel machines", 2007.
    """

    def __init__(self, rng: Rng) -> None:
        self._waves = rng.normal(0, 1 / LENGTH, (4, 3, WAVES))
        self._phases = rng.uniform(0, 2 * np.pi, (4, 1, WAVES))

    def __call__(self, places: Array) -> Array:
        """places (478, 3) in face coordinates -> (478, 3)."""
        folded = places * [0.0, 1.0, 1.0] + np.abs(places) * [1.0, 0.0, 0.0]
        x, y, z, both = (
            np.sqrt(2 / WAVES) * np.cos(at @ waves + phases).sum(1)
            for at, waves, phases in zip(
                (places, places, places, folded), self._waves, self._phases, strict=True
            )
        )
        return np.stack([x, np.sqrt(1 - BOTH) * y + np.sqrt(BOTH) * both, z], 1)


@dataclass
class LandmarkNoise:
    """The errors that belong to one person. Call it for every frame.

    `share`: of the errors on rendered faces, 1 for those and `FILMED` for films of people. How far open a lid
    is seen is the same on both.
    """

    rng: Rng
    share: float = 1.0
    own: _Field = field(init=False)
    lids: float = field(init=False)
    lips: float = field(init=False)

    def __post_init__(self) -> None:
        self.own = _Field(self.rng)
        self.lids = float(np.exp(self.rng.normal(0, self.share * OWN_LIDS)))
        self.lips = float(np.exp(self.rng.normal(0, self.share * OWN_LIPS)))

    def __call__(self, points: Points) -> Points:
        """points (478, 3) in pixels, exact -> as tracked."""
        axes = measures.face_axes(points.astype(np.float64))
        centre = points[list(lm.STABLE)].mean(0)
        unit = float(np.linalg.norm(points[lm.OUTER_EYE_CORNERS[1]] - points[lm.OUTER_EYE_CORNERS[0]]))
        face = (points - centre) @ axes / unit
        places = face.copy()
        for k, (upper, lower, iris) in enumerate(lm.EYES):
            _see_brow(face, lm.BROWS[k], upper, self.share)
            _see_iris(face, upper, iris, self.share)
            self._see_lids(face, upper, lower)
        self._see_lips(face)
        turned = 1 + (np.arctan2(axes[0, 2], axes[2, 2]) / TURNED) ** 2
        size = min(turned, 3.0) * np.exp(self.rng.normal(-(UNEVEN**2), UNEVEN))
        outwards = np.stack([np.tanh(places[:, 0] / 0.1), *np.ones((2, lm.COUNT))], 1)
        errors = _BIAS * outwards + _OWN * self.own(places) + size * _FRAME * _Field(self.rng)(places)
        face += self.share * errors
        return (face @ axes.T * unit + centre).astype(np.float32)

    def follow(self, points: Points) -> Points | None:
        """As a call, but now and then None: no face was found.

        There is nothing to learn from such a frame, for the live program asks the generator for nothing: it
        holds the last picture and eases to rest. So training pairs are made with plain calls.
        """
        return None if self.rng.random() < LOST else self(points)

    def _see_lids(self, face: Array, upper: tuple[int, ...], lower: tuple[int, ...]) -> None:
        u, low = list(upper[1:-1]), list(lower[1:-1])
        width = float(np.linalg.norm(face[upper[-1], :2] - face[upper[0], :2]))
        gap = face[low] - face[u]
        opening = float(np.linalg.norm(gap[2:5], axis=1).mean()) / max(width, 1e-6)
        frame = float(np.exp(self.rng.normal(0, self.share * FRAME_LIDS)))
        seen = float(np.interp(opening, *LIDS)) * self.lids * frame
        if opening > 1e-3:
            change = gap * (1 - seen / opening)
        else:
            change = np.array([0.0, -seen * width, 0.0]) * np.ones((len(u), 1))
        face[u] += 0.5 * change
        face[low] -= 0.5 * change

    def _see_lips(self, face: Array) -> None:
        upper, lower = list(lm.INNER_LIP_UPPER[1:-1]), list(lm.INNER_LIP_LOWER[1:-1])
        width = max(measures.mouth_width(face), 1e-6)
        gap = (face[lower, 1] - face[upper, 1]) / width
        shown = self.share * np.interp(gap, *LIPS) + (1 - self.share) * np.interp(gap, *LIPS_FILMED)
        more = np.maximum(shown - SHUT_LIPS, 0)
        seen = SHUT_LIPS + more * self.lips * np.exp(self.rng.normal(0, self.share * FRAME_LIPS))
        face[upper, 1] -= 0.5 * width * (seen - gap)
        face[lower, 1] += 0.5 * width * (seen - gap)


def _see_brow(face: Array, brow: tuple[int, ...], upper: tuple[int, ...], share: float) -> None:
    height = face[[upper[0], upper[-1]], 1].mean() - face[list(brow), 1].mean()
    face[list(brow), 1] += share * (1 - BROWS_SEEN) * (height - BROWS_AT)


def _see_iris(face: Array, upper: tuple[int, ...], iris: tuple[int, ...], share: float) -> None:
    way = face[iris[0], :2] - face[[upper[0], upper[-1]], :2].mean(0) - [0.0, IRIS_AT]
    face[list(iris), :2] -= share * (1 - np.array(IRISES_SEEN)) * way


def _by_point(name: str) -> Array:
    """(478, 3): a column of `REGIONS`."""
    values = np.zeros((lm.COUNT, 3))
    for region in REGIONS:
        values[list(region.points)] = getattr(region, name)
    return values


_BIAS, _OWN, _FRAME = (_by_point(name) for name in ("bias", "own", "frame"))
