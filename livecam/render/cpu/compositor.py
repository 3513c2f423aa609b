"""Lays the layers over one another: the twin of `livecam.model.compositor`."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.compiled import compiled
from livecam.face import landmarks as lm
from livecam.face.measures import eye_width
from livecam.frames import RGB
from livecam.generator.inputs import (
    LASH_RIM,
    LASH_RIM_SHUT,
    LIGHT_FOLLOWS,
    LOWER_SURE,
    LOWER_UNSURE,
    OCCLUSION_AT_LIPS,
    OCCLUSION_DEPTH,
    OPENING_EDGE,
    OPENING_MARGIN,
    SHADE_AT_LIDS,
    SHADE_DEPTH,
    SMALLEST_WIDTH,
    FrameInputs,
)
from livecam.geometry import pixel_box
from livecam.persona.types import PersonaData
from livecam.render.cpu.holes import inside_distance
from livecam.render.cpu.warper import box_map, moved

_OUTLINES = (list(lm.MOUTH), list(lm.LEFT_EYE), list(lm.RIGHT_EYE))


class CpuCompositor:
    """Layers -> picture, of one persona."""

    def __init__(self, persona: PersonaData) -> None:
        self._size, self._background = persona.size, persona.background
        parts = np.split(persona.interior, 4, 2)
        self._interior, self._aside, _, self._lights = (np.ascontiguousarray(part) for part in parts)
        self._lit = bool(self._lights.any())
        self._upper, self._lower = (np.ascontiguousarray(half) for half in np.split(persona.teeth, 2, 2))
        self.teeth: NDArray[np.uint8] = np.zeros((self._size, self._size), np.uint8)
        """Of the last picture: what of each pixel is surely teeth, 0..255. Written over by the next call."""

    def __call__(self, foreground: NDArray[np.uint8], inputs: FrameInputs) -> RGB:
        """foreground (S, S, 4), already moved: RGB and matte -> a fresh picture (S, S, 3)."""
        out = np.empty((self._size, self._size, 3), np.uint8)
        blend_alpha(foreground, self._background, out)
        self.teeth.fill(0)
        for k, outline in enumerate(_OUTLINES):
            self._inner_layer(out, inputs, k, inputs.landmarks[outline] * self._size)
        return out

    def _inner_layer(self, out: RGB, inputs: FrameInputs, k: int, outline: np.ndarray) -> None:
        """Mouth (k = 0) or an eye (1, 2), seen through its driven outline. outline: (N, 2) pixels."""
        size = self._size
        x0, y0, x1, y1 = pixel_box(outline.min(0) - OPENING_MARGIN, outline.max(0) + OPENING_MARGIN + 1, size)
        if x1 - x0 < 3 or y1 - y0 < 3:
            return
        shape = (x1 - x0, y1 - y0)
        back = box_map(inputs.inner_inverse[k], (x0, y0), size)
        layer = moved(self._interior, back, shape)
        inside = np.empty(shape[::-1], np.float32)
        inside_distance((outline - [x0, y0]).astype(np.float32), inside)
        width = eye_width(inputs.landmarks) * size
        rim = LASH_RIM * width * (1 - LASH_RIM_SHUT * inputs.lids[k - 1, 3]) if k else 0.0
        # A lid's soft edge lies within its lashes.
        mask = np.clip((inside - np.float32(rim)) / np.float32(OPENING_EDGE), 0, 1)
        shade = np.ones_like(mask)
        if k == 0:
            corners = inputs.landmarks[list(lm.INNER_MOUTH_CORNERS)] * size
            width = max(float(np.linalg.norm(corners[1] - corners[0])), 1e-6)
            shade = np.minimum(OCCLUSION_AT_LIPS + inside / np.float32(OCCLUSION_DEPTH * width), 1)
            upper = moved(self._upper, back, shape)
            lower = moved(self._lower, box_map(inputs.jaw_inverse, (x0, y0), size), shape)
            sure = lower_sure(inputs, width / size)
            lay_teeth(layer, upper, lower, mask, np.float32(sure), self.teeth[y0:y1, x0:x1])
        elif (aside := inputs.lids[k - 1, 4]) > 0:
            light = np.minimum(SHADE_AT_LIDS + inside / np.float32(SHADE_DEPTH * width), 1)[..., None]
            far = moved(self._aside, back, shape) * light
            layer = np.asarray(layer + (far - layer) * aside + np.float32(0.5), np.uint8)
        if k and self._lit:
            lids = inputs.lids[k - 1, 6:].reshape(2, 3)
            half_way = lids + np.float32(LIGHT_FOLLOWS) * (inputs.inner_inverse[k] - lids)
            light = moved(self._lights, box_map(half_way, (x0, y0), size), shape)
            layer = np.asarray(cv2.add(layer, light), np.uint8)  # it saturates
        blend_layer(out, x0, y0, layer, mask, shade)


def lower_sure(inputs: FrameInputs, mouth_width: float) -> float:
    """How surely the lower row is seen where it is drawn, 0..1. mouth_width: in 0..1 of the crop."""
    gone = np.linalg.norm(inputs.jaw_inverse[:, 2] - inputs.inner_inverse[0, :, 2])
    left = LOWER_UNSURE - float(gone) / max(mouth_width, SMALLEST_WIDTH)
    return float(np.clip(left / (LOWER_UNSURE - LOWER_SURE), 0, 1))


@compiled(fastmath=True)
def blend_alpha(foreground: NDArray[np.uint8], background: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """out = background + (foreground - background) * alpha. (H, W, 4), (H, W, 3) -> (H, W, 3), all uint8."""
    for y in range(foreground.shape[0]):
        for x in range(foreground.shape[1]):
            a = np.int32(foreground[y, x, 3])
            if a == 255:
                for c in range(3):
                    out[y, x, c] = foreground[y, x, c]
            elif a == 0:
                for c in range(3):
                    out[y, x, c] = background[y, x, c]
            else:
                for c in range(3):
                    mixed = np.int32(background[y, x, c]) * (255 - a) + np.int32(foreground[y, x, c]) * a
                    out[y, x, c] = (mixed + 127) // 255


@compiled(fastmath=True)
def lay_teeth(
    mouth: NDArray[np.uint8],
    upper: NDArray[np.uint8],
    lower: NDArray[np.uint8],
    mask: F32,
    sure: np.float32,
    shown: NDArray[np.uint8],
) -> None:
    """Lays the lower row and then the upper, (h, w, 4), over `mouth` (h, w, 3). mask: (h, w), 0..1, how far
    each pixel lies in the mouth; shown: (h, w), is given what of it is teeth, 0..255, the lower row as far
    as it is `sure`, 0..1."""
    for y in range(mouth.shape[0]):
        for x in range(mouth.shape[1]):
            m = mask[y, x]
            up, low = upper[y, x, 3], lower[y, x, 3]
            if m > 0 and (up > 0 or low > 0):
                a, b = np.float32(up) / np.float32(255), np.float32(low) / np.float32(255)
                for c in range(3):
                    below = mouth[y, x, c] + (np.float32(lower[y, x, c]) - mouth[y, x, c]) * b
                    mouth[y, x, c] = np.uint8(below + (upper[y, x, c] - below) * a + np.float32(0.5))
                shown[y, x] = np.uint8((a + b * sure * (1 - a)) * m * 255 + np.float32(0.5))


@compiled(fastmath=True)
def blend_layer(
    out: NDArray[np.uint8], x0: int, y0: int, layer: NDArray[np.uint8], mask: F32, shade: F32
) -> None:
    """Lay a small layer over `out` at (x0, y0): mask and shade (h, w) float32 in 0..1."""
    for y in range(layer.shape[0]):
        for x in range(layer.shape[1]):
            m = mask[y, x]
            if m > 0:
                for c in range(3):
                    below = out[y0 + y, x0 + x, c] * (1 - m)
                    out[y0 + y, x0 + x, c] = np.uint8(below + layer[y, x, c] * shade[y, x] * m + 0.5)
