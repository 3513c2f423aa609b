"""Finding every face in a still picture."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
import pytest
from face_data import BLANK, FOLLOWED, PICTURE, needs_models
from hypothesis import given, settings
from hypothesis import strategies as st

from livecam.face import detector
from livecam.face.detector import FoundFace, find_faces, tiles

FACE_WIDTH = float(np.ptp(FOLLOWED[:, 0]))


def placed(width: int, height: int, *faces: tuple[float, int, int]) -> np.ndarray:
    """A plain picture with the rendered head in it: (scale, left, top) each."""
    canvas = np.full((height, width, 3), (120, 110, 100), np.uint8)
    for scale, left, top in faces:
        small = cv2.resize(PICTURE, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
    return canvas


def error(found: FoundFace, scale: float, left: int, top: int) -> float:
    """Mean distance to what the tracker sees, as a part of the face's width."""
    expected = FOLLOWED * scale + np.array([left, top, 0])
    return float(np.linalg.norm((found.landmarks - expected)[:, :2], axis=1).mean() / (FACE_WIDTH * scale))


@settings(max_examples=50)
@given(st.integers(20, 3000), st.integers(20, 3000))
def test_tiles_cover_the_picture_and_overlap_by_half(width, height):
    found = list(tiles(width, height))
    assert found[0] == (0, 0, width, height)
    for part in detector.TILE_SIZES:
        side = round(part * max(width, height))
        columns = sorted({(a, c) for a, _, c, _ in found[1:] if c - a == min(side, width)})
        assert columns[0][0] == 0
        assert columns[-1][1] == width
        assert all(b[0] - a[0] <= side / 2 + 1 for a, b in pairwise(columns))


@needs_models
def test_one_face():
    [face] = find_faces(PICTURE)
    assert face.plausible
    assert face.landmarks.dtype == np.float32
    assert error(face, 1, 0, 0) < 0.03  # measured XX
    left, top, right, bottom = face.box
    assert face.size == max(right - left, bottom - top)


@needs_models
def test_a_face_of_a_twentieth_of_the_width():
    scale = 1000 / 20 / FACE_WIDTH
    [face] = find_faces(placed(1000, 700, (scale, 613, 301)))
    assert face.plausible
    assert error(face, scale, 613, 301) < 0.02  # measured 0.007: the face has 50 pixels


@needs_models
def test_several_faces_the_largest_first():
    where = ((0.5, 10, 20), (1.0, 300, 50), (0.7, 750, 90))
    found = find_faces(placed(1100, 500, *where))
    assert [face.plausible for face in found] == [True] * 3
    for face, place in zip(found, (where[1], where[2], where[0]), strict=True):
        assert error(face, *place) < 0.01  # measured 0.004


@needs_models
def test_a_head_that_lies_on_its_side():
    turned = np.ascontiguousarray(cv2.rotate(PICTURE, cv2.ROTATE_90_CLOCKWISE))
    [face] = find_faces(turned)
    eyes = face.landmarks[263, :2] - face.landmarks[33, :2]
    assert np.degrees(np.arctan2(eyes[1], eyes[0])) == pytest.approx(
        90, abs=15
    )  # MediaPipe lags at such turns


@needs_models
def test_nobody():
    assert find_faces(BLANK) == []


@needs_models
def test_half_a_face_is_in_doubt():
    x = int(FOLLOWED[:, 0].mean())
    for face in find_faces(np.ascontiguousarray(PICTURE[:, x:])):
        assert not face.plausible


class FakeFinder:
    """Sees the given mesh at the same place of the crop each time, moved by what `moves` says."""

    def __init__(self, mesh: np.ndarray, moves: list[float | None]) -> None:
        self.mesh = mesh - [*mesh[:, :2].mean(0), 0] + [detector.LOOK_SIZE / 2, detector.LOOK_SIZE / 2, 0]
        self.moves = iter(moves)

    def all_faces(self, crop):
        self.move = next(self.moves)
        return [] if self.move is None else [self.mesh.astype(np.float32)]

    def settled_face(self, crop):
        return self.mesh + np.array([self.move, 0, 0])


@pytest.fixture
def look(face, monkeypatch):
    """look(moves) -> what `look_closely` makes of a face that is seen so."""
    monkeypatch.setattr(detector, "LOOKS", ((2.0, 0.0, False),) * 4)
    image = np.zeros((512, 512, 3), np.uint8)
    box = np.r_[face[:, :2].min(0), face[:, :2].max(0)]
    zoom = detector.LOOK_SIZE / (2 * (box[2:] - box[:2]).max())
    return lambda moves: detector.look_closely(FakeFinder(face * zoom, moves), image, face)


def test_a_face_seen_alike_each_time_is_plausible(look, face):
    found = look([0.0, 0.0, 0.0, 0.0])
    assert found.plausible
    assert np.ptp(found.landmarks, axis=0) == pytest.approx(np.ptp(face, axis=0), rel=1e-3)


def test_a_face_that_jumps_about_is_in_doubt(look):
    assert "elsewhere" in look([0.0, 0.0, 30.0, 0.0]).doubt


def test_a_face_that_one_look_misses_is_in_doubt(look):
    assert "not found again" in look([0.0, None, 0.0, 0.0]).doubt


def test_a_face_that_half_of_the_looks_miss_is_none(look):
    assert look([0.0, None, None, 0.0]) is None


def test_those_in_doubt_are_given_only_where_there_is_no_other(face, monkeypatch):
    sure = FoundFace(face * 0.5)
    doubtful = FoundFace(face + np.float32([600, 0, 0]), "its points lie elsewhere")
    finds = {"search": [sure.landmarks, doubtful.landmarks]}
    monkeypatch.setattr(detector, "FaceFinder", lambda: pytest.MonkeyPatch.context())
    monkeypatch.setattr(detector, "_search", lambda finder, image: finds["search"])
    monkeypatch.setattr(
        detector, "look_closely", lambda finder, image, rough: sure if rough is sure.landmarks else doubtful
    )
    image = np.zeros((512, 1100, 3), np.uint8)
    assert find_faces(image) == [sure]
    finds["search"] = [doubtful.landmarks]
    assert find_faces(image) == [doubtful]
