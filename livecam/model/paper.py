"""The paper's generator, without a warper: it draws the crop from landmarks and the person's style alone.

Zakharov, Shysheya, Burkov, Lempitsky, "Few-Shot Adversarial Learning of Realistic Neural Talking Head
Models", ICCV 2019: an encoder of the landmark picture, residual blocks and a decoder, all with AdaIN from P
e. Ours is smaller and takes distances in place of drawn lines. It fits wherever `RepairNetwork` does, so
that both are trained and measured alike: confined to mouth and eyes as that one is, or drawing the whole
crop.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livecam.generator.alignment import SIZE
from livecam.generator.layout import CHANNELS
from livecam.model.adain import SLOPE, AdaIN, StyledBlock, StyleSlots
from livecam.model.refiner import CropNetwork


@dataclass(frozen=True, slots=True)
class PaperShape:
    """`widths`: channels at C/2, C/4, C/8 and C/16; `deep`: blocks at the last; `confined`: to mouth and
    eyes."""

    size: int = SIZE
    widths: tuple[int, int, int, int] = (32, 64, 128, 192)
    deep: int = 4
    confined: bool = True


class PaperNetwork(CropNetwork):
    """Landmarks and style -> crop. What it corrects is the whole difference from the warped crop."""

    def __init__(self, shape: PaperShape | None = None) -> None:
        shape = shape or PaperShape()
        super().__init__("face", shape.size)
        self.shape = shape
        slots = StyleSlots()
        first, second, third, fourth = shape.widths
        self.encode = nn.ModuleList(
            [
                nn.Conv2d(len(CHANNELS), first, 3, padding=1),
                nn.Conv2d(first, second, 3, 2, 1),
                nn.Conv2d(second, third, 3, 2, 1),
                nn.Conv2d(third, fourth, 3, 2, 1),
            ]
        )
        self.deep = nn.ModuleList(StyledBlock(fourth, slots) for _ in range(shape.deep))
        self.decode = nn.ModuleList(
            [
                nn.Conv2d(fourth, third, 3, padding=1),
                nn.Conv2d(third, second, 3, padding=1),
                nn.Conv2d(second, first, 3, padding=1),
            ]
        )
        self.norms = nn.ModuleList(AdaIN(width, slots) for width in (third, second, first))
        self.last = nn.Conv2d(first, 3 * 4, 3, padding=1)
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
        x = rasters  # (B, 5, C/2, C/2)
        for layer in self.encode:
            x = F.leaky_relu(layer(x), SLOPE)
        for block in self.deep:  # (B, w3, C/16, C/16)
            x = block(x, style)
        for layer, norm in zip(self.decode, self.norms, strict=True):
            x = layer(F.interpolate(x, scale_factor=2.0, mode="nearest"))
            x = F.leaky_relu(norm(x, style), SLOPE)  # ... (B, w0, C/2, C/2)
        drawn = torch.sigmoid(F.pixel_shuffle(self.last(x), 2))  # (B, 3, C, C)
        # The paper sees the portrait through its style alone. Exporters drop inputs that nothing reads.
        unseen = 0 * source + 0 * source_rasters.mean()
        return drawn - crop + unseen, torch.ones_like(crop[:, :1])

    def gate(self, rasters: Tensor, source_rasters: Tensor) -> Tensor:
        if self.shape.confined:
            return super().gate(rasters, source_rasters)
        return self.window.expand(len(rasters), -1, -1, -1)
