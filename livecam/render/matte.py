"""Where the moved person is: the portrait's matte, warped as its picture is. For any engine, on the CPU."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.motion.types import Motion
from livecam.persona.types import PersonaData
from livecam.render.geometry import FrameGeometry


class MatteWarper:
    """Warps the matte of one persona. Not thread-safe."""

    def __init__(self, persona: PersonaData) -> None:
        self._geometry = FrameGeometry(persona)
        self._alpha = np.ascontiguousarray(persona.foreground[..., 3])
        axis = np.arange(persona.size, dtype=np.float32)
        self._pixels = np.stack(np.meshgrid(axis, axis), -1)

    def __call__(self, motion: Motion) -> NDArray[np.uint8]:
        """(size, size) uint8: 255 where the person is, 0 where the background is."""
        side = self._alpha.shape[0]
        flow = self._geometry(motion).flow[0].transpose(1, 2, 0) * np.float32(side)
        where = self._pixels + cv2.resize(flow, (side, side), interpolation=cv2.INTER_LINEAR)
        warped = cv2.remap(self._alpha, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.uint8)
