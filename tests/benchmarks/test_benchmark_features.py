"""The features say what was done to the face, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from faces import turned, with_lids, with_lip_gap

from livecam.benchmarks.fidelity.features import GAZE, LIDS, MOUTH, PITCH, YAW, features
from livecam.face import landmarks as lm


def test_a_neutral_face_has_no_pose(face):
    values = features(face, face)
    assert values[[YAW, PITCH]] == pytest.approx([0, 0], abs=1e-6)


@pytest.mark.parametrize("degrees", [-15, 10])
def test_turning_the_head_changes_its_own_angle_only(face, degrees):
    rest = features(face, face)
    for column, move in ((YAW, {"yaw": degrees}), (PITCH, {"pitch": degrees})):
        values = features(turned(face, **move), face)
        expected = rest.copy()
        expected[column] = degrees
        assert values == pytest.approx(expected, abs=1e-3)


def test_size_and_place_in_the_picture_do_not_matter(face):
    moved = 0.4 * face + np.array([300, -50, 0], np.float32)
    assert features(moved, face) == pytest.approx(features(face, face), abs=1e-4)


def test_the_mouth_gap_is_a_share_of_its_width(face):
    values = [features(with_lip_gap(face, share), face)[MOUTH] for share in (0.0, 0.2, 0.4)]
    assert values[0] == pytest.approx(0, abs=0.01)  # the head's own axes lean a little
    assert values[2] - values[0] == pytest.approx(2 * (values[1] - values[0]), rel=0.01)
    # The middle five of eleven pairs of the parabola 1 - x^2, x = -.4 ... .4: a mean of 0.92.
    assert values[2] == pytest.approx(0.4 * 0.92, rel=0.05)


def test_shutting_the_lids_lowers_the_lids_only(face):
    half = features(with_lids(face, 0.5), face)
    rest = features(face, face)
    assert half[LIDS] < 0.8 * rest[LIDS]
    assert np.delete(half, LIDS) == pytest.approx(np.delete(rest, LIDS), abs=1e-3)


def test_gaze_is_a_share_of_the_eyes_width(face):
    looking = face.copy()
    for upper, _, iris in lm.EYES:
        looking[list(iris), 0] += 0.1 * abs(face[upper[-1], 0] - face[upper[0], 0])
    shift = features(looking, face)[GAZE] - features(face, face)[GAZE]
    assert shift == pytest.approx(0.1, abs=0.005)
