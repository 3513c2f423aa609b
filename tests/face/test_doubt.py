"""Covered parts of a face relax and return softly; whatever else a face does passes untouched."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from face_data import PICTURE, needs_models
from faces import draw_face, turned, with_lids, with_lip_gap

from livecam.face import landmarks as lm
from livecam.face.appearance import point_colours
from livecam.face.doubt import LONGEST_S, RETURNS_S, SEEN_S, PartDoubt
from livecam.face.measures import lid_opening, lip_gap
from livecam.face.tracker import FaceTracker

RATE = 30
SKIN = (205, 160, 132)


def covered(picture: np.ndarray, face: np.ndarray, points: tuple[int, ...], reach: float) -> np.ndarray:
    """With a hand's back over these points: skin, a little shaded. reach: in distances of the points."""
    out = picture.copy()
    low, high = face[list(points), :2].min(0), face[list(points), :2].max(0)
    radius = reach * np.ptp(face[list(points), 0])
    x, y = ((low + high) / 2).astype(int).tolist()
    cv2.ellipse(out, (x, y), (round(radius), round(0.8 * radius)), 20, 0, 360, SKIN, -1)
    return out


class Film:
    """Shows one drawn face frame by frame."""

    def __init__(self, face: np.ndarray) -> None:
        self.face, self.picture = face, draw_face(face)
        self.doubt, self.frame = PartDoubt(), 0

    def show(self, points: np.ndarray, picture: np.ndarray | None = None) -> np.ndarray:
        self.frame += 1
        shown = self.picture if picture is None else picture
        return self.doubt(point_colours(shown, points), points, self.frame / RATE)

    def begin(self) -> Film:
        for _ in range(round((SEEN_S + 0.2) * RATE)):
            self.show(self.face)
        return self


@pytest.fixture
def film(face) -> Film:
    return Film(face).begin()


def flicker(face: np.ndarray, k: int) -> np.ndarray:
    return with_lip_gap(face, 0.05 + 0.25 * (k % 2))


def test_what_is_seen_passes_untouched(film, face):
    for k in range(9):
        moved = turned(with_lids(flicker(face, k), k % 3 / 2), 2 * k % 5)
        assert film.show(moved, draw_face(moved)) is moved
    assert film.doubt.trust == {"mouth": 1.0, "left eye": 1.0, "right eye": 1.0}


def test_lips_under_a_hand_go_to_rest(film, face):
    hand = covered(film.picture, face, lm.OUTER_LIPS, 0.75)
    gaps = [lip_gap(film.show(flicker(face, k), hand)) for k in range(30)]
    rest = lip_gap(face)
    assert np.abs(np.diff(gaps)).max() < 0.02  # what is seen steps by .25
    assert gaps[-1] == pytest.approx(rest, abs=0.01)
    assert film.doubt.trust == {"mouth": 0.0, "left eye": 1.0, "right eye": 1.0}


def test_an_open_mouth_relaxes_and_comes_back_softly(film, face):
    opened = with_lip_gap(face, 0.4)
    for _ in range(3):
        film.show(opened, draw_face(opened))
    hand = covered(draw_face(opened), opened, lm.OUTER_LIPS, 0.75)
    during = [lip_gap(film.show(opened, hand)) for _ in range(40)]
    seen = draw_face(opened)
    steps = np.diff([0.4, *during])
    assert steps.max() < 1e-3
    assert steps.min() > -0.15 * 0.4  # a thirtieth of a second of three tenths is an eighth of the way
    assert during[-1] < 0.1
    after = [lip_gap(film.show(opened, seen)) for _ in range(round(RETURNS_S * RATE) + 2)]
    assert np.diff([during[-1], *after]).max() < 0.1
    assert after[-1] == pytest.approx(0.4, abs=1e-3)


def test_an_eye_under_a_hand_does_not_blink(film, face):
    hand = covered(film.picture, face, lm.LEFT_EYE, 0.85)
    for k in range(20):
        shown = film.show(with_lids(face, k % 2), hand)
        openings = [lid_opening(shown, upper, lower) for upper, lower, _ in lm.EYES]
        assert openings[0] == pytest.approx(lid_opening(face, *lm.EYES[0][:2]), abs=0.01)
        assert openings[1] == lid_opening(with_lids(face, k % 2), *lm.EYES[1][:2])


