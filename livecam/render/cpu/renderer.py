"""The generator on a CPU: the twin of `livecam.model.generator`, with cv2.remap and numba, the refiner's
network as ONNX. Both draw the same picture (70 dB without a refiner)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livecam.frames import RGB
from livecam.motion.types import Motion
from livecam.persona.types import PersonaData
from livecam.render.cpu.compositor import CpuCompositor
from livecam.render.cpu.creases import crease
from livecam.render.cpu.lids import close_lids
from livecam.render.cpu.refiner import CpuRefiner
from livecam.render.cpu.warper import CpuWarper
from livecam.render.geometry import FrameGeometry
from livecam.render.side import SideMixer


class CpuRenderer:
    """Renders a persona on the CPU. Not thread-safe; each call returns a fresh picture."""

    name = "cpu"

    def __init__(self, persona: PersonaData, refiner: CpuRefiner | None = None) -> None:
        """`refiner`: of this persona; without one the picture stays as it was warped."""
        self._foreground, self._refiner = persona.foreground, refiner
        self._geometry = FrameGeometry(persona)
        self._side = self._geometry.side
        self._warp = CpuWarper(persona.size)
        self._complete = SideMixer(persona)
        self._compose = CpuCompositor(persona)
        self.alpha: NDArray[np.uint8] = np.zeros((persona.size, persona.size), np.uint8)
        """(S, S): where the person is in the last picture, of 255. The next one overwrites it."""
        self._shut_lids = np.ascontiguousarray(persona.interior[..., 6:9])

    def render(self, motion: Motion) -> RGB:
        """size x size x 3 uint8 RGB.

        Raises:
            EngineError: the refiner's run failed.
        """
        inputs = self._geometry(motion)
        person = self._warp(self._foreground, inputs.flow)
        side = self._side(motion)
        if side is not None:
            person = self._complete(person, side)
        crease(person, inputs.creases)
        self.alpha = person[..., 3]
        picture = self._compose(person, inputs)
        close_lids(picture, self._shut_lids, inputs)
        return picture if self._refiner is None else self._refiner(picture, inputs.landmarks, self.teeth)

    @property
    def teeth(self) -> NDArray[np.uint8]:
        """(S, S): how much of each pixel of the last picture is drawn as teeth, of 255. The next one
        overwrites it."""
        return self._compose.teeth

    def close(self) -> None:
        """Closes the refiner's engine."""
        if self._refiner is not None:
            self._refiner.close()
