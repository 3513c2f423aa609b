"""Where mouth and eyes are open: signed distances to their outlines, from landmarks alone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from livecam.face.landmarks import LEFT_EYE, MOUTH, RIGHT_EYE
from livecam.model.warper import cell_grid


class Holes(nn.Module):
    """Signed distance to the openings, in units of the crop's side, positive inside. No weights."""

    points: Tensor
    mouth: Tensor
    left_eye: Tensor
    right_eye: Tensor

    def __init__(self, grid: int = 96) -> None:
        super().__init__()
        self.grid = grid
        self.register_buffer("points", cell_grid(grid), persistent=False)  # (P, 2), P = grid * grid
        for name, outline in (("mouth", MOUTH), ("left_eye", LEFT_EYE), ("right_eye", RIGHT_EYE)):
            self.register_buffer(name, torch.tensor(outline), persistent=False)

    def forward(self, landmarks: Tensor) -> Tensor:
        """landmarks (478, 2) -> (1, 2, grid, grid): the mouth, and whichever eye is nearer."""
        mouth = signed_distance(self.points, landmarks[self.mouth])
        left = signed_distance(self.points, landmarks[self.left_eye])
        right = signed_distance(self.points, landmarks[self.right_eye])
        return torch.stack([mouth, torch.maximum(left, right)]).reshape(1, 2, self.grid, self.grid)


def signed_distance(points: Tensor, outline: Tensor) -> Tensor:
    """points (P, 2) and a closed outline's corners (N, 2) -> (P,), positive inside, in the same unit.

    Distance to the nearest edge; inside where the winding number is not 0, so that an outline that crosses
    itself (lips pressed together) has no outside within. Edges of no length count as points.
    """
    following = torch.cat([outline[1:], outline[:1]])  # (N, 2)
    edge = following - outline  # (N, 2), from every corner to the next
    ex, ey = edge[:, 0], edge[:, 1]  # (N,)
    px = points[:, 0:1] - outline[:, 0]  # (P, N), from corner to point
    py = points[:, 1:2] - outline[:, 1]

    along = ((px * ex + py * ey) / (ex * ex + ey * ey + 1e-12)).clamp(0, 1)  # nearest place on the edge
    dx, dy = px - ex * along, py - ey * along
    distance = (dx * dx + dy * dy).amin(1).sqrt()  # (P,)

    # Winding number: edges that cross the point's horizontal ray to the right, up less down. Both ends of an
    # edge are compared as the neighbouring edges compare them, so that no corner counts twice.
    start_above = outline[:, 1] <= points[:, 1:2]  # (P, N)
    end_above = following[:, 1] <= points[:, 1:2]
    side = ex * py - ey * px  # > 0: the point lies to the right of the edge's direction, in an image
    crosses_down = start_above & ~end_above & (side > 0)
    crosses_up = ~start_above & end_above & (side < 0)
    winding = (crosses_down.float() - crosses_up.float()).sum(1)
    return torch.where(winding.abs() > 0.5, distance, -distance)
