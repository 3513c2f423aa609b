"""Lips whose pixels stand still do not move, whatever landmarks say; lips that move are not late."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from face_data import PICTURE, REFERENCE
from faces import with_lip_gap

from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.face.lip_steps import EASES_S, LipSteps

UNIT = measures.between_eyes(REFERENCE)
FRAME_S = 1 / 30
OPENED = 0.25


def moved(x: float) -> np.ndarray:
    size = PICTURE.shape[1], PICTURE.shape[0]
    return cv2.warpAffine(PICTURE, np.float32([[1, 0, x], [0, 1, 0]]), size, borderMode=cv2.BORDER_REPLICATE)


def parted(by: float) -> tuple[np.ndarray, np.ndarray]:
    """The picture with all below the middle of the lips moved down by so many pixels and dark between, and
    where its landmarks then are."""
    line = round(float(REFERENCE[list(lm.INNER_LIP_LOWER), 1].mean()))
    picture, points, down = PICTURE.copy(), REFERENCE.copy(), round(by)
    picture[line + down :] = PICTURE[line : len(PICTURE) - down]
    picture[line : line + down] = 30
    lower = sorted({k for row in lm.LOWER_LIP_ROWS for k in row[1:-1]})
    points[lower, 1] += down
    return picture, points


def gap(points: np.ndarray) -> float:
    return measures.lip_gap(points)


def run(pictures, faces) -> list[np.ndarray]:
    steps = LipSteps()
    return [
        steps(picture, face, k * FRAME_S)
        for k, (picture, face) in enumerate(zip(pictures, faces, strict=True))
    ]


@pytest.mark.parametrize("speed", [0.0, 1.4])
def test_a_jump_that_pixels_do_not_show_does_not_pass(speed):
    """For one frame the model sees an open mouth, of a head that is still or moves."""
    pictures = [moved(speed * k) for k in range(6)]
    faces = [REFERENCE + np.float32([speed * k, 0, 0]) for k in range(6)]
    shut = gap(REFERENCE)
    faces[3] = with_lip_gap(faces[3], shut + OPENED)
    shown = [gap(points) - shut for points in run(pictures, faces)]
    assert np.abs(shown).max() < 0.1 * OPENED
    np.testing.assert_array_equal(run(pictures, faces)[5], faces[5])  # it went back: nothing is left of it


def test_what_stays_is_believed_little_by_little():
    """Pixels do not say where lips are: the model may have been wrong before."""
    wide = with_lip_gap(REFERENCE, gap(REFERENCE) + OPENED)
    count = 4 + round(5 * EASES_S / FRAME_S)
    shown = np.array([gap(p) for p in run([PICTURE] * count, [REFERENCE] * 4 + [wide] * (count - 4))])
    assert (np.diff(shown[3:]) > -1e-4).all()
    assert np.diff(shown).max() < 0.25 * OPENED  # a frame's share is 1 - exp(-.033 / .15) = .2
    assert shown[-1] == pytest.approx(gap(wide), abs=0.02)


@pytest.mark.parametrize("by", [0.04, 0.1, 0.25])
def test_lips_that_part_within_a_frame_are_not_late(by):
    """A plosive: distances of the outer eye corners. Landmarks pass unchanged, by the bit."""
    picture, points = parted(by * UNIT)
    shown = run([PICTURE] * 3 + [picture] * 2, [REFERENCE] * 3 + [points] * 2)
    np.testing.assert_array_equal(shown[3], points)
    np.testing.assert_array_equal(shown[4], points)


def test_noise_of_landmarks_passes():
    chance = np.random.default_rng(0)
    faces = [
        (REFERENCE + chance.normal(0, 0.003 * UNIT, REFERENCE.shape)).astype(np.float32) for _ in range(9)
    ]
    for face, shown in zip(faces, run([PICTURE] * 9, faces), strict=True):
        np.testing.assert_array_equal(shown, face)


def test_after_a_reset_the_next_points_pass():
    steps = LipSteps()
    wide = with_lip_gap(REFERENCE, gap(REFERENCE) + OPENED)
    steps(PICTURE, REFERENCE, 0.0)
    held = steps(PICTURE, wide, FRAME_S)
    assert gap(held) < gap(wide) - 0.1
    steps.reset()
    np.testing.assert_array_equal(steps(PICTURE, wide, 2 * FRAME_S), wide)
