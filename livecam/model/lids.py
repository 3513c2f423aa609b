"""What closing lids show: smooth skin, and a line of lashes where they meet.

An open eye shows a few pixels of its upper lid. Stretched over the whole eye they become streaks, and the
flow's cells are too coarse for the line between the lids. So the skin is smoothed along the lid and the line
is drawn, both the more the further an eye is shut.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from livecam.face.landmarks import EYES, UPPER_LIDS
from livecam.generator.inputs import (
    LASH_EDGE,
    LASH_ENDS,
    LASH_LINE,
    LID_SOFT,
    LID_WEIGHT,
    SMALLEST_WIDTH,
    lid_kernel,
)
from livecam.model.holes import Distance
from livecam.model.warper import cell_centres

WIDEST_EYE = 1 / 4
"""Of the crop's side: eyes are drawn wrong only if they are wider, and none is."""


class Lids(nn.Module):
    """Picture and landmarks -> the picture with its lids closed. No weights."""

    centres: Tensor
    kernel: Tensor
    skins: Tensor
    rows: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        self.distance = Distance(size)
        self.register_buffer("centres", cell_centres(size), persistent=False)  # (S,)
        self.register_buffer("kernel", torch.from_numpy(lid_kernel(size))[None, None, None], persistent=False)
        self.register_buffer("skins", torch.tensor(UPPER_LIDS), persistent=False)  # (2, 16)
        rows = torch.tensor([upper for upper, _, _ in EYES])
        self.register_buffer("rows", rows, persistent=False)  # (2, 9)

    def forward(self, picture: Tensor, landmarks: Tensor, lids: Tensor) -> Tensor:
        """picture (1, 3, S, S), landmarks (478, 2), lids (2, 5) as `FrameInputs` has them -> (1, 3, S, S)."""
        edges = landmarks[self.rows[:, -1]] - landmarks[self.rows[:, 0]]  # (2, 2), from corner to corner
        widths = edges.square().sum(1).sqrt().clamp(min=SMALLEST_WIDTH)  # (2,)
        picture = self._smooth(picture, landmarks, widths, lids[:, 3])
        for eye in range(2):
            line = self._line(landmarks[self.rows[eye]], edges[eye] / widths[eye], widths[eye])
            colour = lids[eye, :3].reshape(1, 3, 1, 1)
            picture = picture + (colour - picture) * (line * lids[eye, 3])
        return picture

    def _smooth(self, picture: Tensor, landmarks: Tensor, widths: Tensor, shut: Tensor) -> Tensor:
        """Each pixel of a lid takes the weighted mean of those beside it that belong to the lid."""
        inside, share = [], []
        for eye in range(2):
            distance = self.distance(landmarks[self.skins[eye]])  # (S, S)
            inside.append((distance * self.size).clamp(0, 1))
            share.append((distance / (LID_SOFT * widths[eye])).clamp(0, 1) * shut[eye])
        where = torch.maximum(inside[0], inside[1])[None, None]  # (1, 1, S, S)
        planes = torch.cat([picture * where, where], 1).transpose(0, 1)  # (4, 1, S, S)
        planes = F.conv2d(planes, self.kernel, padding=(0, self.kernel.shape[-1] // 2)).transpose(0, 1)
        smooth = planes[:, :3] / planes[:, 3:].clamp(min=LID_WEIGHT)
        return picture + (smooth - picture) * torch.maximum(share[0], share[1])

    def _line(self, row: Tensor, axis: Tensor, width: Tensor) -> Tensor:
        """(S, S) in 0..1: the lashes. row: (9, 2), the edge of the upper lid; axis: (2,), from corner to
        corner, of length 1."""
        there_and_back = torch.cat([row, row[1:-1].flip(0)])  # an outline that holds nothing
        margin = LASH_LINE * self.size * WIDEST_EYE + LASH_EDGE
        away = -self.distance(there_and_back, margin)  # (S, S)
        x, y = self.centres[None, :] - row[0, 0], self.centres[:, None] - row[0, 1]
        along = ((x * axis[0] + y * axis[1]) / width).clamp(0, 1) * 2 - 1  # (S, S), from corner to corner
        bulge = (1 - along.square()).clamp(min=0).sqrt()
        half = LASH_LINE * width * (LASH_ENDS + (1 - LASH_ENDS) * bulge)
        return ((half - away) * (self.size / LASH_EDGE) + 0.5).clamp(0, 1)
