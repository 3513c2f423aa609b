"""Cameras and painters change how a picture looks, not where things are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("scipy")

from training.heads import lens


@pytest.fixture
def face():
    """A bright disc with two dark ones on it."""
    picture = np.full((256, 256, 3), (60, 70, 80), np.uint8)
    cv2.circle(picture, (128, 128), 80, (220, 180, 150), -1)
    for x in (98, 158):
        cv2.circle(picture, (x, 110), 12, (30, 20, 15), -1)
    return picture


@pytest.mark.parametrize("look", lens.LOOKS)
def test_a_painter_leaves_everything_in_its_place(face, look):
    painted = lens.repaint(face, look, seed=3)
    assert painted.shape == face.shape
    assert painted.dtype == np.uint8
    assert (painted != face).mean() > 0.2
    np.testing.assert_array_equal(painted, lens.repaint(face, look, seed=3))
    grey = cv2.GaussianBlur(painted.mean(2), (0, 0), 3)
    # Light stays light and dark dark, so eyes are where they were.
    for x in (98, 158):
        assert grey[110, x] < grey[150, 128] - 30


def test_another_look_is_refused(face):
    with pytest.raises(KeyError):
        lens.repaint(face, "crayon", 1)


def test_grain_differs_from_frame_to_frame_and_repeats_for_the_same_one(face):
    noisy = lens.Lens(noise=0.03)
    first, second = lens.develop(face, noisy, 5, 0), lens.develop(face, noisy, 5, 1)
    assert (first != second).mean() > 0.5
    np.testing.assert_array_equal(first, lens.develop(face, noisy, 5, 0))


def test_no_lens_changes_only_what_is_nearly_white(face):
    # 0.85 of 255 is where the shoulder begins; one step is rounding.
    plain = lens.develop(face, lens.Lens(), 5).astype(int)
    dark = face < 216
    assert np.abs(plain - face)[dark].max() <= 1


def test_exposure_brightens_and_does_not_clip(face):
    brighter = lens.develop(face, lens.Lens(exposure=0.5), 5)
    assert brighter.mean() > face.mean() + 10
    assert brighter.max() < 255


def test_the_share_of_painted_people_is_what_was_asked_for():
    looks = [lens.sample(np.random.default_rng(k), 0.5).look for k in range(400)]
    painted = np.mean([look != lens.PHOTOGRAPH for look in looks])
    # The deviation of a share of 400 is 0.025: this is four of them.
    assert 0.4 < painted < 0.6
    assert set(looks) == {*lens.LOOKS, lens.PHOTOGRAPH}
