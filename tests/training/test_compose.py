"""What a picture is put together from keeps its light where strands finer than a pixel are softened."""

from __future__ import annotations

import numpy as np

from livecam.training.heads.compose import STRAND, _soften_strands
from livecam.training.heads.materials import Material


def speckled(share: float, kind: Material):
    """Light skin with single black pixels of `kind` in the middle, as one sample a pixel makes of lashes."""
    rng = np.random.default_rng(0)
    toned, material = np.full((64, 64, 3), 0.6, np.float32), np.full((64, 64), Material.FACE, np.uint8)
    dots = np.zeros((64, 64), bool)
    dots[24:40, 12:52] = rng.random((16, 40)) < share
    toned[dots], material[dots] = 0.0, kind
    return toned, material


def test_dots_of_lashes_become_a_shade_as_dark_as_they_were():
    toned, material = speckled(0.3, Material.LASH)
    soft = _soften_strands(toned, material)
    inside = np.s_[27:37, 15:49]
    # A Gaussian of sigma s averages 4 pi s^2 independent pixels: their deviation falls by its root.
    assert soft[inside].std() < 1.2 * toned[inside].std() / np.sqrt(4 * np.pi * STRAND**2)
    np.testing.assert_allclose(soft.mean(), toned.mean(), rtol=0.01)


def test_away_from_strands_nothing_changes():
    toned, material = speckled(0.3, Material.BEARD)
    soft = _soften_strands(toned, material)
    np.testing.assert_array_equal(soft[:18], toned[:18])
    np.testing.assert_array_equal(soft[46:], toned[46:])


def test_other_fine_things_stay_sharp():
    toned, material = speckled(0.3, Material.GLASSES)
    np.testing.assert_array_equal(_soften_strands(toned, material), toned)
