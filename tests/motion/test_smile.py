"""A portrait that smiles keeps its smile at rest, and does not gape when it speaks."""

from __future__ import annotations

import numpy as np
import pytest
from faces import turned, with_lip_gap

from livecam.benchmarks.fidelity.features import mouth_shares
from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.motion.smile import smile_of
from livecam.motion.transfer import MotionTransfer

UNIT = 512.0


def smiling(face, times=1.2, parted=0.12):
    """Wider, with raised corners and parted lips, as London's smiles are."""
    out = face.copy()
    lips, middle = list(lm.LIPS), face[list(lm.LIPS)].mean(0)
    out[lips, 0] = (face[lips, 0] - middle[0]) * times + middle[0]
    aside = (face[lips, 0] - middle[0]) / np.abs(face[lips, 0] - middle[0]).max()
    out[lips, 1] -= 0.04 * measures.between_eyes(face) * aside**2
    return with_lip_gap(out, parted)


def in_face_coordinates(face):
    return (face.astype(np.float64) - face[list(lm.STABLE)].mean(0)) @ measures.face_axes(
        face.astype(np.float64)
    )


@pytest.fixture
def rest(face):
    return with_lip_gap(face, 0.0)


@pytest.fixture
def portrait(rest):
    return (smiling(rest) / UNIT).astype(np.float32)


def shares(transfer, driver, portrait, neutral):
    """Gap and width of the output's mouth, as parts of the driver's; both as shares of the face."""
    return mouth_shares(transfer(driver).landmarks, portrait) / mouth_shares(driver, neutral)


def test_a_mouth_at_rest_has_no_smile(rest):
    assert not smile_of(in_face_coordinates(rest)).any()
    assert not smile_of(in_face_coordinates(with_lip_gap(rest, 0.015))).any()


def test_a_smile_is_taken_away(rest):
    smile = in_face_coordinates(smiling(rest))
    left = smile - smile_of(smile)
    width = measures.mouth_width(in_face_coordinates(rest))
    assert measures.mouth_width(smile) > 1.15 * width
    assert measures.mouth_width(left) == pytest.approx(width, rel=0.1)  # mean of people: 4 %
    others = sorted(set(range(lm.COUNT)) - set(lm.LIPS))
    assert not smile_of(smile)[others].any()


@pytest.mark.parametrize("opened", [0.3, 0.6])
def test_a_smiling_portrait_opens_its_mouth_as_far_as_the_driver(rest, portrait, opened):
    """As shares of the face, within a tenth; the driver's added to its own it would be half as much again."""
    for pose in ({}, {"yaw": 12, "pitch": -6}):
        driver = turned(with_lip_gap(rest, opened), **pose)
        gap, width = shares(MotionTransfer(portrait, rest), driver, portrait, rest)
        assert gap == pytest.approx(1, abs=0.1)
        assert width == pytest.approx(1, abs=0.1)


def test_near_rest_it_keeps_what_it_has(rest, portrait):
    """A driver whose lips rest a little apart, and hardly move."""
    neutral = with_lip_gap(rest, 0.05)
    points = MotionTransfer(portrait, neutral)(with_lip_gap(rest, 0.06)).landmarks
    own = mouth_shares(portrait, portrait)
    np.testing.assert_allclose(mouth_shares(points, portrait), own, atol=0.012)  # of the face


def test_it_gives_way_little_by_little(rest, portrait):
    """No step of the driver's lips makes a larger one of the portrait's than a smile's half on the way."""
    transfer = MotionTransfer(portrait, rest)
    openings = np.linspace(0.04, 0.6, 57)
    widths = [mouth_shares(transfer(with_lip_gap(rest, k)).landmarks, portrait)[1] for k in openings]
    steps = np.abs(np.diff(widths))
    assert widths[0] > widths[-1]
    assert steps.max() < 0.1 * (widths[0] - widths[-1])


def test_lips_the_driver_shuts_are_shut(rest, portrait):
    points = MotionTransfer(portrait, rest)(rest).landmarks
    assert mouth_shares(points, portrait)[0] == pytest.approx(0, abs=0.003)


def test_the_portraits_own_smile_is_no_expression_to_itself(rest, portrait):
    """Self-reenactment of a smile: what the driver does against it, and nothing else."""
    neutral = portrait * np.float32(UNIT)
    driver = with_lip_gap(neutral, 0.5)
    points = MotionTransfer(portrait, neutral)(driver).landmarks
    # The gap is a pixel short: what a tracker sees of lips that touch is taken off (`opened_lips`).
    np.testing.assert_allclose(points * UNIT, driver, atol=1.5)
    still = MotionTransfer(portrait, neutral)(neutral).landmarks
    wide = list(lm.MOUTH_CORNERS)
    np.testing.assert_allclose(still[wide], portrait[wide], atol=1e-5)
