"""Tells rendered truth from repaired crops, and whether the person is the one it should be.

Zakharov et al. 2019: the score is V(x, y) . (W_i + w0) + b with a column W_i for every person of the training
set. Beside that one number stands one for every patch, which is what teeth and lashes are judged by.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from livecam.generator.layout import CHANNELS
from livecam.model.embedder import LENGTH

SLOPE = 0.2
"""Of the leaky units: here gradients must come through."""
GAIN = 1.7
"""A layer whose norm is 1 makes features smaller; without this the last of five is at a fifteenth of the
first, and hundreds of steps go by before real and fake are told apart."""

_normed = cast("Callable[[nn.Module], nn.Module]", spectral_norm)


class Verdict(NamedTuple):
    """person (B,): the paper's score. patches (B, 1, C/8, C/8). features: of every layer, for matching."""

    person: Tensor
    patches: Tensor
    features: tuple[Tensor, ...]


class Discriminator(nn.Module):
    """Convolutions with spectral normalisation (Miyato et al. 2018), projection (Miyato and Koyama 2018)."""

    def __init__(self, people: int, width: int = 48, length: int = LENGTH) -> None:
        """`people`: columns. A person's column is its number modulo that."""
        super().__init__()
        widths = [3 * 4 + len(CHANNELS), width, width * 2, width * 4, width * 6, width * 8]
        self.layers = nn.ModuleList(
            _normed(nn.Conv2d(before, after, 3, stride=1 if k == 0 else 2, padding=1))
            for k, (before, after) in enumerate(pairwise(widths))
        )
        self.patch = nn.Conv2d(widths[3], 1, 1)
        self.vector = _normed(nn.Linear(widths[-1], length))  # V
        self.column = nn.Embedding(people, length)  # W
        nn.init.normal_(self.column.weight, std=0.02)
        self.general = nn.Parameter(torch.randn(length) * 0.02)  # w0
        self.bias = nn.Parameter(torch.zeros(()))

    @property
    def people(self) -> int:
        return self.column.num_embeddings

    def columns(self, person: Tensor) -> Tensor:
        """Numbers of people (B,) int64 -> W_i (B, 512)."""
        found: Tensor = self.column(person % self.people)
        return found

    def forward(self, crop: Tensor, rasters: Tensor, gate: Tensor, person: Tensor) -> Verdict:
        """crop (B, 3, C, C) in 0..1; rasters (B, 5, C/2, C/2); gate (B, 1, C, C): nothing is seen where it
        is 0, as nothing can be changed there; person (B,) int64."""
        seen = (crop * 2 - 1) * gate
        x = torch.cat([F.pixel_unshuffle(seen, 2), rasters], 1)
        features = []
        for layer in self.layers:
            x = GAIN * F.leaky_relu(layer(x), SLOPE)
            features.append(x)
        patches = self.patch(features[2])  # (B, 1, C/8, C/8)
        vector = self.vector(x.sum((2, 3)))  # (B, 512)
        score = (vector * (self.columns(person) + self.general)).sum(1) + self.bias
        return Verdict(score.float(), patches.float(), tuple(features))
