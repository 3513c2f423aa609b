"""Filling what is not known from what is: push-pull, and the background behind a person."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from livecam.arrays import F32, U8
from livecam.frames import RGB
from livecam.geometry import smoothstep

KNOWN_ENOUGH: Final = 0.02
"""Weight of known pixels, 0..1, below which a pyramid's place is filled from the coarser level alone. By
eye."""

# The background behind a person, by eye.
HOLE_MARGIN: Final = 0.012
"""How far beyond the matte the background is filled, as a share of the crop: there the person's colour may
still shine through."""
SHADE_MARGIN: Final = 0.006
"""How far beyond the hole nothing is learnt of the background, as a share of the picture's side: there is
stray hair. With .02 what is filled meets the picture worse: whole crops of ten films lose .1 dB."""
HOLE_ALPHA: Final = 0.03
"""Alpha above which a pixel belongs to that hole: 8 of 255 levels."""
WORKING_SIDE: Final = 256
"""Pixels: colours are continued in a picture of about this side; they change slowly."""
MOST_HIDDEN: Final = 0.97
"""Share of the picture that the hole may take; of less background nothing can be learnt."""
COLOUR_BLUR: Final = 0.03
"""Sigma, as a share of the picture's side, with which colours are taken: what is finer is texture."""
REFLECTED: Final = 0.08
"""How far from the hole's rim the mirror reaches, in the same; the head uncovers no more at a time."""
MIRRORED: Final = 0.2
"""How deep in the hole the mirror is seen, ever fainter, in the same: mirrored often it is a pattern."""
STRANGE: Final = (30, 70)
"""Levels by which what the mirror shows may differ from the colours at the rim: from the first on it is seen
less, from the second not at all. It is the frame of the picture, or another thing's edge."""
TRUST_BLUR: Final = 0.012
"""Sigma, in the same, with which the mirror fades towards places where it would show the person."""
STEP_BLUR, STEP_FADES, STEP_LEAST = 0.015, 0.08, 0.02
"""Sigma over which the step at the hole's rim is averaged, and how deep in the hole it has faded, in the
same; weight of the rim that such a mean is divided by at least."""
STEP_MOST: Final = 30
"""Levels by which the filling is changed for that: what is more is the person's own colour at the rim."""
GRAIN: Final = 2
"""Standard deviation of noise on top, in 255 levels: as strong as faint film grain."""
SEAM_BLUR: Final = 1.5
"""Pixels: sigma of the seam's softness."""

# Of OpenCV.
FRACTION_BITS: Final = 4
"""Of corners that polygons are filled between: OpenCV takes them as integers, here of 1/16 pixel."""


def push_pull(image: RGB, known: U8) -> RGB:
    """Smoothly fill the pixels where `known` (H x W, 0 or 1) is 0; known pixels stay as they are.

    Gortler, Grzeszczuk, Szeliski, Cohen, "The Lumigraph" (1996), section 3.4.
    """
    colour = image.astype(np.float32) * known[..., None]
    weight = known.astype(np.float32)
    levels: list[tuple[F32, F32]] = []
    while min(colour.shape[:2]) > 2:
        levels.append((colour, weight))
        colour, weight = np.asarray(cv2.pyrDown(colour)), np.asarray(cv2.pyrDown(weight))
    filled = colour / np.maximum(weight, 1e-6)[..., None]
    for colour, weight in reversed(levels):
        filled = np.asarray(cv2.pyrUp(filled, dstsize=colour.shape[1::-1]))
        share = np.clip(weight, 0, 1)[..., None]
        mixed = colour / np.maximum(share, 1e-6) * share + filled * (1 - share)
        filled = np.where(share > KNOWN_ENOUGH, mixed, filled)
    return np.clip(filled, 0, 255).astype(np.uint8)


def hidden(alpha: F32, side: float) -> U8:
    """H x W, 0 or 1: what the person may hide. alpha: H x W in 0..1; side: of the crop, in its pixels."""
    reach = 2 * max(1, round(HOLE_MARGIN * side)) + 1
    hole = cv2.dilate((alpha > HOLE_ALPHA).astype(np.uint8), np.ones((reach, reach), np.uint8))
    return np.asarray(hole, np.uint8)


