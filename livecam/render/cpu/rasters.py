"""What the refiner is told about a face: the twin of `livecam.model.rasters`. No torch."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.compiled import compiled
from livecam.face import landmarks as lm
from livecam.generator.alignment import Window
from livecam.generator.layout import CHANNELS, EYE_AREAS, EYES, GRID, IRISES, LIDS, LIPS, MOUTH, REACH
from livecam.render.cpu.holes import FAR, crossing, squared_to_edge

NO_LENGTH: Final = 1e-12
"""Squared pixels added to an edge's, so that one of no length counts as a point."""
_OUTLINES = (
    (MOUTH, np.array(lm.MOUTH)),
    (LIPS, np.array(lm.OUTER_LIPS)),
    (EYES, np.array(lm.LEFT_EYE)),
    (EYES, np.array(lm.RIGHT_EYE)),
    (LIDS, np.array(EYE_AREAS[0])),
    (LIDS, np.array(EYE_AREAS[1])),
)


def draw_rasters(
    landmarks: F32, window: Window, grid: tuple[int, int] = (GRID, GRID), whole: int | None = None
) -> F32:
    """landmarks (478, 2 or more) -> (5, high, wide) as `livecam.model.rasters.Rasters` draws them. `grid`:
    width and height; `whole`: cells along a side of the face-aligned square, the grid's own unless given."""
    x, y = window.to_crop(landmarks[:, 0].astype(np.float64), landmarks[:, 1].astype(np.float64))
    own = np.stack([x, y], 1) * grid
    out = np.full((len(CHANNELS), grid[1], grid[0]), -1, np.float32)
    reach = REACH * (whole or grid[0])
    for channel, outline in _OUTLINES:
        _outline(own[outline], reach, out[channel])
    for iris in (lm.LEFT_IRIS, lm.RIGHT_IRIS):
        centre = own[iris[0]]
        radius = np.linalg.norm(own[list(iris[1:])] - centre, axis=1).mean()
        _disc(centre[0], centre[1], radius, reach, out[IRISES])
    return out


@compiled()
def _cell(place: float, count: int) -> int:
    """The place as an index from 0 to `count`: cut first, for too large a number and NaN make any index."""
    return int(min(place, float(count))) if place > 0 else 0


@compiled()
def _outline(corners: NDArray[np.float64], reach: float, out: F32) -> None:
    """out = max(out, signed distance to a closed outline / reach), in pixels of `out`, centres at + .5."""
    rows, columns = out.shape
    count = corners.shape[0]
    x0 = _cell(np.floor(corners[:, 0].min() - reach), columns)
    x1 = _cell(np.ceil(corners[:, 0].max() + reach) + 1, columns)
    y0 = _cell(np.floor(corners[:, 1].min() - reach), rows)
    y1 = _cell(np.ceil(corners[:, 1].max() + reach) + 1, rows)
    for y in range(y0, y1):
        py = y + 0.5
        for x in range(x0, x1):
            px = x + 0.5
            winding = 0
            best = FAR
            for i in range(count):
                j = i + 1 if i + 1 < count else 0
                ax, ay, bx, by = corners[i, 0], corners[i, 1], corners[j, 0], corners[j, 1]
                winding += crossing(ax, ay, bx, by, px, py)
                best = min(best, squared_to_edge(ax, ay, bx, by, px, py, NO_LENGTH))
            value = np.sqrt(best) / reach
            if winding == 0:
                value = -value
            value = min(max(value, -1.0), 1.0)
            if value > out[y, x]:
                out[y, x] = value


@compiled()
def _disc(cx: float, cy: float, radius: float, reach: float, out: F32) -> None:
    """out = max(out, signed distance to a disc / reach)."""
    far = radius + reach
    for y in range(_cell(cy - far, out.shape[0]), _cell(cy + far + 2, out.shape[0])):
        for x in range(_cell(cx - far, out.shape[1]), _cell(cx + far + 2, out.shape[1])):
            value = (radius - np.sqrt((x + 0.5 - cx) ** 2 + (y + 0.5 - cy) ** 2)) / reach
            value = min(max(value, -1.0), 1.0)
            if value > out[y, x]:
                out[y, x] = value
