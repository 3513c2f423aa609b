"""What closing lids show: their skin, painted once, and a line of lashes where they meet.

An open eye shows a few pixels of its upper lid, under lashes and their shade. Stretched over the whole eye
they become a dark patch, and the flow's cells are too coarse for the line between the lids. So the lids' skin
is laid over what was warped and the line is drawn, both the more the further an eye is shut.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from livecam.face.landmarks import EYES, LEFT_EYE, RIGHT_EYE, UPPER_LIDS
from livecam.generator.inputs import (
    LASH_EDGE,
    LASH_ENDS,
    LASH_LINE,
    LASH_SHADE,
    LASH_SHADE_MOST,
    LID_SOFT,
    SMALLEST_WIDTH,
)
from livecam.generator.layout import EYE_AREAS
from livecam.model.holes import Distance
from livecam.model.warper import cell_centres

WIDEST_EYE = 1 / 4
"""Of the crop's side: eyes are drawn wrong only if they are wider, and none is."""


class Lids(nn.Module):
    """Picture and landmarks -> the picture with its lids closed. No weights."""

    centres: Tensor
    areas: Tensor
    skins: Tensor
    openings: Tensor
    rows: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.distance = Distance(size)
        self.register_buffer("centres", cell_centres(size), persistent=False)  # (S,)
        self.register_buffer("areas", torch.tensor(EYE_AREAS), persistent=False)  # (2, 16)
        self.register_buffer("skins", torch.tensor(UPPER_LIDS), persistent=False)  # (2, 16)
        self.register_buffer("openings", torch.tensor([LEFT_EYE, RIGHT_EYE]), persistent=False)  # (2, 16)
        rows = torch.tensor([upper for upper, _, _ in EYES])
        self.register_buffer("rows", rows, persistent=False)  # (2, 9)

    def forward(self, picture: Tensor, skin: Tensor, landmarks: Tensor, lids: Tensor) -> Tensor:
        """picture (1, 3, S, S), skin (1, 3, S, S) of shut lids, already moved, landmarks (478, 2), lids
        (2, 12) as `FrameInputs` has them -> (1, 3, S, S)."""
        edges = landmarks[self.rows[:, -1]] - landmarks[self.rows[:, 0]]  # (2, 2), from corner to corner
        widths = edges.square().sum(1).sqrt().clamp(min=SMALLEST_WIDTH)  # (2,)
        for eye in range(2):
            within = self.distance(landmarks[self.areas[eye]])  # (S, S)
            upper = (self.distance(landmarks[self.skins[eye]]) * self.size).clamp(0, 1)
            opened = (self.distance(landmarks[self.openings[eye]]) * self.size).clamp(0, 1)
            lower = (1 - upper) * (1 - opened)
            soft = (within / (LID_SOFT * widths[eye])).clamp(0, 1)
            share = soft * (upper * lids[eye, 3] + lower * lids[eye, 5])
            picture = picture + (skin - picture) * share
            line, shade = self._lashes(landmarks[self.rows[eye]], edges[eye] / widths[eye], widths[eye])
            colour = lids[eye, :3].reshape(1, 3, 1, 1)
            picture = picture + (colour - picture) * (torch.maximum(line, shade * upper) * lids[eye, 3])
        return picture

    def _lashes(self, row: Tensor, axis: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
        """(S, S) in 0..1 twice: what lashes cover, and the shade around them. row: (9, 2), the edge of the
        upper lid; axis: (2,), from corner to corner, of length 1."""
        there_and_back = torch.cat([row, row[1:-1].flip(0)])  # an outline that holds nothing
        margin = LASH_SHADE * self.size * WIDEST_EYE + LASH_EDGE
        away = -self.distance(there_and_back, margin)  # (S, S)
        x, y = self.centres[None, :] - row[0, 0], self.centres[:, None] - row[0, 1]
        along = ((x * axis[0] + y * axis[1]) / width).clamp(0, 1) * 2 - 1  # (S, S), from corner to corner
        bulge = (1 - along.square()).clamp(min=0).sqrt()
        half = LASH_LINE * width * (LASH_ENDS + (1 - LASH_ENDS) * bulge)
        line = ((half - away) * (self.size / LASH_EDGE) + 0.5).clamp(0, 1)
        near = (1 - away / (LASH_SHADE * width)).clamp(0, 1)
        return line, LASH_SHADE_MOST * near.square()
