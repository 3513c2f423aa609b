"""A mouth painted in the picture's hues, for a portrait that shows none: cavity, tongue, upper teeth."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, F64
from livecam.face import landmarks as lm
from livecam.face.measures import lip_gap, mouth_width
from livecam.frames import RGB
from livecam.geometry import smoothstep
from livecam.persona.fill import polygon_mask
from livecam.persona.skin import BRIGHTEST, estimated_white, highlights
from livecam.persona.teeth import SHOWS_TEETH, OwnMouth, known_mouth, teeth_colour

# Mouth coordinates: u along the lips (-.5 .. .5 between the corners), v downwards from the upper lip's edge,
# both in mouth widths at rest. Every length below is one of these unless it says otherwise, and every number
# is by eye unless it says what it was measured on.

# Cavity and tongue. A tongue lies deep below the lip and in the middle.
TONGUE_FROM, TONGUE_FULL = 0.18, 0.55
"""v from which a tongue begins to show, and from which it shows in full."""
TONGUE_HALF_WIDTH: Final = 0.33
"""u at which it has faded to 1/e."""
TONGUE_SHARE: Final = 0.75
"""Share of the tongue's colour over the cavity's where it shows in full: a hint of one."""

# The upper teeth: a row that curves away from the viewer to both sides.
INCISORS: Final = 0.10
"""How far upper incisors reach below the lip of a mouth at rest; the rest of them is under the lip. Open
mouths of rendered people show .09 (median; quartiles .05, .13), those of four clips .08 to .15; painted with
.175 they showed .19."""
TOOTH_WIDTH: Final = 0.125
"""An upper tooth's width, about 1/8 of the mouth's."""
ROW_HALF_WIDTH: Final = 0.60
"""u where the row ends: beyond the corners at rest, for a smile is wider."""
ROW_FADES_FROM: Final = 0.50
"""u from which the row fades out to its end."""
SIDE_SHORTENING: Final = 0.45
"""How much shorter teeth are at the row's end than in its middle; grows with the square of the way."""
SIDE_LIFT_FROM: Final = 0.85
"""Share of the row's half width from which the edge rises to nothing at its end."""
EDGE_SCALLOP: Final = 0.005
"""How far each tooth's edge bulges below its corners."""
EDGE_SOFTNESS: Final = 0.015
"""Half the way over which the lower edge fades."""

# Their shade.
GAP_SHADE: Final = 0.14
"""How much darker it is between two teeth."""
GAP_HALF_WIDTH: Final = 0.07
"""Tooth widths from there at which that has faded to 1/e."""
SIDE_SHADE, DARKEST_SIDE = 0.55, 0.3
"""How much less light teeth at the row's end have, by the square of the way; and the least share of light."""
LIGHT_AT_LIP, LIGHT_GROWS = 0.92, 0.6
"""Share of light right below the lip, and how much more a mouth width further down."""
LEAST_LIGHT, MOST_LIGHT = 0.8, 0.99
"""Between which that stays."""

# How it is laid over the picture.
SOFTNESS: Final = 0.012
"""Sigma of the blur over all of it: paintings and photographs have no hard edges in a mouth."""
LEAST_SOFTNESS: Final = 0.5
"""Pixels that it is at least."""
PAINTED_ASIDE: Final = (0.85, 0.7)
"""u where what is painted ends, and up to which it is all there is."""
PAINTED_ABOVE: Final = (-0.45, -0.35)
"""The same for v above the lip ..."""
PAINTED_BELOW: Final = (1.4, 1.2)
"""... and below it, as far as a jaw drops."""

# Colours.
WET: Final = 1.25
"""So much brighter are teeth than what is white on the cheeks. On four clips the brightest quarter of a mouth
has 1.4, 1.1, 1.1 of the red, green and blue of the skin around it; painted with 1 they have 1.2, 1.0, .9."""
TEETH_HUE_SHARE: Final = 0.7
"""Share of the skin's hue that teeth take."""
LIP_BESIDE_SKIN: Final = 0.6
"""Brightness of a lip that lies outside the picture, beside the skin's highlights."""
CAVITY_BESIDE_LIP, CAVITY_LEAST = 0.20, 2.0
"""Brightness of the cavity beside the lower lip's, and so many of 255 levels more: a dark red, never
black."""
TONGUE_BESIDE_LIP: Final = 0.60
"""Brightness of the tongue beside the lower lip's ..."""
TONGUE_HUE: Final = (1.0, 0.92, 0.92)
"""... and its red, green and blue beside a lip's: a little pinker."""


