"""Where the moved person is: the portrait's matte, warped as its picture is. For any engine, on the CPU."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.frames import RGB
from livecam.motion.types import Motion
from livecam.persona.types import PersonaData
from livecam.render.geometry import FrameGeometry


class CutOut:
    """Cuts the moved person of one persona out of rendered pictures. Not thread-safe."""

    def __init__(self, persona: PersonaData) -> None:
        self._geometry = FrameGeometry(persona)
        self._matte = np.ascontiguousarray(persona.foreground[..., 3])
        self._background = persona.background
        axis = np.arange(persona.size, dtype=np.float32)
        self._pixels = np.stack(np.meshgrid(axis, axis), -1)

    def __call__(self, picture: RGB, motion: Motion) -> NDArray[np.uint8]:
        """(size, size, 4) uint8 RGBA, straight alpha: laid over the portrait's background it is `picture`
        again, within one level.

        picture: (size, size, 3) uint8 RGB, what a renderer drew for that motion.
        """
        alpha = self.alpha(motion)
        out = np.dstack([picture, alpha])
        # Soft places show some of the old background, which would be a rim on another one.
        rows, columns = np.nonzero((alpha > 0) & (alpha < 255))
        share = alpha[rows, columns, None].astype(np.float32) / 255
        mixed, behind = picture[rows, columns], self._background[rows, columns]
        own = behind + (mixed.astype(np.float32) - behind) / share
        out[rows, columns, :3] = np.clip(own + 0.5, 0, 255).astype(np.uint8)
        return out

    def alpha(self, motion: Motion) -> NDArray[np.uint8]:
        """(size, size) uint8: 255 where the person is, 0 where the background is."""
        side = self._matte.shape[0]
        flow = self._geometry(motion).flow[0].transpose(1, 2, 0) * np.float32(side)
        where = cv2.resize(flow, (side, side), interpolation=cv2.INTER_LINEAR) + self._pixels
        warped = cv2.remap(self._matte, where, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(warped, np.uint8)
