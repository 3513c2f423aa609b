"""Where the moved person is: the portrait's matte, warped as its picture is. For any engine, on the CPU."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livecam.frames import RGB
from livecam.motion.types import Motion
from livecam.persona.types import PersonaData
from livecam.render.cpu.warper import CpuWarper
from livecam.render.geometry import FrameGeometry


class CutOut:
    """Cuts the moved person of one persona out of rendered pictures. Not thread-safe."""

    def __init__(self, persona: PersonaData) -> None:
        self._geometry = FrameGeometry(persona)
        self._matte = np.ascontiguousarray(persona.foreground[..., 3])
        self._background = persona.background
        self._warp = CpuWarper(persona.size)

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
        """(size, size) uint8, a fresh array: 255 where the person is, 0 where the background is."""
        return self._warp(self._matte, self._geometry(motion).flow).copy()
