"""How far inside an opening a pixel is: the twin of `livecam.model.holes`, in a small box of the picture."""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.compiled import compiled

FAR: Final = 1e12
"""A squared distance beyond all others."""
NO_LENGTH: Final = 1e-9
"""Squared pixels added to an edge's, so that one of no length counts as a point."""


@compiled()
def crossing(ax: float, ay: float, bx: float, by: float, px: float, py: float) -> int:
    """What the edge from a to b adds to the winding number of the point p."""
    start, end = ay <= py, by <= py
    if start != end:
        side = (bx - ax) * (py - ay) - (by - ay) * (px - ax)
        if start and side > 0:
            return 1
        if end and side < 0:
            return -1
    return 0


@compiled()
def squared_to_edge(
    ax: float, ay: float, bx: float, by: float, px: float, py: float, no_length: float
) -> float:
    """Squared distance of the point p to the edge from a to b."""
    ex, ey = bx - ax, by - ay
    wx, wy = px - ax, py - ay
    along = (wx * ex + wy * ey) / (ex * ex + ey * ey + no_length)
    along = min(max(along, 0.0), 1.0)
    dx, dy = wx - ex * along, wy - ey * along
    return float(dx * dx + dy * dy)


@compiled(fastmath=True)
def inside_distance(outline: F32, out: F32) -> None:
    """Distance to a closed outline for pixels inside it, 0 outside.

    outline: (N, 2), pixel coordinates of the box `out` (h, w), whose pixel centres are at + .5. Inside is
    where the winding number is not 0.
    """
    count = outline.shape[0]
    left, right = outline[:, 0].min(), outline[:, 0].max()
    top, bottom = outline[:, 1].min(), outline[:, 1].max()
    for y in range(out.shape[0]):
        py = y + 0.5
        for x in range(out.shape[1]):
            px = x + 0.5
            if px < left or px > right or py < top or py > bottom:
                out[y, x] = 0.0
                continue
            winding = 0
            for i in range(count):
                j = i + 1 if i + 1 < count else 0
                winding += crossing(outline[i, 0], outline[i, 1], outline[j, 0], outline[j, 1], px, py)
            out[y, x] = 0.0
            if winding != 0:
                best = FAR
                for i in range(count):
                    j = i + 1 if i + 1 < count else 0
                    away = squared_to_edge(
                        outline[i, 0], outline[i, 1], outline[j, 0], outline[j, 1], px, py, NO_LENGTH
                    )
                    best = min(best, away)
                out[y, x] = np.sqrt(best)
