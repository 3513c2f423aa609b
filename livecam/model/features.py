"""A small feature network for the perceptual loss, trained on rendered truth: no weights are downloaded.

It learns what every pixel shows, which expression is worn and whose head it is, all of which a renderer
knows. What it looks at on the way there serves as a measure of likeness (Johnson, Alahi, Fei-Fei,
"Perceptual Losses for Real-Time Style Transfer", ECCV 2016).
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from livecam.model.adain import SLOPE

MATERIALS = 20
"""Kinds of pixel that the renderer knows."""


class Reading(NamedTuple):
    """materials (B, 18, C/2, C/2): logits. expression (B, E) and identity (B, I): coefficients."""

    materials: Tensor
    expression: Tensor
    identity: Tensor


class FeatureNetwork(nn.Module):
    """Features at C, C/2, C/4 and C/8, and heads that read the truth from them."""

    def __init__(self, expressions: int, identities: int, width: int = 16) -> None:
        super().__init__()
        widths = [3, width, width * 2, width * 4, width * 6]
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=1 if k == 0 else 2, padding=1)
            for k, (before, after) in enumerate(pairwise(widths))
        )
        self.again = nn.ModuleList(nn.Conv2d(w, w, 3, padding=1) for w in widths[2:])
        self.side = nn.ModuleList(nn.Conv2d(w, width * 2, 1) for w in widths[2:])
        self.materials = nn.Conv2d(width * 2, MATERIALS, 3, padding=1)
        self.expression = nn.Linear(widths[-1] * 4, expressions)
        self.identity = nn.Linear(widths[-1] * 4, identities)

    def features(self, picture: Tensor) -> list[Tensor]:
        """picture (B, 3, C, C) in 0..1 -> four tensors, finest first."""
        x = F.leaky_relu(self.layers[0](picture * 2 - 1), SLOPE)
        found = [x]
        for layer, again in zip(self.layers[1:], self.again, strict=True):
            x = F.leaky_relu(again(F.leaky_relu(layer(x), SLOPE)), SLOPE)
            found.append(x)
        return found

    def forward(self, picture: Tensor) -> Reading:
        """What the network is trained to read."""
        found = self.features(picture)
        size = found[1].shape[-2:]
        mixed = sum(
            F.interpolate(side(x), size=size, mode="bilinear", align_corners=False)
            for side, x in zip(self.side, found[1:], strict=True)
        )
        pooled = F.adaptive_avg_pool2d(found[-1], 2).flatten(1)
        return Reading(self.materials(mixed), self.expression(pooled), self.identity(pooled))


def perceptual(network: FeatureNetwork, picture: Tensor, truth: Tensor, gate: Tensor) -> Tensor:
    """Mean L1 between both pictures' features, each layer scaled to the truth's own size; gate (B, 1, C,
    C)."""
    seen, expected = network.features(picture * gate), network.features(truth * gate)
    total = picture.new_zeros((), dtype=seen[0].dtype).float()
    for given, wanted in zip(seen, expected, strict=True):
        wanted = wanted.detach().float()
        total = total + (given.float() - wanted).abs().mean() / (wanted.abs().mean() + 1e-3)
    return total / len(seen)
