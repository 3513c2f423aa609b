"""Folds of the skin: what a smile makes darker and lighter beside nose and mouth."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from livecam.generator.inputs import CREASE_HUE
from livecam.model.warper import enlarge


class Creases(nn.Module):
    """Person and what its light gains -> the person. No weights."""

    hue: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        hue = torch.tensor(CREASE_HUE, dtype=torch.float32).reshape(1, 3, 1, 1)
        self.register_buffer("hue", hue, persistent=False)

    def forward(self, person: Tensor, creases: Tensor) -> Tensor:
        """person (1, 4, S, S), RGB and matte, already moved; creases (1, 1, G, G) -> (1, 4, S, S)."""
        gain = 1 + enlarge(creases, self.size) * self.hue
        return torch.cat([(person[:, :3] * gain).clamp(0, 1), person[:, 3:]], 1)
