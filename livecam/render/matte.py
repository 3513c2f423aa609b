"""Where the moved person is: the portrait's matte, warped as its picture is. For any engine, on the CPU."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livecam.compiled import compiled
from livecam.frames import RGB
from livecam.motion.types import Motion
from livecam.persona.types import PersonaData
from livecam.render.cpu.warper import CpuWarper
from livecam.render.geometry import FrameGeometry
from livecam.render.side import SideMixer


class CutOut:
    """Cuts the moved person of one persona out of rendered pictures. Not thread-safe."""

    def __init__(self, persona: PersonaData) -> None:
        self._geometry = FrameGeometry(persona)
        self._matte = np.ascontiguousarray(persona.foreground[..., 3])
        self._background = persona.background
        self._warp = CpuWarper(persona.size)
        self._foreground, self._complete = persona.foreground, SideMixer(persona)

    def __call__(
        self, picture: RGB, motion: Motion, alpha: NDArray[np.uint8] | None = None
    ) -> NDArray[np.uint8]:
        """(size, size, 4) uint8 RGBA, straight alpha: laid over the portrait's background it is `picture`
        again, within one level.

        picture: (size, size, 3) uint8 RGB, what a renderer drew for that motion. alpha: (size, size) uint8,
            where that knows it; else it is worked out.
        """
        out = np.empty((*picture.shape[:2], 4), np.uint8)
        unmix(picture, self.alpha(motion) if alpha is None else alpha, self._background, out)
        return out

    def alpha(self, motion: Motion) -> NDArray[np.uint8]:
        """(size, size) uint8, a fresh array: 255 where the person is, 0 where the background is."""
        flow, side = self._geometry(motion).flow, self._geometry.side(motion)
        if side is None:
            return self._warp(self._matte, flow).copy()
        return self._complete(self._warp(self._foreground, flow), side)[..., 3].copy()


@compiled(fastmath=True)
def unmix(
    picture: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    background: NDArray[np.uint8],
    out: NDArray[np.uint8],
) -> None:
    """The person's own colours, and `alpha`, of a picture of it before a background: soft places show some of
    that, which would be a rim on another one. (S, S, 3), (S, S), (S, S, 3) and (S, S, 4), uint8.
    """
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            a = np.int32(alpha[y, x])
            out[y, x, 3] = a
            for c in range(3):
                mixed = np.int32(picture[y, x, c])
                if 0 < a < 255:
                    behind = np.int32(background[y, x, c])
                    own = behind + (mixed - behind) * np.float32(255) / a + np.float32(0.5)
                    mixed = np.int32(0 if own < 0 else 255 if own > 255 else own)
                out[y, x, c] = mixed
