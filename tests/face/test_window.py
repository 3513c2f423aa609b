"""The window that goes along with a face."""

from __future__ import annotations

import numpy as np
import pytest
from face_data import PICTURE, REFERENCE, needs_models

from livecam.face import window as windows
from livecam.face.tracker import FaceTracker
from livecam.face.window import FollowingWindow, centre, face_size

FRAME_MS = 33
PLACES = np.random.default_rng(0).uniform(-50, 50, (478, 3)).astype(np.float32)
PICTURE_SIZE = (480, 640, 3)


def face_at(x: float, y: float, scale: float = 1.0) -> np.ndarray:
    """A face 100 pixels high with its middle at x, y."""
    points = PLACES * (scale * 100 / face_size(PLACES))
    points[:, :2] += np.array([x, y], np.float32) - centre(points)
    return points


def follow(faces: list[np.ndarray], picture: np.ndarray | None = None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Windows and corners while the face is seen in those places, one a frame."""
    picture = np.zeros(PICTURE_SIZE, np.uint8) if picture is None else picture
    window, found = FollowingWindow(), []
    window.start(faces[0])
    for k, face in enumerate(faces):
        found.append(window.cut(picture, k * FRAME_MS))
        window.seen(face, k * FRAME_MS)
    return found


def places(faces: list[np.ndarray]) -> np.ndarray:
    """(n, 2): where in the window the face's middle was."""
    return np.stack([centre(face) - corner for face, (_, corner) in zip(faces, follow(faces), strict=True)])


def test_it_holds_the_pixels_of_its_place():
    picture = np.random.default_rng(1).integers(0, 255, PICTURE_SIZE, np.uint8)
    cut, corner = follow([face_at(300, 200)], picture)[0]
    left, top = corner.astype(int)
    side = len(cut)
    assert cut.shape == (side, side, 3)
    assert side == round(windows.SIDE * 100)
    np.testing.assert_array_equal(cut, picture[top : top + side, left : left + side])


@pytest.mark.parametrize(("x", "y"), [(10, 20), (630, 470), (-80, 240), (320, 600)])
def test_what_lies_beyond_the_picture_is_black(x, y):
    picture = np.full(PICTURE_SIZE, 200, np.uint8)
    cut, (left, top) = follow([face_at(x, y)], picture)[0]
    rows, columns = np.mgrid[: len(cut), : len(cut)] + np.array([top, left])[:, None, None]
    inside = (rows >= 0) & (rows < 480) & (columns >= 0) & (columns < 640)
    assert (cut[inside] == 200).all()
    assert (cut[~inside] == 0).all()
    assert inside.any()


def test_a_face_that_moves_steadily_stays_in_its_place():
    where = places([face_at(150 + 6 * k, 240 + 2 * k) for k in range(40)])
    assert np.abs(where[2:] - where[2]).max() <= 1  # whole pixels; the first step nobody can expect


def test_frames_that_were_left_out_are_stepped_over():
    window, picture = FollowingWindow(), np.zeros(PICTURE_SIZE, np.uint8)
    window.start(face_at(150, 240))
    for k in (0, 1, 2, 5, 6, 9):
        _, corner = window.cut(picture, k * FRAME_MS)
        where = centre(face_at(150 + 6 * k, 240)) - corner
        window.seen(face_at(150 + 6 * k, 240), k * FRAME_MS)
    assert where[0] == pytest.approx(len(window.cut(picture, 10 * FRAME_MS)[0]) / 2 + 6, abs=1.5)


def test_noise_does_not_move_it():
    """A window that follows noise makes more of it."""
    noise = np.random.default_rng(2).uniform(
        -0.14, 0.14, (40, 2)
    )  # at most .28 pixels a frame, .003 of the face
    corners = np.stack([corner for _, corner in follow([face_at(300 + x, 200 + y) for x, y in noise])])
    assert (corners == corners[0]).all()


def test_a_face_that_creeps_away_is_followed_in_the_end():
    where = places([face_at(200 + 0.2 * k, 240) for k in range(600)])
    off = np.abs(where - where[0]).max()
    assert off < 100 * (windows.OFF_CENTRE + 0.05)


def test_a_face_that_comes_nearer_gets_a_larger_window():
    faces = [face_at(320, 240, 1.005**k) for k in range(300)]
    cuts = [cut for cut, _ in follow(faces)]
    room = len(cuts[-1]) / face_size(faces[-1])
    assert abs(np.log(room / windows.SIDE)) < windows.OFF_CENTRE + 0.06
    steps = np.diff([len(cut) for cut in cuts]) / len(cuts[0])
    assert steps.max() < 0.05  # MediaPipe does not know of them


def test_a_jump_after_a_pause_is_not_gone_on_with():
    window, picture = FollowingWindow(), np.zeros(PICTURE_SIZE, np.uint8)
    window.start(face_at(200, 240))
    for k, x in enumerate((200, 205)):
        before = window.cut(picture, k * FRAME_MS)[1]
        window.seen(face_at(x, 240), k * FRAME_MS)
    after = window.cut(picture, 60_000)[1]
    assert np.abs(after - before).max() <= 100 * windows.LONGEST_STEP + 1


@pytest.mark.parametrize("scale", [1e-6, 1e4])
def test_what_cannot_be_a_face_gives_a_window_all_the_same(scale):
    """Neither nothing nor all of the memory."""
    for cut, _ in follow([face_at(300, 200, scale)] * 3):
        assert 2 <= len(cut) <= windows.LARGEST * max(PICTURE_SIZE)


@needs_models
def test_a_moving_head_is_tracked_as_exactly_as_a_still_one():
    """The same picture, moved by 4 % of the face a frame: looked for in the whole picture its points are
    .0033 of the face's size beside where they are at rest, in the window .0012."""
    errors = []
    step = 0.04 * face_size(REFERENCE)
    still = None
    with FaceTracker() as tracker:
        for k in range(24):
            shift = round(step * max(k - 12, 0))
            frame = np.full((PICTURE.shape[0], PICTURE.shape[1] + 700, 3), 90, np.uint8)
            frame[:, shift : shift + PICTURE.shape[1]] = PICTURE
            points = tracker.track(frame, k * FRAME_MS * 1_000_000)
            if k == 12:
                still = points
            if k > 14:
                off = points[:, :2] - [shift, 0] - still[:, :2]
                errors.append(np.linalg.norm(off, axis=1).mean() / face_size(REFERENCE))
    assert np.mean(errors) < 0.002
