"""A face that cannot be the one of a frame ago, and pictures that arrived by half."""

from __future__ import annotations

import numpy as np
import pytest
from face_data import PICTURE, needs_models

from livecam.face import continuity
from livecam.face import landmarks as lm
from livecam.face.continuity import BELIEVED_MS, Continuity, size_step
from livecam.face.optical_flow import FlowStabiliser
from livecam.face.tracker import FaceTracker

FRAME_MS, FRAME_NS = 33, 33_333_333
GREY = 128


def scaled(face: np.ndarray, factor: float) -> np.ndarray:
    return (face * np.float32(factor)).astype(np.float32)


@pytest.fixture
def known(face):
    known = Continuity()
    known.believed(face, 0)
    return known


def test_the_first_face_is_believed(face):
    assert Continuity().doubt(face, 0) == ""


def test_faces_move_and_are_believed(face, known):
    moved = scaled(face, 1.04) + np.float32([60, -30, 0])  # a size step of .04: more than any of the clips
    assert known.doubt(moved, FRAME_MS, from_flow=0.06, flattened=0.0) == ""


@pytest.mark.parametrize(
    ("factor", "from_flow", "flattened", "word"),
    [(1.1, 0, 0, "size"), (0.9, 0, 0, "size"), (1, 0.1, 0, "flow"), (1, 0, 0.12, "flattened")],
)
def test_what_no_face_does_within_a_frame(face, known, factor, from_flow, flattened, word):
    assert word in known.doubt(scaled(face, factor), FRAME_MS, from_flow, flattened)


def test_a_mesh_of_another_shape(face, known):
    squeezed = face * np.float32([1, 0.5, 1])
    squeezed[list(lm.STABLE)] = face[list(lm.STABLE)]
    assert "shape" in known.doubt(squeezed, FRAME_MS)


def test_more_time_allows_more(face, known):
    assert known.doubt(scaled(face, 1.1), FRAME_MS)
    assert not known.doubt(scaled(face, 1.1), 3 * FRAME_MS)  # log 1.1 = .095 < .07 * sqrt(3)


def test_another_face_is_believed_in_the_end(face, known):
    other = scaled(face, 1.5)
    assert known.doubt(other, BELIEVED_MS - 1)
    assert not known.doubt(other, BELIEVED_MS)


def test_a_film_that_starts_again_is_believed(face, known):
    known.believed(face, 9 * FRAME_MS)
    assert not known.doubt(scaled(face, 1.5), 0)


def patterned(shift: int = 0) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.roll(rng.integers(0, 255, (512, 512, 3)).astype(np.uint8), shift, 1)


def shown(face, second: np.ndarray, place=None) -> FlowStabiliser:
    """What is told of a second picture, in which the face is seen at `place`."""
    steady = FlowStabiliser()
    steady(patterned(), face)
    steady(second, face if place is None else place)
    return steady


def test_half_a_picture_is_flat(face):
    for rows in (slice(256, None), slice(None, 256)):
        torn = patterned()
        torn[rows] = GREY
        share = float(np.mean([y >= 256 if rows.start else y < 256 for y in face[:, 1]]))
        # Pixels next to the cut still have texture.
        assert shown(face, torn).flattened == pytest.approx(share, abs=0.1)
    assert shown(face, patterned()).flattened == 0


def test_what_smears_down_from_a_row_is_flat(face):
    torn = patterned()
    torn[256:] = torn[255]
    assert shown(face, torn).flattened > continuity.MOST_FLATTENED


def test_a_face_that_leaves_the_picture_is_not_flat(face):
    """Beyond the rim there are no pixels to tell it by."""
    away = face + np.float32([400, 0, 0])
    steady = FlowStabiliser()
    steady(patterned(), away)
    steady(patterned(), away)
    assert steady.flattened == 0


