"""Frames have times that grow as time does, whatever their stamps do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecam.face.filter import OneEuroFilter
from livecam.sources.steady_clock import LEAST_STEP, TRUSTED_NS, SteadyClock

STEP = 33_333_333
LAG = 20_000_000
"""Nanoseconds from a frame's capture to its arrival."""
START = 10**15


def times_of(stamps, arrivals=None):
    arrivals = arrivals or [START + k * STEP + LAG for k in range(len(stamps))]
    clock = SteadyClock(30.0)
    return [clock(*one) for one in zip(stamps, arrivals, strict=True)], clock


def good(count=60):
    return [START + k * STEP for k in range(count)]


def test_good_stamps_are_taken_as_they_are():
    stamps = [stamp + (k * 7919) % 10_000_000 for k, stamp in enumerate(good())]
    times, clock = times_of(stamps)
    assert times == stamps
    assert clock.mended == 0


FAULTS = {
    "goes back by an hour": lambda k: START + k * STEP - (k >= 20) * 3_600 * 10**9,
    "goes back by .3 s": lambda k: START + k * STEP - (k >= 20) * 300_000_000,
    "goes back once": lambda k: START + k * STEP - (k == 20) * 10**9,
    "stands still": lambda k: START + min(k, 20) * STEP,
    "hardly grows": lambda k: START + min(k, 20) * STEP + k,
    "is of the future": lambda k: START + k * STEP + (k >= 20) * 10**12,
    "is zero": lambda k: (START + k * STEP) * (k < 20),
    "is below zero": lambda k: -k,
    "is of another clock": lambda k: 1_700_000_000 * 10**9 + k * STEP,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_a_stamp_does_time_goes_on_as_it_does(fault):
    times, clock = times_of([FAULTS[fault](k) for k in range(60)])
    steps = np.diff(times)
    assert clock.mended > 0
    # A stamp that is taken again after one that was not may be a lag nearer or farther.
    assert steps.min() >= STEP - LAG
    assert steps.max() <= STEP + LAG
    assert times[-1] - times[0] == pytest.approx(59 * STEP, abs=LAG)


def test_what_came_in_a_burst_keeps_its_own_distances():
    """A camera's queue was not read for a while: the stamps are right, the arrivals are not."""
    arrivals = [START + k * STEP + LAG for k in range(10)]
    arrivals += [arrivals[-1] + 10 * STEP + k * 1_000_000 for k in range(10)]
    stamps = good(20)
    times, clock = times_of(stamps, arrivals)
    assert times == stamps
    assert clock.mended == 0


@given(
    st.lists(
        st.tuples(st.integers(-(2**63), 2**63) | st.integers(START, START + 10**10), st.integers(0, 10**9)),
        min_size=2,
        max_size=50,
    )
)
def test_times_always_grow_and_keep_near_to_now(frames):
    """However many frames come at once each takes its least, so that is how far they may run ahead."""
    arrivals = np.cumsum([wait for _, wait in frames]).tolist()
    arrivals = [START + arrival for arrival in arrivals]
    times, _ = times_of([stamp for stamp, _ in frames], arrivals)
    least = round(LEAST_STEP * 1e9 / 30)
    assert (np.diff(times) >= least).all()
    for k, (at, arrived) in enumerate(zip(times, arrivals, strict=True)):
        assert arrived - 2 * TRUSTED_NS <= at <= arrived + k * least


@pytest.mark.parametrize("fault", ["stands still", "hardly grows", "goes back by an hour"])
def test_a_filter_neither_shakes_nor_freezes(fault):
    """Noise of half a pixel on points that go to the right by one pixel a frame."""
    noise = np.random.default_rng(0).normal(0, 0.5, (60, 200))
    stamps = [FAULTS[fault](k) for k in range(60)]

    def tail(times):
        steady = OneEuroFilter()
        return np.stack([steady(noise[k] + k, at / 1e9) for k, at in enumerate(times)])[30:]

    wanted, mended = tail(good()), tail(times_of(stamps)[0])
    assert np.abs(mended - wanted).max() < 0.5
    assert np.abs(tail(stamps) - wanted).max() > 1.0
