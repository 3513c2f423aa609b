"""Augmentation: alike for all pictures of a sample, repeatable, mirrors pictures and rasters together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from pair_data import write_people

from training import dataset
from training.augment import Strength, augment, blur, flip
from training.dataset import Batch


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    pairs = dataset.load(write_people(tmp_path, range(8)), False)
    return dataset.gather(pairs, np.arange(24), 2, np.random.default_rng(0))


def again(batch: Batch, strength: Strength, seed: int = 0) -> Batch:
    return augment(batch, strength, torch.Generator().manual_seed(seed))


def test_the_same_generator_gives_the_same_and_another_another(batch: Batch) -> None:
    first, second, third = (again(batch, Strength(), seed) for seed in (1, 1, 2))
    torch.testing.assert_close(first.pictures(), second.pictures(), rtol=0, atol=0)
    assert not torch.equal(first.pictures(), third.pictures())


def test_all_pictures_of_a_sample_get_the_same_look(batch: Batch) -> None:
    """The first shot is the source: it stays so, to the last bit but for the grain."""
    made = again(batch, Strength(grain=0))
    torch.testing.assert_close(made.shots[:, 0], made.source, rtol=0, atol=0)
    assert not torch.equal(made.source, batch.source)


def test_pictures_stay_pictures_and_rasters_stay_themselves(batch: Batch) -> None:
    made = again(batch, Strength(flip=0))
    assert made.pictures().min() >= 0
    assert made.pictures().max() <= 1
    torch.testing.assert_close(made.rasters, batch.rasters, rtol=0, atol=0)


def test_only_what_is_grey_is_toned(batch: Batch) -> None:
    """A tone on colours would be a tint; drawings on old paper are grey and toned."""
    plain = Strength(grey=1.0, tint=0, gain=0, gamma=0, contrast=0, sepia=1.0, grain=0, blur=0, coarse=0)
    light = batch.truth.mean(1)
    red, green, blue = again(batch, replace(plain, flip=0)).truth.unbind(1)
    seen = (light > 0.05) & (light < 0.9)  # neither black nor clipped
    assert (red > green)[seen].all()
    assert (green > blue)[seen].all()
    coloured = replace(plain, grey=0.0)
    torch.testing.assert_close(
        again(batch, coloured).pictures(), again(batch, replace(coloured, sepia=0.0)).pictures()
    )


def test_some_become_grey(batch: Batch) -> None:
    made = again(batch, Strength(grey=1.0, tint=0, sepia=0, grain=0, blur=0, coarse=0))
    torch.testing.assert_close(made.truth[:, 0], made.truth[:, 1])


def test_flip_mirrors_everything_of_the_chosen_samples(batch: Batch) -> None:
    batch.rasters[:, :, :, 0] = 0.0
    flips = torch.zeros(24, dtype=torch.bool)
    flips[3] = True
    made = flip(batch, flips)
    torch.testing.assert_close(made.truth[3], batch.truth[3].flip(-1))
    torch.testing.assert_close(made.shots[3], batch.shots[3].flip(-1))
    torch.testing.assert_close(made.rasters[3], batch.rasters[3].flip(-1))
    torch.testing.assert_close(made.truth[4], batch.truth[4])


def test_blur_keeps_flat_pictures_and_spreads_a_point() -> None:
    flat = torch.full((1, 3, 16, 16), 0.3)
    torch.testing.assert_close(blur(flat, 1.5), flat)
    point = torch.zeros(1, 3, 15, 15)
    point[..., 7, 7] = 1
    soft = blur(point, 1.0)
    torch.testing.assert_close(soft.sum(), point.sum())
    # A Gaussian of sigma 1 has 1 / (2 pi) of its weight in the middle pixel, give or take the cut tails.
    assert soft[0, 0, 7, 7].item() == pytest.approx(1 / (2 * np.pi), rel=0.1)
