"""Landmarks as a tracker would have found them: exact ones, made wrong the way MediaPipe is wrong.

What is imitated was measured against rendered truth: brows, lids and the lower lip are its weak points, a
shut lid keeps a tenth of the eye's width open and touching lips .03 of the mouth's, every face has errors
of its own that stay from frame to frame, and a single frame's points tremble by a few tenths of a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.motion import SHUT_LIDS, SHUT_LIPS

Points = NDArray[np.float32]
Rng = np.random.Generator

_EYES = tuple(sorted({*upper, *lower}) for upper, lower, _ in lm.EYES)
_IRISES = tuple(sorted(iris) for *_, iris in lm.EYES)
_LOWER_LIP = sorted({*lm.INNER_LIP_LOWER[1:-1], *lm.OUTER_LIP_LOWER[1:-1]})
_BROWS = ((70, 63, 105, 66, 107, 46, 53, 52, 65, 55), (300, 293, 334, 296, 336, 276, 283, 282, 295, 285))

# Shares of the height of the face (about 18 cm): of a person's own error, and of one frame's.
OWN_SHIFT, OWN_POINT = 0.005, 0.002
FRAME_SHIFT, FRAME_POINT = 0.002, 0.0008
GROUPS = ((_EYES[0], 1.0), (_EYES[1], 1.0), (_IRISES[0], 1.0), (_IRISES[1], 1.0), (sorted(lm.LIPS), 1.0),
          (_LOWER_LIP, 1.0), (_BROWS[0], 2.0), (_BROWS[1], 2.0))  # fmt: skip
OPEN_LIDS = 0.3
"""Opening of a resting eye as a share of its width: there the tracker is right on average."""


@dataclass
class LandmarkNoise:
    """The errors that belong to one person. Call it for every frame."""

    rng: Rng
    own: Points = field(init=False)
    lids: float = field(init=False)

    def __post_init__(self) -> None:
        self.own = self._field(OWN_SHIFT, OWN_POINT)
        self.lids = float(np.exp(self.rng.normal(0, 0.08)))

    def __call__(self, points: Points) -> Points:
        """points (478, 3) in pixels, exact -> as tracked."""
        height = float(np.linalg.norm(points[lm.CHIN, :2] - points[lm.FOREHEAD, :2]))
        out = points.astype(np.float32).copy()
        for upper, lower, _ in lm.EYES:
            self._lids(out, upper, lower)
        self._lips(out)
        out += (self.own + self._field(FRAME_SHIFT, FRAME_POINT)) * np.float32(height)
        return out

    def _field(self, shift: float, point: float) -> Points:
        """(478, 3): one shift a group, and every point's own."""
        moved = self.rng.normal(0, point, (lm.COUNT, 3))
        for group, strength in GROUPS:
            moved[list(group)] += self.rng.normal(0, shift * strength, 3)
        moved[:, 2] *= 2
        return moved.astype(np.float32)

    def _lids(self, out: Points, upper: tuple[int, ...], lower: tuple[int, ...]) -> None:
        """The nearer to shut, the more the opening is overrated."""
        u, low = list(upper[1:-1]), list(lower[1:-1])
        width = float(np.linalg.norm(out[upper[-1], :2] - out[upper[0], :2]))
        gap = out[low] - out[u]
        opening = float(np.linalg.norm(gap[2:5, :2], axis=1).mean()) / max(width, 1e-6)
        seen = SHUT_LIDS + opening * (1 - SHUT_LIDS / OPEN_LIDS)
        seen *= self.lids * float(np.exp(self.rng.normal(0, 0.06)))
        if opening > 1e-3:
            out[u] = out[low] - gap * np.float32(seen / opening)
        else:
            down = _down(out)
            out[u] = out[low] - np.float32(seen * width) * down

    def _lips(self, out: Points) -> None:
        """Touching lips are seen a little apart."""
        upper, lower = list(lm.INNER_LIP_UPPER[1:-1]), list(lm.INNER_LIP_LOWER[1:-1])
        width = np.linalg.norm(out[lm.INNER_LIP_UPPER[-1], :2] - out[lm.INNER_LIP_UPPER[0], :2])
        down = _down(out)
        gap = (out[lower] - out[upper]) @ down
        more = np.maximum(SHUT_LIPS * width - gap, 0)[:, None] * down * 0.5
        out[upper] -= more.astype(np.float32)
        out[lower] += more.astype(np.float32)


def _down(points: Points) -> Points:
    """(3,): unit vector from forehead to chin."""
    way = points[lm.CHIN] - points[lm.FOREHEAD]
    return np.asarray(way / max(float(np.linalg.norm(way)), 1e-6), np.float32)
