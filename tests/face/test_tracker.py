"""Following one face."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest
from face_data import BLANK, PICTURE, REFERENCE, needs_models
from hypothesis import given
from hypothesis import strategies as st

from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.face import tracker as tracking
from livecam.face.tracker import FaceChoice, FaceTracker, GrowingClock, only_face

FRAME_NS = 33_333_333


def at(face: np.ndarray, x: float, y: float, scale: float = 1.0) -> np.ndarray:
    """The face with its middle at x, y."""
    points = face * scale
    points[:, :2] += np.array([x, y], np.float32) - tracking.centre(points)
    return points.astype(np.float32)


def pair(left: np.ndarray | None, right: np.ndarray | None) -> np.ndarray:
    """Two pictures side by side, 640 x 320; grey for None."""
    canvas = np.full((320, 640, 3), 110, np.uint8)
    for k, image in enumerate((left, right)):
        if image is not None:
            side = image.shape[0]
            canvas[:side, 320 * k : 320 * k + side] = image
    return canvas


x, y = REFERENCE[:, :2].mean(0).astype(int)
HEAD = PICTURE[y - 120 : y + 120, x - 120 : x + 120]
LARGE = cv2.resize(HEAD, (320, 320))
SMALL = cv2.resize(HEAD, (260, 260))


class TestClock:
    def test_milliseconds_since_the_first_frame(self):
        clock = GrowingClock()
        assert [clock(k * FRAME_NS) for k in range(4)] == [0, 33, 66, 99]

    def test_a_file_that_starts_again_goes_on_at_the_same_pace(self):
        clock = GrowingClock()
        times = [clock(k * FRAME_NS) for k in (0, 1, 2, 0, 1, 2)]
        assert np.diff(times).tolist() == [33, 33, 33, 33, 33]

    @given(st.lists(st.integers(0, 10**15), min_size=2, max_size=30))
    def test_it_grows_whatever_comes(self, times_ns):
        clock = GrowingClock()
        times = [clock(time) for time in times_ns]
        assert all(later > earlier for earlier, later in pairwise(times))


class TestChoice:
    def test_nobody_there(self):
        assert FaceChoice().choose([], 0) is None

    def test_the_largest_at_first(self, face):
        faces = [at(face, 100, 100, 0.3), at(face, 500, 100, 0.5), at(face, 900, 100, 0.2)]
        assert FaceChoice().choose(faces, 0) == 1

    def test_the_one_nearest_to_the_last_afterwards(self, face):
        choice = FaceChoice()
        choice.seen(at(face, 100, 100, 0.3), 0)
        assert choice.choose([at(face, 500, 100, 0.5), at(face, 120, 90, 0.3)], FRAME_NS) == 1

    def test_a_stranger_has_to_wait(self, face):
        choice = FaceChoice()
        choice.seen(at(face, 100, 100, 0.3), 0)
        stranger = [at(face, 500, 100, 0.5)]
        assert choice.choose(stranger, FRAME_NS) is None
        assert choice.choose(stranger, tracking.PATIENCE_NS - 1) is None
        assert choice.choose(stranger, tracking.PATIENCE_NS) == 0

    def test_the_same_one_alone_elsewhere_is_taken_after_a_few_looks(self, face):
        choice = FaceChoice()
        choice.seen(at(face, 100, 100, 0.3), 0)
        given = [[at(face, 500 + 10 * k, 100, 0.3)] for k in range(tracking.LOOKS)]
        chosen = [choice.choose(faces, k * FRAME_NS, [False], True) for k, faces in enumerate(given)]
        assert chosen == [None] * (tracking.LOOKS - 1) + [0]

    @pytest.mark.parametrize("between", ["nobody", "unsure", "far"])
    def test_those_looks_follow_each_other_and_agree(self, face, between):
        """Nobody, a face that may be another's, or one in a third place: the count begins anew."""
        choice = FaceChoice()
        choice.seen(at(face, 100, 100, 0.3), 0)
        there = [at(face, 500, 100, 0.3)]
        other = {"nobody": [], "unsure": there, "far": [at(face, 900, 100, 0.3)]}[between]
        for k in range(tracking.LOOKS - 1):
            assert choice.choose(there, k * FRAME_NS, [False], True) is None
        assert choice.choose(other, 3 * FRAME_NS, [False] * len(other), between == "far") is None
        for k in range(tracking.LOOKS - 1):
            assert choice.choose(there, (4 + k) * FRAME_NS, [False], True) is None

    def test_looks_from_before_it_was_followed_again_do_not_count(self, face):
        choice = FaceChoice()
        here, there = at(face, 100, 100, 0.3), [at(face, 500, 100, 0.3)]
        for k in range(10):
            choice.seen(here, k * FRAME_NS)
            assert choice.choose(there, k * FRAME_NS, [False], True) is None

    def test_a_file_that_starts_again_is_a_new_choice(self, face):
        choice = FaceChoice()
        choice.seen(at(face, 100, 100, 0.3), 9 * FRAME_NS)
        assert choice.choose([at(face, 500, 100, 0.5)], 0) == 0


