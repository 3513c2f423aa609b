"""Means, worst tenths and intervals on numbers that are known."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.benchmarks.fidelity import statistics
from livecam.benchmarks.fidelity.statistics import Estimate, Kernel, kernel_distance


def test_the_first_draw_is_everybody_once_and_draws_are_the_same_every_time():
    drawn = statistics.draws(7)
    assert drawn[0].tolist() == list(range(7))
    assert drawn.shape == (statistics.RESAMPLES + 1, 7)
    assert np.array_equal(drawn, statistics.draws(7))
    assert (drawn[1:].min(), drawn[1:].max()) == (0, 6)


def test_figures_are_those_of_numpy():
    values = np.random.default_rng(1).normal(20, 3, 51)
    taken = values[statistics.draws(51)]
    assert statistics.mean(taken)[0] == pytest.approx(values.mean())
    assert statistics.median(taken)[0] == pytest.approx(np.median(values))
    lowest, highest = np.sort(values)[:6].mean(), np.sort(values)[-6:].mean()
    assert statistics.worst_tenth(taken, up=True)[0] == pytest.approx(lowest)
    assert statistics.worst_tenth(taken, up=False)[0] == pytest.approx(highest)


def test_the_interval_of_a_mean_is_the_textbooks():
    values = np.random.default_rng(2).normal(20, 3, 51)
    one = statistics.estimate(statistics.mean(values[statistics.draws(51)]), 51)
    half = 1.96 * values.std() / np.sqrt(51)
    # Percentiles of 4,000 resamples move by 2 % of the length; the law of large numbers has 51 people.
    assert one.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert one.high == pytest.approx(values.mean() + half, abs=0.1 * half)
    assert one.count == 51


def test_an_interval_says_which_side_it_is_on():
    assert Estimate(1.0, 0.5, 1.5, 9).verdict(up=True) == "better"
    assert Estimate(1.0, 0.5, 1.5, 9).verdict(up=False) == "worse"
    assert Estimate(-1.0, -1.5, -0.5, 9).verdict(up=True) == "worse"
    assert Estimate(-1.0, -1.5, -0.5, 9).verdict(up=False) == "better"
    assert Estimate(1.0, -0.5, 2.5, 9).verdict(up=True) == "no difference shown"
    assert Estimate(0.0, 0.0, 0.0, 9).verdict(up=True) == "no difference shown"


def linear(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return x @ x.T, y @ y.T, x @ y.T


@pytest.mark.parametrize("own", [False, True])
def test_a_kernel_distance_is_the_formula_whoever_the_pictures_belong_to(own):
    rng = np.random.default_rng(3)
    x, y = rng.normal(size=(12, 4)), rng.normal(1, 1, size=(12, 4))
    within, truth, between = linear(x, y)
    off = ~np.eye(12, dtype=bool)
    expected = within[off].mean() + truth[off].mean() - 2 * (between if own else between[off]).mean()
    for owners in (np.arange(12), np.repeat(np.arange(3), 4)):
        kernel = Kernel.of((within, truth, between), owners)
        everybody = np.arange(len(kernel.counts))[None]
        assert kernel_distance(kernel, everybody, own)[0] == pytest.approx(expected)


def test_equal_sets_are_not_apart_in_any_resample():
    x = np.random.default_rng(6).normal(size=(9, 4))
    kernel = Kernel.of(linear(x, x), np.arange(9))
    assert np.nanmax(np.abs(kernel_distance(kernel, statistics.draws(9)))) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("own", [False, True])
def test_resamples_of_a_kernel_distance_lie_about_it(own):
    """A picture that met itself would add the kernel's own size over the number of people, 4 / 40, twice."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(size=(40, 4)), rng.normal(size=(40, 4))
    kernel = Kernel.of(linear(x, y), np.arange(40))
    values = kernel_distance(kernel, statistics.draws(40), own)
    assert values[1:].mean() == pytest.approx(values[0], abs=0.05)


def test_some_people_of_a_kernel_are_as_if_there_were_no_others():
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=(8, 4)), rng.normal(size=(8, 4))
    part = Kernel.of(linear(x, y), np.arange(8)).part(np.array([1, 4, 6]))
    alone = Kernel.of(linear(x[[1, 4, 6]], y[[1, 4, 6]]), np.arange(3))
    everybody = np.arange(3)[None]
    assert kernel_distance(part, everybody) == pytest.approx(kernel_distance(alone, everybody))
