"""Small geometry that motion, persona and calibration share. NumPy only.

Coordinates: x right, y down, z away from the camera, as MediaPipe gives them. Angles are in radians; the
order is yaw, pitch, roll: R = Ry(yaw) Rx(pitch) Rz(roll). The unit (pixels, or 0..1 of a crop) is the
caller's and must be the same on all three axes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from livecam.face import landmarks as lm

Array = NDArray[np.float64]


def similarity(a: Array, b: Array) -> tuple[float, Array, Array]:
    """Least-squares scale, rotation and shift with b ~ s R a + t, for N x D points.

    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", 1991.
    """
    centre_a, centre_b = a.mean(0), b.mean(0)
    pa, pb = a - centre_a, b - centre_b
    u, d, vt = np.linalg.svd(pb.T @ pa)
    sign = np.ones(a.shape[1])
    sign[-1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign) @ vt
    scale = float((d * sign).sum() / max((pa * pa).sum(), 1e-12))
    return scale, rotation, centre_b - scale * rotation @ centre_a


def face_axes(points: Array) -> Array:
    """(3, 3): columns are the face's own x (image right), y (to the chin) and z (away) axes."""
    x = _unit(points[lm.RIGHT_CHEEK] - points[lm.LEFT_CHEEK]) + _unit(points[263] - points[33])
    y = points[lm.CHIN] - points[lm.FOREHEAD]
    x = _unit(x)
    z = _unit(np.cross(x, y))
    return np.stack([x, np.cross(z, x), z], 1)


def to_euler(rotation: Array) -> Array:
    """(3,): yaw, pitch, roll of a rotation matrix."""
    yaw = np.arctan2(rotation[0, 2], rotation[2, 2])
    pitch = np.arcsin(np.clip(-rotation[1, 2], -1.0, 1.0))
    roll = np.arctan2(rotation[1, 0], rotation[1, 1])
    return np.array([yaw, pitch, roll])


def from_euler(angles: ArrayLike) -> Array:
    """(3, 3): the inverse of `to_euler`."""
    (cy, cp, cr), (sy, sp, sr) = np.cos(angles), np.sin(angles)
    yaw = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    pitch = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    roll = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    out: Array = yaw @ pitch @ roll
    return out


def soft_limit(x: Any, limit: Any, knee: float = 0.7) -> Array:
    """x unchanged up to knee * limit, then bent smoothly so that |result| stays below limit."""
    limit = np.asarray(limit, np.float64)
    size = np.abs(x)
    start = knee * limit
    room = np.maximum(limit - start, 1e-12)
    bent = start + room * np.tanh((size - start) / room)
    out: Array = np.sign(x) * np.where(size > start, bent, size)
    return out


def pixel_box(low: Any, high: Any, size: int) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the pixels of a size x size picture between two corners, x1 and y1 not among them;
    four zeros where a corner is no number. Cut before it becomes integers, which hold no such thing."""
    first, last = np.clip(np.floor(low), 0, size), np.clip(np.ceil(high), 0, size)
    if np.isnan(first).any() or np.isnan(last).any():
        return 0, 0, 0, 0
    return int(first[0]), int(first[1]), int(last[0]), int(last[1])


def smoothstep(start: float, end: float, x: Any) -> Array:
    """0 before `start`, 1 after `end`, 3t^2 - 2t^3 between; `start` may lie above `end`."""
    t = np.clip((x - start) / (end - start), 0.0, 1.0)
    out: Array = t * t * (3.0 - 2.0 * t)
    return out


def lid_opening(points: Array, upper: tuple[int, ...], lower: tuple[int, ...]) -> float:
    """Mean gap between the middles of the lids, as a share of the eye's width."""
    width = np.linalg.norm(points[upper[-1], :2] - points[upper[0], :2])
    gap = np.linalg.norm(points[list(upper[3:6])] - points[list(lower[3:6])], axis=1).mean()
    return float(gap / max(width, 1e-9))


def mouth_width(points: Array) -> float:
    """Distance between the inner corners of the mouth."""
    return float(np.linalg.norm(points[308, :2] - points[78, :2]))


def between_eyes(points: NDArray[Any]) -> float:
    """Distance of the outer corners of the eyes in the picture."""
    first, second = lm.OUTER_EYE_CORNERS
    return float(np.linalg.norm(points[first, :2] - points[second, :2]))


def eye_width(points: NDArray[Any]) -> float:
    """Mean distance between the corners of an eye, above 0."""
    widths = [np.linalg.norm(points[upper[-1], :2] - points[upper[0], :2]) for upper, _, _ in lm.EYES]
    return max(float(np.mean(widths)), 1e-6)


def _unit(v: Array) -> Array:
    out: Array = v / max(float(np.linalg.norm(v)), 1e-12)
    return out
