"""The network that repairs a warped crop: a small U-Net with residual blocks and AdaIN.

           crop, rasters, teeth, source, source rasters                          style
 1/2  ──▶ stem ──────────────────────────────────────────────▶ block ◀──┐          │
 1/4        └▶ down, block ───────────────────────────▶ styled block ◀──┼──────────┤
 1/8               └▶ down, block ─────────────▶ styled block ◀─────────┼──────────┤
 1/16                     └▶ down, styled blocks ◀──────────────────────┼──────────┘
 1/8  ◀── shade, for teeth ◀── styled block                             │
 1    ◀── colour and mask ◀── head ◀── pixel shuffle ◀──────────────────┘

Where teeth are drawn the network cannot paint: it multiplies what is there by a smooth shade, an eighth as
fine as the crop, so that every edge of a tooth stays where it is. All padding is with zeros. The last layers
start at zero, so that the network starts as the identity.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livecam.generator.alignment import SIZE
from livecam.generator.layout import CHANNELS, MOUTH, takes_teeth
from livecam.model.adain import SLOPE, PlainBlock, StyledBlock, StyleSlots
from livecam.model.light import correction_trust, daylight_gains, in_own_colours
from livecam.model.refiner import CropNetwork

INPUTS = 2 * (3 * 4 + len(CHANNELS))
"""Channels at half the crop's pixels: twice a picture, four pixels to one, and its rasters. The mouth's
teeth are one more."""
MOST_SHADE, MOST_TINT = 0.25, 0.05
"""By how much of itself a tooth may become lighter or darker, and by how much more in one colour. By eye:
rendered people often have a tongue before their lower teeth, and with .6 in every colour teeth became red."""
MASK_BIAS = 1.0
"""The mask starts mostly open: colours are learned first, then where to keep off."""


@dataclass(frozen=True, slots=True)
class RepairShape:
    """`name`: of the network, as in `livecam.generator.parts`; `size`: C. `widths`: channels at 1/2, 1/4, 1/8
    and 1/16 of the crop's pixels; `deep`: blocks at the last; `head`: channels at the crop's."""

    name: str = "mouth"
    size: int = SIZE
    widths: tuple[int, int, int, int] = (24, 48, 96, 128)
    deep: int = 2
    head: int = 12


class RepairNetwork(CropNetwork):
    """Residual colour and soft mask for a warped crop."""

    def __init__(self, shape: RepairShape | None = None) -> None:
        shape = shape or RepairShape()
        super().__init__(shape.name, shape.size)
        self.shape = shape
        slots = StyleSlots()
        first, second, third, fourth = shape.widths
        self.quarters = Quarters()
        teeth = takes_teeth(shape.name)
        self.stem = nn.Conv2d(INPUTS + teeth, first, 3, padding=1)
        self.down1 = nn.Conv2d(first, second, 3, 2, 1)
        self.encode1 = PlainBlock(second)
        self.down2 = nn.Conv2d(second, third, 3, 2, 1)
        self.encode2 = PlainBlock(third)
        self.down3 = nn.Conv2d(third, fourth, 3, 2, 1)
        self.deep = nn.ModuleList(StyledBlock(fourth, slots) for _ in range(shape.deep))
        self.up3 = nn.Conv2d(fourth, third, 1)
        self.decode2 = StyledBlock(third, slots)
        self.up2 = nn.Conv2d(third, second, 1)
        self.decode1 = StyledBlock(second, slots)
        self.up1 = nn.Conv2d(second, first, 1)
        self.decode0 = PlainBlock(first)
        self.up0 = nn.Conv2d(first, 4 * shape.head, 1)
        self.head1 = nn.Conv2d(shape.head + 3, shape.head, 3, padding=1)
        self.head2 = nn.Conv2d(shape.head, 4, 3, padding=1)
        nn.init.zeros_(self.head2.weight)
        bias = torch.tensor([0.0, 0.0, 0.0, MASK_BIAS])
        self.head2.bias = nn.Parameter(bias)
        if teeth:
            self.shade = nn.Conv2d(third, 4, 1)
            nn.init.zeros_(self.shade.weight)
            nn.init.zeros_(self.shade.bias)  # type: ignore[arg-type]
        self.style_size = slots.used

    def parts(
        self,
        crop: Tensor,
        rasters: Tensor,
        teeth: Tensor | None,
        source: Tensor,
        source_rasters: Tensor,
        style: Tensor,
    ) -> tuple[Tensor, Tensor]:
        gain = daylight_gains(source)  # (B, 3, 1, 1)
        day, lit = crop * gain * 2 - 1, source * gain * 2 - 1
        joined = [self.quarters(day), rasters, self.quarters(lit), source_rasters]
        if teeth is not None:
            joined.append(F.avg_pool2d(teeth, 2))
        x0 = _act(self.stem(torch.cat(joined, 1)))  # (B, w0, H/2, W/2)
        x1 = self.encode1(_act(self.down1(x0)))  # (B, w1, H/4, W/4)
        x2 = self.encode2(_act(self.down2(x1)))  # (B, w2, H/8, W/8)
        x = _act(self.down3(x2))  # (B, w3, H/16, W/16)
        for block in self.deep:
            x = block(x, style)
        x = coarse = self.decode2(_up(self.up3(x)) + x2, style)  # (B, w2, H/8, W/8)
        x = self.decode1(_up(self.up2(x)) + x1, style)  # (B, w1, H/4, W/4)
        x = self.decode0(_act(_up(self.up1(x)) + x0))  # (B, w0, H/2, W/2)
        x = F.pixel_shuffle(self.up0(x), 2)  # (B, head, H, W)
        x = _act(self.head1(torch.cat([x, day], 1)))
        x = self.head2(x)  # (B, 4, H, W)
        trust = correction_trust(source, rasters[:, MOUTH : MOUTH + 1])
        mask = torch.sigmoid(x[:, 3:]) * trust
        correction = in_own_colours(x[:, :3] / gain, source) * mask
        if teeth is not None:
            shade = torch.tanh(self.shade(coarse))  # (B, 4, H/8, W/8): of all light, then of each colour
            shade = shade[:, :1] * MOST_SHADE + shade[:, 1:] * MOST_TINT
            shade = F.interpolate(shade, size=crop.shape[-2:], mode="bilinear", align_corners=False)
            shaded = in_own_colours(crop * shade, source) * trust
            correction, mask = correction + (shaded - correction) * teeth, mask * (1 - teeth)
        return correction, mask


class Quarters(nn.Module):
    """Four pixels to one place: `F.pixel_unshuffle(x, 2)` of colours, as a convolution with ones and zeros.

    The same numbers. onnxruntime takes .07 ms for it on a CPU, and .4 for reshaping and transposing.
    """

    pick: Tensor

    def __init__(self) -> None:
        super().__init__()
        # Channel 4 c + 2 i + j is pixel (i, j) of channel c.
        pick = torch.eye(12).reshape(12, 3, 2, 2)
        self.register_buffer("pick", pick, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 12, H/2, W/2)."""
        return F.conv2d(x, self.pick, stride=2)


def _act(x: Tensor) -> Tensor:
    return F.leaky_relu(x, SLOPE)


def _up(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
