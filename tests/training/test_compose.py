"""What a picture is put together from keeps its light where strands finer than a pixel are softened."""

from __future__ import annotations

import numpy as np
import pytest

from training.heads.compose import LIDS_SHADE, SHADE_REACH, STRAND, _shade_eyes, _soften_strands
from training.heads.materials import Material
from training.heads.renderer import Layers


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


def test_whites_of_eyes_are_darker_along_the_lids_and_irises_are_not():
    """An eye of 3 cm by 1 cm at 20 pixels a cm, its middle third an iris."""
    size, scale = 80, 20.0
    material = np.full((size, size), Material.FACE, np.uint8)
    material[30:50, 10:70] = Material.EYE
    albedo = np.full((size, size, 3), 0.5, np.float32)
    albedo[30:50, 30:50] = 0.1
    color, flat = np.ones((size, size, 3), np.float32), np.zeros((size, size), np.float32)
    wide = np.zeros((size, size, 3), np.float32)
    _shade_eyes(color, Layers(wide, albedo, wide, flat, material, None, flat, flat, False), scale)
    column = color[30:50, 20, 0]
    assert column[0] == pytest.approx(LIDS_SHADE + 1 / scale / SHADE_REACH, abs=0.01)
    assert column[9] == pytest.approx(min(1, LIDS_SHADE + 10 / scale / SHADE_REACH), abs=0.01)
    assert (np.diff(column[:10]) > -1e-6).all()
    assert (color[30:50, 32:48] == 1).all()
    assert (color[material == Material.FACE] == 1).all()
