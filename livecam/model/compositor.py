"""Lays the layers over one another: background, person, and the interior through the openings."""

from __future__ import annotations

from torch import Tensor, nn

from livecam.model.inputs import LASH_RIM

EDGE = 1.0
"""Width of an opening's soft edge, in pixels."""
OCCLUSION_AT_LIPS = 0.6
"""How much of the mouth's interior shows right behind the lips; deeper in it is lit fully."""
OCCLUSION_DEPTH = 0.09
"""How far in the light grows by 1, as a share of the mouth's width."""

SMALLEST_MOUTH = 1e-4
"""Of the crop's side. Keeps a mouth without width from dividing 0 by 0."""


class Compositor(nn.Module):
    """Layers -> picture. No weights."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(
        self,
        foreground: Tensor,
        background: Tensor,
        interior: Tensor,
        holes: Tensor,
        mouth_width: Tensor,
        eye_width: Tensor,
    ) -> Tensor:
        """Layers already moved to where they belong -> the picture (1, 3, S, S) in 0..1.

        foreground (1, 4, S, S) RGB and matte, background and interior (1, 3, S, S), holes (1, 2, S, S)
        signed distances to mouth and eyes, and mouth_width and eye_width () in units of the crop's side.
        """
        colour, matte = foreground[:, :3], foreground[:, 3:]
        picture = background + (colour - background) * matte

        # Soft edges begin at the outline and lie inside: shut lips leave no line. A lid's: within the lashes.
        mouth_open = (holes[:, :1] * (self.size / EDGE)).clamp(0, 1)
        eyes_open = ((holes[:, 1:] - LASH_RIM * eye_width) * (self.size / EDGE)).clamp(0, 1)
        light = (
            OCCLUSION_AT_LIPS + holes[:, :1] / (OCCLUSION_DEPTH * mouth_width.clamp(min=SMALLEST_MOUTH))
        ).clamp(0, 1)
        picture = picture + (interior * light - picture) * mouth_open
        return picture + (interior - picture) * eyes_open
