"""The generator on a CPU: warper and compositor with cv2.remap and numba, the refiner's network as ONNX.

onnxruntime's GridSample takes ten times as long on a CPU, so CPUs warp here and GPUs run the graph. Both
draw the same picture (70 dB without a refiner).
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.face.measures import eye_width
from livecam.frames import RGB
from livecam.generator.inputs import (
    LASH_RIM,
    LASH_RIM_SHUT,
    OCCLUSION_AT_LIPS,
    OCCLUSION_DEPTH,
    OPENING_EDGE,
    OPENING_MARGIN,
    SHADE_AT_LIDS,
    SHADE_DEPTH,
    FrameInputs,
)
from livecam.geometry import pixel_box
from livecam.motion.types import Motion
from livecam.persona.types import PersonaData
from livecam.render.cpu.lids import close_lids
from livecam.render.cpu.refiner import HostRefiner
from livecam.render.geometry import FrameGeometry
from livecam.render.raster import blend_alpha, blend_layer, inside_distance

_OUTLINES = (list(lm.MOUTH), list(lm.LEFT_EYE), list(lm.RIGHT_EYE))


class HostRenderer:
    """Renders a persona on the CPU. Not thread-safe; each call returns a fresh picture."""

    name = "cpu"

    def __init__(self, persona: PersonaData, refiner: HostRefiner | None = None) -> None:
        """`refiner`: of this persona; without one the picture stays as it was warped."""
        size = persona.size
        self._persona, self._refiner = persona, refiner
        self._interior, self._aside = (
            np.ascontiguousarray(half) for half in np.split(persona.interior, 2, 2)
        )
        self._geometry = FrameGeometry(persona)
        axis = np.arange(size, dtype=np.float32)
        self._pixels = np.stack(np.meshgrid(axis, axis), -1)
        self._map = np.empty((size, size, 2), np.float32)
        self._warped = np.empty((size, size, 4), np.uint8)

    def render(self, motion: Motion) -> RGB:
        """size x size x 3 uint8 RGB.

        Raises:
            EngineError: the refiner's run failed.
        """
        inputs = self._geometry(motion)
        out = self._warp(inputs)
        for k, outline in enumerate(_OUTLINES):
            self._inner_layer(out, inputs, k, inputs.landmarks[outline] * self._persona.size)
        close_lids(out, inputs)
        return out if self._refiner is None else self._refiner(out, inputs.landmarks)

    def close(self) -> None:
        """Closes the refiner's engine."""
        if self._refiner is not None:
            self._refiner.close()

    def _warp(self, inputs: FrameInputs) -> RGB:
        persona, size = self._persona, self._persona.size
        flow = inputs.flow[0].transpose(1, 2, 0) * np.float32(size)
        cv2.resize(flow, (size, size), dst=self._map, interpolation=cv2.INTER_LINEAR)
        self._map += self._pixels
        cv2.remap(
            persona.foreground,
            self._map,
            None,
            cv2.INTER_LINEAR,
            dst=self._warped,
            borderMode=cv2.BORDER_REPLICATE,
        )
        out = np.empty((size, size, 3), np.uint8)
        blend_alpha(self._warped, persona.background, out)
        return out

    def _inner_layer(self, out: RGB, inputs: FrameInputs, k: int, outline: np.ndarray) -> None:
        """Mouth (k = 0) or an eye (1, 2), seen through its driven outline. outline: (N, 2) pixels."""
        size = self._persona.size
        x0, y0, x1, y1 = pixel_box(outline.min(0) - OPENING_MARGIN, outline.max(0) + OPENING_MARGIN + 1, size)
        if x1 - x0 < 3 or y1 - y0 < 3:
            return
        shape = (x1 - x0, y1 - y0)
        inverse = inputs.inner_inverse[k].astype(np.float64)
        corner = np.array([x0 + 0.5, y0 + 0.5])
        shift = inverse[:, 2] * size + inverse[:, :2] @ corner - 0.5
        back = np.concatenate([inverse[:, :2], shift[:, None]], 1)
        layer = _moved(self._interior, back, shape)
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
        elif (aside := inputs.lids[k - 1, 4]) > 0:
            light = np.minimum(SHADE_AT_LIDS + inside / np.float32(SHADE_DEPTH * width), 1)[..., None]
            far = _moved(self._aside, back, shape) * light
            layer = np.asarray(layer + (far - layer) * aside + np.float32(0.5), np.uint8)
        blend_layer(out, x0, y0, layer, mask, shade)


def _moved(layer: RGB, back: NDArray[np.float64], shape: tuple[int, int]) -> RGB:
    """(h, w, 3): a box of a moved layer. back: (2, 3), from the box's pixels to the layer's; shape: w, h."""
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(layer, back, shape, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
