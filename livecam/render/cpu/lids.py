"""Closing lids: the twin of `livecam.model.lids`, in the small boxes around the eyes."""

from __future__ import annotations

import numpy as np

from livecam.arrays import F32
from livecam.compiled import compiled
from livecam.face import landmarks as lm
from livecam.frames import RGB
from livecam.generator.inputs import (
    LASH_EDGE,
    LASH_ENDS,
    LASH_LINE,
    LASH_SHADE,
    LASH_SHADE_MOST,
    LID_SOFT,
    SMALLEST_WIDTH,
    FrameInputs,
)
from livecam.generator.layout import EYE_AREAS
from livecam.geometry import pixel_box
from livecam.render.cpu.holes import FAR, NO_LENGTH, inside_distance, squared_to_edge
from livecam.render.cpu.warper import box_map, moved

_ROWS = [list(upper) for upper, _, _ in lm.EYES]
_AREAS = [list(area) for area in EYE_AREAS]
_LIDS = [list(lid) for lid in lm.UPPER_LIDS]
_OPENINGS = [list(lm.LEFT_EYE), list(lm.RIGHT_EYE)]


def close_lids(picture: RGB, skin: RGB, inputs: FrameInputs) -> None:
    """Lays the skin of lids over S x S x 3 and draws their lashes, in place, each eye as far as it is shut.

    skin: S x S x 3, both eyes painted as shut ones, in the portrait's place; contiguous.
    """
    for eye, lids in enumerate(inputs.lids):
        if lids[3] > 0:
            _close(picture, skin, inputs.landmarks * np.float32(picture.shape[0]), eye, lids)


def _close(picture: RGB, skin: RGB, points: F32, eye: int, lids: F32) -> None:
    """points: (478, 2) in pixels; lids: (12,) as `FrameInputs` has them."""
    size = picture.shape[0]
    row, area = points[_ROWS[eye]], points[_AREAS[eye]]
    width = max(float(np.linalg.norm(row[-1] - row[0])), SMALLEST_WIDTH * size)
    margin = LASH_SHADE * width + LASH_EDGE
    low, high = np.minimum(area.min(0), row.min(0) - margin), np.maximum(area.max(0), row.max(0) + margin)
    x0, y0, x1, y1 = pixel_box(low, high + 1, size)
    if x1 - x0 < 3 or y1 - y0 < 3:
        return
    corner = np.array([x0, y0], np.float32)
    box = picture[y0:y1, x0:x1]
    shown = box.astype(np.float32)

    within, lid = (np.empty(box.shape[:2], np.float32) for _ in range(2))
    inside_distance(area - corner, within)
    inside_distance(points[_LIDS[eye]] - corner, lid)
    upper = np.minimum(lid, 1)
    drawn = upper * lids[3]
    if lids[5] > 0:
        inside_distance(points[_OPENINGS[eye]] - corner, lid)
        drawn += (1 - upper) * (1 - np.minimum(lid, 1)) * lids[5]
    share = np.minimum(within / np.float32(LID_SOFT * width), 1) * drawn
    layer = moved(skin, box_map(lids[6:].reshape(2, 3), (x0, y0), size), (x1 - x0, y1 - y0))
    shown += (layer - shown) * share[..., None]

    line, shade = lashes(row - corner, box.shape[:2])
    cover = np.maximum(line, shade * upper) * lids[3]
    shown += (lids[:3] * 255 - shown) * cover[..., None]
    box[:] = np.clip(shown + 0.5, 0, 255)


def lashes(row: F32, shape: tuple[int, ...]) -> tuple[F32, F32]:
    """(h, w) in 0..1 twice: what lashes cover, and the shade around them. row: (9, 2), a lid's edge in pixels
    of the box of that shape."""
    edge = row[-1] - row[0]
    width = max(float(np.linalg.norm(edge)), 1e-3)
    away = np.empty(shape, np.float32)
    line_distance(row, LASH_SHADE * width + LASH_EDGE, away)
    x, y = (np.arange(n, dtype=np.float32) + np.float32(0.5) for n in shape[::-1])
    across, down = (x - row[0, 0]) * edge[0], (y - row[0, 1]) * edge[1]
    along = np.clip((across[None] + down[:, None]) / np.float32(width**2), 0, 1) * 2 - 1
    half = LASH_LINE * width * (LASH_ENDS + (1 - LASH_ENDS) * np.sqrt(1 - along**2))
    line: F32 = np.clip((half - away) / LASH_EDGE + 0.5, 0, 1)
    near = np.clip(1 - away / np.float32(LASH_SHADE * width), 0, 1)
    shade: F32 = np.float32(LASH_SHADE_MOST) * near**2
    return line, shade


@compiled(fastmath=True)
def line_distance(line: F32, reach: float, out: F32) -> None:
    """Distance of every pixel to a line from corner to corner; of one farther than `reach`, that or more.

    line: (N, 2), pixel coordinates of the box `out` (h, w), whose pixel centres are at + .5.
    """
    top, bottom = line[:, 1].min() - reach, line[:, 1].max() + reach
    for y in range(out.shape[0]):
        if y + 0.5 < top or y + 0.5 > bottom:
            out[y] = reach
            continue
        for x in range(out.shape[1]):
            best = FAR
            for i in range(line.shape[0] - 1):
                ax, ay, bx, by = line[i, 0], line[i, 1], line[i + 1, 0], line[i + 1, 1]
                best = min(best, squared_to_edge(ax, ay, bx, by, x + 0.5, y + 0.5, NO_LENGTH))
            out[y, x] = np.sqrt(best)