def test_only_the_chosen_face_stays(face):
    image = np.random.default_rng(0).integers(0, 255, (300, 600, 3)).astype(np.uint8)
    faces = [at(face, 120, 150, 0.4), at(face, 450, 150, 0.4)]
    masked = only_face(image, faces, 0)
    chosen, other = faces[0][:, :2].astype(int), faces[1][:, :2].astype(int)
    np.testing.assert_array_equal(masked[chosen[:, 1], chosen[:, 0]], image[chosen[:, 1], chosen[:, 0]])
    assert (masked[other[:, 1], other[:, 0]] == 128).all()
    assert masked is not image


def test_a_chosen_face_that_touches_another_keeps_its_surroundings(face):
    image = np.full((300, 400, 3), 7, np.uint8)
    faces = [at(face, 120, 150, 0.4), at(face, 200, 150, 0.4)]
    masked = only_face(image, faces, 0)
    low, high = faces[0][:, :2].min(0).astype(int), faces[0][:, :2].max(0).astype(int)
    assert (masked[low[1] : high[1], low[0] : high[0]] == 7).all()


def test_a_face_outside_the_picture_is_no_trouble(face):
    image = np.zeros((100, 100, 3), np.uint8)
    only_face(image, [at(face, -300, -300, 0.2), at(face, 50, 50, 0.1)], 1)


@needs_models
def test_landmarks_are_in_pixels_of_each_frame_whatever_its_size():
    with FaceTracker() as tracker:
        small = tracker.track(PICTURE, 0)
        for k in range(1, 4):
            wide = tracker.track(cv2.resize(PICTURE, (800, 400)), k * FRAME_NS)
    assert small.shape == (478, 3)
    assert small.dtype == np.float32
    middle = small[:, :2].mean(0) * [800 / PICTURE.shape[1], 400 / PICTURE.shape[0]]
    assert np.linalg.norm(wide[:, :2].mean(0) - middle) < 20  # a stretched face is another face, a little


@needs_models
def test_nobody_is_none_and_somebody_after_that_is_found():
    with FaceTracker() as tracker:
        assert tracker.track(BLANK, 0) is None
        assert tracker.track(PICTURE, FRAME_NS) is not None
        for k in range(2, 6):
            lost = tracker.track(BLANK, k * FRAME_NS)
        assert lost is None
        assert tracker.track(PICTURE, 6 * FRAME_NS) is not None


@needs_models
def test_the_larger_of_two_is_followed_and_kept():
    with FaceTracker() as tracker:
        for k in range(3):
            first = tracker.track(pair(SMALL, LARGE), k * FRAME_NS)
        assert tracking.centre(first)[0] > 320
        # The other one comes nearer and is larger now; the followed one keeps its place.
        for k in range(3, 6):
            kept = tracker.track(pair(LARGE, SMALL), k * FRAME_NS)
        assert tracking.centre(kept)[0] > 320