def test_a_hidden_part_goes_with_the_head(film, face):
    for k in range(5):
        moved = turned(face, 4 * k) + np.float32([6 * k, 2 * k, 0])
        hand = covered(draw_face(moved), moved, lm.OUTER_LIPS, 0.75)
        shown = film.show(moved, hand)
    assert film.doubt.trust["mouth"] == 0.0
    assert np.abs(shown - moved).max() < 0.05  # pixels; the head went 24


def test_a_new_light_covers_nothing(film, face):
    slope = np.linspace(1.2, 0.5, 512)[None, :, None] * np.array([1.0, 0.8, 0.6])
    for k in range(10):
        moved = flicker(face, k)
        lit = np.clip(draw_face(moved) * slope, 0, 255).astype(np.uint8)
        assert film.show(moved, lit) is moved


def test_what_stays_is_learned(film, face):
    hand = covered(film.picture, face, lm.OUTER_LIPS, 0.75)
    for _ in range(round((LONGEST_S + 3) * RATE)):
        shown = film.show(face, hand)
    assert shown is face
    assert film.doubt.trust["mouth"] == 1.0


def test_nothing_is_doubted_of_a_face_just_found(face):
    film = Film(face)
    film.show(face)
    hand = covered(film.picture, face, lm.OUTER_LIPS, 0.75)
    assert film.show(face, hand) is face


def test_times_that_go_back_are_another_face(film, face):
    hand = covered(film.picture, face, lm.OUTER_LIPS, 0.75)
    film.show(face, hand)
    assert film.doubt(point_colours(hand, face), face, 0.0) is face


class TestWithoutPictures:
    def test_a_jump_out_and_back_does_not_pass(self, face):
        doubt = PartDoubt()
        wild = face.copy()
        wild[list(lm.LIPS), 1] += 0.4 * np.linalg.norm(face[263] - face[33])
        given = [face] * 10 + [wild] + [face] * 10
        shown = [doubt(None, points, k / RATE) for k, points in enumerate(given)]
        for points in shown:
            np.testing.assert_allclose(points, face, atol=1e-3)

    def test_a_jump_that_stays_comes_softly(self, face):
        doubt = PartDoubt()
        unit = np.linalg.norm(face[263] - face[33])
        wild = face.copy()
        wild[list(lm.LIPS), 1] += 0.4 * unit
        given = [face] * 10 + [wild] * 12
        places = [doubt(None, points, k / RATE)[lm.LIPS[0], 1] for k, points in enumerate(given)]
        steps = np.diff(places) / unit
        assert steps.min() >= 0
        assert steps.max() < 0.1
        assert places[-1] == wild[lm.LIPS[0], 1]

    def test_a_head_that_jumps_is_no_part_that_does(self, face):
        doubt = PartDoubt()
        moved = turned(face, 25, 10, 15) + np.float32([80, 60, 0])
        assert doubt(None, face, 0.0) is face
        assert doubt(None, moved, 1 / RATE) is moved

    def test_lips_and_lids_open_as_fast_as_they_do(self, face):
        doubt = PartDoubt()
        for k in range(10):
            moved = with_lids(with_lip_gap(face, 0.9 * (k % 2)), k % 2)
            assert doubt(None, moved, k / RATE) is moved


@needs_models
def test_the_tracker_doubts_a_covered_mouth():
    with FaceTracker() as tracker:
        for k in range(20):
            before = tracker.track(PICTURE, k * 10**9 // RATE)
        assert tracker.trust["mouth"] == 1.0
        skin = tuple(int(v) for v in PICTURE[tuple(before[50, 1::-1].astype(int))])
        hand = PICTURE.copy()
        x, y = before[[13, 14], :2].mean(0).astype(int).tolist()
        radius = round(0.75 * np.ptp(before[list(lm.OUTER_LIPS), 0]))
        cv2.ellipse(hand, (x, y), (radius, radius), 0, 0, 360, skin, -1)
        during = [tracker.track(hand, (20 + k) * 10**9 // RATE) for k in range(10)]
    assert tracker.trust["mouth"] == 0.0
    assert tracker.trust["left eye"] == tracker.trust["right eye"] == 1.0
    assert lip_gap(during[-1]) == pytest.approx(lip_gap(before), abs=0.03)


def test_points_that_are_no_face_leave_no_trace(film, face):
    for nothing in (np.zeros_like(face), np.ones_like(face)):
        assert film.show(nothing) is nothing
    shown = [film.show(flicker(face, k)) for k in range(8)]
    assert np.isfinite(shown).all()
