"""The refiner on a CPU: the host cuts the crop and draws the rasters, an engine corrects, the host adds it.

No torch: what runs live imports this.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.compiled import compiled
from livecam.engines.base import Engine, EngineError
from livecam.face import landmarks as lm
from livecam.frames import RGB
from livecam.generator import alignment
from livecam.generator.alignment import Square
from livecam.generator.inputs import planes
from livecam.generator.layout import (
    CHANNELS,
    EYE_AREAS,
    EYES,
    GRID,
    IRISES,
    LIDS,
    LIPS,
    MOUTH,
    REACH,
    crop_specs,
)

F32 = NDArray[np.float32]
_OUTLINES = (
    (MOUTH, np.array(lm.MOUTH)),
    (LIPS, np.array(lm.OUTER_LIPS)),
    (EYES, np.array(lm.LEFT_EYE)),
    (EYES, np.array(lm.RIGHT_EYE)),
    (LIDS, np.array(EYE_AREAS[0])),
    (LIDS, np.array(EYE_AREAS[1])),
)


def draw_rasters(landmarks: F32, square: Square, grid: int = GRID) -> F32:
    """landmarks (478, 2 or more) -> (5, grid, grid) as `livecam.model.rasters.Rasters` draws them."""
    x, y = square.to_crop(landmarks[:, 0].astype(np.float64), landmarks[:, 1].astype(np.float64))
    own = np.stack([x, y], 1) * grid
    out = np.full((len(CHANNELS), grid, grid), -1, np.float32)
    for channel, outline in _OUTLINES:
        _outline(own[outline], REACH * grid, out[channel])
    for iris in (lm.LEFT_IRIS, lm.RIGHT_IRIS):
        centre = own[iris[0]]
        radius = np.linalg.norm(own[list(iris[1:])] - centre, axis=1).mean()
        _disc(centre[0], centre[1], radius, REACH * grid, out[IRISES])
    return out


def portrait_inputs(picture: RGB, landmarks: F32, style: F32, size: int) -> dict[str, NDArray[Any]]:
    """What a refiner is told once for a portrait, as `livecam.generator.layout.refiner_specs` names it.

    picture: the portrait's crop, S x S x 3; landmarks (478, 2 or more) in 0..1 of it; style (1, N); size: C.
    """
    square = alignment.face_square(landmarks)
    return {
        "refiner_source": planes(alignment.cut(picture, square, size)),
        "refiner_source_rasters": draw_rasters(landmarks, square, size // 2)[None],
        "refiner_style": style.astype(np.float32),
    }


class HostRefiner:
    """Corrects pictures of one portrait. Not thread-safe."""

    def __init__(self, engine: Engine, picture: RGB, landmarks: F32, style: F32) -> None:
        """`engine` runs the refiner's own graph. picture: the portrait's crop, S x S x 3; landmarks (478,
        3) in 0..1 of it; style (1, N) from the embedder.

        Raises:
            EngineError: the graph is none of a refiner for a style of N numbers.
        """
        self._engine = engine
        self._size = engine.inputs[0].shape[-1] if engine.inputs else 0
        if set(engine.inputs) != set(crop_specs(style.shape[-1], self._size)):
            raise EngineError(f"{engine.name}: its graph is not a refiner for {style.shape[-1]} numbers")
        self._unsent = portrait_inputs(picture, landmarks, style, self._size)

    def close(self) -> None:
        """Closes the engine."""
        self._engine.close()

    def __call__(self, picture: RGB, landmarks: F32) -> RGB:
        """picture (S, S, 3) uint8 as the warper made it, landmarks (478, 2) as they moved -> the same,
        repaired.

        Raises:
            EngineError: the run failed.
        """
        square = alignment.face_square(landmarks)
        crop = alignment.cut(picture, square, self._size)
        feeds = {"crop": planes(crop), "rasters": draw_rasters(landmarks, square, self._size // 2)[None]}
        correction = self._engine.run(self._unsent | feeds)["correction"][0]
        self._unsent = {}  # the engine keeps them
        return paste(picture, correction, square)


def paste(picture: RGB, correction: F32, square: Square) -> RGB:
    """Add a crop's correction (3, C, C), in 0..1, where the crop was cut from; nothing else changes."""
    side, size = picture.shape[0], correction.shape[-1]
    ys, xs = _box(square, side)
    out = picture.copy()
    if ys.stop <= ys.start or xs.stop <= xs.start:
        return out
    matrix = alignment.pixel_matrix(square, side, size)
    matrix[:, 2] -= [xs.start, ys.start]
    change = cv2.warpAffine(
        np.ascontiguousarray(correction.transpose(1, 2, 0)) * np.float32(255),
        matrix,
        (xs.stop - xs.start, ys.stop - ys.start),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    out[ys, xs] = cv2.add(out[ys, xs], change, dtype=cv2.CV_8U)  # rounds and clips
    return out


def _box(square: Square, side: int) -> tuple[slice, slice]:
    """Rows and columns of the picture that the square touches."""
    x, y = square.to_picture(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    first = np.clip(np.floor([np.min(x) * side, np.min(y) * side]), 0, side).astype(int)
    last = np.clip(np.ceil([np.max(x) * side, np.max(y) * side]), 0, side).astype(int)
    return slice(int(first[1]), int(last[1])), slice(int(first[0]), int(last[0]))


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
            best = 1e12
            for i in range(count):
                j = i + 1 if i + 1 < count else 0
                ex, ey = corners[j, 0] - corners[i, 0], corners[j, 1] - corners[i, 1]
                wx, wy = px - corners[i, 0], py - corners[i, 1]
                start, end = corners[i, 1] <= py, corners[j, 1] <= py
                if start != end:
                    side = ex * wy - ey * wx
                    if start and side > 0:
                        winding += 1
                    elif end and side < 0:
                        winding -= 1
                along = min(max((wx * ex + wy * ey) / (ex * ex + ey * ey + 1e-12), 0.0), 1.0)
                dx, dy = wx - ex * along, wy - ey * along
                best = min(best, dx * dx + dy * dy)
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