def test_a_face_that_goes_fast_before_a_plain_wall_is_not_flat(face):
    wall = np.full((512, 1024, 3), GREY, np.uint8)
    before, after = wall.copy(), wall.copy()
    before[:, :512] = after[:, 400:912] = patterned()
    steady = FlowStabiliser()
    steady(before, face)
    steady(after, face + np.float32([400, 0, 0]))
    assert steady.flattened == 0


def test_a_picture_that_was_flat_before_tells_nothing(face):
    steady = FlowStabiliser()
    grey = np.full((512, 512, 3), GREY, np.uint8)
    steady(grey, face)
    steady(grey, face)
    assert steady.flattened == 0


def test_what_was_not_believed_leaves_no_trace(face):
    believed, disturbed = FlowStabiliser(), FlowStabiliser()
    for steady in (believed, disturbed):
        steady(patterned(), face)
    disturbed(np.full((512, 512, 3), GREY, np.uint8), scaled(face, 1.2))
    disturbed.take_back()
    moved = face + np.float32([1, 0, 0])
    np.testing.assert_array_equal(disturbed(patterned(1), moved), believed(patterned(1), moved))


def test_the_light_going_down_is_no_motion(face):
    """Flow alone takes a darker picture for a moved one."""
    import cv2

    soft = cv2.GaussianBlur(patterned(), (0, 0), 6).astype(np.float64)
    soft = np.clip(128 + 6 * (soft - soft.mean()), 0, 255)
    steady = FlowStabiliser()
    steady(soft.astype(np.uint8), face)
    steady((0.4 * soft).astype(np.uint8), face)
    assert steady.from_flow < continuity.LARGEST_FROM_FLOW


def torn(rows: slice) -> np.ndarray:
    picture = PICTURE.copy()
    picture[rows] = GREY
    return picture


def middle(points: np.ndarray) -> int:
    """A row between eyes and mouth."""
    return int((points[lm.NOSE_TIP, 1] + points[168, 1]) / 2)


@needs_models
@pytest.mark.parametrize("half", ["lower", "upper"])
@pytest.mark.parametrize("count", [1, 3])
def test_halves_of_pictures_do_not_move_the_face(half, count):
    with FaceTracker() as tracker:
        for k in range(4):
            before = tracker.track(PICTURE, k * FRAME_NS)
        cut = middle(before)
        rows = slice(cut, None) if half == "lower" else slice(None, cut)
        during = [tracker.track(torn(rows), (4 + k) * FRAME_NS) for k in range(count)]
        after = [tracker.track(PICTURE, (4 + count + k) * FRAME_NS) for k in range(3)]
    assert tracker.left_out >= 1
    for points in [p for p in during if p is not None]:
        np.testing.assert_array_equal(points, before)
    for points in [p for p in after if p is not None]:
        assert size_step(before, points) < 0.02  # a mesh of half a picture is .03 to .2 larger or smaller
    assert after[-1] is not None


@needs_models
def test_half_a_picture_that_stays_is_believed():
    with FaceTracker() as tracker:
        before = tracker.track(PICTURE, 0)
        last = [tracker.track(torn(slice(middle(before), None)), k * FRAME_NS) for k in range(1, 12)]
        left_out = tracker.left_out
        tracker.track(torn(slice(middle(before), None)), 12 * FRAME_NS)
    assert tracker.left_out == left_out <= BELIEVED_MS // FRAME_MS + 1
    assert last[-1] is None or not np.array_equal(last[-1], before)


@needs_models
def test_the_given_landmarks_are_the_caller_s():
    """What is given for a frame that is left out may be changed like any other."""
    with FaceTracker() as tracker:
        before = tracker.track(PICTURE, 0)
        cut = middle(before)
        first = tracker.track(torn(slice(cut, None)), FRAME_NS)
        first[:] = 0
        again = tracker.track(torn(slice(cut, None)), 2 * FRAME_NS)
    np.testing.assert_array_equal(again, before)
