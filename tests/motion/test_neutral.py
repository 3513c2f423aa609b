from __future__ import annotations

import numpy as np
import pytest
from faces import looking_aside, turned, with_lids, with_lip_gap

from livecam.motion.neutral import SAME_PICTURE, NeutralFinder, align_pose, picture_distance


def stretched(face):
    """Somebody else: a narrower face."""
    out = face.copy()
    out[:, 0] = (out[:, 0] - 256) * 0.85 + 256
    return out


def mean_error(points, truth):
    return float(np.linalg.norm((points - truth)[:, :2], axis=1).mean())


def shape_error(points, truth):
    return mean_error(align_pose(points.astype(np.float64), truth.astype(np.float64)), truth)


def test_picks_the_frontal_frame_with_open_eyes_and_shut_mouth(face):
    finder = NeutralFinder(stretched(face), seconds=2.0)
    best = with_lip_gap(face, 0.0)
    frames = [
        turned(best, yaw=20),
        with_lids(best, 0.1),
        best,
        with_lip_gap(face, 0.4),
        turned(best, roll=15),
    ]
    for k, frame in enumerate(frames):
        finder.add(frame, k * 0.1)
    np.testing.assert_allclose(finder.neutral, best, atol=1e-3)  # the turned ones are the same face


def test_who_looks_aside_with_wide_eyes_is_not_neutral(face):
    """Lids are a little wider then; the portrait would look the other way whenever the driver looks up."""
    ahead, aside = with_lids(face, 0.95), looking_aside(face, 0.2)
    finder = NeutralFinder(stretched(face), seconds=2.0)
    for k, frame in enumerate([aside, ahead]):
        finder.add(frame, k * 0.1)
    np.testing.assert_allclose(finder.neutral, ahead, atol=1e-3)


def test_the_portraits_own_picture_beats_a_better_neutral(face):
    """Self-reenactment: the portrait is this very driver, mouth open and head turned."""
    portrait = turned(with_lip_gap(face, 0.3), yaw=18)
    finder = NeutralFinder(portrait, seconds=2.0)
    same = (portrait + np.random.default_rng(0).normal(0, 0.2, portrait.shape)).astype(np.float32)
    finder.add(with_lip_gap(face, 0.0), 0.0)
    finder.add(same, 0.1)
    finder.add(with_lip_gap(face, 0.0), 0.2)
    assert mean_error(finder.neutral, portrait) < 0.6 * mean_error(same, portrait)  # the mean of both: .5


def test_frames_that_show_the_same_face_are_averaged(face):
    """Noise of one frame would be an error of all that follow; of nine like it a third is left."""
    finder, noise = NeutralFinder(stretched(face), seconds=2.0), np.random.default_rng(1)
    for k in range(9):
        frame = turned(face, yaw=2 * noise.normal()) + noise.normal(0, 0.15, face.shape)
        finder.add(frame.astype(np.float32), k / 30)
    best = finder._alike[0]
    assert mean_error(align_pose(finder.neutral, best), best) > 0  # not that frame alone
    assert shape_error(finder.neutral, face) < 0.5 * shape_error(best, face)


def test_another_expression_is_not_averaged(face):
    finder = NeutralFinder(stretched(face), seconds=2.0)
    for k in range(4):
        finder.add(with_lip_gap(face, 0.0 if k == 0 else 0.3), k / 30)
    np.testing.assert_array_equal(finder.neutral, with_lip_gap(face, 0.0))


def test_neutral_stays_the_same_array_until_it_changes(face):
    """A live run takes a new neutral frame over slowly, and must see when there is none."""
    finder = NeutralFinder(stretched(face), seconds=2.0)
    finder.add(face, 0.0)
    before = finder.neutral
    finder.add(with_lip_gap(face, 0.4), 0.1)
    assert finder.neutral is before
    finder.add(face + np.float32(0.1), 0.2)
    assert finder.neutral is not before


def test_is_done_after_its_seconds_and_then_deaf(face):
    finder = NeutralFinder(stretched(face), seconds=0.5)
    worse = turned(face, yaw=20)
    finder.add(worse, 10.0)
    assert not finder.done
    finder.add(turned(face, yaw=19), 10.6)
    assert finder.done
    finder.add(face, 10.7)
    assert finder.neutral is worse


def test_without_a_face_there_is_no_neutral(face):
    assert NeutralFinder(face, seconds=2.0).neutral is None


def test_picture_distance_tells_shape_and_place_apart(face):
    own = face[:, :2].astype(np.float64)
    shape, place = picture_distance(own, face * np.float32(0.6))  # the same picture with fewer pixels
    assert shape < 1e-6
    assert place < 1e-6
    shape, place = picture_distance(own, face + np.float32(40))
    eyes = np.linalg.norm(own[33] - own[263])
    assert shape < 1e-6
    assert place == pytest.approx(40 * 2**0.5 / eyes, rel=1e-5)
    assert picture_distance(own, turned(face, yaw=8))[0] > SAME_PICTURE
    assert picture_distance(own, stretched(face))[0] > SAME_PICTURE


def test_of_frames_with_the_portraits_shape_the_one_in_its_place_is_neutral(face):
    """A driver who only swings from side to side in front of the camera, filmed by the same camera."""
    finder = NeutralFinder(face, seconds=2.0)
    swing = [face + np.array([x, 0, 0], np.float32) for x in (30, 15, 0.2, -15)]
    for k, frame in enumerate(swing):
        finder.add(frame, k * 0.1)
    np.testing.assert_allclose(finder.neutral, swing[2], atol=1e-3)


def test_a_frame_can_be_named(face):
    finder = NeutralFinder(stretched(face), seconds=2.0, chosen=2)
    frames = [face, face.copy(), turned(face, yaw=20), face.copy()]
    for k, frame in enumerate(frames):
        finder.add(frame, k * 0.1)
    assert finder.neutral is frames[2]
    assert finder.done
