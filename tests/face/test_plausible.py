"""Telling human faces from meshes that lie on something else."""

from __future__ import annotations

import numpy as np
import pytest
from face_data import REFERENCE
from faces import turned, with_lids, with_lip_gap

from livecam.face.plausible import (
    LARGEST_SPREAD,
    PROPORTIONS,
    face_height,
    mesh_doubt,
    mesh_plausible,
    mesh_spread,
    proportions,
)


def test_a_face_is_plausible(face):
    assert mesh_doubt(face) == ""
    assert mesh_plausible(REFERENCE)


@pytest.mark.parametrize("yaw", [-45, 0, 45])
@pytest.mark.parametrize("pitch", [-25, 0, 25])
def test_whatever_its_pose(face, yaw, pitch):
    assert mesh_plausible(turned(face, yaw=yaw, pitch=pitch, roll=30))


def test_whatever_its_expression(face):
    assert mesh_plausible(with_lids(with_lip_gap(face, 0.6), 0.0))


def test_whatever_its_size(face):
    assert mesh_plausible(face * 0.05)
    assert mesh_plausible(face * 20 + 1000)


@pytest.mark.parametrize("stretch", [(1.6, 1, 1), (1, 1.6, 1), (1, 0.6, 1)])
def test_a_stretched_face_is_not(face, stretch):
    assert mesh_doubt(face * stretch)


def test_a_nose_that_points_inwards_is_not(face):
    assert "nose" in mesh_doubt(face * [1, 1, -1])


def test_nor_is_rubbish(face):
    assert not mesh_plausible(np.zeros_like(face))
    assert not mesh_plausible(np.random.default_rng(0).uniform(0, 500, face.shape))
    assert not mesh_plausible(face[:468])
    broken = face.copy()
    broken[7, 1] = np.nan
    assert not mesh_plausible(broken)


def test_proportions_do_not_depend_on_pose_or_size(face):
    assert set(proportions(face)) == set(PROPORTIONS)
    other = proportions(turned(face, yaw=30, pitch=10, roll=50) * 3)
    for name, value in proportions(face).items():
        assert other[name] == pytest.approx(value, rel=1e-3)  # float32 landmarks


def test_spread_is_a_part_of_the_faces_height(face):
    assert mesh_spread([face, face, face]) == 0
    moved = face + np.array([0.1 * face_height(face), 0, 0])
    assert mesh_spread([face, face, moved]) == pytest.approx(0.1, rel=1e-3)
    assert mesh_spread([face, face, moved]) > LARGEST_SPREAD
