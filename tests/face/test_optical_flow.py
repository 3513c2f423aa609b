"""Landmarks that go where their pixels go."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from face_data import PICTURE, REFERENCE, needs_models

from livecam.face import optical_flow
from livecam.face.optical_flow import FlowStabiliser
from livecam.face.tracker import FaceTracker

FRAME_NS = 33_333_333
UNIT = float(np.linalg.norm(REFERENCE[33, :2] - REFERENCE[263, :2]))
"""Distance of the outer eye corners."""


def moved(x: float, y: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """The picture moved by so many pixels, and where its landmarks then are."""
    size = PICTURE.shape[1], PICTURE.shape[0]
    picture = cv2.warpAffine(
        PICTURE, np.float32([[1, 0, x], [0, 1, y]]), size, borderMode=cv2.BORDER_REPLICATE
    )
    return picture, REFERENCE + np.array([x, y, 0], np.float32)


def noisy(points: np.ndarray, chance: np.random.Generator, share: float = 0.003) -> np.ndarray:
    """As MediaPipe sees them: every point a little beside, anew in every frame."""
    return (points + chance.normal(0, share * UNIT, points.shape) * [1, 1, 0]).astype(np.float32)


def error(points: np.ndarray, truth: np.ndarray) -> float:
    """Mean distance in distances of the outer eye corners."""
    return float(np.linalg.norm((points - truth)[:, :2], axis=1).mean() / UNIT)


def test_points_are_steadier_than_what_is_seen_and_not_late():
    """Of noise that is new in every frame, a share of .3 leaves sqrt(.3 / 1.7) = .42, and a little more
    where it is believed to be motion."""
    steady, chance = FlowStabiliser(), np.random.default_rng(0)
    seen, kept, late = [], [], []
    for k in range(40):
        picture, truth = moved(1.7 * k, 0.6 * k)
        points = noisy(truth, chance)
        out = steady(picture, points)
        if k >= 10:
            seen.append(error(points, truth))
            kept.append(error(out, truth))
            late.append((truth - out)[:, 0].mean())
    assert np.mean(kept) < 0.6 * np.mean(seen)
    assert abs(np.mean(late)) < 0.05 * 1.7  # a twentieth of a frame


def test_the_first_points_pass_and_so_do_those_after_a_reset():
    steady, chance = FlowStabiliser(), np.random.default_rng(1)
    for k in range(3):
        if k == 2:
            steady.reset()
        points = noisy(REFERENCE, chance)
        assert (k == 1) != np.array_equal(steady(PICTURE, points), points)


def test_depth_that_stays_is_given_as_it_was_and_what_is_given_is_not_changed():
    steady, chance = FlowStabiliser(), np.random.default_rng(2)
    for _ in range(3):
        points = noisy(REFERENCE, chance)
        before = points.copy()
        out = steady(PICTURE, points)
        np.testing.assert_array_equal(points, before)
        np.testing.assert_array_equal(out[:, 2], points[:, 2])
        assert out.dtype == np.float32


def test_depth_is_calmer_while_the_face_is_still():
    """Of noise that is new in every frame, a share of .4 leaves half; .003 is no turn of the head."""
    steady, chance = FlowStabiliser(), np.random.default_rng(3)
    given = []
    for _ in range(40):
        points = REFERENCE + chance.normal(0, 0.003 * UNIT, REFERENCE.shape).astype(np.float32) * [0, 0, 1]
        given.append(steady(PICTURE, points)[:, 2])
    left = np.std(np.array(given[10:]), axis=0).mean() / (0.003 * UNIT)
    assert 0.4 < left < 0.6


def test_a_head_that_turns_has_its_depth_at_once():
    steady = FlowStabiliser()
    steady(PICTURE, REFERENCE)
    turned = REFERENCE.copy()
    turned[:, 2] += np.float32(np.tan(np.radians(4))) * (REFERENCE[:, 0] - REFERENCE[:, 0].mean())
    np.testing.assert_allclose(steady(PICTURE, turned)[:, 2], turned[:, 2], atol=0.002 * UNIT)


def test_where_both_disagree_what_is_seen_counts():
    """A lid comes down by a tenth of the eyes' distance; the pixels around hardly move."""
    steady = FlowStabiliser()
    steady(PICTURE, REFERENCE)
    points = REFERENCE.copy()
    points[:40, 1] += 0.1 * UNIT
    out = steady(PICTURE, points)
    np.testing.assert_allclose(out[:40], points[:40], atol=1e-3)
    np.testing.assert_allclose(out[40:], REFERENCE[40:], atol=0.002 * UNIT)


def test_it_never_leaves_what_is_seen_by_more_than_the_doubt():
    """Pixels that go elsewhere, as a hand's before the face, draw points along for a little way only."""
    steady = FlowStabiliser()
    off = [error(steady(moved(1.5 * k)[0], REFERENCE), REFERENCE) for k in range(60)]
    assert max(off) < optical_flow.DOUBT


def test_pixels_that_show_nothing_change_nothing():
    steady, chance, grey = FlowStabiliser(), np.random.default_rng(3), np.full_like(PICTURE, 128)
    for _ in range(4):
        points = noisy(REFERENCE, chance)
        np.testing.assert_allclose(steady(grey, points), points, atol=1e-3)


@pytest.mark.parametrize("shift", [(-300, 0), (250, 300), (5000, -5000)])
def test_a_face_at_the_rim_or_beyond_is_no_trouble(shift):
    steady, chance = FlowStabiliser(), np.random.default_rng(4)
    for _ in range(3):
        points = noisy(REFERENCE + np.array([*shift, 0], np.float32), chance)
        assert error(steady(PICTURE, points), points) < optical_flow.DOUBT


@pytest.mark.parametrize("scale", [0.1, 0.5, 3.0])
def test_faces_of_all_sizes_are_steadied(scale):
    picture = cv2.resize(PICTURE, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    steady, chance, truth = FlowStabiliser(), np.random.default_rng(5), REFERENCE * np.float32(scale)
    seen, kept = [], []
    for _ in range(20):
        points = (noisy(REFERENCE, chance) * scale).astype(np.float32)
        seen.append(error(points, truth))
        kept.append(error(steady(picture, points), truth))
    assert np.mean(kept[5:]) < 0.7 * np.mean(seen[5:])


def test_a_face_that_comes_nearer_is_followed_on():
    steady = FlowStabiliser()
    for k in range(30):
        scale = np.float32(1.02**k)
        picture = cv2.resize(PICTURE, None, fx=float(scale), fy=float(scale))
        out = steady(picture, REFERENCE * scale)
    assert error(out, REFERENCE * scale) < 0.005 * scale


@needs_models
def test_a_still_face_is_stiller_in_front_of_a_noisy_camera(monkeypatch):
    """Camera noise of 6 levels: from frame to frame points move .32 px, steadied .15."""

    def jitter() -> float:
        chance = np.random.default_rng(6)
        with FaceTracker() as tracker:
            places = [
                tracker.track(
                    np.clip(PICTURE + chance.normal(0, 6, PICTURE.shape), 0, 255).astype(np.uint8), k
                )[:, :2]
                for k in range(0, 25 * FRAME_NS, FRAME_NS)
            ]
        return float(np.linalg.norm(np.diff(places[5:], axis=0), axis=-1).mean())

    steadied = jitter()
    monkeypatch.setattr(FlowStabiliser, "__call__", lambda self, picture, points: points)
    assert steadied < 0.65 * jitter()
