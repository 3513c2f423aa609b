"""Filling what is not known from what is: push-pull, and the background behind a person."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from livecam.arrays import F32, U8
from livecam.frames import RGB

KNOWN_ENOUGH: Final = 0.02
"""Weight of known pixels, 0..1, below which a pyramid's place is filled from the coarser level alone. By
eye."""

# The background behind a person, by eye.
WORKING_SIDE: Final = 256
"""Pixels: the hole is filled in a picture of about this side; what is not known has no detail."""
MOST_HIDDEN: Final = 0.97
"""Share of the picture that the hole may take; of less background nothing can be learnt."""
INPAINT_RADIUS: Final = 4
"""Pixels of that small picture around a place that its texture is taken from."""
TEXTURED_RIM: Final = 0.05
"""How far into the hole texture is continued, as a share of the picture's side; deeper in it streaks."""
SEAM_BLUR: Final = 1.5
"""Pixels: sigma of the seam's softness."""
GRAIN: Final = 2
"""Standard deviation of the noise, in 255 levels: as strong as faint film grain."""

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


def fill_background(image: RGB, hole: U8, seed: int = 0) -> RGB:
    """The picture with `hole` (H x W, 0 or 1) filled: texture near the rim, smooth colour deep inside.

    A little noise, as strong as faint film grain, keeps the filled part from looking like plastic.
    """
    size = image.shape[0]
    step = max(1, size // WORKING_SIDE)
    small = (size // step, size // step)
    low = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    low_hole = cv2.resize(hole, small, interpolation=cv2.INTER_NEAREST)
    if low_hole.mean() > MOST_HIDDEN:  # nothing to learn a background from
        return image.copy()
    smooth = push_pull(low, 1 - low_hole).astype(np.float32)
    rim = cv2.inpaint(low, low_hole, INPAINT_RADIUS, cv2.INPAINT_TELEA).astype(np.float32)
    depth = cv2.distanceTransform(low_hole, cv2.DIST_L2, 3)
    near = np.clip(1 - depth / (TEXTURED_RIM * small[0]), 0, 1)[..., None]
    filled = cv2.resize((rim * near + smooth * (1 - near)).astype(np.uint8), (size, size))
    mask = np.maximum(cv2.GaussianBlur(hole.astype(np.float32), (0, 0), SEAM_BLUR), hole)[..., None]
    grain = np.random.default_rng(seed).normal(0, GRAIN, (size, size, 1)) * mask
    return np.clip(image * (1 - mask) + filled * mask + grain, 0, 255).astype(np.uint8)


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
