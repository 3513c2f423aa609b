"""What tells people apart, and does not tell poses apart."""

from __future__ import annotations

import numpy as np
import pytest
from faces import turned, with_lids, with_lip_gap

from livecam.face import landmarks as lm
from livecam.face.proportions import LENGTHS, distance, proportions


def test_size_place_and_pose_change_nothing(face):
    moved = 2.5 * turned(face, 30, -20, 15).astype(np.float64) + [700, -40, 90]
    np.testing.assert_allclose(proportions(moved), proportions(face), atol=1e-3)


def test_lids_and_lips_change_nothing(face):
    assert distance(proportions(with_lip_gap(with_lids(face, 0), 0.4)), proportions(face)) == 0


def test_a_longer_face_is_another(face):
    """A tenth: between people of one height of face that is not rare."""
    longer = face.copy()
    longer[:, 1] *= 1.1
    assert distance(proportions(longer), proportions(face)) > 2  # beyond what one person's seconds differ by


def test_the_unit_is_one_person_s_spread(face):
    """One length that is off by its own spread counts 1, less what the mean of all takes."""
    (left, _), (right, _), spread = LENGTHS[7]  # the jaw's, of which no other length has one corner alone
    wider = face.astype(np.float64)
    step = (np.exp(spread) - 1) / 2 * (wider[right] - wider[left])
    wider[left], wider[right] = wider[left] - step, wider[right] + step
    change = proportions(wider) - proportions(face)
    assert change[7] == pytest.approx(1 - 1 / len(LENGTHS), abs=0.03)


def test_points_that_fall_together_are_numbers():
    assert np.isfinite(proportions(np.zeros((lm.COUNT, 3)))).all()
