"""Eyes in two layers: lids with their lashes, and behind them eyeballs, white beyond what the picture shows.

A look to the side shows white that the portrait never showed. Continued from the opening's rim it would have
the colour of lids and lashes. The lashes along that rim belong to the lids: with the eyeball they would
move when it looks aside.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.face import landmarks as lm
from livecam.frames import RGB
from livecam.geometry import eye_width, smoothstep
from livecam.model.inputs import LASH_RIM
from livecam.persona.fill import polygon_mask

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
Mask = NDArray[np.bool_]

LIMBUS: Final = 1.12
"""Iris landmarks lie on the iris; from so many of their radii on the eyeball is white."""
SOFT: Final = 0.08
"""Half the width of that border, in the same radii."""
RING: Final = 0.1
"""Radii of the iris: as wide are the rings in which it goes on under the lids."""
REACH: Final = 0.75
"""How far around the eye's middle there is an eyeball, in widths of the eye."""
LEAST: Final = 8
"""Pixels of white that tell its colour; fewer are lashes and lid."""
IN_THE_SHADE: Final = 0.85
"""Of what is white on the cheeks: eyes lie deeper. With it they have the brightness of the skin around them,
as on the four clips (.9 to 1.1)."""


def split_eyes(image: RGB, points: F32, white: F64) -> tuple[RGB, RGB]:
    """(lids, eyeballs), both S x S x 3: the openings filled in the colour of the lashes, for shut lids meet
    in that line and not in the white along the lower lid; and the lids painted over with eyeballs.

    image: S x S x 3. points: (478, 3), 0..1 of it. white: (3,), the look of a white thing in that light.
    """
    size = image.shape[0]
    lids = eyeballs = image.astype(np.float64)
    width = eye_width(points) * size
    lashes = lash_colours(image, points)
    for eye, (upper, lower, iris) in enumerate(lm.EYES):
        outline = points[list(lm.loop(upper, lower)), :2]
        # To the nearest centre of a pixel outside: half a pixel more than to the outline.
        inside = np.asarray(
            cv2.distanceTransform((polygon_mask(size, outline) > 127).astype(np.uint8), cv2.DIST_L2, 5)
        )
        opening = inside > LASH_RIM * width
        # The layers mix over a pixel from the rim inwards; up to there the lids must be as they are.
        deep = np.clip(inside - LASH_RIM * width - 2, 0, 1)[..., None]
        lids = lids + (lashes[eye] - lids) * deep
        middle, centre = outline.mean(0) * size, points[iris[0], :2] * size
        across = float(np.linalg.norm(points[list(iris[1:]), :2] * size - centre, axis=1).mean())
        away, reach = _from(centre, size) / max(across, 1e-6), _from(middle, size) / width
        own = _white(image, opening & (away > LIMBUS + SOFT), white)
        shown = smoothstep(LIMBUS + SOFT, LIMBUS - SOFT, away)[..., None]
        ball = _rings(image, opening, away) * shown + own * (1 - shown)
        share = (smoothstep(REACH, REACH - 0.1, reach) * ~opening)[..., None]
        eyeballs = eyeballs * (1 - share) + ball * share
    return np.asarray(lids + 0.5, np.uint8), np.clip(eyeballs + 0.5, 0, 255).astype(np.uint8)


def lash_colours(image: RGB, points: F32) -> F64:
    """(2, 3), 0..255: of the left and the right eye, the darkest third along the upper lid's edge.

    image: S x S x 3. points: (478, 3), 0..1 of it.
    """
    size, width = image.shape[0], eye_width(points) * image.shape[0]
    found = np.zeros((2, 3))
    for eye, (upper, _, _) in enumerate(lm.EYES):
        row = np.zeros((size, size), np.uint8)
        line = np.round(points[list(upper[1:-1]), :2] * size).astype(np.int32)
        cv2.polylines(row, [line], False, 1, max(1, round(2 * LASH_RIM * width)))
        pixels = image[row.astype(bool)].astype(np.float64)
        if len(pixels):
            found[eye] = _darkest(pixels, 1 / 3)
    return found


def _darkest(pixels: F64, share: float) -> F64:
    """(3,): median of that share of (N, 3) pixels."""
    order = np.argsort(pixels.mean(1))
    return np.asarray(np.median(pixels[order[: max(int(share * len(pixels)), 1)]], axis=0))


def _from(place: F64, size: int) -> F64:
    """(S, S): distances of the pixels' centres, in pixels."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    return np.asarray(np.hypot(x - place[0], y - place[1]))


def _rings(image: RGB, opening: Mask, away: F64) -> F64:
    """(S, S, 3): an iris in rings, each in the colour that shows of it, or the nearest that shows."""
    pixels, number = image[opening], np.floor(away[opening] / RING)
    rings = np.unique(number[number <= np.floor((LIMBUS + SOFT) / RING)])
    if not len(rings):
        return image.astype(np.float64)
    shown = np.array([np.median(pixels[number == ring], axis=0) for ring in rings])
    return np.stack([np.interp(away / RING - 0.5, rings, shown[:, channel]) for channel in range(3)], -1)


def _white(image: RGB, where: Mask, white: F64) -> F64:
    """(3,): the white of this eye by the brightest quarter of what shows of it, within what is plausible."""
    pixels = image[where].astype(np.float64)
    if len(pixels) < LEAST:
        return IN_THE_SHADE * white
    brightest = 255 - _darkest(255 - pixels, 1 / 4)
    mixed = 0.5 * (brightest + white)  # lids redden the little that shows
    low, high = IN_THE_SHADE * white.mean(), white.mean()
    return np.asarray(mixed * np.clip(mixed.mean(), low, high) / max(mixed.mean(), 1.0))
