"""Moves layers: a coarse flow, brought to the picture's size, says where every pixel's colour comes from."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def cell_centres(cells: int) -> Tensor:
    """(cells,): the centres of `cells` equal parts of 0..1."""
    return (torch.arange(cells, dtype=torch.float32) + 0.5) / cells


def cell_grid(cells: int) -> Tensor:
    """(cells * cells, 2): x and y of the centres of a square grid's cells, row by row."""
    centres = cell_centres(cells)
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    return torch.stack([x, y], -1).reshape(-1, 2)


def enlarge(grid: Tensor, size: int) -> Tensor:
    """(1, C, G, G) -> (1, C, size, size), bilinear between cell centres."""
    return F.interpolate(grid, size=(size, size), mode="bilinear", align_corners=False)


class Warper(nn.Module):
    """Samples a layer where a flow says. No weights."""

    centres: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("centres", cell_centres(size), persistent=False)

    def forward(self, layer: Tensor, flow: Tensor) -> Tensor:
        """layer (1, C, S, S) and flow (1, 2, G, G) in units of the crop's side -> (1, C, S, S)."""
        # The flow is enlarged, not the positions: an enlarged zero flow stays the identity up to the border.
        offset = enlarge(flow, self.size)  # (1, 2, S, S)
        x = offset[:, 0] + self.centres  # (1, S, S)
        y = offset[:, 1] + self.centres[:, None]
        # grid_sample counts from -1 to 1 between the outer edges of the border pixels.
        positions = torch.stack([x, y], -1) * 2 - 1  # (1, S, S, 2)
        return F.grid_sample(layer, positions, mode="bilinear", padding_mode="border", align_corners=False)


class AffineWarper(nn.Module):
    """Samples layers where affine maps say. No weights."""

    points: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("points", cell_grid(size), persistent=False)  # (S * S, 2)

    def forward(self, layers: Tensor, inverse: Tensor) -> Tensor:
        """layers (N, C, S, S) and inverse (N, 2, 3), moved -> source -> (N, C, S, S)."""
        count = layers.shape[0]
        source = self.points @ inverse[:, :, :2].transpose(1, 2) + inverse[:, :, 2][:, None]  # (N, S * S, 2)
        positions = source.reshape(count, self.size, self.size, 2) * 2 - 1
        return F.grid_sample(layers, positions, mode="bilinear", padding_mode="border", align_corners=False)


class InteriorFlow(nn.Module):
    """One flow for mouth and eyeballs: every opening's own affine map near it, a soft change between them."""

    points: Tensor

    SHARPNESS = 3000.0
    """Of the change, per squared crop side: eyes .2 apart change over within .004 of the middle."""

    def __init__(self, grid: int = 64) -> None:
        super().__init__()
        self.grid = grid
        self.register_buffer("points", cell_grid(grid), persistent=False)  # (P, 2), P = grid * grid

    def forward(self, inverse: Tensor, centre: Tensor) -> Tensor:
        """inverse (3, 2, 3), moved -> source; centre (3, 2), moved -> flow (1, 2, grid, grid)."""
        here = self.points.t()  # (2, P)
        source = inverse[:, :, :2] @ here + inverse[:, :, 2:]  # (3, 2, P)
        squared = ((here - centre[:, :, None]) ** 2).sum(1)  # (3, P)
        weight = torch.softmax(-self.SHARPNESS * squared, 0)  # (3, P)
        flow = (source * weight[:, None]).sum(0) - here  # (2, P)
        return flow.reshape(1, 2, self.grid, self.grid)
