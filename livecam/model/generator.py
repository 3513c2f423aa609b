"""The generator: portrait and landmarks in, picture out. This is the reference; other engines must agree.

background ─────────────────────────────────┐
foreground ──▶ warp by flow ────────────────┼──▶ compose ──▶ refine ──▶ image
interior ────▶ warp by the openings' maps ──┤
landmarks ───▶ signed distances ────────────┘
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from engines.base import TensorSpec
from livecam.face.landmarks import INNER_LIP_UPPER
from livecam.model.compositor import Compositor
from livecam.model.holes import Holes
from livecam.model.inputs import input_specs, output_specs
from livecam.model.refiner import IdentityRefiner, Refiner
from livecam.model.warper import InteriorFlow, Warper

LEFT_CORNER, RIGHT_CORNER = INNER_LIP_UPPER[0], INNER_LIP_UPPER[-1]


class Generator(nn.Module):
    """Warper, compositor and refiner for a square crop of `size` pixels."""

    def __init__(self, size: int, refiner: Refiner | None = None) -> None:
        super().__init__()
        self.size = size
        self.warper = Warper(size)
        self.interior_flow = InteriorFlow()
        self.holes = Holes(size)
        self.compositor = Compositor(size)
        self.refiner = refiner if refiner is not None else IdentityRefiner()

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """Every input in order: the generator's own, then the refiner's."""
        return input_specs(self.size) + self.refiner.inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return output_specs(self.size)

    def forward(
        self,
        foreground: Tensor,  # (1, 4, S, S)
        background: Tensor,  # (1, 3, S, S)
        interior: Tensor,  # (1, 3, S, S)
        flow: Tensor,  # (1, 2, 128, 128)
        landmarks: Tensor,  # (478, 2)
        inner_inverse: Tensor,  # (3, 2, 3)
        inner_centre: Tensor,  # (3, 2)
        *extra: Tensor,
    ) -> Tensor:
        """`livecam.model.inputs` says what the inputs mean. Returns the picture (1, 3, S, S) in 0..1."""
        person = self.warper(foreground, flow)
        inside = self.warper(interior, self.interior_flow(inner_inverse, inner_centre))
        mouth = landmarks[RIGHT_CORNER] - landmarks[LEFT_CORNER]
        mouth_width = mouth.square().sum().sqrt()
        picture = self.compositor(person, background, inside, self.holes(landmarks), mouth_width)
        image: Tensor = self.refiner(picture, landmarks, *extra)
        return torch.clamp(image, 0, 1)
