"""Earrings: studs and hoops that hang from a person's own lobes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from training.heads.accessories import Mesh, joined, tube
from training.heads.data import Floats, HeadData, Integers
from training.heads.lights import Color
from training.heads.surfaces import grid_triangles

_LOBE: Final = (7.6, -1.85, 0.8)
"""The lowest point of the ear on the neutral head, in cm; the other is its mirror image."""


@dataclass(frozen=True, slots=True)
class Earrings:
    """kind: "stud" or "hoop"; `size` is the radius in cm."""

    kind: str = "stud"
    size: float = 0.3
    color: Color = (0.75, 0.62, 0.35)


def earrings(style: Earrings, data: HeadData, neutral: Floats) -> Mesh:
    """Both earrings on a person's neutral vertices (V, 3)."""
    skin = data.part_vertices("face", "head_neck")
    parts = []
    for side in (-1.0, 1.0):
        place = np.array([side, 1.0, 1.0]) * _LOBE
        lobe = neutral[skin[np.linalg.norm(data.neutral[skin] - place, axis=1).argmin()]]
        if style.kind == "hoop":
            turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
            # It hangs in the plane that looks sideways, a little askew, from just above the lobe's end.
            ring = np.stack([0.25 * side * np.cos(turn), np.cos(turn) - 0.75, np.sin(turn)], axis=1)
            parts.append(tube(lobe + ring * style.size + [0.1 * side, 0.0, 0.0], 0.07, closed=True))
        else:
            parts.append(_ball(lobe + np.array([0.1 * side, 0.2, 0.25]), style.size))
    return joined(parts)


def _ball(centre: Floats, radius: float) -> tuple[Floats, Integers, Floats]:
    polar, turn = np.meshgrid(
        np.linspace(0.05, np.pi - 0.05, 7), np.linspace(0, 2 * np.pi, 10, False), indexing="ij"
    )
    points = np.stack([np.sin(polar) * np.cos(turn), np.cos(polar), np.sin(polar) * np.sin(turn)], axis=-1)
    texture = np.zeros((points.size // 3, 2), np.float32)
    placed = np.asarray(centre + radius * points.reshape(-1, 3), np.float32)
    return placed, grid_triangles(7, 10, closed=True), texture
