"""The lower teeth: where the jaw has gone, which neither the lips nor the head say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from faces import posed, with_lip_gap

from livecam.face import landmarks as lm
from livecam.face.measures import mouth_width
from livecam.motion.types import rest
from livecam.render.geometry import JAW_OPENS, JAW_SLACK, LOWER_SEEN, LOWER_SEEN_OPEN, FrameGeometry


def drop(persona, motion) -> float:
    """Mouth widths that the lower teeth have gone down, in the portrait."""
    inputs = FrameGeometry(persona)(motion)
    np.testing.assert_array_equal(inputs.jaw_inverse[:, :2], inputs.inner_inverse[0, :, :2])
    away = inputs.inner_inverse[0, :, 2] - inputs.jaw_inverse[:, 2]
    assert abs(away[0]) < 0.2 * abs(away[1]) + 1e-7  # a level mouth
    return float(away[1]) / mouth_width(persona.landmarks)


def with_chin(motion, persona, by):
    """The same with its chin so many mouth widths lower in the picture."""
    points = motion.landmarks.copy()
    points[lm.CHIN, 1] += by * mouth_width(persona.landmarks)
    return replace(motion, landmarks=points)


@pytest.mark.parametrize("angles", [(0, 0, 0), (0, 0.2, 0), (0.25, 0, 0), (0, -0.15, 0)])
def test_a_head_that_turns_and_nods_moves_them_with_the_upper_ones(persona, angles):
    assert drop(persona, posed(persona, (0.02, 0.01), angles)) == 0


def test_they_follow_the_chin_beyond_its_slack(persona):
    still = rest(persona.landmarks)
    assert drop(persona, with_chin(still, persona, JAW_SLACK)) == pytest.approx(0, abs=1e-4)
    for more in (0.05, 0.3):
        assert drop(persona, with_chin(still, persona, JAW_SLACK + more)) == pytest.approx(more, abs=0.01)


def test_lips_part_over_clenched_teeth(persona):
    """By .16 of the mouth's width, a smile, they stay; lips far apart take them along."""
    assert drop(persona, rest(with_lip_gap(persona.landmarks, 0.16))) == 0
    wide, wider = (drop(persona, rest(with_lip_gap(persona.landmarks, gap))) for gap in (0.8, 0.9))
    assert wide > 0.1
    assert wider - wide == pytest.approx(0.05, abs=0.005)  # half of the gap is the lower lip's


def test_a_lip_that_goes_down_with_the_jaw_stays_before_them(persona):
    """What a grin uncovers, talk does not: the chin tells which it is."""
    apart = rest(with_lip_gap(persona.landmarks, 0.8))
    grin, between, talk = (
        drop(persona, with_chin(apart, persona, by)) for by in (0, sum(JAW_OPENS) / 2, JAW_OPENS[1])
    )
    assert talk - grin == pytest.approx(LOWER_SEEN - LOWER_SEEN_OPEN, abs=0.005)
    assert between == pytest.approx((grin + talk) / 2, abs=0.005)
