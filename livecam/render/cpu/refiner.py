"""The twin of `livecam.model.refiner`: cuts the crop and draws the rasters, an engine corrects, it is added.

No torch: what runs live imports this.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.engines.base import Engine, EngineError
from livecam.frames import RGB
from livecam.generator import alignment
from livecam.generator.alignment import Square
from livecam.generator.inputs import planes
from livecam.generator.layout import crop_specs
from livecam.render.cpu.rasters import draw_rasters


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


class CpuRefiner:
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
