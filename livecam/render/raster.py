"""The rasteriser: triangles with depth -> which source position every grid cell shows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.compiled import compiled

FAR = np.float32(1e9)
FARTHEST = 1e3
"""Vertices beyond so many sides of the picture, or at no number at all, are not drawn to."""


@compiled()
def near(vertex: F32) -> bool:
    """Whether both coordinates are numbers near the picture. Without `fastmath`, which knows no NaN, and
    asked before a coordinate becomes an index: NaN and what is too large can become any."""
    return abs(vertex[0]) < FARTHEST and abs(vertex[1]) < FARTHEST


@compiled(fastmath=True)
def rasterise(
    vertices: F32, depth: F32, source: F32, triangles: NDArray[np.int32], nearest: F32, flow: F32
) -> None:
    """Draw a mesh with a z-buffer; each cell gets source position minus own position.

    vertices: (V, 2) driven positions, depth: (V,) small is near, source: (V, 2) positions in the portrait;
    all in 0..1. triangles: (T, 3). Written: nearest (G, G), the z-buffer, and flow (G, G, 2), zero where no
    triangle covers the cell. Cell centres are (i + .5) / G. Where a corner is no number, or none of the
    vertices, nothing is drawn.
    """
    size = flow.shape[0]
    count = min(vertices.shape[0], depth.shape[0], source.shape[0])
    for i in range(size):
        for j in range(size):
            nearest[i, j] = FAR
            flow[i, j, 0] = 0.0
            flow[i, j, 1] = 0.0
    for k in range(triangles.shape[0]):
        a, b, c = triangles[k, 0], triangles[k, 1], triangles[k, 2]
        if min(a, b, c) < 0 or max(a, b, c) >= count:
            continue
        if not (near(vertices[a]) and near(vertices[b]) and near(vertices[c])):
            continue
        ax, ay = vertices[a, 0] * size - 0.5, vertices[a, 1] * size - 0.5
        bx, by = vertices[b, 0] * size - 0.5, vertices[b, 1] * size - 0.5
        cx, cy = vertices[c, 0] * size - 0.5, vertices[c, 1] * size - 0.5
        area = (by - cy) * (ax - cx) + (cx - bx) * (ay - cy)
        if abs(area) < 1e-9:
            continue
        inverse = 1.0 / area
        left = max(0, int(np.ceil(min(ax, bx, cx))))
        right = min(size - 1, int(np.floor(max(ax, bx, cx))))
        top = max(0, int(np.ceil(min(ay, by, cy))))
        bottom = min(size - 1, int(np.floor(max(ay, by, cy))))
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                wa = ((by - cy) * (x - cx) + (cx - bx) * (y - cy)) * inverse
                wb = ((cy - ay) * (x - cx) + (ax - cx) * (y - cy)) * inverse
                wc = 1.0 - wa - wb
                if wa < -1e-4 or wb < -1e-4 or wc < -1e-4:
                    continue
                z = wa * depth[a] + wb * depth[b] + wc * depth[c]
                if z < nearest[y, x]:
                    nearest[y, x] = z
                    flow[y, x, 0] = (
                        wa * source[a, 0] + wb * source[b, 0] + wc * source[c, 0] - (x + 0.5) / size
                    )
                    flow[y, x, 1] = (
                        wa * source[a, 1] + wb * source[b, 1] + wc * source[c, 1] - (y + 0.5) / size
                    )


@compiled(fastmath=True)
def _spread(flow: F32, known: NDArray[np.bool_], step: int) -> None:
    """Give cells that are not known the flow of a known one before them, in their row or else their column;
    from the first cell on with a step of 1, from the last one back with -1."""
    rows, columns = known.shape
    for a in range(rows):
        for b in range(columns):
            i, j = (a, b) if step > 0 else (rows - 1 - a, columns - 1 - b)
            if known[i, j]:
                continue
            for k, m in ((i, j - step), (i - step, j)):
                if 0 <= k < rows and 0 <= m < columns and known[k, m]:
                    flow[i, j, 0], flow[i, j, 1] = flow[k, m, 0], flow[k, m, 1]
                    known[i, j] = True
                    break


@compiled(fastmath=True)
def halve(nearest: F32, fine: F32, flow: F32) -> None:
    """Each cell of `flow` (G, G, 2) gets the mean of those of its four in `fine` (2G, 2G, 2) that a triangle
    covers by `nearest` (2G, 2G); where none does, that of a cell beside it: never none, which would show the
    person at rest a second time.

    A flow has kinks along triangles' edges. Sampled at single points and enlarged they become stairs: the
    rim of a stretched lip is jagged.
    """
    gaps = 0
    known = np.empty(flow.shape[:2], np.bool_)
    for i in range(flow.shape[0]):
        for j in range(flow.shape[1]):
            count, x, y = 0, np.float32(0), np.float32(0)
            for k in range(2 * i, 2 * i + 2):
                for m in range(2 * j, 2 * j + 2):
                    if nearest[k, m] < FAR:
                        count += 1
                        x += fine[k, m, 0]
                        y += fine[k, m, 1]
            flow[i, j, 0] = x / max(count, 1)
            flow[i, j, 1] = y / max(count, 1)
            known[i, j] = count > 0
            gaps += count == 0
    if gaps > 0:
        _spread(flow, known, 1)
        _spread(flow, known, -1)
