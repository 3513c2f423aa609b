"""Where lips and lids end: MediaPipe's points, put where they lie on films once mouths open and eyes close.

The head's table has them where MediaPipe saw them on pictures of faces that were mostly at rest: lips shut,
eyes open. On other faces some are wrong:

- The upper lip goes on behind the line in which shut lips meet. Its edge lies 1.2 mm lower and 3 mm deeper.
- Three points of the lower lip, beside the corners, are on the upper one: 7 mm from their places in a mouth
  that stands wide open.
- The outer corners of the eyes are on the upper lids, and go 2.5 and 4 mm down with them; on films they stay.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
Place = tuple[int, Floats]
"""A triangle's number, and the weights (3,) of its corners."""

FINE: Final = 8
"""Parts into which a triangle's edge is cut to look for a place."""
JAW: Final = 0.5
"""How far the jaw is open while the edges of the lips are looked for."""
NEAR: Final = 0.8
"""Centimetres around a point in which the lip's edge is."""
SLIM: Final = 0.05
"""Centimetres to either side of a point that count as straight below it."""
STILL: Final = 0.15
"""Centimetres by which a corner of the eye may move in a blink."""

_STEPS: Final = [(a, b, FINE - a - b) for a in range(FINE + 1) for b in range(FINE + 1 - a)]
_WEIGHTS: Final = np.array(_STEPS, np.float32) / FINE
_EDGE: Final = lm.INNER_LIP_UPPER[2:-2]
_BESIDE: Final = ((lm.INNER_LIP_UPPER[1], _EDGE[0]), (lm.INNER_LIP_UPPER[-2], _EDGE[-1]))
"""Next to a corner, where both lips are near: half of what the neighbour has."""
_BETWEEN: Final = {95: (78, 88), 324: (308, 318), 325: (292, 319)}
"""The lower lip's points that are on the upper one, and the two between which they belong."""


class Skin:
    """Places on the triangles around some points, to be searched."""

    def __init__(self, vertices: Floats, triangles: Integers, own: NDArray[np.bool_], around: Floats) -> None:
        """vertices (V, 3); triangles (T, 3), of which own (T,) are skin; around (N, 3): what is near them."""
        corners = vertices[triangles]  # (T, 3, 3)
        low, high = around.min(0) - NEAR, around.max(0) + NEAR
        near = ((corners > low) & (corners < high)).all((1, 2))
        self.numbers = np.flatnonzero(own & near)
        self.triangles = triangles[self.numbers]
        self.places = self.of(vertices)

    def of(self, values: Floats) -> Floats:
        """(P, 3): the places' values, of the vertices' (V, 3)."""
        found: Floats = np.einsum("tkc,gk->tgc", values[self.triangles], _WEIGHTS).reshape(-1, 3)
        return found

    def place(self, number: int) -> Place:
        """Of the P places, as the head's table has it."""
        triangle, step = divmod(number, len(_WEIGHTS))
        return int(self.numbers[triangle]), _WEIGHTS[step]

    def nearest(self, point: Floats, allowed: NDArray[np.bool_] | None = None) -> int:
        """The place nearest to a point (3,), among those `allowed` (P,)."""
        away = np.linalg.norm(self.places - point, axis=1)
        return int(np.argmin(away if allowed is None else np.where(allowed, away, np.inf)))

    def lowest(self, point: Floats, allowed: NDArray[np.bool_]) -> int:
        """The lowest place straight below or above a point (3,), among those `allowed` (P,)."""
        away = np.abs(self.places - point)
        here = allowed & (away.max(1) < NEAR) & (away[:, 0] < SLIM)
        return int(np.argmin(np.where(here, self.places[:, 1], np.inf)))


def lips(
    neutral: Floats, jaw: Floats, triangles: Integers, own: NDArray[np.bool_], points: Floats, moved: Floats
) -> dict[int, Place]:
    """Places of the inner lips' points that the table has wrong.

    neutral and jaw (V, 3): the head in cm, y up, and what the open jaw moves. triangles (T, 3), of which own
    (T,) are skin. points (478, 3): the table's on the neutral head; moved (478, 3): what the jaw moves them.
    """
    points = points + JAW * moved
    skin = Skin(neutral + JAW * jaw, triangles, own, points[list(lm.LIPS)])
    # Upper lip is what moves with the jaw less than half as far as the lower lip.
    half = moved[[lm.INNER_LIP_UPPER[5], lm.INNER_LIP_LOWER[5]], 1].mean()
    upper = skin.of(jaw)[:, 1] > half

    found = {point: skin.lowest(points[point], upper) for point in _EDGE}
    for point, beside in _BESIDE:
        found[point] = skin.nearest(points[point] + 0.5 * (skin.places[found[beside]] - points[beside]))
    for point, (first, second) in _BETWEEN.items():
        found[point] = skin.nearest(0.5 * (points[first] + points[second]))
    return {point: skin.place(number) for point, number in found.items()}


def eye_corner(
    neutral: Floats, blink: Floats, triangles: Integers, own: NDArray[np.bool_], point: Floats
) -> Place:
    """The place nearest to an outer corner (3,) that stays in a blink; the rest as for `lips`."""
    skin = Skin(neutral, triangles, own, point[None])
    return skin.place(skin.nearest(point, np.abs(skin.of(blink)[:, 1]) < STILL))
