"""The One-Euro filter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from livecam.face.filter import OneEuroFilter

RATE = 30.0


def filtered(values: np.ndarray, **options: float) -> np.ndarray:
    smooth = OneEuroFilter(**options)
    return np.stack([smooth(value, k / RATE) for k, value in enumerate(values)])


def one_number_at_a_time(values: list[float], min_cutoff: float, beta: float, cutoff: float) -> list[float]:
    """The algorithm of the paper's appendix, for one signal."""

    def alpha(frequency: float) -> float:
        return 1 / (1 + RATE / (2 * math.pi * frequency))

    out = [values[0]]
    speed = 0.0
    for value in values[1:]:
        raw_speed = (value - out[-1]) * RATE
        speed = alpha(cutoff) * raw_speed + (1 - alpha(cutoff)) * speed
        weight = alpha(min_cutoff + beta * abs(speed))
        out.append(weight * value + (1 - weight) * out[-1])
    return out


def test_follows_the_paper_on_each_number():
    values = np.random.default_rng(0).normal(0, 5, (40, 3, 2)).cumsum(0)
    ours = filtered(values, min_cutoff=1.2, beta=0.3, still=0.0, derivative_cutoff=2.0)
    for i in range(3):
        for j in range(2):
            theirs = one_number_at_a_time(list(values[:, i, j]), 1.2, 0.3, 2.0)
            np.testing.assert_allclose(ours[:, i, j], theirs, rtol=1e-9)


def test_a_still_face_gets_stiller():
    noise = np.random.default_rng(1).normal(0, 0.1, (120, 478, 3))  # pixels, as MediaPipe's jitter
    smooth = filtered(noise)
    before, after = (np.diff(signal, axis=0)[10:].std() for signal in (noise, smooth))
    assert after < before / 2


def test_a_quick_movement_is_hardly_late():
    time = np.arange(90) / RATE
    lips = 15 * np.sin(2 * np.pi * 3 * time)  # 3 syllables a second, 30 px of gap
    smooth = filtered(lips[:, None])[:, 0]
    shifts = np.arange(0, 1.01, 0.01)
    scores = [np.corrcoef(np.interp(time[5:-5] + s / RATE, time, smooth), lips[5:-5])[0, 1] for s in shifts]
    assert shifts[int(np.argmax(scores))] < 0.25  # of a frame, what lip sync is allowed to lose here


def test_a_step_arrives_within_three_frames():
    step = np.r_[np.zeros(10), np.full(5, 20.0)][:, None]
    assert filtered(step)[12, 0] > 19.5


def test_the_first_values_pass_and_so_do_those_after_a_reset():
    smooth = OneEuroFilter()
    np.testing.assert_array_equal(smooth([1.0, 2.0], 0.0), [1.0, 2.0])
    smooth([5.0, 5.0], 0.1)
    smooth.reset()
    np.testing.assert_array_equal(smooth([9.0, 8.0], 0.2), [9.0, 8.0])


def test_another_shape_starts_afresh():
    smooth = OneEuroFilter()
    smooth(np.zeros(3), 0.0)
    np.testing.assert_array_equal(smooth(np.ones(4), 0.1), np.ones(4))


@pytest.mark.parametrize("time", [1.0, 0.5])
def test_time_that_does_not_grow_changes_nothing(time):
    smooth = OneEuroFilter()
    smooth([1.0], 1.0)
    np.testing.assert_array_equal(smooth([100.0], time), [1.0])


def test_what_is_given_back_is_the_callers_own():
    smooth = OneEuroFilter()
    smooth([1.0], 0.0)[:] = 50.0
    assert smooth([1.0], 0.1)[0] == pytest.approx(1.0)


@pytest.mark.parametrize("options", [{"min_cutoff": 0}, {"derivative_cutoff": -1}, {"beta": -0.1}])
def test_impossible_options_are_refused(options):
    with pytest.raises(ValueError, match="cutoff"):
        OneEuroFilter(**options)


@given(arrays.arrays(np.float64, (12, 3), elements=st.floats(-1e4, 1e4)))
def test_never_leaves_the_range_of_what_it_saw(values):
    smooth = filtered(values)
    slack = 1e-9 * (1 + np.abs(values).max())  # rounding
    assert (smooth >= values.min(0) - slack).all()
    assert (smooth <= values.max(0) + slack).all()
