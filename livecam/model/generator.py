"""The generator: portrait and landmarks in, picture out. This is the reference; other engines must agree.

background ─────────────────────────────────┐
foreground ──▶ warp by flow ──▶ creases ────┼──▶ compose ──▶ lids ──▶ refine ──▶ image
interior ────▶ warp by the openings' maps ──┤     (skin of shut lids: moved by itself)
teeth ───────▶ warp by skull's and jaw's ───┤
landmarks ───▶ signed distances ────────────┘
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from livecam.engines.base import TensorSpec
from livecam.face.landmarks import EYES, INNER_LIP_UPPER
from livecam.generator.inputs import LIGHT_FOLLOWS, input_specs, output_specs
from livecam.model.compositor import Compositor
from livecam.model.creases import Creases
from livecam.model.holes import Holes
from livecam.model.lids import Lids
from livecam.model.refiner import IdentityRefiner, Refiner
from livecam.model.warper import AffineWarper, InteriorFlow, Warper

UPPER_EDGES = (INNER_LIP_UPPER, *(upper for upper, _, _ in EYES))
"""Of the mouth, the left eye and the right, from corner to corner."""


class Generator(nn.Module):
    """Warper, compositor, lids and refiner for a square crop of `size` pixels."""

    left_corners: Tensor
    right_corners: Tensor

    def __init__(self, size: int, refiner: Refiner | None = None) -> None:
        super().__init__()
        self.size = size
        self.warper = Warper(size)
        self.creases = Creases(size)
        self.interior_flow = InteriorFlow()
        self.teeth_warper = AffineWarper(size)
        self.holes = Holes(size)
        self.compositor = Compositor(size)
        self.lids = Lids(size)
        left, right = [edge[0] for edge in UPPER_EDGES], [edge[-1] for edge in UPPER_EDGES]
        self.register_buffer("left_corners", torch.tensor(left), persistent=False)
        self.register_buffer("right_corners", torch.tensor(right), persistent=False)
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
        interior: Tensor,  # (1, 12, S, S)
        teeth: Tensor,  # (1, 8, S, S)
        flow: Tensor,  # (1, 2, 128, 128)
        creases: Tensor,  # (1, 1, 128, 128)
        landmarks: Tensor,  # (478, 2)
        inner_inverse: Tensor,  # (3, 2, 3)
        inner_centre: Tensor,  # (3, 2)
        jaw_inverse: Tensor,  # (2, 3)
        lids: Tensor,  # (2, 12)
        *extra: Tensor,
    ) -> Tensor:
        """`livecam.generator.inputs` says what the inputs mean. Returns the picture (1, 3, S, S) in 0..1."""
        person = self.creases(self.warper(foreground, flow), creases)
        inside = self.warper(interior[:, :6], self.interior_flow(inner_inverse, inner_centre))
        centres, still = inner_centre[1:], lids[:, 6:].reshape(2, 2, 3)
        skin = self.warper(interior[:, 6:9], self.interior_flow(still, centres))
        half_way = still + LIGHT_FOLLOWS * (inner_inverse[1:] - still)
        lights = self.warper(interior[:, 9:], self.interior_flow(half_way, centres))
        rows = self.teeth_warper(
            teeth.reshape(2, 4, self.size, self.size), torch.stack([inner_inverse[0], jaw_inverse])
        )
        widths = (landmarks[self.right_corners] - landmarks[self.left_corners]).square().sum(1).sqrt()  # (3,)
        mouth_width, eye_width = widths[0], widths[1:].mean()
        holes = self.holes(landmarks)
        gone = (jaw_inverse[:, 2] - inner_inverse[0, :, 2]).square().sum().sqrt()
        picture, shown_teeth = self.compositor(
            person, background, inside, lights, rows, holes, mouth_width, eye_width,
            lids[:, 3], lids[:, 4], gone,
        )  # fmt: skip
        picture = self.lids(picture, skin, landmarks, lids)
        image: Tensor = self.refiner(picture, landmarks, shown_teeth, *extra)
        return torch.clamp(image, 0, 1)