def fill_background(image: RGB, hole: U8, seed: int = 0) -> RGB:
    """The picture with `hole` (H x W, 0 or 1) filled: what lies beside the hole, mirrored at its rim, and
    deep inside colours continued smoothly.

    Patch-based filling with a library (OpenCV's shift map) was tried: 7 to 21 s, steps in walls and sky, and
    holes left in the filling. What a head uncovers is a strip along the rim, where a mirror is as good.
    """
    if hole.mean() > MOST_HIDDEN:  # nothing to learn a background from
        return image.copy()
    side = max(hole.shape)
    shaded = _grown(hole, SHADE_MARGIN * side)
    unknown = shaded if shaded.mean() < MOST_HIDDEN else hole
    colour = _slow_colours(image, 1 - unknown)
    rim, place = _mirrored_places(unknown)
    mirrored = cv2.remap(image, place, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    mirrored = mirrored.astype(np.float32)
    near = (1 - smoothstep(0, MIRRORED, _depth(unknown)))[..., None].astype(np.float32)
    colour = colour + near * (cv2.remap(colour, rim, None, cv2.INTER_LINEAR) - colour)
    known = cv2.remap(1 - unknown, place, None, cv2.INTER_NEAREST, borderMode=cv2.BORDER_REFLECT)
    strange = np.abs(cv2.GaussianBlur(mirrored, (0, 0), SEAM_BLUR) - colour).max(-1)
    trusted = (known * (1 - smoothstep(*STRANGE, strange))).astype(np.float32)
    trusted *= cv2.GaussianBlur(trusted, (0, 0), TRUST_BLUR * side)
    filled = colour + (mirrored - colour) * near * trusted[..., None]
    filled += _step(image - filled, hole, unknown)
    filled += np.random.default_rng(seed).normal(0, GRAIN, (*hole.shape, 1)).astype(np.float32)
    mask = np.maximum(cv2.GaussianBlur(hole.astype(np.float32), (0, 0), SEAM_BLUR), hole)[..., None]
    return np.clip(image * (1 - mask) + filled * mask, 0, 255).astype(np.uint8)


def _step(difference: F32, hole: U8, unknown: U8) -> F32:
    """H x W x 3: what to add to the filling so that it meets the picture at the hole's rim; it fades inwards.
    difference: of the picture from the filling, where it is not hidden."""
    ring = ((unknown > 0) & (hole == 0)).astype(np.float32)
    sigma = STEP_BLUR * max(hole.shape)
    weight = cv2.GaussianBlur(ring, (0, 0), sigma)
    difference = np.clip(difference, -STEP_MOST, STEP_MOST)
    step = cv2.GaussianBlur(difference * ring[..., None], (0, 0), sigma)
    step /= np.maximum(weight, STEP_LEAST)[..., None]
    fade = 1 - smoothstep(0, STEP_FADES, _depth(hole))
    return np.asarray(step * fade[..., None], np.float32)


def _depth(hole: U8) -> F32:
    """How deep in the hole a place lies, as a share of the picture's side; 0 outside."""
    return np.asarray(cv2.distanceTransform(hole, cv2.DIST_L2, cv2.DIST_MASK_5), np.float32) / max(hole.shape)


def _grown(hole: U8, by: float) -> U8:
    reach = 2 * max(round(by), 1) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return np.asarray(cv2.dilate(hole, kernel), np.uint8)


def _slow_colours(image: RGB, known: U8) -> F32:
    """H x W x 3: what is known, without its texture, continued over what is not."""
    height, width = known.shape
    step = max(1.0, max(height, width) / WORKING_SIDE)
    small = (max(round(width / step), 1), max(round(height / step), 1))
    low = cv2.resize(image * known[..., None], small, interpolation=cv2.INTER_AREA).astype(np.float32)
    weight = cv2.resize(known.astype(np.float32), small, interpolation=cv2.INTER_AREA)
    sigma = COLOUR_BLUR * max(small)
    blurred = cv2.GaussianBlur(low, (0, 0), sigma)
    blurred /= np.maximum(cv2.GaussianBlur(weight, (0, 0), sigma), 1e-3)[..., None]
    continued = push_pull(np.clip(blurred, 0, 255).astype(np.uint8), (weight > 0.5).astype(np.uint8))
    soft = cv2.GaussianBlur(continued.astype(np.float32), (0, 0), sigma / 2)
    return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _mirrored_places(hole: U8) -> tuple[F32, F32]:
    """(H, W, 2) twice: for each place of the hole the nearest one of its rim, and the one as far outside as
    it is within, to and fro up to `REFLECTED`; for others themselves."""
    height, width = hole.shape
    distance, label = cv2.distanceTransformWithLabels(
        hole, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(hole == 0)
    nearest = np.zeros((int(label.max()) + 1, 2), np.float32)
    nearest[label[rows, columns]] = np.stack([columns, rows], 1)
    here = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).astype(np.float32)
    rim = np.where(hole[..., None] > 0, nearest[label], here)
    reach = max(REFLECTED * max(height, width), 1.0)
    folded = np.abs((distance + reach) % (2 * reach) - reach)
    outwards = (rim - here) / np.maximum(distance, 1e-6)[..., None]
    place = np.where(hole[..., None] > 0, rim + outwards * folded[..., None], here)
    return rim, np.ascontiguousarray(place, np.float32)


def polygon_mask(size: int, points: F32, grow: int = 0) -> U8:
    """H x W uint8 0..255, antialiased; `points` (N, 2) in 0..1; `grow` pixels more (or fewer)."""
    mask = np.zeros((size, size), np.uint8)
    unit = 2**FRACTION_BITS
    fixed = np.round(points[:, :2] * size * unit - unit // 2).astype(np.int32)  # centres at .5
    cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, FRACTION_BITS)
    kernel = np.ones((2 * abs(grow) + 1,) * 2, np.uint8)
    if grow > 0:
        mask = np.asarray(cv2.dilate(mask, kernel), np.uint8)
    elif grow < 0:
        mask = np.asarray(cv2.erode(mask, kernel), np.uint8)
    return mask
