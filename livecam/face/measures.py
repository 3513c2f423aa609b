"""Sizes and directions of a face, read off its landmarks. NumPy only.

Coordinates as in `livecam.geometry`: x right, y down, z away; any unit, the same on all three axes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.geometry import Array, unit

LEAST_BREADTH = 1e-4
"""Breadth of points across their longest direction, as a share of the length along it, below which they lie
on a line: about what float32 leaves of a line far from the corner. Of a face's landmarks never below .3."""


def face_axes(points: Array) -> Array:
    """(3, 3): columns are the face's own x (image right), y (to the chin) and z (away) axes."""
    left_eye, right_eye = lm.OUTER_EYE_CORNERS
    x = unit(points[lm.RIGHT_CHEEK] - points[lm.LEFT_CHEEK]) + unit(points[right_eye] - points[left_eye])
    y = points[lm.CHIN] - points[lm.FOREHEAD]
    x = unit(x)
    z = unit(np.cross(x, y))
    return np.stack([x, np.cross(z, x), z], 1)


def lid_opening(points: Array, upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
    """Mean gap between the middles of the lids, as a share of the eye's width."""
    width = np.linalg.norm(points[upper[-1], :2] - points[upper[0], :2])
    gap = np.linalg.norm(points[list(upper[3:6])] - points[list(lower[3:6])], axis=1).mean()
    return float(gap / max(width, 1e-9))


def lid_openings(points: Array) -> float:
    """Mean `lid_opening` of both eyes. points: (478, 3)."""
    return float(np.mean([lid_opening(points, upper, lower) for upper, lower, _ in lm.EYES]))


def on_a_line(points: NDArray[Any]) -> bool:
    """Whether finite (n, 3) points, in the picture, have no breadth."""
    away = points[:, :2].astype(np.float64)
    away -= away.mean(0)
    least, most = np.linalg.eigvalsh(away.T @ away)
    return bool(least <= LEAST_BREADTH**2 * most)


def mouth_width(points: NDArray[Any]) -> float:
    """Distance between the inner corners of the mouth."""
    left, right = lm.INNER_MOUTH_CORNERS
    return float(np.linalg.norm(points[right, :2] - points[left, :2]))


def lip_gap(points: NDArray[Any]) -> float:
    """Largest vertical gap between the inner lips, as a share of the mouth's width. points: (478, 2 or 3)."""
    gap = points[list(lm.INNER_LIP_LOWER), 1] - points[list(lm.INNER_LIP_UPPER), 1]
    return float(gap.max() / max(mouth_width(points.astype(np.float64)), 1e-9))


def between_eyes(points: NDArray[Any]) -> float:
    """Distance of the outer corners of the eyes in the picture."""
    first, second = lm.OUTER_EYE_CORNERS
    return float(np.linalg.norm(points[first, :2] - points[second, :2]))


def eye_width(points: NDArray[Any]) -> float:
    """Mean distance between the corners of an eye, above 0."""
    widths = [np.linalg.norm(points[upper[-1], :2] - points[upper[0], :2]) for upper, _, _ in lm.EYES]
    return max(float(np.mean(widths)), 1e-6)
