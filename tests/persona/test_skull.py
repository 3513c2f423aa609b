"""Depth around the face: continuous with it, the same on both sides, and a head's when it turns."""

from __future__ import annotations

import numpy as np
import pytest
from faces import turned

from livecam.face import landmarks as lm
from livecam.persona import skull
from livecam.persona.lattice import build_lattice
from livecam.persona.skull import skull_depth


def depth_at(face: np.ndarray, places: np.ndarray) -> np.ndarray:
    oval = face[list(lm.FACE_OVAL), :2]
    squared = ((places[:, None] - oval) ** 2).sum(-1)
    weights = 1 / (squared + 1e-9) ** 2
    return skull_depth(face, places, weights / weights.sum(1, keepdims=True), np.sqrt(squared.min(1)))


def width_of(face: np.ndarray) -> float:
    return float(np.linalg.norm(face[lm.LEFT_CHEEK] - face[lm.RIGHT_CHEEK]))


@pytest.mark.parametrize("yaw", [0.0, 28.0, -28.0])
def test_at_the_oval_depth_is_the_face_s_own(face: np.ndarray, yaw: float) -> None:
    """Or the skin would tear there; a hundredth of the face's width is not seen."""
    points = turned(face, yaw)
    oval = points[list(lm.FACE_OVAL)]
    assert np.abs(depth_at(points, oval[:, :2]) - oval[:, 2]).max() < 0.01 * width_of(points)


def test_both_sides_of_a_frontal_face_are_equally_deep(face: np.ndarray) -> None:
    """The head of the tests is even to a thirtieth of its width. On the outline itself depth is too steep to
    ask: a hair's breadth aside is far back."""
    centre, width = face[list(lm.STABLE)].mean(0), width_of(face)
    aside = np.array([[x, y] for x in (0.5, 0.75) for y in (-0.3, 0.0, 0.3)]) * width
    right = depth_at(face, centre[:2] + aside)
    left = depth_at(face, centre[:2] + aside * [-1, 1])
    assert np.abs(left - right).max() < width / 30


@pytest.mark.parametrize("yaw", [30.0, 45.0])
def test_a_head_that_turns_stays_as_wide_as_a_head(face: np.ndarray, yaw: float) -> None:
    """From the side an ellipse of these radii is 1.06 and 1.11 times as wide as from the front; of that what
    the picture's outline is turned to shall reach .9."""
    centre, width = face[list(lm.STABLE)].mean(0), width_of(face)
    side = centre[:2] + np.array([[skull.RADII[0], skull.CENTRE[1]]]) * width
    outline = np.concatenate([side, depth_at(face, side)[:, None]], 1) - centre
    angle = np.radians(yaw)
    reached = (outline[0, 0] * np.cos(angle) + outline[0, 2] * np.sin(angle)) / width
    across, deep = skull.RADII[0], skull.RADII[2]
    true = skull.CENTRE[2] * np.sin(angle) + np.hypot(across * np.cos(angle), deep * np.sin(angle))
    assert 0.9 * true < reached < 1.1 * true


def test_no_place_of_the_lattice_is_as_deep_as_no_head_is(face: np.ndarray) -> None:
    """A head is 1.42 face widths deep, and 1.25 behind the middle of its stable points."""
    points = (turned(face, 40.0) / 512).astype(np.float32)
    lattice, _ = build_lattice(points)
    depth = (lattice.depth - points[list(lm.STABLE), 2].mean()) / width_of(points)
    assert np.isfinite(lattice.depth).all()
    assert depth.min() > -0.5
    assert depth.max() < 2.0