def paint_mouth(
    image: RGB, interior: RGB, points: F32, skin_pixels: F64, own: OwnMouth | None
) -> tuple[RGB, NDArray[np.uint8]]:
    """`interior`, S x S x 3, with a mouth around the lip line: dark cavity, a hint of tongue, the upper
    teeth's arch; or `own`, and the portrait's own where it shows teeth, with what is painted around it.

    image: S x S x 3, the portrait. points: (478, 3), 0..1 of it. skin_pixels: (N, 3), as
    `livecam.persona.skin.cheek_pixels` gives.
    """
    size = image.shape[0]
    width = mouth_width(points.astype(np.float64))
    u, v = _mouth_coordinates(points, width, size)
    if own is None and lip_gap(points) > SHOWS_TEETH:
        own = OwnMouth(image, points[list(lm.MOUTH), :2], portrait=True)
    teeth, cavity, tongue = _mouth_colours(image, points, skin_pixels)
    if own is not None:
        teeth = teeth_colour(own, skin_pixels, teeth)

    depth = (smoothstep(TONGUE_FROM, TONGUE_FULL, v) * np.exp(-((u / TONGUE_HALF_WIDTH) ** 2)))[..., None]
    mouth = cavity * (1 - TONGUE_SHARE * depth) + tongue * TONGUE_SHARE * depth
    shown, shade = _upper_teeth(u, v)
    low, low_shade = _lower_teeth(u, v)
    rows = [
        teeth * shade[..., None],
        255 * shown[..., None],
        teeth * low_shade[..., None],
        255 * low[..., None],
    ]
    blur = max(LEAST_SOFTNESS, SOFTNESS * width * size)
    mouth = cv2.GaussianBlur(mouth.astype(np.float32), (0, 0), blur)
    if own is not None:
        known, share = known_mouth(own, width, skin_pixels)
        cover = share + shown[..., None] * (1 - share)
        rows[0] = rows[0] + (known - rows[0]) * share / np.maximum(cover, 1e-6)
        rows[1] = 255 * cover
    box = (
        smoothstep(*PAINTED_ASIDE, np.abs(u)) * smoothstep(*PAINTED_ABOVE, v) * smoothstep(*PAINTED_BELOW, v)
    )
    box = box[..., None]
    layer = np.clip(interior * (1 - box) + mouth * box, 0, 255).astype(np.uint8)
    return layer, np.clip(np.concatenate(rows, -1) + 0.5, 0, 255).astype(np.uint8)


def _mouth_coordinates(points: F32, width: float, size: int) -> tuple[F64, F64]:
    """(S, S) twice: u and v of every pixel's centre. points: (478, 3), 0..1; width: the mouth's, in 0..1."""
    left, right = points[list(lm.INNER_MOUTH_CORNERS), :2]
    along = (right - left).astype(np.float64) / width
    down = np.array([-along[1], along[0]])
    centre = 0.5 * (right + left)
    lip_line = float(((points[list(lm.INNER_LIP_UPPER[3:8]), :2] - centre) @ down).mean()) / width
    y, x = np.mgrid[0:size, 0:size]
    offset = np.stack([(x + 0.5) / size, (y + 0.5) / size], -1) - centre
    return (offset @ along) / width, (offset @ down) / width - lip_line


def _upper_teeth(u: F64, v: F64) -> tuple[F64, F64]:
    """(S, S) twice, 0..1: how much the upper teeth cover, and their share of light."""
    side = np.clip(np.abs(u) / ROW_HALF_WIDTH, 0, 1)
    edge = INCISORS * (1 - SIDE_SHORTENING * side**2) * smoothstep(1.0, SIDE_LIFT_FROM, side)
    scallop = EDGE_SCALLOP * np.cos(u * 2 * np.pi / TOOTH_WIDTH)
    shown = smoothstep(EDGE_SOFTNESS, -EDGE_SOFTNESS, v - edge + scallop)
    shown = shown * smoothstep(ROW_HALF_WIDTH, ROW_FADES_FROM, np.abs(u))
    from_gap = (u / TOOTH_WIDTH + 0.5) % 1 - 0.5  # in tooth widths
    gaps = 1 - GAP_SHADE * np.exp(-((from_gap / GAP_HALF_WIDTH) ** 2))
    light = np.clip(LIGHT_AT_LIP + LIGHT_GROWS * v, LEAST_LIGHT, MOST_LIGHT)
    return shown, np.clip(1 - SIDE_SHADE * side**2, DARKEST_SIDE, 1) * gaps * light


def _lower_teeth(u: F64, v: F64) -> tuple[F64, F64]:
    """The same for the lower ones, as they are while the jaw is shut."""
    side = np.clip(np.abs(u) / ROW_HALF_WIDTH, 0, 1)
    shown = smoothstep(0.095, 0.105, v) * smoothstep(0.25, 0.22, v) * smoothstep(0.55, 0.40, np.abs(u))
    return shown, 0.93 * np.clip(1 - SIDE_SHADE * side**2, DARKEST_SIDE, 1)


def _mouth_colours(image: RGB, points: F32, skin_pixels: F64) -> tuple[F64, F64, F64]:
    """(teeth, cavity, tongue), (3,) each in 0..255."""
    lower_lip = points[list(lm.OUTER_LIP_LOWER) + list(lm.INNER_LIP_LOWER[::-1])]
    lip_pixels = image[polygon_mask(image.shape[0], lower_lip) > 127].reshape(-1, 3)
    if len(lip_pixels):
        lip = np.median(lip_pixels, axis=0)
    else:
        lip = LIP_BESIDE_SKIN * highlights(skin_pixels)
    teeth = np.clip(WET * estimated_white(skin_pixels, TEETH_HUE_SHARE), 0, BRIGHTEST)
    cavity = CAVITY_BESIDE_LIP * lip + CAVITY_LEAST
    return teeth, cavity, TONGUE_BESIDE_LIP * lip * np.array(TONGUE_HUE)
