"""Who a face is, by its colours; and that the driver is kept when somebody walks past in front."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from face_data import PICTURE, REFERENCE, needs_models
from faces import draw_face, with_lids, with_lip_gap

import livecam.assets
from livecam.face.appearance import point_colours
from livecam.face.identity import CHANGED_S, KNOWN_S, Identity
from livecam.face.tracker import PATIENCE_NS, FaceChoice, FaceTracker, centre

RATE = 25
FRAME_NS = 10**9 // RATE


def somebody_else(face: np.ndarray) -> np.ndarray:
    """A drawing of the face with other lips, brows and shades."""
    picture = draw_face(face).astype(np.float64)
    waves = 60 * np.sin(np.arange(512) / 9)
    return np.clip(picture[:, :, ::-1] + waves[:, None, None], 0, 255).astype(np.uint8)


def learned(face: np.ndarray, seconds: float = KNOWN_S + 0.2) -> Identity:
    identity = Identity()
    colours = point_colours(draw_face(face), face)
    for k in range(round(seconds * RATE) + 1):
        identity.learn(face, colours, k / RATE)
    return identity


def test_nobody_is_a_stranger_before_somebody_is_known(face):
    others = point_colours(somebody_else(face), face)
    assert not Identity().stranger(others)
    assert not learned(face, KNOWN_S / 2).stranger(others)
    assert learned(face).stranger(others)


def test_lips_lids_and_light_make_no_stranger(face):
    moved = with_lids(with_lip_gap(face, 0.4), 0)
    lit = (draw_face(moved) * np.array([0.6, 0.5, 0.4])).astype(np.uint8)
    assert not learned(face).stranger(point_colours(lit, moved))


def test_which_of_several(face):
    picture = np.hstack([somebody_else(face), draw_face(face)])
    faces = [face, face + np.float32([512, 0, 0])]
    assert learned(face).strangers(picture, faces) == [True, False]
    assert Identity().strangers(picture, faces) == [False, False]


def test_who_is_certainly_the_same(face):
    assert learned(face).same(draw_face(face), face)
    assert not learned(face).same(somebody_else(face), face)
    assert not Identity().same(draw_face(face), face)


def test_who_passes_is_not_learned_and_what_stays_is(face):
    identity = learned(face)
    others, time = point_colours(somebody_else(face), face), KNOWN_S + 0.2
    for k in range(1, round(CHANGED_S * RATE)):
        identity.learn(face, others, time + k / RATE)
    assert identity.stranger(others)
    for k in range(round(CHANGED_S * RATE), round((CHANGED_S + 12) * RATE)):
        identity.learn(face, others, time + k / RATE)
    assert not identity.stranger(others)


def test_a_forgotten_face_is_nobody(face):
    identity = learned(face)
    identity.forget()
    assert not identity.known
    assert not identity.stranger(point_colours(somebody_else(face), face))


def moved_to(face: np.ndarray, x: float, scale: float = 1.0) -> np.ndarray:
    points = face * scale
    points[:, :2] += np.array([x, 200], np.float32) - centre(points)
    return points.astype(np.float32)


class TestChoice:
    def test_a_stranger_in_the_driver_s_place_has_to_wait(self, face):
        choice = FaceChoice()
        choice.seen(moved_to(face, 300), 0)
        there = [moved_to(face, 300, 1.3)]
        assert choice.choose(there, FRAME_NS, [True]) is None
        assert choice.choose(there, PATIENCE_NS - 1, [True]) is None
        assert choice.choose(there, PATIENCE_NS, [True]) == 0

    def test_the_driver_is_taken_from_behind_a_nearer_stranger(self, face):
        choice = FaceChoice()
        choice.seen(moved_to(face, 300), 0)
        faces = [moved_to(face, 310), moved_to(face, 340)]
        assert choice.choose(faces, FRAME_NS, [False, False]) == 0
        assert choice.choose(faces, FRAME_NS, [True, False]) == 1

    def test_after_the_wait_the_driver_goes_before_a_larger_stranger(self, face):
        choice = FaceChoice()
        choice.seen(moved_to(face, 300), 0)
        faces = [moved_to(face, 300, 1.5), moved_to(face, 900)]
        assert choice.choose(faces, PATIENCE_NS, [True, False]) == 1
        assert choice.choose(faces, PATIENCE_NS, [True, True]) == 0


x, y = REFERENCE[:, :2].mean(0).astype(int)
DRIVER = PICTURE[y - 120 : y + 120, x - 120 : x + 120]


@pytest.fixture(scope="module")
def passer() -> np.ndarray:
    file = Path(livecam.assets.__file__).parent / "portraits" / "photograph.jpg"
    return cv2.resize(cv2.imread(str(file))[:, :, ::-1], (300, 300), interpolation=cv2.INTER_AREA)


def street(passer: np.ndarray, x: float | None = None, driver: bool = True) -> np.ndarray:
    """The driver's head round 500, and a passer-by in front whose picture's left edge is at x; 320 x 1000."""
    picture = np.full((320, 1000, 3), 110, np.uint8)
    if driver:
        picture[40:280, 380:620] = DRIVER
    if x is not None:
        left = round(x)
        part = passer[:, max(-left, 0) : max(1000 - left, 0)]
        picture[10:310, max(left, 0) : max(left, 0) + part.shape[1]] = part
    return picture


class Watched:
    def __init__(self, tracker: FaceTracker) -> None:
        self.tracker, self.frame = tracker, 0

    def see(self, picture: np.ndarray) -> float | None:
        """Where the followed face is, from left to right."""
        points = self.tracker.track(picture, self.frame * FRAME_NS)
        self.frame += 1
        return None if points is None else float(centre(points)[0])


@needs_models
def test_who_walks_past_in_front_is_not_followed(passer):
    with FaceTracker() as tracker:
        watched = Watched(tracker)
        for _ in range(30):
            home = watched.see(street(passer))
        during = [watched.see(street(passer, x)) for x in np.linspace(1000, -300, 33)]
        after = [watched.see(street(passer)) for _ in range(3)]
    seen = [place for place in during if place is not None]
    assert None in during  # else nobody stood in the way
    assert np.abs(np.array(seen) - home).max() < 0.15 * DRIVER.shape[0]
    assert during[-1] == pytest.approx(home, abs=3)
    assert after[-1] == pytest.approx(home, abs=3)


@needs_models
def test_who_stays_in_the_driver_s_place_is_followed_after_the_wait(passer):
    with FaceTracker() as tracker:
        watched = Watched(tracker)
        for _ in range(30):
            watched.see(street(passer))
        seen = [watched.see(street(passer, 500 - 150, driver=False)) for _ in range(50)]
    waited = PATIENCE_NS // FRAME_NS
    # For some frames the last landmarks are held; the wait begins with the last one that was believed.
    assert seen[8 : waited - 1] == [None] * (waited - 9)
    assert None not in seen[waited + 1 :]
