"""Who it is: pictures of a person with their landmarks -> a vector e, and from e the style of every layer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livecam.generator.alignment import SIZE
from livecam.generator.layout import CHANNELS, embedder_specs
from livecam.model.adain import SLOPE

LENGTH = 512
"""Of e, as in the paper."""


class Embedder(nn.Module):
    """Mean over K pictures of a convolutional network's view of each."""

    def __init__(self, width: int = 32, length: int = LENGTH) -> None:
        super().__init__()
        widths = [3 * 4 + len(CHANNELS), width, width * 2, width * 4, width * 8, width * 8]
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=1 if k == 0 else 2, padding=1)
            for k, (before, after) in enumerate(pairwise(widths))
        )
        self.last = nn.Linear(widths[-1], length)
        # He et al. 2015: with PyTorch's own start a signal shrinks by .6 a layer, and all people look alike.
        for layer in [*self.layers, self.last]:
            nn.init.kaiming_normal_(layer.weight, SLOPE)  # type: ignore[arg-type]

    def forward(self, pictures: Tensor, rasters: Tensor) -> Tensor:
        """pictures (B, K, 3, C, C) in 0..1, rasters (B, K, 5, C/2, C/2) -> e (B, 512)."""
        batch, shots = pictures.shape[:2]
        one = self.single(pictures.flatten(0, 1), rasters.flatten(0, 1))  # (B * K, 512)
        return one.reshape(batch, shots, -1).mean(1)

    def single(self, picture: Tensor, rasters: Tensor) -> Tensor:
        """picture (B, 3, C, C), rasters (B, 5, C/2, C/2) -> (B, 512)."""
        x = torch.cat([F.pixel_unshuffle(picture * 2 - 1, 2), rasters], 1)  # (B, 17, C/2, C/2)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)  # ... (B, 8 w, C/32, C/32)
        one: Tensor = self.last(x.mean((2, 3)))
        return one


class Projection(nn.Module):
    """P: from e to the scales and shifts of every AdaIN layer, near 0 at first."""

    def __init__(self, style_size: int, length: int = LENGTH) -> None:
        super().__init__()
        self.linear = nn.Linear(length, style_size)
        nn.init.normal_(self.linear.weight, std=0.005)
        nn.init.zeros_(self.linear.bias)

    def forward(self, embedding: Tensor) -> Tensor:
        """(B, 512) -> (B, N)."""
        style: Tensor = self.linear(embedding)
        return style


class StyleOfPicture(nn.Module):
    """Embedder and every network's P as one graph for one picture. P is linear: the mean over pictures is the
    style of all."""

    def __init__(self, embedder: Embedder, projections: Sequence[Projection], size: int = SIZE) -> None:
        super().__init__()
        self.embedder, self.projections, self.size = embedder, nn.ModuleList(projections), size
        style = sum(projection.linear.out_features for projection in projections)
        self.inputs, self.outputs = embedder_specs(style, size)

    def forward(self, picture: Tensor, rasters: Tensor) -> Tensor:
        """picture (1, 3, C, C), rasters (1, 5, C/2, C/2) -> style (1, N of all)."""
        embedding = self.embedder.single(picture, rasters)
        return torch.cat([projection(embedding) for projection in self.projections], 1)
