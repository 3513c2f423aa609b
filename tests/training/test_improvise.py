"""Improvised performances: what a person could do, smooth in time."""

from __future__ import annotations

import numpy as np
import pytest
from head_data import head_shape

RATE = 30


@pytest.fixture(scope="module")
def performances():
    shape = head_shape()
    from training.heads.improvise import script
    from training.heads.performance import perform

    return [perform(script(np.random.default_rng(k), 20.0), shape.data, RATE, seed=k) for k in range(6)]


def test_everything_is_finite_and_within_limits(performances):
    for moments in performances:
        assert len(moments) == 20 * RATE
        levels = np.stack([moment.expression for moment in moments])
        assert np.isfinite(levels).all()
        assert levels.min() >= 0
        assert levels.max() <= 1
        # Sway adds some degrees to the 40 of the script.
        assert max(abs(moment.pose.yaw) for moment in moments) < 44


def test_heads_turn_mouths_speak_and_lids_shut(performances):
    data = head_shape().data
    for moments in performances:
        levels = np.stack([moment.expression for moment in moments])
        assert levels[:, data.expression_index("eyeBlink_L")].max() > 0.95
        assert levels[:, data.expression_index("jawOpen")].std() > 0.03
    assert max(abs(m.pose.yaw) for moments in performances for m in moments) > 25


def test_no_frame_jumps(performances):
    data = head_shape().data
    blink = [data.expression_index(f"eyeBlink_{side}") for side in "LR"]
    for moments in performances:
        yaw = np.array([moment.pose.yaw for moment in moments])
        # 60 degrees a second on average, at most 1.5 times that on the curve, and the sway: 3.5 a frame.
        assert np.abs(np.diff(yaw)).max() < 3.5
        levels = np.delete(np.stack([moment.expression for moment in moments]), blink, axis=1)
        # The fastest mouths open within two frames of 30.
        assert np.abs(np.diff(levels, axis=0)).max() < 0.5


def test_the_same_seed_gives_the_same_performance():
    from training.heads.improvise import script

    assert script(np.random.default_rng(4), 9.0) == script(np.random.default_rng(4), 9.0)
