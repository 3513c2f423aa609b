"""The light and the colours of a picture, which what is painted into it must keep."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F
from torch import Tensor

USUAL_BLUE: Final = 0.72
"""Least share of blue in a face, over the mean of its colours: 1 in grey ones, .79 to .85 on four clips, .56
in the Mona Lisa."""
MOST_BLUE: Final = 2.5
"""How much blue is multiplied by at most. By eye."""
STRANGE: Final = (1.1, 1.3)
"""How much blue is multiplied by in a light that no training picture has: from the first on, and wholly from
the second. The Mona Lisa has 1.37, nine other portraits at most 1.07, clips .88."""
TRUSTED: Final = 0.4
"""Share of a correction inside a mouth that is made in such a light. By eye."""
GREY, COLOURED = 0.012, 0.028
"""Of how much hues differ within a picture: up to the first it has one tone alone, from the second on it has
colours. Charcoal on toned paper has .003, an old photograph .006; a photograph coloured by hand, clips and
other portraits have .035 and more."""
DARK: Final = 0.01
"""Added to the light of a place: what is black has no hue to speak of. By eye."""
EDGE: Final = 10.0
"""Steepness of a mouth's rim, for distances as in `livecam.model.rasters`: 1.6 pixels of the crop. By eye."""
LEAST_LIGHT: Final = 1e-3
"""Of a picture's mean, 0..1: a black one is divided by it."""
COARSE: Final = 4
"""Pixels of the crop that are taken together: grain has no colour either. By eye."""


def daylight_gains(source: Tensor) -> Tensor:
    """source (B, 3, C, C) in 0..1 -> (B, 3, 1, 1): what makes the light on a face with too little blue usual.

    Corrections are made in that light and laid back in the picture's own: under old varnish or by
    candlelight a tongue as pink as in a call looks like a thing from another picture. What yellows dims as
    well: all colours are multiplied as much as blue is besides, or else a dim face is taken for a dark one.
    Grey stays grey, and faces in a usual light have gains of 1.
    """
    blue = _blue(source)
    return torch.cat([torch.ones_like(blue), torch.ones_like(blue), blue], 1) * blue


def correction_trust(source: Tensor, mouth: Tensor) -> Tensor:
    """source (B, 3, C, C) in 0..1, mouth (B, 1, G, G) signed distances to the lips, positive inside -> (B, 1,
    C, C): how much of a correction to make.

    1 but inside the mouth of a face in a strange light. What is painted there by a network that has seen no
    such face is too light, teeth too dark: halfway it keeps the warper's dark mouth and its teeth.
    """
    start, end = STRANGE
    strange = ((_blue(source) - start) / (end - start)).clamp(0, 1)  # (B, 1, 1, 1)
    inside = (mouth * EDGE + 0.5).clamp(0, 1)
    inside = F.interpolate(inside, size=source.shape[-2:], mode="bilinear", align_corners=False)
    return 1 - (1 - TRUSTED) * strange * inside


def _blue(source: Tensor) -> Tensor:
    """(B, 3, C, C) -> (B, 1, 1, 1): what gives blue its usual share, 1 to `MOST_BLUE`."""
    mean = source.mean((2, 3), keepdim=True)  # (B, 3, 1, 1)
    wanted = USUAL_BLUE / (3 - USUAL_BLUE) * mean[:, :2].sum(1, keepdim=True)
    return (wanted / mean[:, 2:].clamp(min=LEAST_LIGHT)).clamp(1, MOST_BLUE)


def colourfulness(source: Tensor) -> Tensor:
    """source (B, 3, C, C) in 0..1 -> (B, 1, 1, 1): 0 in a drawing, a print or an old photograph, 1 where a
    face has colours of its own."""
    coarse = F.avg_pool2d(source, COARSE)
    light = coarse.mean(1, keepdim=True)
    hue = (coarse - light) / (light + DARK)  # (B, 3, C/4, C/4), 0 in grey
    weight = light / light.mean((2, 3), keepdim=True).clamp(min=LEAST_LIGHT)  # dim places say little
    own = (hue * weight).mean((2, 3), keepdim=True)
    differing = ((hue - own).square() * weight).mean((1, 2, 3), keepdim=True).sqrt()
    return ((differing - GREY) / (COLOURED - GREY)).clamp(0, 1)


def in_own_colours(correction: Tensor, source: Tensor) -> Tensor:
    """correction (B, 3, C, C), source (B, 3, C, C) in 0..1 -> (B, 3, C, C): in a picture of one tone, what is
    added is of that tone. A tongue is no pinker than the paper."""
    share = colourfulness(source)
    mean = source.mean((2, 3), keepdim=True)
    tone = mean / mean.mean(1, keepdim=True).clamp(min=LEAST_LIGHT)  # (B, 3, 1, 1)
    toned = correction.mean(1, keepdim=True) * tone
    return toned + share * (correction - toned)
