"""What the refiner is told about a face: signed distances to mouth, lips, eyes, irises and lids, as pictures.

Distances say more than filled outlines: they stay smooth at half the crop's resolution, which a quarter of
the cost buys, and a shut mouth or lid is still a line to be seen. They also say where the refiner may change
anything (`livecam.model.refiner`).

`Rasters` is the form inside a graph. On a CPU `livecam.render.cpu.rasters` draws the same, faster.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from livecam.face import landmarks as lm
from livecam.generator.alignment import Window
from livecam.generator.layout import CHANNELS, EYE_AREAS, GRID, REACH
from livecam.model.holes import signed_distance

OUTLINES: Final = (
    (lm.MOUTH,),
    (lm.OUTER_LIPS,),
    (lm.LEFT_EYE, lm.RIGHT_EYE),
    EYE_AREAS,
)


class Rasters(nn.Module):
    """Landmarks -> (1, 5, high, wide) in -1..1: positive inside, 1 and -1 at `REACH` and beyond. No
    weights."""

    points: Tensor
    cells: Tensor

    def __init__(self, grid: tuple[int, int] = (GRID, GRID), whole: int | None = None) -> None:
        """`grid`: width and height; `whole`: cells along a side of the face-aligned square, the grid's own
        unless given."""
        super().__init__()
        self.grid, self.reach = grid, REACH * (whole or grid[0])
        y, x = torch.meshgrid(*(torch.arange(n) + 0.5 for n in grid[::-1]), indexing="ij")
        points = torch.stack([x, y], -1).reshape(-1, 2)
        self.register_buffer("points", points, persistent=False)  # (P, 2) in cells, P = wide * high
        self.register_buffer("cells", torch.tensor(grid, dtype=torch.float32), persistent=False)
        for k, outlines in enumerate(OUTLINES):
            for i, outline in enumerate(outlines):
                self.register_buffer(f"outline_{k}_{i}", torch.tensor(outline), persistent=False)

    def forward(self, landmarks: Tensor, window: Window) -> Tensor:
        """landmarks (478, 2) and the crop's window in the same unit. Channels as `layout.CHANNELS` names
        them."""
        x, y = window.to_crop(landmarks[:, 0], landmarks[:, 1])
        own = torch.stack([x, y], -1) * self.cells  # (478, 2)
        mouth, lips, eyes, lids = (self._nearest(own, k) for k in range(len(OUTLINES)))
        irises = torch.maximum(self._disc(own, lm.LEFT_IRIS), self._disc(own, lm.RIGHT_IRIS))
        distances = torch.stack([mouth, lips, eyes, irises, lids])  # (5, P)
        wide, high = self.grid
        return (distances / self.reach).clamp(-1, 1).reshape(1, len(CHANNELS), high, wide)

    def _nearest(self, own: Tensor, k: int) -> Tensor:
        """(P,): to the outlines of channel k, whichever is nearer."""
        nearest = signed_distance(self.points, own[self.get_buffer(f"outline_{k}_0")])
        if len(OUTLINES[k]) > 1:
            other = signed_distance(self.points, own[self.get_buffer(f"outline_{k}_1")])
            nearest = torch.maximum(nearest, other)
        return nearest

    def _disc(self, own: Tensor, iris: tuple[int, ...]) -> Tensor:
        """(P,): to an iris, a disc about its centre."""
        centre, rim = own[iris[0]], own[iris[1] : iris[-1] + 1]
        radius = (rim - centre).square().sum(1).sqrt().mean()
        return radius - (self.points - centre).square().sum(1).sqrt()
