"""Lays the layers over one another: background, person, and through the openings interior and teeth."""

from __future__ import annotations

from torch import Tensor, nn

from livecam.generator.inputs import (
    LASH_RIM,
    LASH_RIM_SHUT,
    LOWER_SURE,
    LOWER_UNSURE,
    OCCLUSION_AT_LIPS,
    OCCLUSION_DEPTH,
    OPENING_EDGE,
    SHADE_AT_LIDS,
    SHADE_DEPTH,
    SMALLEST_WIDTH,
)


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
        lights: Tensor,
        teeth: Tensor,
        holes: Tensor,
        mouth_width: Tensor,
        eye_width: Tensor,
        shut: Tensor,
        aside: Tensor,
        gone: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Layers already moved to where they belong -> the picture (1, 3, S, S) in 0..1, and what of each of
        its pixels is surely teeth, (1, 1, S, S) in 0..1.

        foreground (1, 4, S, S) RGB and matte, background (1, 3, S, S), interior (1, 6, S, S) with eyeballs as
        they are and as they look aside, lights (1, 3, S, S) on them, teeth (2, 4, S, S) with the upper row
        and the lower, holes (1, 3, S, S) signed distances to mouth, left and right eye, and mouth_width and
        eye_width () in units of the crop's side; shut and aside (2,), how far each eye is drawn as one that
        is shut or looks aside; gone (), how far the lower row has gone down, in that unit.
        """
        colour, matte = foreground[:, :3], foreground[:, 3:]
        picture = background + (colour - background) * matte

        # Soft edges begin at the outline and lie inside: shut lips leave no line. A lid's: within the lashes.
        mouth_open = (holes[:, :1] * (self.size / OPENING_EDGE)).clamp(0, 1)
        rim = (LASH_RIM * eye_width * (1 - LASH_RIM_SHUT * shut)).reshape(1, 2, 1, 1)
        eyes_open = ((holes[:, 1:] - rim) * (self.size / OPENING_EDGE)).clamp(0, 1)  # (1, 2, S, S)
        light = (
            OCCLUSION_AT_LIPS + holes[:, :1] / (OCCLUSION_DEPTH * mouth_width.clamp(min=SMALLEST_WIDTH))
        ).clamp(0, 1)
        own, far = interior[:, :3], interior[:, 3:]
        lower, upper = teeth[1:, 3:], teeth[:1, 3:]
        mouth = own + (teeth[1:, :3] - own) * lower
        mouth = mouth + (teeth[:1, :3] - mouth) * upper
        left = LOWER_UNSURE - gone / mouth_width.clamp(min=SMALLEST_WIDTH)
        sure = (left / (LOWER_UNSURE - LOWER_SURE)).clamp(0, 1)
        shown = (upper + lower * sure * (1 - upper)) * mouth_open
        picture = picture + (mouth * light - picture) * mouth_open
        depth = holes[:, 1:].amax(1, keepdim=True) / (SHADE_DEPTH * eye_width.clamp(min=SMALLEST_WIDTH))
        shaded = far * (SHADE_AT_LIDS + depth).clamp(0, 1)
        for eye in range(2):
            ball = (own + (shaded - own) * aside[eye] + lights).clamp(max=1)
            picture = picture + (ball - picture) * eyes_open[:, eye : eye + 1]
        return picture, shown
