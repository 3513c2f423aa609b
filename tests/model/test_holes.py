"""Signed distances against shapes whose distance is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from livecam.export import samples
from livecam.face.landmarks import LEFT_EYE, MOUTH, RIGHT_EYE
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


@pytest.mark.parametrize("gap", [0.004, 0.012, 0.06])  # 1, 3 and 15 pixels at 256
def test_distances_are_right_where_it_is_open_however_little(gap: float) -> None:
    size = 256
    landmarks = torch.from_numpy(samples.gaping_landmarks(mouth_gap=gap, eye_gap=gap))
    mouth, *eyes = Holes(size)(landmarks)[0]
    points = cell_grid(size)
    exact = signed_distance(points, landmarks[list(MOUTH)]).reshape(size, size)
    left, right = (
        signed_distance(points, landmarks[list(eye)]).reshape(size, size) for eye in (LEFT_EYE, RIGHT_EYE)
    )
    for given, expected in ((mouth, exact), (eyes[0], left), (eyes[1], right)):
        inside = expected > 0
        # Where the nearest edge changes, bilinear cuts the ridge: by at most a quarter of the grid's wider
        # spacing, here 40 pixels / 63.
        assert (given - expected)[inside].abs().max() * size < 0.16
        assert (given[~inside] <= 0.05 / size).all()


def test_mouth_and_eyes_are_where_the_landmarks_open() -> None:
    mouth, left, right = Holes(256)(torch.from_numpy(samples.gaping_landmarks(mouth_gap=0.06, eye_gap=0.03)))[
        0
    ].numpy()
    rows, columns = np.nonzero(mouth > 0)
    # The mouth is .14 wide and .06 high about (.5, .62); its corners are thinner than a pixel.
    assert (columns.min() / 256, columns.max() / 256) == pytest.approx((0.43, 0.57), abs=2 / 256)
    assert (rows.min() / 256, rows.max() / 256) == pytest.approx((0.59, 0.65), abs=2 / 256)
    left_columns, right_columns = (np.nonzero(eye > 0)[1] for eye in (left, right))
    assert left_columns.max() < 128 <= right_columns.min()
    assert len(left_columns) == len(right_columns) > 0  # alike by the mirror


def test_shut_lips_and_lids_are_nowhere_open() -> None:
    # The lips lie on one line: the distance is 0 on it up to rounding, and must not rise above that.
    turned = samples.gaping_landmarks(mouth_gap=0, eye_gap=0) @ np.array(
        [[0.9, 0.2], [-0.2, 0.9]], np.float32
    )
    for landmarks in (
        samples.gaping_landmarks(mouth_gap=0, eye_gap=0),
        turned,
        np.full((478, 2), 0.5, np.float32),
    ):
        assert Holes(256)(torch.from_numpy(landmarks)).max() <= 1e-6


def test_openings_beyond_the_picture_leave_it_closed() -> None:
    landmarks = samples.gaping_landmarks(mouth_gap=0.06, eye_gap=0.03) + np.float32(2)
    assert Holes(64)(torch.from_numpy(landmarks)).max() < 0


def test_gradients_reach_the_landmarks() -> None:
    """A refiner's training may want to move them."""
    landmarks = torch.from_numpy(samples.gaping_landmarks(mouth_gap=0.05, eye_gap=0.02)).requires_grad_()
    Holes(64)(landmarks).sum().backward()
    assert landmarks.grad is not None
    assert math.isfinite(landmarks.grad.abs().sum().item())
    assert landmarks.grad.abs().sum() > 0
