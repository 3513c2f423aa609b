"""The place of the learned half: what repairs the warped picture.

picture ─▶ cut the windows of mouth and eyes ─▶ a network each ─▶ corrections ─▶ laid back and added
landmarks ─▶ windows ┘    └▶ rasters ───────────┘ └▶ gate: 0 but near a mouth or an eye that changed
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livecam.engines.base import TensorSpec
from livecam.generator.alignment import SIZE, face_square
from livecam.generator.layout import (
    AROUND,
    EYES,
    IRISES,
    LEAST_SHARE,
    LIDS,
    LIDS_FULL,
    LIDS_MOVED,
    LIDS_NONE,
    LIPS,
    LIPS_FULL,
    LIPS_MOVED,
    LIPS_NONE,
    MOUTH,
    POOL,
    correction_specs,
    crop_specs,
    refiner_specs,
    takes_teeth,
)
from livecam.generator.parts import Part, first_of, parts_of
from livecam.model.rasters import Rasters
from livecam.model.warper import cell_centres

BORDER = 8
"""Pixels along the crop's edge over which the correction fades, should lips reach that far."""


class Refiner(nn.Module):
    """Repairs a warped picture of side S. Whatever it needs besides becomes an input of the graph.

    A refiner works on crops of the face's parts: it asks for the portrait's own crops and person-specific
    parameters through `inputs`, and the generator hands them on in that order.
    """

    inputs: tuple[TensorSpec, ...] = ()
    """Inputs besides picture, landmarks and teeth. Their names differ from the generator's own."""

    def forward(self, picture: Tensor, landmarks: Tensor, teeth: Tensor, *extra: Tensor) -> Tensor:
        """picture (1, 3, S, S) in 0..1, landmarks (478, 2) in 0..1 and teeth (1, 1, S, S), what of each pixel
        is drawn as teeth -> a picture like the first."""
        raise NotImplementedError


class IdentityRefiner(Refiner):
    """Leaves the picture as the warper made it."""

    def forward(self, picture: Tensor, landmarks: Tensor, teeth: Tensor, *extra: Tensor) -> Tensor:
        return picture


