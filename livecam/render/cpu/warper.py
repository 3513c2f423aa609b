"""Moves layers: the twin of `livecam.model.warper`, with cv2.remap.

onnxruntime's GridSample takes ten times as long on a CPU, so CPUs warp here and GPUs run the graph.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, U8
from livecam.frames import RGB


class CpuWarper:
    """Samples a layer where a flow says. Not thread-safe."""

    def __init__(self, size: int) -> None:
        axis = np.arange(size, dtype=np.float32)
        self._size = size
        self._pixels = np.stack(np.meshgrid(axis, axis), -1)
        self._map = np.empty((size, size, 2), np.float32)
        self._warped: U8 | None = None

    def __call__(self, layer: U8, flow: F32) -> U8:
        """layer (S, S) or (S, S, C) uint8 and flow (1, 2, G, G) in units of the crop's side -> the layer's
        shape; the same array at every call with layers of one shape."""
        size = self._size
        # The flow is enlarged, not the positions: an enlarged zero flow stays the identity up to the border.
        offset = flow[0].transpose(1, 2, 0) * np.float32(size)
        cv2.resize(offset, (size, size), dst=self._map, interpolation=cv2.INTER_LINEAR)
        self._map += self._pixels
        self._warped = np.asarray(
            cv2.remap(
                layer,
                self._map,
                None,
                cv2.INTER_LINEAR,
                dst=self._warped,
                borderMode=cv2.BORDER_REPLICATE,
            ),
            np.uint8,
        )
        return self._warped


def moved(layer: RGB, back: NDArray[np.float64], shape: tuple[int, int]) -> RGB:
    """(h, w, 3): a box of a moved layer. back: (2, 3), from the box's pixels to the layer's; shape: w, h."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(layer, back, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def box_map(back: F32, corner: tuple[int, int], size: int) -> NDArray[np.float64]:
    """(2, 3): what `moved` takes. back: (2, 3), from the moved picture to the layer, both in 0..1. corner: of
    the box, x and y. size: of picture and layer, in pixels."""
    linear = back[:, :2].astype(np.float64)
    shift = back[:, 2] * size + linear @ (np.array(corner) + 0.5) - 0.5
    return np.concatenate([linear, shift[:, None]], 1)
