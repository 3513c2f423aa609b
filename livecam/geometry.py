"""Geometry that knows nothing of faces: rotations, similarities, limits, steps in time. NumPy only.

Coordinates: x right, y down, z away from the camera, as MediaPipe gives them. Angles are in radians; the
order is yaw, pitch, roll: R = Ry(yaw) Rx(pitch) Rz(roll). The unit (pixels, or 0..1 of a crop) is the
caller's and must be the same on all three axes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

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


def affine_about(linear: Array, centre: Array, goal: Array) -> Array:
    """(D, D + 1): the map that applies `linear`, (D, D), about a centre, which goes to `goal`, both (D,)."""
    return np.concatenate([linear, (goal - linear @ centre)[:, None]], 1)


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


def first_order(times: Any) -> Array:
    """What a first-order law makes of the way in so many of its time constants, 0 to 1; of an array, too."""
    out: Array = 1 - np.exp(-np.asarray(times, np.float64))
    return out


def smoothstep(start: float, end: float, x: Any) -> Array:
    """0 before `start`, 1 after `end`, 3t^2 - 2t^3 between; `start` may lie above `end`, and on it for a
    step."""
    if start == end:
        stepped: Array = np.asarray(x >= start, np.float64)
        return stepped
    t = np.clip((x - start) / (end - start), 0.0, 1.0)
    out: Array = t * t * (3.0 - 2.0 * t)
    return out


def unit(v: Array) -> Array:
    """The vector at length 1."""
    out: Array = v / max(float(np.linalg.norm(v)), 1e-12)
    return out
