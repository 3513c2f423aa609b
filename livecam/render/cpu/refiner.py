"""The twin of `livecam.model.refiner`: cuts the parts' crops and draws their rasters, engines correct, it is
added. A part that is as the portrait has it costs no run.

No torch: what runs live imports this.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, U8
from livecam.engines.base import Engine, EngineError
from livecam.frames import RGB
from livecam.generator import alignment
from livecam.generator.alignment import Window, face_square
from livecam.generator.inputs import planes
from livecam.generator.layout import crop_specs, takes_teeth
from livecam.generator.parts import Part, parts_of
from livecam.render.cpu.gate import is_open
from livecam.render.cpu.rasters import draw_rasters

Feeds = dict[str, NDArray[Any]]


def portrait_inputs(picture: RGB, landmarks: F32, part: Part, size: int) -> Feeds:
    """What a network is told once of a portrait's part, as `livecam.generator.layout.crop_specs` names it.

    picture: the portrait's crop, S x S x 3; landmarks (478, 2 or more) in 0..1 of it; size: C.
    """
    window = part.window(landmarks, size)
    return {
        "source": planes(alignment.cut(picture, window, part.pixels(size))),
        "source_rasters": part_rasters(landmarks, window, part, size)[None],
    }


def part_rasters(landmarks: F32, window: Window, part: Part, size: int) -> F32:
    """(5, H/2, W/2) of a part's window."""
    wide, high = part.pixels(size)
    return draw_rasters(landmarks, window, (wide // 2, high // 2), size // 2)


class CpuRefiner:
    """Corrects pictures of one portrait. Not thread-safe."""

    def __init__(
        self,
        engines: Mapping[str, Engine],
        picture: RGB,
        landmarks: F32,
        styles: Mapping[str, F32],
        size: int,
    ) -> None:
        """`engines` run the networks' own graphs, by their names. picture: the portrait's crop, S x S x 3;
        landmarks (478, 3) in 0..1 of it; styles: (1, N) of each network, from the embedder; size: C.

        `engines` stays open to be looked at: each runs in those frames alone in which its part has moved.

        Raises:
            EngineError: a graph is none of that network, for a style of N numbers and that size.
        """
        self.engines, self._size = dict(engines), size
        for network, engine in engines.items():
            if set(engine.inputs) != set(crop_specs(network, styles[network].shape[-1], size)):
                raise EngineError(
                    f"{engine.name}: its graph is not a refiner of this {network} at {size} pixels"
                )
        self._parts = parts_of(engines)
        self._told = {
            part.name: portrait_inputs(picture, landmarks, part, size)
            | {"style": styles[part.network].astype(np.float32)}
            for part in self._parts
        }

    def close(self) -> None:
        """Closes the engines."""
        for engine in self.engines.values():
            engine.close()

    def __call__(self, picture: RGB, landmarks: F32, teeth: U8 | None = None) -> RGB:
        """picture (S, S, 3) uint8 as the warper made it, landmarks (478, 2) as they moved, teeth (S, S), how
        much of each pixel is drawn as teeth, of 255 -> the same, repaired.

        Raises:
            EngineError: a run failed.
        """
        square = face_square(landmarks)
        out = picture
        for part in self._parts:
            window = part.within(square, landmarks, self._size)
            rasters = part_rasters(landmarks, window, part, self._size)
            told = self._told[part.name]
            if not is_open(rasters, told["source_rasters"][0]):
                continue
            pixels = part.pixels(self._size)
            feeds = {"crop": planes(alignment.cut(picture, window, pixels)), "rasters": rasters[None], **told}
            if takes_teeth(part.network):
                feeds["teeth"] = _teeth(teeth, window, pixels)
            correction = self.engines[part.network].run(feeds)["correction"][0]
            out = picture.copy() if out is picture else out
            add(out, correction, window)
        return out


def _teeth(teeth: U8 | None, window: Window, pixels: tuple[int, int]) -> F32:
    """(1, 1, H, W) in 0..1."""
    if teeth is None:
        return no_teeth(pixels)
    return planes(alignment.cut(teeth, window, pixels)[..., None])


def no_teeth(pixels: tuple[int, int]) -> F32:
    """(1, 1, H, W), of a mouth that shows none. pixels: width and height."""
    return np.zeros((1, 1, *pixels[::-1]), np.float32)


def add(picture: RGB, correction: F32, window: Window) -> None:
    """Add a crop's correction (3, H, W), in 0..1, in place where the crop was cut from; nothing else
    changes."""
    side, pixels = picture.shape[0], (correction.shape[2], correction.shape[1])
    ys, xs = _box(window, side)
    if ys.stop <= ys.start or xs.stop <= xs.start:
        return
    matrix = alignment.pixel_matrix(window, side, pixels)
    matrix[:, 2] -= [xs.start, ys.start]
    change = cv2.warpAffine(
        np.ascontiguousarray(correction.transpose(1, 2, 0)) * np.float32(255),
        matrix,
        (xs.stop - xs.start, ys.stop - ys.start),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )
    picture[ys, xs] = cv2.add(picture[ys, xs], change, dtype=cv2.CV_8U)  # rounds and clips


def _box(window: Window, side: int) -> tuple[slice, slice]:
    """Rows and columns of the picture that the window touches."""
    x, y = window.to_picture(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0]))
    first = np.clip(np.floor([np.min(x) * side, np.min(y) * side]), 0, side).astype(int)
    last = np.clip(np.ceil([np.max(x) * side, np.max(y) * side]), 0, side).astype(int)
    return slice(int(first[1]), int(last[1])), slice(int(first[0]), int(last[0]))
