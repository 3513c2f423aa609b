"""The colour of a face's plain skin, and of a white thing in the same light."""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.arrays import F32, F64
from livecam.frames import RGB
from livecam.persona.fill import polygon_mask

CHEEKS: Final = ((50, 101, 36, 205, 187, 123), (280, 330, 266, 425, 411, 352))
"""Landmarks of the outlines of plain skin between mouth and eyes."""
NO_SKIN: Final = 170.0
"""0..255: the grey taken for skin where both cheeks lie outside the picture. By eye."""

# A white thing in the light of a face, by eye. It is brighter than skin in the dark and
# no brighter than its highlights in full light.
HIGHLIGHT_PERCENTILE: Final = 80
"""Percentile of the cheeks' pixels, colour by colour, that tells the light."""
WHITE_IN_THE_DARK: Final = 1.25
"""Brightness of a white thing over that of the skin's highlights, while those are dim."""
WHITE_IN_FULL_LIGHT: Final = (0.5, 100.0)
"""The most it may have: this share of the highlights' brightness and so many of 255 levels more."""
BRIGHTEST: Final = 250.0
"""0..255: the most that is painted; what clips looks like paper."""
USUAL_HUE_SHARE: Final = 0.6
"""Share of the skin's hue that a white thing takes: the light's colour, less the skin's own. By eye."""


def cheek_pixels(image: RGB, points: F32) -> F64:
    """(N, 3): pixels of plain skin; a middle grey where both cheeks lie outside the picture.

    image: S x S x 3. points: (478, 3), 0..1 of it.
    """
    size = image.shape[0]
    found = [image[polygon_mask(size, points[list(c)]) > 127].reshape(-1, 3) for c in CHEEKS]
    pixels = np.concatenate(found).astype(np.float64)
    return pixels if len(pixels) else np.full((1, 3), NO_SKIN)


def highlights(skin_pixels: F64) -> F64:
    """(3,): the colour of the skin where it is lit best. skin_pixels: (N, 3), as `cheek_pixels` gives."""
    return np.asarray(np.percentile(skin_pixels, HIGHLIGHT_PERCENTILE, axis=0), np.float64)


def estimated_white(skin_pixels: F64, hue_share: float = USUAL_HUE_SHARE) -> F64:
    """(3,): what is white in the picture's own light and, by `hue_share`, hue, so that an engraving gets
    grey teeth. skin_pixels: (N, 3), as `cheek_pixels` gives."""
    light, skin = highlights(skin_pixels), np.median(skin_pixels, axis=0)
    hue = skin / max(float(skin.max()), 1.0)  # of plain skin: highlights are often blown out to white
    share, more = WHITE_IN_FULL_LIGHT
    brightness = min(WHITE_IN_THE_DARK * light.mean(), share * light.mean() + more)
    return np.asarray(np.clip(brightness * (1 - hue_share + hue_share * hue), 0, BRIGHTEST))
