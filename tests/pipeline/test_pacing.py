"""Ticks against made-up pictures: in step where the rates allow it, patient, and never far from the grid."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.pipeline.pacing import ENOUGH, GAP, PATIENCE, SLOWEST, Pacer, Rhythm

PERIOD = 1 / 30


def play(rate, offset, jitter=0.0, seconds=40.0, work=0.01, absent=()):
    """(grid of the ticks, latencies from capture of newly shown pictures) for a camera of that rate.

    Pictures are ready `work` seconds after their capture, and later by chance; `absent` ones never come.
    """
    random = np.random.default_rng(3)
    captured = offset + np.arange(int(seconds * rate)) / rate
    captured = np.delete(captured, list(absent))
    ready = np.maximum.accumulate(captured + work + np.abs(random.normal(0, jitter, len(captured))))
    rhythm = Rhythm()
    pacer = Pacer(PERIOD, 0.0, rhythm)
    shown, grid, latencies = -1, [], []
    while pacer.due < seconds - 1:
        now = pacer.due
        newest = int(np.searchsorted(ready, now, side="right")) - 1
        if newest <= shown:
            now = max(now, min(ready[newest + 1], now + pacer.patience))
            newest = int(np.searchsorted(ready, now, side="right")) - 1
        for finished in range(shown + 1, newest + 1):
            rhythm.add(captured[finished], ready[finished])
        if newest > shown:
            latencies.append(now - captured[newest])
            shown = newest
        grid.append(pacer.due)
        pacer.advance(now)
    return np.array(grid), np.array(latencies)


@pytest.mark.parametrize("offset", [0.0001, 0.008, 0.016, 0.025, 0.033])
def test_pictures_come_just_before_the_ticks_whatever_the_phase(offset):
    grid, latencies = play(30.0, offset, jitter=0.0005)
    settled = latencies[len(latencies) // 2 :]
    # 10 ms of work, 1 ms of margin and the jitter; unpaced up to 33 ms more, as the phase happens to be
    assert 0.0105 < np.median(settled) < 0.0125
    assert settled.max() < 0.015
    assert len(latencies) >= len(grid) - 2  # nothing dropped, nothing repeated


@pytest.mark.parametrize("work", [0.03, 0.05, 0.09])
def test_work_may_take_longer_than_a_period(work):
    _, latencies = play(30.0, 0.02, jitter=0.001, work=work)
    assert np.percentile(latencies[len(latencies) // 2 :], 99) < work + 0.006


def test_a_clock_that_is_a_little_off_is_followed():
    grid, latencies = play(29.97, 0.02, jitter=0.0005, seconds=80)
    assert np.percentile(latencies[len(latencies) // 2 :], 99) < 0.016
    assert len(grid) - len(latencies) <= 2
    assert len(latencies) / (grid[-1] - grid[0]) == pytest.approx(29.97, abs=0.1)


def test_frames_that_never_come_do_not_put_it_out_of_step():
    """Every tenth exposure is missing: the mean interval would be a tenth too long."""
    _, latencies = play(30.0, 0.02, jitter=0.0005, absent=range(5, 1100, 10))
    assert np.percentile(latencies[len(latencies) // 2 :], 99) < 0.016


def test_half_the_rate_is_in_step_too():
    _, latencies = play(15.0, 0.02, jitter=0.0005)
    assert np.percentile(latencies[len(latencies) // 2 :], 99) < 0.016


@pytest.mark.parametrize("rate", [15.0, 24.0, 25.0, 29.97, 30.0, 50.0, 60.0])
@pytest.mark.parametrize("jitter", [0.0, 0.004, 0.02])
def test_the_grid_stays_constant(rate, jitter):
    grid, _ = play(rate, 0.011, jitter)
    gaps = np.diff(grid)
    assert gaps.min() >= PERIOD * (1 - SLOWEST) - 1e-9
    assert gaps.max() <= PERIOD * (1 + SLOWEST) + 1e-9
    assert 1 / gaps.mean() == pytest.approx(30, abs=0.15)  # SLOWEST of 30


@pytest.mark.parametrize("rate", [24.0, 25.0, 50.0])
def test_other_rates_shift_nothing(rate):
    grid, _ = play(rate, 0.011, 0.001)
    assert np.diff(grid) == pytest.approx(PERIOD)


@pytest.mark.parametrize(("rate", "dropped"), [(24.0, 0), (25.0, 0), (50.0, 800)])
def test_no_more_is_dropped_than_the_rates_force(rate, dropped):
    """50 into 30: 20 of 50 frames have no tick, 800 in 40 s. Jitter of 3 ms costs nothing on top."""
    grid, latencies = play(rate, 0.011, 0.003)
    assert rate * (grid[-1] - grid[0]) - len(latencies) == pytest.approx(dropped, abs=rate * 0.5)
    assert len(grid) - len(latencies) == pytest.approx(max(0, 30 - rate) * 40, abs=40)


def learnt(rhythm, until, interval=PERIOD):
    for number in range(ENOUGH):
        captured = until - (ENOUGH - 1 - number) * interval
        rhythm.add(captured, captured + 0.01)


def test_a_picture_is_waited_for_only_if_one_is_expected():
    rhythm = Rhythm()
    pacer = Pacer(PERIOD, 0.0, rhythm)
    pacer.advance(0.0)
    assert pacer.patience == 0  # nothing is known yet
    learnt(rhythm, until=2 * PERIOD - 0.01)
    pacer.advance(PERIOD)
    assert pacer.patience == 0  # its next picture is expected a tick later
    pacer.advance(2 * PERIOD)  # the next one is captured 10 ms before the tick after that, and ready at it
    assert pacer.patience == pytest.approx(PATIENCE * PERIOD)
    for _ in range(3):
        pacer.advance(pacer.due)  # overdue by a period and more: the camera has stopped
    assert pacer.patience == 0


def test_what_was_learnt_is_forgotten_after_a_gap():
    rhythm = Rhythm()
    learnt(rhythm, until=10.0)
    assert rhythm.beat is not None
    assert rhythm.beat.interval == pytest.approx(PERIOD)
    rhythm.add(10.0 + 2 * GAP, 10.0 + 2 * GAP + 0.01)
    assert rhythm.beat is None


def test_without_a_rhythm_the_ticks_are_a_plain_grid():
    pacer = Pacer(PERIOD, 0.0, Rhythm())
    for _ in range(100):
        pacer.advance(pacer.due)
        assert pacer.patience == 0
    assert pacer.due == pytest.approx(100 * PERIOD)


def test_late_ticks_are_skipped():
    pacer = Pacer(PERIOD, 10.0, Rhythm())
    pacer.advance(10.0 + 3.5 * PERIOD)
    assert pacer.tick == 4
    assert pacer.due == pytest.approx(10 + 4 * PERIOD)
    assert pacer.nominal_ns == round(4 * PERIOD * 1e9)
