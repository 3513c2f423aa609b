"""Colours at a face's landmarks, and how alike two patterns of them are."""

from __future__ import annotations

import numpy as np
import pytest
from faces import draw_face, turned

from livecam.face import landmarks as lm
from livecam.face.appearance import COLOUR_COUNTS, Likeness, on_the_face, point_colours

PLACES = np.random.default_rng(1).uniform(-1, 1, (lm.COUNT, 2))
ALL = Likeness([np.arange(lm.MESH_COUNT)], PLACES, [0])


def test_a_picture_of_one_colour(face):
    picture = np.full((512, 512, 3), (200, 120, 60), np.uint8)
    logs = np.log(np.array([200, 120, 60]) + 16.0)
    expected = [logs.mean(), COLOUR_COUNTS * (logs[0] - logs[1]), COLOUR_COUNTS * (logs[1] - logs[2])]
    np.testing.assert_allclose(point_colours(picture, face), np.tile(expected, (468, 1)), atol=1e-5)


def test_a_point_has_the_colour_of_its_place(face):
    picture = np.zeros((512, 512, 3), np.uint8)
    x, y = face[lm.NOSE_TIP, :2].astype(int)
    picture[y - 12 : y + 12, x - 12 : x + 12] = 255
    bright = point_colours(picture, face)[:, 0]
    assert bright[lm.NOSE_TIP] == bright.max() > bright[lm.CHIN] == bright.min()


def test_points_beyond_the_picture_take_its_rim(face):
    picture = np.full((512, 512, 3), 90, np.uint8)
    assert np.isfinite(point_colours(picture, face + np.float32([2000, -900, 0]))).all()
    assert np.ptp(point_colours(picture, face + np.float32([2000, -900, 0]))[:, 0]) == 0


def test_light_changes_no_likeness(face):
    picture = draw_face(face)
    darker = (picture * np.array([0.7, 0.6, 0.5])).astype(np.uint8)
    assert ALL(point_colours(picture, face), point_colours(darker, face))[0] > 0.97


def test_another_pattern_is_not_alike():
    rng = np.random.default_rng(0)
    first, second = rng.normal(0, 1, (2, lm.MESH_COUNT, 3)).astype(np.float32)
    groups = Likeness([np.arange(100), np.arange(100, 468)], PLACES)
    mixed = np.concatenate([first[:100], second[100:]])
    alike = groups(first, mixed)
    assert alike[0] == pytest.approx(1.0)
    assert abs(alike[1]) < 0.15  # 1104 numbers: five standard deviations of chance
    np.testing.assert_allclose(groups(3 + 0.5 * first, first), 1.0)


def test_patterns_without_contrast_are_numbers():
    plain = np.full((lm.MESH_COUNT, 3), 4.0, np.float32)
    assert np.isfinite(ALL(plain, plain)).all()


def test_places_on_the_face_are_the_same_in_any_pose(face):
    moved = 1.7 * turned(face, 25, 10, -20) + np.float32([90, 40, 0])
    np.testing.assert_allclose(on_the_face(moved), on_the_face(face), atol=1e-4)
