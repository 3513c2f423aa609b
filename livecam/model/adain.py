"""Adaptive instance normalisation: where a person's own parameters enter a network that all people share.

Huang, Belongie, "Arbitrary Style Transfer in Real-time with Adaptive Instance Normalization", ICCV 2017. The
scales and shifts of all layers lie side by side in one vector, the style: P e of Zakharov et al. 2019, an
input of the graph, so that another portrait needs no other graph.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.1
"""Of the leaky units."""


class StyleSlots:
    """Hands out places in the style vector while a network is built."""

    def __init__(self) -> None:
        self.used = 0

    def take(self, count: int) -> int:
        """The first of `count` places."""
        first, self.used = self.used, self.used + count
        return first


class AdaIN(nn.Module):
    """Every channel to mean 0 and deviation 1, then scaled by 1 + scale and shifted as the style says."""

    def __init__(self, channels: int, slots: StyleSlots) -> None:
        super().__init__()
        self.channels = channels
        self.scale = slots.take(channels)
        self.shift = slots.take(channels)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """x (B, C, H, W), style (B, N) -> (B, C, H, W)."""
        scale = style[:, self.scale : self.scale + self.channels, None, None]
        shift = style[:, self.shift : self.shift + self.channels, None, None]
        return F.instance_norm(x) * (1 + scale) + shift


class StyledBlock(nn.Module):
    """Residual block: x + conv(act(AdaIN(conv(act(AdaIN(x)))))). Starts as the identity."""

    def __init__(self, channels: int, slots: StyleSlots) -> None:
        super().__init__()
        self.norm1 = AdaIN(channels, slots)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = AdaIN(channels, slots)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """(B, C, H, W) and (B, N) -> (B, C, H, W)."""
        h = self.conv1(F.leaky_relu(self.norm1(x, style), SLOPE))
        h = self.conv2(F.leaky_relu(self.norm2(h, style), SLOPE))
        return x + h


class PlainBlock(nn.Module):
    """Residual block without normalisation, which keeps what colours and distances are. Starts as the
    identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)
        nn.init.zeros_(self.conv2.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return F.leaky_relu(x + self.conv2(F.leaky_relu(self.conv1(x), SLOPE)), SLOPE)
