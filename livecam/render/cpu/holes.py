"""How far inside an opening a pixel is: the twin of `livecam.model.holes`, in a small box of the picture."""

from __future__ import annotations

import numpy as np

from livecam.arrays import F32
from livecam.compiled import compiled


@compiled(fastmath=True)
def inside_distance(outline: F32, out: F32) -> None:
    """Distance to a closed outline for pixels inside it, 0 outside.

    outline: (N, 2), pixel coordinates of the box `out` (h, w), whose pixel centres are at + .5. Inside is
    where the winding number is not 0.
    """
    count = outline.shape[0]
    for y in range(out.shape[0]):
        py = y + 0.5
        for x in range(out.shape[1]):
            px = x + 0.5
            winding = 0
            for i in range(count):
                j = i + 1 if i + 1 < count else 0
                start, end = outline[i, 1] <= py, outline[j, 1] <= py
                if start != end:
                    ex, ey = outline[j, 0] - outline[i, 0], outline[j, 1] - outline[i, 1]
                    side = ex * (py - outline[i, 1]) - ey * (px - outline[i, 0])
                    if start and side > 0:
                        winding += 1
                    elif end and side < 0:
                        winding -= 1
            out[y, x] = 0.0
            if winding != 0:
                best = np.float32(1e12)
                for i in range(count):
                    j = i + 1 if i + 1 < count else 0
                    ex, ey = outline[j, 0] - outline[i, 0], outline[j, 1] - outline[i, 1]
                    wx, wy = px - outline[i, 0], py - outline[i, 1]
                    along = (wx * ex + wy * ey) / (ex * ex + ey * ey + 1e-9)
                    along = min(max(along, 0.0), 1.0)
                    dx, dy = wx - ex * along, wy - ey * along
                    best = min(best, dx * dx + dy * dy)
                out[y, x] = np.sqrt(best)