class CropNetwork(nn.Module):
    """What corrects the crop of a part, H x W pixels; the rasters have half of that.

    Subclasses say what to add (`parts`); where nothing may change is no choice of theirs: the gate is 0
    there.
    """

    window: Tensor
    style_size: int
    """N, the numbers that a person has of their own."""

    def __init__(self, name: str, size: int = SIZE) -> None:
        """`name`: as in `livecam.generator.parts`; `size`: C, pixels along the face-aligned square."""
        super().__init__()
        self.name, self.size = name, size
        self.pixels = first_of(name).pixels(size)
        across, down = (
            (torch.minimum(torch.arange(n) + 0.5, n - torch.arange(n) - 0.5) / BORDER).clamp(max=1)
            for n in self.pixels
        )
        self.register_buffer("window", (across * down[:, None])[None, None], persistent=False)

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """Of its own graph."""
        return crop_specs(self.name, self.style_size, self.size)

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        return correction_specs(self.name, self.size)

    def parts(
        self,
        crop: Tensor,
        rasters: Tensor,
        teeth: Tensor | None,
        source: Tensor,
        source_rasters: Tensor,
        style: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Inputs as of `forward` -> what to add (B, 3, H, W), and how much of it is painted anew (B, 1, H, W)
        in 0..1."""
        raise NotImplementedError

    def forward(
        self,
        crop: Tensor,  # (B, 3, H, W) in 0..1, as the warper made it
        rasters: Tensor,  # (B, 5, H/2, W/2) in -1..1, of the landmarks as they moved
        *told: Tensor,  # teeth (B, 1, H, W) in 0..1 of the mouth's alone; then of the portrait its crop
        # (B, 3, H, W), its rasters (B, 5, H/2, W/2), and the person's style (B, N), P e
    ) -> Tensor:
        """The correction (B, 3, H, W): what to add to `crop`."""
        teeth = told[0] if takes_teeth(self.name) else None
        source, source_rasters, style = told[-3:]
        correction, _ = self.parts(crop, rasters, teeth, source, source_rasters, style)
        return correction * self.gate(rasters, source_rasters)

    def gate(self, rasters: Tensor, source_rasters: Tensor) -> Tensor:
        """(B, 5, H/2, W/2) twice -> (B, 1, H, W) in 0..1: 1 on a mouth and eyes that differ from the
        portrait's, 0 away from them and where they do not."""
        lips = _ramp(rasters[:, LIPS : LIPS + 1], LIPS_NONE, LIPS_FULL)
        lids = _ramp(rasters[:, LIDS : LIDS + 1], LIDS_NONE, LIDS_FULL)
        change = (rasters - source_rasters).abs()
        lips = lips * _moved(change[:, MOUTH : MOUTH + 1] + change[:, LIPS : LIPS + 1], lips, *LIPS_MOVED)
        lids = lids * _moved(change[:, EYES : EYES + 1] + change[:, IRISES : IRISES + 1], lids, *LIDS_MOVED)
        near = torch.maximum(lips, lids)
        near = F.interpolate(near, size=self.pixels[::-1], mode="bilinear", align_corners=False)
        return near * self.window


def _moved(change: Tensor, where: Tensor, still: float, moved: float) -> Tensor:
    """How far to open the gate for a change, both (B, 1, h, w), averaged over what is near and `where`."""
    several = F.avg_pool2d(torch.cat([change * where, where], 1), POOL)
    around = F.avg_pool2d(several, AROUND, 1, AROUND // 2)
    mean = around[:, :1] / (around[:, 1:] + LEAST_SHARE)
    return F.interpolate(
        _ramp(mean, still, moved), size=change.shape[-2:], mode="bilinear", align_corners=False
    )


def _ramp(values: Tensor, low: float, high: float) -> Tensor:
    """0 up to `low`, 1 from `high` on, smooth between."""
    t = ((values - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


class FaceRefiner(Refiner):
    """Networks in the generator: cuts every part's crop, draws its rasters, lays the correction back."""

    picture_centres: Tensor

    def __init__(self, networks: Mapping[str, CropNetwork], size: int) -> None:
        """`networks` by their names; `size`: S, the side of the pictures."""
        super().__init__()
        self.networks = nn.ModuleDict(dict(networks))
        own = next(iter(networks.values()))
        self.inputs = refiner_specs({name: one.style_size for name, one in networks.items()}, own.size)
        self.crops = nn.ModuleList(PartCrop(part, own.size) for part in parts_of(networks))
        self.register_buffer("picture_centres", cell_centres(size), persistent=False)

    def forward(self, picture: Tensor, landmarks: Tensor, teeth: Tensor, *extra: Tensor) -> Tensor:
        """`extra` as `layout.refiner_specs` names them."""
        square = face_square(landmarks)
        told = dict(zip((spec.name for spec in self.inputs), extra, strict=True))
        image = picture
        for cut in self.crops:
            assert isinstance(cut, PartCrop)
            part = cut.part
            window = part.within(square, landmarks, cut.size)
            x, y = window.to_picture(cut.across[None, :], cut.down[:, None])  # (H, W) each
            crop = sample(picture, x, y, "border")
            shown = (sample(teeth, x, y, "zeros"),) if takes_teeth(part.network) else ()
            names = (f"{part.name}_source", f"{part.name}_source_rasters", f"{part.network}_style")
            portrait = [told[name] for name in names]
            network = self.networks[part.network]
            correction = network(crop, cut.rasters(landmarks, window), *shown, *portrait)
            x, y = window.to_crop(self.picture_centres[None, :], self.picture_centres[:, None])  # (S, S) each
            image = image + sample(correction, x, y, "zeros")
        return image


class PartCrop(nn.Module):
    """Where the pixels of a part's crop lie in its window, and its rasters."""

    across: Tensor
    down: Tensor

    def __init__(self, part: Part, size: int) -> None:
        super().__init__()
        self.part, self.size = part, size
        wide, high = part.pixels(size)
        self.rasters = Rasters((wide // 2, high // 2), size // 2)
        self.register_buffer("across", cell_centres(wide), persistent=False)
        self.register_buffer("down", cell_centres(high), persistent=False)


def sample(picture: Tensor, x: Tensor, y: Tensor, padding: str) -> Tensor:
    """picture (1, C, H, W) at positions x and y (h, w) in 0..1 -> (1, C, h, w), bilinear."""
    positions = torch.stack([x, y], -1)[None] * 2 - 1
    return F.grid_sample(picture, positions, mode="bilinear", padding_mode=padding, align_corners=False)