@needs_models
def test_a_followed_face_that_hides_for_a_moment_is_waited_for():
    with FaceTracker() as tracker:
        tracker.track(pair(SMALL, LARGE), 0)
        hidden = [tracker.track(pair(SMALL, None), k * FRAME_NS) for k in range(1, 10)]
        back = tracker.track(pair(SMALL, LARGE), 10 * FRAME_NS)
        assert hidden[1:] == [None] * 8  # in the first frame MediaPipe may still hold on
        assert tracking.centre(back)[0] > 320
        for k in range(11, 60):
            other = tracker.track(pair(SMALL, None), k * FRAME_NS)
        assert tracking.centre(other)[0] < 320


@needs_models
def test_the_followed_face_elsewhere_in_the_picture_is_found_soon():
    """The camera was turned, once the face is known; nobody else is to be seen."""
    with FaceTracker() as tracker:
        known = 40
        for k in range(known):
            assert tracker.track(pair(LARGE, None), k * FRAME_NS) is not None
        after = [tracker.track(pair(None, LARGE), k * FRAME_NS) for k in range(known, known + 8)]
        assert tracking.centre(after[-1])[0] > 320
        assert sum(points is None for points in after) <= tracking.LOOKS


@needs_models
def test_a_file_that_starts_again_is_tracked_on():
    with FaceTracker() as tracker:
        for k in (0, 1, 2, 0, 1, 2):
            assert tracker.track(PICTURE, k * FRAME_NS) is not None


@needs_models
def test_points_that_are_no_numbers_are_nobody(monkeypatch):
    """The next frame is looked at afresh."""
    with FaceTracker() as tracker:
        assert tracker.track(PICTURE, 0) is not None
        with monkeypatch.context() as patched:
            nothing = np.full((478, 3), np.nan, np.float32)
            patched.setattr(tracking._mediapipe, "detect_faces", lambda *_: [nothing])
            assert tracker.track(PICTURE, FRAME_NS) is None
        assert tracker.track(PICTURE, 2 * FRAME_NS) is not None


def film(path, picture: np.ndarray, aspect: Fraction):
    """A second of one picture, H x W x 3, whose pixels are `aspect` times as wide as high."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "8"}
        stream.codec_context.sample_aspect_ratio = aspect
        for _ in range(6):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def proportions(path) -> tuple[float, float]:
    """The face's height and the mouth's, in widths of each."""
    from livecam.sources.video import VideoSource

    with VideoSource(path) as source, FaceTracker() as tracker:
        while (frame := source.read()) is not None:
            points = tracker.track(frame.pixels, frame.capture_ns)
    sizes = [np.ptp(points[list(part), :2], axis=0) for part in (lm.FACE_OVAL, lm.OUTER_LIPS)]
    return sizes[0][1] / sizes[0][0], sizes[1][1] / sizes[1][0]


@needs_models
@pytest.mark.parametrize("squeezed", [(0.5, 1.0), (1.0, 0.5)], ids=["narrow", "flat"])
def test_a_squeezed_film_has_the_same_face(tmp_path, squeezed):
    whole = np.ascontiguousarray(PICTURE[: PICTURE.shape[0] // 4 * 4, : PICTURE.shape[1] // 4 * 4])
    narrow = cv2.resize(whole, None, fx=squeezed[0], fy=squeezed[1], interpolation=cv2.INTER_AREA)
    aspect = Fraction(squeezed[1] / squeezed[0])
    plain = proportions(film(tmp_path / "plain.mp4", whole, Fraction(1)))
    again = proportions(film(tmp_path / "squeezed.mp4", narrow, aspect))
    # Half the pixels along one side are gone, which a tracker notices by some per cent; a squeeze is 100.
    np.testing.assert_allclose(again, plain, rtol=0.05)


@needs_models
def test_closing_twice_does_no_harm():
    tracker = FaceTracker()
    tracker.close()
    tracker.close()


def test_without_the_model_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("LIVECAM_CACHE", str(tmp_path))
    with pytest.raises(UserError, match=r"missing.*livecam build"):
        FaceTracker()
