"""Ticks against made-up pictures: in step where the rates agree, undisturbed where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.pacing import SLOWEST, Pacer

PERIOD = 1 / 30


def play(
    rate: float, offset: float, jitter: float = 0.0, seconds: float = 40.0
) -> tuple[np.ndarray, np.ndarray]:
    """(times of the ticks, waits of newly shown pictures) for pictures ready every 1/rate s."""
    random = np.random.default_rng(3)
    count = int(seconds * rate)
    ready = np.sort(offset + np.arange(count) / rate + np.abs(random.normal(0, jitter, count)))
    pacer, shown, ticks, waits = Pacer(PERIOD, 0.0), -1, [], []
    while pacer.due < seconds - 1:
        now = pacer.due
        newest = int(np.searchsorted(ready, now, side="right")) - 1
        new = newest > shown
        if new:
            waits.append(now - ready[newest])
            shown = newest
        ticks.append(now)
        pacer.advance(now + 0.001, float(ready[newest]) if new else None)
    return np.array(ticks), np.array(waits)


@pytest.mark.parametrize("offset", [0.0001, 0.008, 0.016, 0.025, 0.033])
def test_pictures_come_just_before_the_ticks_whatever_the_phase(offset):
    _, waits = play(30.0, offset, jitter=0.0005)
    settled = waits[len(waits) // 2 :]
    # 2 ms of margin and three deviations of .3 ms; unpaced it would be the phase, up to 33 ms
    assert 0.001 < np.median(settled) < 0.005
    assert settled.max() < 0.010


def test_a_clock_that_is_a_little_off_is_followed():
    ticks, waits = play(29.97, 0.02, jitter=0.0005, seconds=80)
    assert np.percentile(waits[len(waits) // 2 :], 99) < 0.010
    assert len(waits) / (ticks[-1] - ticks[0]) == pytest.approx(29.97, abs=0.1)


@pytest.mark.parametrize("rate", [24.0, 25.0, 29.97, 30.0, 50.0, 60.0])
@pytest.mark.parametrize("jitter", [0.0, 0.004, 0.02])
def test_the_rate_stays_constant(rate, jitter):
    ticks, _ = play(rate, 0.011, jitter)
    gaps = np.diff(ticks)
    assert gaps.min() >= PERIOD * (1 - SLOWEST) - 1e-9
    assert gaps.max() <= PERIOD * (1 + SLOWEST) + 1e-9
    assert 1 / gaps.mean() == pytest.approx(30, abs=0.15)  # SLOWEST of 30


@pytest.mark.parametrize("rate", [24.0, 25.0])
def test_other_rates_shift_nothing(rate):
    ticks, _ = play(rate, 0.011, 0.001)
    assert np.diff(ticks) == pytest.approx(PERIOD)


def test_out_of_step_on_request():
    pacer = Pacer(PERIOD, 0.0, in_step=False)
    for _ in range(100):
        pacer.advance(pacer.due, pacer.due - 0.02)
    assert pacer.due == pytest.approx(100 * PERIOD)


def test_late_ticks_are_skipped():
    pacer = Pacer(PERIOD, 10.0)
    pacer.advance(10.0 + 3.5 * PERIOD, None)
    assert pacer.tick == 4
    assert pacer.due == pytest.approx(10 + 4 * PERIOD)
    assert pacer.nominal_ns == round(4 * PERIOD * 1e9)
