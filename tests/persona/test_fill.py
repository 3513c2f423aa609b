"""What stands behind the person is filled as what is beside it looks."""

from __future__ import annotations

import cv2
import numpy as np

from livecam.persona.fill import REFLECTED, fill_background

SIDE = 256


def hole_in(side: int) -> np.ndarray:
    hole = np.zeros((side, side), np.uint8)
    cv2.ellipse(hole, (side // 2, side // 2), (side // 5, side // 3), 0, 0, 360, 1, -1)
    return hole


def wall(pattern: float, seed: int = 0) -> np.ndarray:
    """A slope of colours with a texture of so many levels."""
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    slope = np.dstack([80 + 0.3 * x, 120 + 0.2 * y, 150 - 0.2 * x])
    noise = np.random.default_rng(seed).normal(0, 1, (SIDE, SIDE, 1))
    noise = cv2.GaussianBlur(noise, (0, 0), 1.5)
    return np.clip(slope + pattern * (noise / noise.std())[..., None], 0, 255).astype(np.uint8)


def rim_of(hole: np.ndarray, depth: float) -> np.ndarray:
    return (hole > 0) & (cv2.distanceTransform(hole, cv2.DIST_L2, 5) < depth * SIDE)


def texture(image: np.ndarray, where: np.ndarray) -> float:
    fine = image.astype(np.float64) - cv2.GaussianBlur(image.astype(np.float64), (0, 0), 4)
    return float(fine[where].std())


def test_what_is_known_stays():
    image, hole = wall(12), hole_in(SIDE)
    far = cv2.dilate(hole, np.ones((17, 17), np.uint8)) == 0  # beyond five sigmas of the seam
    np.testing.assert_array_equal(fill_background(image, hole)[far], image[far])


def test_the_rim_has_the_texture_of_the_wall():
    """A blur there is a halo round the head. At least .7 of the wall's own: the mirror keeps it, fading."""
    image, hole = wall(12), hole_in(SIDE)
    person = image.copy()
    person[hole > 0] = (20, 10, 200)
    filled = fill_background(person, hole)
    rim = rim_of(hole, REFLECTED / 2)
    assert texture(filled, rim) > 0.7 * texture(image, hole == 0)


def test_colours_go_on_and_the_person_leaves_none():
    """A smooth slope is continued to within 6 levels on the rim; the person's blue is 50 away."""
    image, hole = wall(0), hole_in(SIDE)
    person = image.copy()
    person[hole > 0] = (20, 10, 250)
    filled = fill_background(person, hole).astype(float)
    deep = cv2.erode(hole, np.ones((9, 9), np.uint8)) > 0
    rim = rim_of(hole, 0.1) & deep
    assert np.abs(filled - image)[rim].mean() < 6


def test_pictures_need_not_be_square():
    image = np.full((120, 300, 3), 90, np.uint8)
    hole = np.zeros((120, 300), np.uint8)
    hole[30:, 100:200] = 1
    filled = fill_background(image, hole)
    assert np.abs(filled.astype(int) - 90).mean() < 2  # grain


def test_where_all_is_hidden_the_picture_stays():
    image = wall(5)
    np.testing.assert_array_equal(fill_background(image, np.ones((SIDE, SIDE), np.uint8)), image)
