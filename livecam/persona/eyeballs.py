"""Eyes in layers: lids with their lashes, and behind them eyeballs, white beyond what the picture shows.

A look to the side shows white that the portrait never showed. Continued from the opening's rim it would have
the colour of lids and lashes. The lashes along that rim belong to the lids: with the eyeball they would
move when it looks aside. So would what else is dark around an eyeball, its shade and its corners, and the
white that eyes show at rest is a dull one. Eyes that look far aside have a layer of their own.
"""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, F64, Mask
from livecam.face import landmarks as lm
from livecam.face.measures import eye_width
from livecam.frames import RGB
from livecam.generator.inputs import LASH_RIM
from livecam.geometry import smoothstep
from livecam.persona.fill import polygon_mask
from livecam.persona.skin import BRIGHTEST

LIMBUS: Final = 1.12
"""Iris landmarks lie on the iris; from so many of their radii on the eyeball is white. By eye."""
LIMBUS_SOFTNESS: Final = 0.08
"""Half the width of that border, in the same radii. By eye."""
RING_WIDTH: Final = 0.1
"""Radii of the iris: as wide are the rings in which it goes on under the lids. By eye."""
BALL_REACH, BALL_FADE = 0.75, 0.1
"""How far around the eye's middle there is an eyeball, and over how much of that it fades, in widths of the
eye. By eye."""
FEWEST_WHITE: Final = 8
"""Pixels of white that tell its colour; fewer are lashes and lid. By eye."""
ASIDE_LAYERS: Final = 2.0
"""White that shows at rest, in corners and under lashes, is a dull one. As bright as this many layers of it,
one screened upon another, is the middle of an eye that looks aside: on two clips 2.4 and 1.9."""
MOST_BESIDE_SKIN: Final = 1.3
"""Most that it has of the brightness of the skin below that eye: 1.35 and 1.2 on those clips. An eye in the
shade must not glow."""
SKIN_BELOW: Final = (0.15, 0.45)
"""Widths of the eye from its outline between which that skin lies. By eye."""
KEPT_HUE: Final = 0.6
"""How much of its hue it keeps; lids redden the little that shows. By eye."""
SURELY_IRIS: Final = (0.8, 1.05)
"""Radii of the iris: up to the first an eye that looks aside keeps the picture's iris, from the second on it
has rings alone. By eye."""
CLEAN_FROM, CLEAN_RINGS, CLEAN_FULL = 1.5, 2.0, 3.0
"""Lash rims from the lids' outline, in which lashes and their shade are left behind: where the picture's iris
begins to be kept, where rings take their colours, and where it is kept in full. By eye."""
LASH_ROW: Final = 2.0
"""Lash rims that the row is thick, in which the darkest pixels tell the colour of lashes. By eye."""
LASHES_BESIDE_SKIN: Final = 0.6
"""Most of the brightness of the lid that its lashes have. By eye."""
DARK_SHARE, BRIGHT_SHARE = 1 / 3, 1 / 4
"""Of those pixels, the darkest that are lashes; of an eye's white, the brightest that is no shade. By eye."""
LIDS_BLEND: Final = 2
"""Pixels from the rim inwards in which layers mix: up to there the lids must be as they are."""
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
        inside = _inside_distance(outline, size)
        opening = inside > LASH_RIM * width
        deep = np.clip(inside - LASH_RIM * width - LIDS_BLEND, 0, 1)[..., None]
        lids = lids + (lashes[eye] - lids) * deep
        away, reach = _iris_distance(points, iris, size), _distance_from(outline.mean(0) * size, size) / width
        own = _eye_white(image, opening & (away > LIMBUS + LIMBUS_SOFTNESS), white)
        shown = smoothstep(LIMBUS + LIMBUS_SOFTNESS, LIMBUS - LIMBUS_SOFTNESS, away)[..., None]
        ball = _iris_rings(image, opening, away) * shown + own * (1 - shown)
        share = (smoothstep(BALL_REACH, BALL_REACH - BALL_FADE, reach) * ~opening)[..., None]
        eyeballs = eyeballs * (1 - share) + ball * share
    return np.asarray(lids + 0.5, np.uint8), np.clip(eyeballs + 0.5, 0, 255).astype(np.uint8)


def aside_eyes(image: RGB, points: F32, white: F64) -> RGB:
    """S x S x 3: eyeballs without what lids and lashes leave on them, for eyes that look far aside.

    They are lit as in the middle of an opening; who draws them darkens them along the lids. Away from the
    eyes it is the image. As `split_eyes` otherwise.
    """
    size = image.shape[0]
    width = eye_width(points) * size
    out = image.astype(np.float64)
    for upper, lower, iris in lm.EYES:
        outline = points[list(lm.loop(upper, lower)), :2]
        inside, away = _inside_distance(outline, size), _iris_distance(points, iris, size)
        opening, deep = inside > LASH_RIM * width, inside > CLEAN_RINGS * LASH_RIM * width
        own = _white_aside(
            image[opening & (away > LIMBUS + LIMBUS_SOFTNESS)], image[_skin_below(outline, size)], white
        )
        shown = smoothstep(LIMBUS + LIMBUS_SOFTNESS, LIMBUS - LIMBUS_SOFTNESS, away)[..., None]
        clean = deep if (deep & (away < LIMBUS)).any() else opening
        ball = _iris_rings(image, clean, away) * shown + own * (1 - shown)
        far_in = smoothstep(CLEAN_FROM * LASH_RIM, CLEAN_FULL * LASH_RIM, inside / width)
        keep = (smoothstep(SURELY_IRIS[1], SURELY_IRIS[0], away) * far_in)[..., None]
        ball = ball + (image - ball) * keep
        reach = _distance_from(outline.mean(0) * size, size) / width
        out = out + (ball - out) * smoothstep(BALL_REACH, BALL_REACH - BALL_FADE, reach)[..., None]
    return np.clip(out + 0.5, 0, 255).astype(np.uint8)


