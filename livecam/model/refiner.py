"""The place of the learned half: what repairs the warped picture.

picture ─▶ cut the face-aligned crop ─▶ network ─▶ correction ─▶ laid back and added
landmarks ─▶ square ┘    └▶ rasters ──────┘ └▶ gate: 0 but near a mouth and eyes that changed
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livecam.engines.base import TensorSpec
from livecam.generator.alignment import SIZE, face_square
from livecam.generator.layout import (
    EYES,
    IRISES,
    LIDS,
    LIPS,
    MOUTH,
    correction_specs,
    crop_specs,
    refiner_specs,
)
from livecam.model.rasters import Rasters
from livecam.model.warper import cell_centres

LIPS_FULL, LIPS_NONE = -0.15, -0.5
LIDS_FULL, LIDS_NONE = -0.1, -0.4
"""Full correction up to the first, none beyond the second: distances in units of the rasters (1.3 cm),
negative outside. By eye."""
STILL, MOVED = 0.05, 0.15
"""Mean change of the rasters around mouth or eyes up to which the portrait's own stay as the warper moves
them, and from which on they are corrected in full: .7 and 2 mm. An eye that hardly moved is warped better
than it can be drawn: .2 dB over the eyes of four clips."""
POOL, AROUND = 4, 5
"""That mean is over so many pixels of the rasters together, and so many of those, each way: 1.6 cm. By
eye."""
LEAST_SHARE = 1e-3
"""Keeps a place with no mouth or eye around it from dividing by 0."""
BORDER = 8
"""Pixels along the crop's edge over which the correction fades, should lips reach that far."""


class Refiner(nn.Module):
    """Repairs a warped picture of side S. Whatever it needs besides becomes an input of the graph.

    A refiner works on a face-aligned crop: it asks for the crop's place, the portrait's own crop and
    person-specific parameters through `inputs`, and the generator hands them on in that order.
    """

    inputs: tuple[TensorSpec, ...] = ()
    """Inputs besides the picture and the landmarks. Their names differ from the generator's own."""

    def forward(self, picture: Tensor, landmarks: Tensor, *extra: Tensor) -> Tensor:
        """picture (1, 3, S, S) in 0..1 and landmarks (478, 2) in 0..1 -> a picture like the first."""
        raise NotImplementedError


class IdentityRefiner(Refiner):
    """Leaves the picture as the warper made it."""

    def forward(self, picture: Tensor, landmarks: Tensor, *extra: Tensor) -> Tensor:
        return picture


class CropNetwork(nn.Module):
    """What corrects a face-aligned crop of C x C pixels; the rasters are C / 2 wide.

    Subclasses say what colour to add and how much of it (`parts`); where nothing may change is no choice of
    theirs: the gate is 0 there.
    """

    window: Tensor
    style_size: int
    """N, the numbers that a person has of their own."""

    def __init__(self, size: int = SIZE) -> None:
        super().__init__()
        self.size = size
        edge = torch.minimum(torch.arange(size) + 0.5, size - torch.arange(size) - 0.5) / BORDER
        edge = edge.clamp(max=1)
        self.register_buffer("window", (edge * edge[:, None])[None, None], persistent=False)

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """Of its own graph."""
        return crop_specs(self.style_size, self.size)

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return correction_specs(self.size)

    def parts(
        self, crop: Tensor, rasters: Tensor, source: Tensor, source_rasters: Tensor, style: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Inputs as of `forward` -> colour to add (B, 3, C, C) and a soft mask (B, 1, C, C) in 0..1."""
        raise NotImplementedError

    def forward(
        self,
        crop: Tensor,  # (B, 3, C, C) in 0..1, as the warper made it
        rasters: Tensor,  # (B, 5, C/2, C/2) in -1..1, of the landmarks as they moved
        source: Tensor,  # (B, 3, C, C), the portrait's own crop
        source_rasters: Tensor,  # (B, 5, C/2, C/2)
        style: Tensor,  # (B, N), P e
    ) -> Tensor:
        """The correction (B, 3, C, C): what to add to `crop`."""
        colour, mask = self.parts(crop, rasters, source, source_rasters, style)
        return colour * mask * self.gate(rasters, source_rasters)

    def gate(self, rasters: Tensor, source_rasters: Tensor) -> Tensor:
        """(B, 5, C/2, C/2) twice -> (B, 1, C, C) in 0..1: 1 on a mouth and eyes that differ from the
        portrait's, 0 away from them and where they do not."""
        lips = _ramp(rasters[:, LIPS : LIPS + 1], LIPS_NONE, LIPS_FULL)
        lids = _ramp(rasters[:, LIDS : LIDS + 1], LIDS_NONE, LIDS_FULL)
        change = (rasters - source_rasters).abs()  # (B, 5, C/2, C/2)
        lips = lips * _moved(change[:, MOUTH : MOUTH + 1] + change[:, LIPS : LIPS + 1], lips)
        lids = lids * _moved(change[:, EYES : EYES + 1] + change[:, IRISES : IRISES + 1], lids)
        near = torch.maximum(lips, lids)
        near = F.interpolate(near, size=(self.size, self.size), mode="bilinear", align_corners=False)
        return near * self.window


def _moved(change: Tensor, where: Tensor) -> Tensor:
    """How far to open the gate for a change, both (B, 1, G, G), averaged over what is near and `where`."""
    several = F.avg_pool2d(torch.cat([change * where, where], 1), POOL)
    around = F.avg_pool2d(several, AROUND, 1, AROUND // 2)
    mean = around[:, :1] / (around[:, 1:] + LEAST_SHARE)
    return F.interpolate(
        _ramp(mean, STILL, MOVED), size=change.shape[-2:], mode="bilinear", align_corners=False
    )


def _ramp(values: Tensor, low: float, high: float) -> Tensor:
    """0 up to `low`, 1 from `high` on, smooth between."""
    t = ((values - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


class FaceRefiner(Refiner):
    """A network in the generator: cuts the crop, draws the rasters, lays the correction back."""

    crop_centres: Tensor
    picture_centres: Tensor

    def __init__(self, network: CropNetwork, size: int) -> None:
        """`size`: S, the side of the pictures."""
        super().__init__()
        self.network = network
        self.inputs = refiner_specs(network.style_size, network.size)
        self.rasters = Rasters(network.size // 2)
        self.register_buffer("crop_centres", cell_centres(network.size), persistent=False)
        self.register_buffer("picture_centres", cell_centres(size), persistent=False)

    def forward(self, picture: Tensor, landmarks: Tensor, *extra: Tensor) -> Tensor:
        """`extra` as `layout.refiner_specs` names them."""
        source, source_rasters, style = extra
        square = face_square(landmarks)
        x, y = square.to_picture(self.crop_centres[None, :], self.crop_centres[:, None])  # (C, C) each
        crop = sample(picture, x, y, "border")
        rasters = self.rasters(landmarks, square)
        correction = self.network(crop, rasters, source, source_rasters, style)
        x, y = square.to_crop(self.picture_centres[None, :], self.picture_centres[:, None])  # (S, S) each
        return picture + sample(correction, x, y, "zeros")


def sample(picture: Tensor, x: Tensor, y: Tensor, padding: str) -> Tensor:
    """picture (1, C, H, W) at positions x and y (h, w) in 0..1 -> (1, C, h, w), bilinear."""
    positions = torch.stack([x, y], -1)[None] * 2 - 1
    return F.grid_sample(picture, positions, mode="bilinear", padding_mode=padding, align_corners=False)
