"""What lies away from the eyes is soft, and nothing moves."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy")

from training.heads.camera import Camera
from training.heads.depth_of_field import Focus, blur_person, focus, sigma

CAMERA = Camera(field_of_view=20, distance=100)


def test_focus_lies_on_the_eyes():
    found = focus(CAMERA, 2.0, np.array([[-3.0, 4, 9], [3.0, 4, 11]]), behind=150)
    assert found.sharp == 90
    assert found.wall == 250
    # 2.4 cm of sensor behind 20 degrees is a lens of 6.8 cm.
    assert found.aperture == pytest.approx(6.8 / 2.0, rel=0.01)


def test_blur_grows_with_the_distance_and_with_the_opening():
    wide, narrow = (Focus(aperture, 90, 250) for aperture in (4.0, 1.0))
    at = sigma(CAMERA, wide, np.array([80.0, 90, 92, 100, 250]), 256)
    assert at[1] == 0
    assert at[0] > 0
    assert (np.diff(at[1:]) > 0).all()
    np.testing.assert_allclose(sigma(CAMERA, narrow, 250.0, 256), at[-1] / 4, rtol=1e-5)
    np.testing.assert_allclose(sigma(CAMERA, wide, 250.0, 512), at[-1] * 2, rtol=1e-5)


def test_blur_matches_a_point_seen_through_the_rim_of_the_lens():
    """Light through the lens's rim: it misses the image of a far point by the disc's radius."""
    aperture, sharp, far, size = 3.0, 90.0, 250.0, 256
    # The ray from the far point through the rim crosses the plane of focus here:
    off = aperture / 2 * (1 - sharp / far)
    pixels = off / sharp * size / 2 / np.tan(np.deg2rad(10))
    found = sigma(CAMERA, Focus(aperture, sharp, far), far, size)
    assert float(found) == pytest.approx(2 * pixels / 4, rel=1e-4)


@pytest.fixture
def person():
    """Stripes on a square body, 20 pixels from the border; premultiplied."""
    picture = np.zeros((96, 96, 4), np.float32)
    picture[20:76, 20:76, 3] = 1
    picture[20:76, 20:76:4, :3] = 1
    return picture


def test_the_eyes_stay_and_the_shoulders_blur(person):
    wanted = np.zeros((96, 96), np.float32)
    wanted[60:] = 3.0
    blurred = blur_person(person, wanted)
    # The blurs are mixed where they meet, some 14 pixels wide: well above it nothing happens.
    np.testing.assert_allclose(blurred[30:40, 30:60], person[30:40, 30:60], atol=1e-4)
    assert blurred[70, 30:60, 0].std() < 0.3 * person[70, 30:60, 0].std()


def test_a_blurred_outline_spreads_and_keeps_what_it_covers(person):
    blurred = blur_person(person, np.full((96, 96), 2.0, np.float32))
    assert 0 < blurred[48, 18, 3] < 0.5
    assert 0.5 < blurred[48, 21, 3] < 1
    # Light is neither made nor lost: the same blur everywhere keeps the sum.
    np.testing.assert_allclose(blurred.sum((0, 1)), person.sum((0, 1)), rtol=0.01)


def test_too_little_to_be_seen_changes_nothing(person):
    assert blur_person(person, np.full((96, 96), 0.2, np.float32)) is person