def lash_colours(image: RGB, points: F32) -> F64:
    """(2, 3), 0..255: of the left and the right eye, the darkest third along the upper lid's edge, where no
    iris is; and darker than the lids.

    image: S x S x 3. points: (478, 3), 0..1 of it.
    """
    size, width = image.shape[0], eye_width(points) * image.shape[0]
    found = np.zeros((2, 3))
    for eye, (upper, _, iris) in enumerate(lm.EYES):
        row = np.zeros((size, size), np.uint8)
        line = np.round(points[list(upper[1:-1]), :2] * size).astype(np.int32)
        cv2.polylines(row, [line], False, 1, max(1, round(LASH_ROW * LASH_RIM * width)))
        beside = row.astype(bool) & (_iris_distance(points, iris, size) > LIMBUS)
        pixels = image[beside if beside.any() else row.astype(bool)].astype(np.float64)
        if not len(pixels):
            continue
        skin = image[polygon_mask(size, points[list(lm.UPPER_LIDS[eye])]) > 127]
        dark = _darkest(pixels, DARK_SHARE)
        most = LASHES_BESIDE_SKIN * (np.median(skin, axis=0).mean() if len(skin) else 255.0)
        found[eye] = dark * min(1.0, most / max(dark.mean(), 1.0))
    return found


def _darkest(pixels: F64, share: float) -> F64:
    """(3,): median of that share of (N, 3) pixels."""
    order = np.argsort(pixels.mean(1))
    return np.asarray(np.median(pixels[order[: max(int(share * len(pixels)), 1)]], axis=0))


def _inside_distance(outline: F32, size: int) -> F64:
    """(S, S): pixels to the nearest centre of a pixel outside, half a pixel more than to the outline; 0
    there. outline: (N, 2), 0..1."""
    mask = (polygon_mask(size, outline) > 127).astype(np.uint8)
    return np.asarray(cv2.distanceTransform(mask, cv2.DIST_L2, 5), np.float64)


def _skin_below(outline: F32, size: int) -> Mask:
    """(S, S): plain skin under an eye. outline: (N, 2), 0..1."""
    width = float(np.ptp(outline[:, 0])) * size
    outside = np.asarray(
        cv2.distanceTransform((polygon_mask(size, outline) <= 127).astype(np.uint8), cv2.DIST_L2, 5)
    )
    rows, columns = np.mgrid[0:size, 0:size] + 0.5
    under = (rows > outline[:, 1].max() * size) & (np.abs(columns - outline[:, 0].mean() * size) < width / 2)
    return np.asarray((outside > SKIN_BELOW[0] * width) & (outside < SKIN_BELOW[1] * width) & under)


def _distance_from(place: NDArray[Any], size: int) -> F64:
    """(S, S): distances of the pixels' centres, in pixels."""
    y, x = np.mgrid[0:size, 0:size] + 0.5
    return np.asarray(np.hypot(x - place[0], y - place[1]))


def _iris_distance(points: F32, iris: tuple[int, ...], size: int) -> F64:
    """(S, S): distances from the middle of an iris, in its radii."""
    centre = points[iris[0], :2] * size
    radius = float(np.linalg.norm(points[list(iris[1:]), :2] * size - centre, axis=1).mean())
    return _distance_from(centre, size) / max(radius, 1e-6)


def _iris_rings(image: RGB, opening: Mask, away: F64) -> F64:
    """(S, S, 3): an iris in rings, each in the colour that shows of it, or the nearest that shows."""
    pixels, number = image[opening], np.floor(away[opening] / RING_WIDTH)
    rings = np.unique(number[number <= np.floor((LIMBUS + LIMBUS_SOFTNESS) / RING_WIDTH)])
    if not len(rings):
        return image.astype(np.float64)
    shown = np.array([np.median(pixels[number == ring], axis=0) for ring in rings])
    return np.stack(
        [np.interp(away / RING_WIDTH - 0.5, rings, shown[:, channel]) for channel in range(3)], -1
    )


def _eye_white(image: RGB, where: Mask, white: F64) -> F64:
    """(3,): the white of this eye by the brightest quarter of what shows of it, within what is plausible."""
    pixels = image[where].astype(np.float64)
    if len(pixels) < FEWEST_WHITE:
        return IN_THE_SHADE * white
    brightest = 255 - _darkest(255 - pixels, BRIGHT_SHARE)
    mixed = 0.5 * (brightest + white)  # lids redden the little that shows
    low, high = IN_THE_SHADE * white.mean(), white.mean()
    return np.asarray(mixed * np.clip(mixed.mean(), low, high) / max(mixed.mean(), 1.0))


def _white_aside(shown: NDArray[np.uint8], skin: NDArray[np.uint8], white: F64) -> F64:
    """(3,): the same as it is in the middle of an eye that looks aside. shown, skin: (N, 3), what shows of
    this eye's white, and what is below it."""
    dull = np.median(shown, axis=0) if len(shown) >= FEWEST_WHITE else IN_THE_SHADE**2 * white
    bright = 255 * (1 - (1 - min(dull.mean(), white.mean()) / 255) ** ASIDE_LAYERS)
    if len(skin):
        bright = min(bright, MOST_BESIDE_SKIN * float(np.median(skin, axis=0).mean()))
    return np.minimum(bright * (KEPT_HUE * dull / max(dull.mean(), 1.0) + 1 - KEPT_HUE), BRIGHTEST)
