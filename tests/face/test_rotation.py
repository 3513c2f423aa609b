"""Pictures turned, mirrored and made smaller, and points brought back from there."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.face import landmarks as lm
from livecam.face.rotation import RotatedCrop

MIDDLE = np.array([210.0, 130.0])
POINTS = np.random.default_rng(0).uniform(50, 250, (478, 3)).astype(np.float32)


@pytest.mark.parametrize(("zoom", "degrees"), [(1.0, 0.0), (0.7, 7.0), (1.6, -30.0)])
def test_points_come_back_to_where_they_were(zoom, degrees):
    turned = RotatedCrop.about(MIDDLE, zoom, degrees, 300)
    np.testing.assert_allclose(turned.there(MIDDLE), [150, 150])
    seen = np.column_stack([turned.there(POINTS[:, :2]), POINTS[:, 2] * zoom]).astype(np.float32)
    np.testing.assert_allclose(turned.back(seen), POINTS, atol=1e-3)  # float32 of numbers up to 500


def test_a_mirrored_face_has_left_and_right_again():
    turned = RotatedCrop.about(MIDDLE, 0.8, 5.0, 300, mirror=True)
    seen = np.column_stack([turned.there(POINTS[:, :2]), POINTS[:, 2] * 0.8]).astype(np.float32)
    np.testing.assert_allclose(turned.back(seen)[lm.mirror_index()], POINTS, atol=1e-3)


@pytest.mark.parametrize("degrees", [0.0, 90.0, 20.0])
def test_pixels_and_places_go_the_same_way(degrees):
    """A bright square of 9 pixels has its middle where its middle's place says: to a twentieth of a pixel,
    for the square is cut off nowhere and its rim is linear."""
    image = np.zeros((260, 400, 3), np.uint8)
    image[100:109, 180:189] = 250
    turned = RotatedCrop.about(MIDDLE, 1.0, degrees, 200)
    light = turned.cut(image)[..., 0].astype(float)
    rows, columns = np.mgrid[:200, :200] + 0.5
    middle = [(light * axis).sum() / light.sum() for axis in (columns, rows)]
    np.testing.assert_allclose(middle, turned.there(np.array([184.5, 104.5])), atol=0.05)


def test_a_picture_is_shrunk_before_every_other_pixel_would_be_skipped():
    """Stripes of one pixel, 0 and 200, are grey from far away; a warp that takes single pixels shows them."""
    image = np.zeros((1600, 1600, 3), np.uint8)
    image[:, ::2] = 200
    crop = RotatedCrop.about(np.array([800.0, 800.0]), 0.24, 0.0, 384).cut(image)
    assert np.abs(crop.astype(int) - 100).max() <= 40  # a mean of three pixels is at most 133
