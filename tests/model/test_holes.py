"""Signed distances against shapes whose distance is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from export import samples
from livecam.model.holes import Holes, signed_distance
from livecam.model.warper import cell_grid

SQUARE = torch.tensor([[0.25, 0.25], [0.75, 0.25], [0.75, 0.75], [0.25, 0.75]])


@pytest.mark.parametrize("outline", [SQUARE, SQUARE.flip(0)], ids=["clockwise", "counter-clockwise"])
def test_distance_to_a_square_is_that_of_its_formula(outline: torch.Tensor) -> None:
    points = cell_grid(33)
    beyond = (points - 0.5).abs() - 0.25  # per axis, from the nearer pair of sides
    outside = beyond.clamp(min=0).norm(dim=1)
    inside = beyond.amax(1).clamp(max=0)
    # A few roundings of float32 on numbers below 1.
    torch.testing.assert_close(signed_distance(points, outline), -(outside + inside), rtol=0, atol=1e-6)


def test_corners_on_the_ray_count_once() -> None:
    """The points lie level with the diamond's left and right corners, where naive crossing tests fail."""
    diamond = torch.tensor([[0.5, 0.25], [0.75, 0.5], [0.5, 0.75], [0.25, 0.5]])
    points = torch.tensor([[0.1, 0.5], [0.4, 0.5], [0.9, 0.5]])
    assert (signed_distance(points, diamond) > 0).tolist() == [False, True, False]


def test_both_lobes_of_a_crossed_outline_are_inside() -> None:
    """The lower lip above the upper one on half of the mouth: open either way round."""
    bow = torch.tensor([[0.2, 0.2], [0.8, 0.8], [0.8, 0.2], [0.2, 0.8]])
    points = torch.tensor([[0.25, 0.5], [0.75, 0.5], [0.5, 0.25], [0.5, 0.75]])
    assert (signed_distance(points, bow) > 0).tolist() == [True, True, False, False]


def test_outline_shrunk_to_a_point_is_the_distance_to_it() -> None:
    points = cell_grid(8)
    expected = -(points - 0.5).norm(dim=1)
    distance = signed_distance(points, torch.full((16, 2), 0.5))
    torch.testing.assert_close(distance, expected, rtol=0, atol=1e-6)


def test_mouth_and_eyes_are_where_the_landmarks_open() -> None:
    holes = Holes()
    mouth, eyes = holes(torch.from_numpy(samples.face(mouth_gap=0.06, eye_gap=0.03)))[0].numpy()
    centres = (np.arange(holes.grid) + 0.5) / holes.grid
    rows, columns = np.nonzero(mouth > 0)
    # The mouth is .14 wide and .06 high about (.5, .62); a cell may be missed on either side.
    assert (columns.min(), columns.max()) == pytest.approx(((0.43) * 96, (0.57) * 96), abs=2)
    assert centres[rows].min() == pytest.approx(0.59, abs=2 / 96)
    assert centres[rows].max() == pytest.approx(0.65, abs=2 / 96)
    sides = centres[np.nonzero(eyes > 0)[1]]
    assert (sides < 0.5).sum() == (sides > 0.5).sum() > 0  # two eyes, alike by the mirror
    # Deepest in the middle, at about half of the gap: the lens between two arches narrows to its corners.
    assert mouth.max() == pytest.approx(0.03, abs=0.005)


def test_shut_lips_and_lids_are_nowhere_open() -> None:
    # The lips lie on one line: the distance is 0 on it up to rounding, and must not rise above that.
    turned = samples.face(mouth_gap=0, eye_gap=0) @ np.array([[0.9, 0.2], [-0.2, 0.9]], np.float32)
    for landmarks in (samples.face(mouth_gap=0, eye_gap=0), turned):
        assert Holes()(torch.from_numpy(landmarks)).max() <= 1e-6


def test_gradients_reach_the_landmarks() -> None:
    """A refiner's training may want to move them."""
    landmarks = torch.from_numpy(samples.face(mouth_gap=0.05, eye_gap=0.02)).requires_grad_()
    Holes()(landmarks).sum().backward()
    assert landmarks.grad is not None
    assert math.isfinite(landmarks.grad.abs().sum().item())
    assert landmarks.grad.abs().sum() > 0
