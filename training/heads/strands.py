"""Strands of hair as ribbons: what the strand shader draws."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.heads.data import Floats, Integers

FLOATS_PER_VERTEX = 12
HALF_WIDTH = 7
"""Its place among them."""


@dataclass(frozen=True, slots=True)
class Strands:
    """points (S, K, 3) cm; half_width (S,) cm at the root; random (S,) 0..1; openness (S, K): 0 deep inside
    the hair, 1 at its surface; follow (S, K): share of the head's rotation (1 for what is already posed)."""

    points: Floats
    half_width: Floats
    random: Floats
    openness: Floats
    follow: Floats

    @property
    def count(self) -> int:
        return len(self.points)

    def some(self, every: int, widen: float) -> Strands:
        """Each `every`-th strand, wider: enough to cast shadows."""
        return Strands(
            self.points[::every],
            self.half_width[::every] * widen,
            self.random[::every],
            self.openness[::every],
            self.follow[::every],
        )


def ribbon_vertices(strands: Strands, taper: float = 0.75) -> NDArray[np.float32]:
    """(S * K * 2, 12): position, tangent, side, half width, place along, random, follow, openness."""
    count, length = strands.points.shape[:2]
    tangent = np.gradient(strands.points, axis=1)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=2, keepdims=True), 1e-6)
    along = np.linspace(0, 1, length, dtype=np.float32)
    width = strands.half_width[:, None] * (1 - taper * along**2)[None]
    out = np.empty((count, length, 2, FLOATS_PER_VERTEX), np.float32)
    out[..., 0:3] = strands.points[:, :, None]
    out[..., 3:6] = tangent[:, :, None]
    out[..., 6] = np.array([-1, 1], np.float32)
    out[..., HALF_WIDTH] = width[:, :, None]
    out[..., 8] = along[None, :, None]
    out[..., 9] = strands.random[:, None, None]
    out[..., 10] = strands.follow[:, :, None]
    out[..., 11] = strands.openness[:, :, None]
    return out.reshape(-1, FLOATS_PER_VERTEX)


def ribbon_triangles(count: int, length: int) -> Integers:
    """(S * (K - 1) * 2, 3) into `ribbon_vertices`."""
    base = (np.arange(count)[:, None] * length + np.arange(length - 1)[None]) * 2
    first = np.stack([base, base + 1, base + 2], axis=-1)
    second = np.stack([base + 1, base + 3, base + 2], axis=-1)
    return np.stack([first, second], axis=2).reshape(-1, 3)
