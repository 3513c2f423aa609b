"""What a sample of people or clips says, and how sure it is: means, medians, worst tenths, intervals.

Intervals are percentile bootstraps over people (or clips): what would come out if other people like these had
been asked. Two methods are compared on the same people, drawn together. Of ten clips such an interval is a
little too narrow; it says less than it seems to.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Draws = NDArray[np.intp]
"""(R + 1, n): numbers of the people drawn; the first row is everybody once."""

RESAMPLES: Final = 4000
"""The ends of an interval then move by about a fiftieth of its length from seed to seed."""
SEED: Final = 24
COVERAGE: Final = 95.0
"""Per cent."""
TENTH: Final = 0.1


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, the ends of its interval, and of how many it is."""

    value: float
    low: float
    high: float
    count: int

    def verdict(self, up: bool) -> str:
        """Of a difference: "better", "worse" or "no difference shown". up: whether more is better."""
        low, high = (self.low, self.high) if up else (-self.high, -self.low)
        return "better" if low > 0 else "worse" if high < 0 else "no difference shown"


def draws(count: int) -> Draws:
    """The same for the same count."""
    drawn = np.random.default_rng(SEED).integers(0, count, (RESAMPLES, count))
    return np.concatenate([np.arange(count)[None], drawn])


def estimate(values: Array, count: int) -> Estimate:
    """values: (R + 1,), of everybody and of the resamples of `draws`; count: of how many people. Resamples
    that know nothing (a set of one person, drawn again and again) are left out."""
    rest = (100 - COVERAGE) / 2
    low, high = np.nanpercentile(values[1:], [rest, 100 - rest])
    return Estimate(float(values[0]), float(low), float(high), count)


def mean(values: Array) -> Array:
    """Along the last axis."""
    return np.asarray(values.mean(-1))


def median(values: Array) -> Array:
    """Along the last axis."""
    return np.asarray(np.median(values, -1))


def worst_tenth(values: Array, up: bool) -> Array:
    """Mean of the worst tenth, rounded up: of the lowest where more is better, else of the highest."""
    count = math.ceil(TENTH * values.shape[-1])
    ranked = np.sort(values, -1)
    return np.asarray((ranked[..., :count] if up else ranked[..., -count:]).mean(-1))


@dataclass(frozen=True, slots=True)
class Kernel:
    """Sums of a kernel between the pictures of n people, each having `counts` of them. found, truth: (n, n)
    within either set; between: (n, n) from the one to the other. What belongs together, a picture and itself
    or its own truth, is left out of all three; own: (n,) the sums between pictures and their own truths."""

    counts: Array
    found: Array
    truth: Array
    between: Array
    own: Array

    @classmethod
    def of(cls, kernels: tuple[Array, Array, Array], owners: NDArray[np.intp]) -> Kernel:
        """kernels: (N, N) each, as `perceptual.kernels` gives them; owners: (N,), whose each picture is."""
        mine = (owners[:, None] == np.unique(owners)).astype(np.float64)
        without = 1 - np.eye(len(owners))
        found, truth, between = (np.asarray(mine.T @ (kernel * without) @ mine) for kernel in kernels)
        return cls(mine.sum(0), found, truth, between, np.diag(kernels[2]) @ mine)

    def part(self, which: Draws) -> Kernel:
        """Of these people alone."""
        grid = np.ix_(which, which)
        sums = (self.found[grid], self.truth[grid], self.between[grid])
        return Kernel(self.counts[which], *sums, self.own[which])


def kernel_distance(kernel: Kernel, drawn: Draws, own: bool = False) -> Array:
    """(R + 1,): the unbiased squared distance of two sets whose pictures belong together in pairs, 0 where
    they are equal (Gretton et al. 2012, lemma 6: no picture meets itself nor its own truth). With `own` they
    meet their truths, as in equation 3 there and in KID: a picture that is near its own truth, and not only
    like some truth, then has less, and equal sets have less than 0.

    Somebody drawn twice counts twice, but meets others only: else every resample would look nearer to itself,
    and so farther from the truth, than the sample is.
    """
    count = len(kernel.counts)
    weights = np.stack([np.bincount(row, minlength=count) for row in drawn]).astype(np.float64)

    def weighted(sums: Array) -> Array:
        mine = np.diag(sums)
        both = np.einsum("ri,ij,rj->r", weights, sums - np.diag(mine), weights, optimize=True)
        return np.asarray(both + weights @ mine)

    pairs = weighted(np.outer(kernel.counts, kernel.counts) - np.diag(kernel.counts))
    between, meetings = weighted(kernel.between), pairs
    if own:
        between, meetings = between + weights @ kernel.own, pairs + weights @ kernel.counts
    with np.errstate(invalid="ignore"):  # one person of one picture, drawn every time
        within = (weighted(kernel.found) + weighted(kernel.truth)) / pairs
        return np.asarray(within - 2 * between / meetings)


def paired(first: Mapping[str, float], second: Mapping[str, float]) -> list[str]:
    """Whom both know, in order."""
    return sorted(
        name
        for name in first.keys() & second.keys()
        if math.isfinite(first[name]) and math.isfinite(second[name])
    )
