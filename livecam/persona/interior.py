"""What lies behind lids and lips: eyeballs kept from the picture, a mouth painted in the picture's hues."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.face.covered import EYES, MOUTH
from livecam.face.measures import lip_gap
from livecam.frames import RGB
from livecam.persona.catch_lights import catch_lights
from livecam.persona.eyeballs import aside_eyes, split_eyes
from livecam.persona.fill import polygon_mask
from livecam.persona.lids import shut_lids
from livecam.persona.mouth_paint import paint_mouth
from livecam.persona.skin import cheek_pixels, estimated_white
from livecam.persona.teeth import OwnMouth

OPEN_AT_REST: Final = 0.05
"""Lip gap as a share of mouth width above which the portrait's own mouth counts as open.
Landmarks of shut lips are up to .03 apart (`livecam.motion.lips`)."""
INPAINT_RADIUS: Final = 0.006
"""How far around an open mouth's pixels the skin laid over it is taken from, as a share of the crop: 3 pixels
at 512, OpenCV's usual radius."""


def split_layers(
    image: RGB,
    points: F32,
    mouth: OwnMouth | None = None,
    covered: Collection[str] = (),
    seed: int | None = None,
) -> tuple[RGB, NDArray[np.uint8], NDArray[np.uint8]]:
    """(skin S x S x 3, interior S x S x 12, teeth S x S x 8).

    Skin: eyeballs, and an open mouth, painted over with what surrounds them. Interior: eyeballs behind the
    lids, and a mouth; eyeballs that look far aside; shut lids; and the lights on both eyeballs. Teeth: the
    upper row and the lower, RGBA each. points: (478, 3), 0..1 of the image. mouth: one known from another
    picture. covered: parts of `livecam.face.covered`, behind which there is but the image. seed: of the
    person's own teeth.
    """
    size = image.shape[0]
    radius = max(1, round(INPAINT_RADIUS * size))
    skin_pixels = cheek_pixels(image, points)
    white = estimated_white(skin_pixels)
    skin, interior, aside, shut, lights = image, image, image, image, np.zeros_like(image)
    teeth = np.zeros((size, size, 8), np.uint8)
    if EYES not in covered:
        lights = catch_lights(image, points, white)
        dull = image - lights
        skin, _ = split_eyes(image, points, white)
        _, interior = split_eyes(dull, points, white)
        aside, shut = aside_eyes(dull, points, white), shut_lids(image, points)
    if MOUTH not in covered:
        interior, teeth = paint_mouth(image, interior, points, skin_pixels, mouth, seed)
    if lip_gap(points) > OPEN_AT_REST and MOUTH not in covered:
        hole = (polygon_mask(size, points[list(lm.MOUTH)], -1) > 127).astype(np.uint8)
        skin = cv2.inpaint(skin, hole, radius, cv2.INPAINT_TELEA)
    return np.asarray(skin, np.uint8), np.dstack([interior, aside, shut, lights]), teeth
