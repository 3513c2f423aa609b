"""Shut eyes of rendered people have a line of lashes, open ones none."""

from __future__ import annotations

import numpy as np
import pytest
from faces import with_lids

from livecam.face import landmarks as lm

SIZE = 512
SKIN = (200, 160, 140)


@pytest.fixture
def lashes():
    pytest.importorskip("scipy")
    from training import lashes

    return lashes


def known(points, material):
    from training.heads.truth import Truth

    nothing = np.zeros(3, np.float32)
    return Truth(points, material, nothing, nothing[:2], nothing)


def on_lids(picture, points):
    """(2 * 7, 3): what is seen at the points of the upper lids between the corners."""
    rows = [i for upper, _, _ in lm.EYES for i in upper[1:-1]]
    x, y = np.floor(points[rows, :2]).astype(int).T
    return picture[y, x]


def test_only_shut_eyes_have_a_line(face, lashes):
    from training.heads.materials import Material

    skin = np.full((SIZE, SIZE, 3), SKIN, np.uint8)
    material = np.full((SIZE, SIZE), Material.FACE, np.uint8)
    shut = with_lids(face, 0.0).astype(np.float32)
    drawn = lashes.draw_lashes(skin, known(shut, material), 1)
    # A tenth of the skin may show beside the corners, where the line is thin.
    assert on_lids(drawn, shut).max(0).max() < (lashes.LIGHTEST + 0.15) * max(SKIN)
    assert (drawn == skin).all(-1).mean() > 0.99
    np.testing.assert_array_equal(lashes.draw_lashes(skin, known(face, material), 1), skin)


def test_glasses_stay_before_the_line(face, lashes):
    from training.heads.materials import Material

    skin = np.full((SIZE, SIZE, 3), SKIN, np.uint8)
    material = np.full((SIZE, SIZE), Material.GLASSES, np.uint8)
    shut = with_lids(face, 0.0).astype(np.float32)
    np.testing.assert_array_equal(lashes.draw_lashes(skin, known(shut, material), 1), skin)


def test_the_same_person_has_the_same_lashes(face, lashes):
    from training.heads.materials import Material

    skin = np.full((SIZE, SIZE, 3), SKIN, np.uint8)
    material = np.full((SIZE, SIZE), Material.FACE, np.uint8)
    shut = known(with_lids(face, 0.0).astype(np.float32), material)
    one, again, other = (lashes.draw_lashes(skin, shut, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
