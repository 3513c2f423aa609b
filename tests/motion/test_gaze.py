"""Eyes look at one thing, unless they are seen to be crossed."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.face import landmarks as lm
from livecam.motion.gaze import STEADY, Gaze
from livecam.motion.transfer import MotionTransfer

WIDTHS = np.array([2.0, 2.0])
OPEN = [1.0, 1.0]


def looks(left: float, right: float) -> np.ndarray:
    """(2, 3): sideways, in widths of the eye."""
    gaze = np.zeros((2, 3))
    gaze[:, 0] = np.array([left, right]) * WIDTHS
    return gaze


def apart(gaze: np.ndarray) -> float:
    return float((gaze[0, 0] - gaze[1, 0]) / WIDTHS[0])


@pytest.mark.parametrize(
    ("left", "right"),
    [(0.02, -0.02), (-0.1, 0.1), (0.26 + 0.06, 0.26 - 0.06), (-0.17 + 0.07, -0.17 - 0.07)],
    ids=["noise", "outwards", "far to the right", "to the left"],
)
def test_what_is_noise_is_halved(left, right):
    eyes = Gaze()
    for _ in range(2 * STEADY):
        assert apart(eyes.together(looks(left, right), OPEN, WIDTHS)) == pytest.approx((left - right) / 2)


def test_crossed_eyes_follow_each_by_itself():
    eyes = Gaze()
    for _ in range(STEADY):
        eyes.together(looks(0.0, 0.0), OPEN, WIDTHS)
    seen = [apart(eyes.together(looks(0.1, -0.1), OPEN, WIDTHS)) for _ in range(STEADY)]
    assert seen == pytest.approx([0.1] * (STEADY - 1) + [0.2])
    assert apart(eyes.together(looks(0.1, -0.1), OPEN, WIDTHS)) == pytest.approx(0.2)


def test_one_frame_is_not_believed():
    eyes = Gaze()
    eyes.together(looks(0.0, 0.0), OPEN, WIDTHS)
    assert apart(eyes.together(looks(0.2, -0.2), OPEN, WIDTHS)) == pytest.approx(0.2)


def test_irises_under_lids_are_not_seen():
    eyes = Gaze()
    for _ in range(STEADY):
        found = eyes.together(looks(0.1, -0.1), [1.0, 0.5], WIDTHS)
    assert apart(found) == pytest.approx(0.1)


def test_both_go_where_their_mean_goes():
    given = looks(0.3, 0.1)
    np.testing.assert_allclose(Gaze().together(given, OPEN, WIDTHS).mean(0), given.mean(0))


def test_crossed_eyes_are_remembered_while_the_neutral_face_is_refined(face):  # type: ignore[no-untyped-def]
    """A transfer made anew, as ten times a second then, is told what was seen before."""
    eyes = Gaze()
    for _ in range(STEADY):
        eyes.together(looks(0.1, -0.1), OPEN, WIDTHS)
    crossed = face.copy()
    for (upper, _, iris), way in zip(lm.EYES, (1, -1), strict=True):
        width = np.linalg.norm(face[upper[-1]] - face[upper[0]])
        crossed[list(iris), 0] += way * 0.12 * width
    portrait = (face / 512).astype(np.float32)
    fresh, told = MotionTransfer(portrait, face)(crossed), MotionTransfer(portrait, face, gaze=eyes)(crossed)
    irises = [iris[0] for _, _, iris in lm.EYES]
    nearer = [
        float(np.ptp(portrait[irises, 0]) - np.ptp(motion.landmarks[irises, 0])) for motion in (fresh, told)
    ]
    assert nearer[1] > 1.5 * nearer[0] > 0  # twice, less what soft limits take off
