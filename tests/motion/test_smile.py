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


@pytest.mark.parametrize("opened", [0.0, 0.1, 0.3])
def test_lips_that_close_keep_their_thickness(rest, portrait, opened):
    """Inner lips alone would make both thicker by half of what the gap is less than the portrait's own and
    the driver's together. People's get thicker by .15 to .19 of what a toothy smile's gap closes; a bit is
    left for what a tracker sees of lips that touch."""
    driver, width = rest.copy(), measures.mouth_width(portrait)
    lower = [row[1:-1] for row in lm.LOWER_LIP_ROWS]
    driver[lower, 1] += opened * measures.mouth_width(rest) * (1 - np.linspace(-1, 1, 11) ** 2)[1:-1]
    points = MotionTransfer(portrait, rest)(driver).landmarks
    closed = measures.lip_gap(portrait) + opened - measures.lip_gap(points)
    assert closed > 0.05
    for outer, inner in ((0, 13), (17, 14)):
        own, now = (abs(face[outer, 1] - face[inner, 1]) / width for face in (portrait, points))
        assert -0.01 < now - own < 0.2 * closed + 0.01


@pytest.mark.parametrize("times", [0.8, 1.0, 1.25])
def test_an_opened_mouth_is_as_large_a_share_of_the_face_as_the_drivers(rest, portrait, times):
    """Whatever the portrait's mouth at rest is to its face; a mouth at rest keeps its proportions."""
    driver, lips = rest.copy(), list(lm.LIPS)
    middle = rest[lips].mean(0)
    driver[lips] = middle + times * (rest[lips] - middle)
    transfer = MotionTransfer(portrait, driver)
    for opened in (0.3, 0.6):
        gap, width = shares(transfer, with_lip_gap(driver, opened), portrait, driver)
        assert gap == pytest.approx(1, abs=0.1)
        assert width == pytest.approx(1, abs=0.1)
    still = mouth_shares(transfer(with_lip_gap(driver, 0.05)).landmarks, portrait)[1]
    own = mouth_shares(portrait, portrait)[1]
    assert still == pytest.approx(own, rel=0.06)
