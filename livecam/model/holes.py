"""Where mouth and eyes are open: signed distances to their outlines, from landmarks alone.

Lips and lids often stand only a few pixels apart. Distances on a coarse grid over the whole picture lose such
gaps (off by 2.6 pixels at 512 on a grid of 96), so every opening has a grid of its own that just holds it
(.06 pixels).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from livecam.face.landmarks import LEFT_EYE, MOUTH, RIGHT_EYE
from livecam.generator.inputs import OPENING_MARGIN
from livecam.model.warper import cell_centres

KNOTS = 64
"""Along a side of an opening's own grid: .06 pixels off at most, see above."""
LEAST_SQUARE = 1e-12
"""Of an edge's length, in squared sides of the crop. A floor, not an addend: the exporter takes it for 0 and
leaves its addition out."""


class Distance(nn.Module):
    """Signed distance to an outline, in units of the crop's side, positive inside. No weights.

    Farther from it than a margin it is only known to be negative.
    """

    centres: Tensor
    knots: Tensor
    points: Tensor

    def __init__(self, size: int, knots: int = KNOTS) -> None:
        super().__init__()
        self.size = size
        self.last = knots - 1
        self.register_buffer("centres", cell_centres(size)[:, None], persistent=False)  # (S, 1)
        self.register_buffer("knots", torch.arange(knots).float(), persistent=False)  # (K,)
        y, x = torch.meshgrid(self.knots, self.knots, indexing="ij")
        points = torch.stack([x, y], -1).reshape(-1, 2) / self.last
        self.register_buffer("points", points, persistent=False)  # (K * K, 2), from edge to edge of 0..1

    def forward(self, outline: Tensor, margin: float = OPENING_MARGIN) -> Tensor:
        """outline (N, 2) -> (S, S), exact at the knots of the outline's own grid and bilinear between.

        `margin`: pixels around the outline that the grid holds.
        """
        low, high = outline.amin(0) - margin / self.size, outline.amax(0) + margin / self.size  # (2,) each
        coarse = signed_distance(low + self.points * (high - low), outline)  # (K * K,)

        # Bilinear by two small matrix products: how much every pixel's row and column has of every knot's.
        place = ((self.centres - low) / (high - low)).clamp(0, 1) * self.last  # (S, 2), x and y in knots
        columns = (1 - (place[:, 0:1] - self.knots).abs()).clamp(min=0)  # (S, K)
        rows = (1 - (place[:, 1:2] - self.knots).abs()).clamp(min=0)
        return rows @ coarse.reshape(self.last + 1, self.last + 1) @ columns.t()


class Holes(nn.Module):
    """`Distance` to the openings. No weights."""

    mouth: Tensor
    left_eye: Tensor
    right_eye: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.distance = Distance(size)
        for name, outline in (("mouth", MOUTH), ("left_eye", LEFT_EYE), ("right_eye", RIGHT_EYE)):
            self.register_buffer(name, torch.tensor(outline), persistent=False)

    def forward(self, landmarks: Tensor) -> Tensor:
        """landmarks (478, 2) -> (1, 3, S, S): to the mouth, the left eye and the right."""
        outlines = (self.mouth, self.left_eye, self.right_eye)
        return torch.stack([self.distance(landmarks[outline]) for outline in outlines])[None]


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

    squared = (ex * ex + ey * ey).clamp(min=LEAST_SQUARE)
    along = ((px * ex + py * ey) / squared).clamp(0, 1)  # nearest place on the edge
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
