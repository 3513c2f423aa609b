"""Closing lids: the twin of `livecam.model.lids`, in the small boxes around the eyes."""

from __future__ import annotations

import cv2
import numpy as np

from livecam.arrays import F32
from livecam.compiled import compiled
from livecam.face import landmarks as lm
from livecam.frames import RGB
from livecam.generator.inputs import (
    LASH_EDGE,
    LASH_ENDS,
    LASH_LINE,
    LID_SOFT,
    LID_WEIGHT,
    SMALLEST_WIDTH,
    FrameInputs,
    lid_kernel,
)
from livecam.geometry import pixel_box
from livecam.render.cpu.holes import FAR, NO_LENGTH, inside_distance, squared_to_edge

_SKINS = [list(outline) for outline in lm.UPPER_LIDS]
_ROWS = [list(upper) for upper, _, _ in lm.EYES]


def close_lids(picture: RGB, inputs: FrameInputs) -> None:
    """Smooths the lids of S x S x 3 and draws their lashes, in place, each eye as far as it is shut."""
    size = picture.shape[0]
    for skin, row, lids in zip(_SKINS, _ROWS, inputs.lids, strict=True):
        if lids[3] > 0:
            _close(picture, inputs.landmarks[skin] * size, inputs.landmarks[row] * size, lids)


def _close(picture: RGB, skin: F32, row: F32, lids: F32) -> None:
    """skin: (16, 2) pixels, the lid's outline; row: (9, 2), its edge; lids: (5,), colour and how far shut."""
    size = picture.shape[0]
    width = max(float(np.linalg.norm(row[-1] - row[0])), SMALLEST_WIDTH * size)
    margin = LASH_LINE * width + LASH_EDGE
    x0, y0, x1, y1 = pixel_box(skin.min(0) - margin, skin.max(0) + margin + 1, size)
    if x1 - x0 < 3 or y1 - y0 < 3:
        return
    corner = np.array([x0, y0], np.float32)
    box = picture[y0:y1, x0:x1]
    shown = box.astype(np.float32)

    inside = np.empty(box.shape[:2], np.float32)
    inside_distance(skin - corner, inside)
    where = np.minimum(inside, 1)[..., None]
    planes = np.concatenate([shown * where, where], 2)
    planes = cv2.sepFilter2D(
        planes, -1, lid_kernel(size), np.ones(1, np.float32), borderType=cv2.BORDER_CONSTANT
    )
    smooth = planes[..., :3] / np.maximum(planes[..., 3:], np.float32(LID_WEIGHT))
    share = np.minimum(inside / np.float32(LID_SOFT * width), 1) * lids[3]
    shown += (smooth - shown) * share[..., None]

    line = lash_line(row - corner, box.shape[:2]) * lids[3]
    shown += (lids[:3] * 255 - shown) * line[..., None]
    box[:] = np.clip(shown + 0.5, 0, 255)


def lash_line(row: F32, shape: tuple[int, ...]) -> F32:
    """(h, w) in 0..1: what lashes cover. row: (9, 2), a lid's edge in pixels of the box of that shape."""
    away = np.empty(shape, np.float32)
    line_distance(row, away)
    edge = row[-1] - row[0]
    width = max(float(np.linalg.norm(edge)), 1e-3)
    x, y = (np.arange(n, dtype=np.float32) + np.float32(0.5) for n in shape[::-1])
    across, down = (x - row[0, 0]) * edge[0], (y - row[0, 1]) * edge[1]
    along = np.clip((across[None] + down[:, None]) / np.float32(width**2), 0, 1) * 2 - 1
    half = LASH_LINE * width * (LASH_ENDS + (1 - LASH_ENDS) * np.sqrt(1 - along**2))
    line: F32 = np.clip((half - away) / LASH_EDGE + 0.5, 0, 1)
    return line


@compiled(fastmath=True)
def line_distance(line: F32, out: F32) -> None:
    """Distance of every pixel to a line from corner to corner.

    line: (N, 2), pixel coordinates of the box `out` (h, w), whose pixel centres are at + .5.
    """
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            best = FAR
            for i in range(line.shape[0] - 1):
                ax, ay, bx, by = line[i, 0], line[i, 1], line[i + 1, 0], line[i + 1, 1]
                best = min(best, squared_to_edge(ax, ay, bx, by, x + 0.5, y + 0.5, NO_LENGTH))
            out[y, x] = np.sqrt(best)
