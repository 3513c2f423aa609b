"""File to file: every frame once, in order, with stand-ins at both ends."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np
import pytest
from doubles import Clip, Collected, make_animator
from faces import turned

from livecam.errors import UserError
from livecam.pipeline.lossless import run_lossless
from livecam.settings import MotionSettings, Settings


@pytest.fixture
def animator(persona):
    return partial(make_animator, persona)


def test_lossless_gives_every_frame_once_and_in_order(animator, face):
    way, report = animator(face)
    out, seen = Collected(), []
    run_lossless(Clip(70), way, [out], report, progress=lambda done, total: seen.append((done, total)))
    assert [f.index for f in out.frames] == list(range(70))
    assert [f.capture_ns for f in out.frames] == [round(i * 4e7) for i in range(70)]
    assert seen[-1] == (70, 70)
    assert report.frames == 70


def test_opencv_keeps_to_one_thread_while_a_run_lasts_and_no_longer(animator, face):
    way, report = animator(face)
    before, threads = cv2.getNumThreads(), []
    try:
        cv2.setNumThreads(2)
        run_lossless(
            Clip(3), way, [Collected()], report, progress=lambda *_: threads.append(cv2.getNumThreads())
        )
        assert threads == [1, 1, 1]
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(before)


def test_lossless_stops_at_max_frames(animator, face):
    way, report = animator(face)
    out = Collected()
    run_lossless(Clip(1000), way, [out], report, max_frames=7)
    assert len(out.frames) == 7


def test_lossless_loops_up_to_max_frames(animator, face):
    """Numbers and times go on as if the film were longer."""
    way, report = animator(face)
    out, seen = Collected(), []
    clip = Clip(5)
    run_lossless(clip, way, [out], report, 12, lambda *told: seen.append(told), loop=True)
    assert [f.index for f in out.frames] == list(range(12))
    assert [f.capture_ns for f in out.frames] == [round(i * 4e7) for i in range(12)]
    assert clip.rewinds == 2
    assert seen[-1] == (12, 12)


def test_looping_a_film_without_frames_ends(animator, face):
    way, report = animator(face)
    run_lossless(Clip(0), way, [Collected()], report, 12, loop=True)
    assert report.frames == 0


def test_the_neutral_frame_is_known_from_the_first_frame_on(animator, face):
    """The driver starts turned; frames before the neutral one are already drawn against it."""
    start = turned(face, yaw=14)
    way, report = animator(start, start, start, face)
    out = Collected()
    run_lossless(Clip(8), way, [out], report)
    first, last = out.frames[0].pixels.astype(int), out.frames[-1].pixels.astype(int)
    resting = way.resting().astype(int)
    assert np.abs(last - resting).mean() < 0.5  # the filter is still settling by a fraction of a pixel
    assert np.abs(first - resting).mean() > 2


@pytest.mark.parametrize(
    ("answers", "max_frames", "words"),
    [
        ((0,), None, "in 5 frames only. Use --neutral 0 to 4"),
        ((0,), 3, "0 to 2"),
        ((None,), None, "away"),
    ],
)
def test_a_neutral_frame_that_never_comes_ends_the_run_with_one_line(
    animator, face, answers, max_frames, words
):
    settings = Settings(motion=MotionSettings(neutral_frame=7))
    way, report = animator(*(None if one is None else face for one in answers), settings=settings)
    out = Collected()
    with pytest.raises(UserError, match="neutral frame 7") as caught:
        run_lossless(Clip(5), way, [out], report, max_frames)
    assert words in str(caught.value)
    assert out.frames == []


def test_a_late_neutral_frame_is_waited_for(animator, face, monkeypatch):
    """The one asked for, not the last of those that are looked at ahead for a good one."""
    monkeypatch.setattr("livecam.pipeline.lossless.MAX_WAITING", 2)
    settings = Settings(motion=MotionSettings(neutral_frame=3))
    way, report = animator(*[turned(face, yaw=14)] * 3, face, settings=settings)
    out = Collected()
    run_lossless(Clip(8), way, [out], report)
    resting = way.resting().astype(int)
    assert np.abs(out.frames[-1].pixels.astype(int) - resting).mean() < 0.5


def test_without_any_face_the_portrait_rests(animator):
    way, report = animator(None, settings=Settings(motion=MotionSettings(idle=False)))
    out = Collected()
    run_lossless(Clip(5), way, [out], report)
    for frame in out.frames:
        np.testing.assert_array_equal(frame.pixels, way.resting())


def test_without_any_face_the_portrait_is_alive(animator):
    """From stillness on, and the same at every run."""
    films = []
    for _ in range(2):
        way, report = animator(None)
        out = Collected()
        run_lossless(Clip(40), way, [out], report)
        films.append([frame.pixels for frame in out.frames])
    np.testing.assert_array_equal(films[0], films[1])
    np.testing.assert_array_equal(films[0][0], way.resting())
    assert np.abs(films[0][-1].astype(int) - way.resting()).max() > 5


def test_a_recording_gets_every_frame_with_and_without_a_face(animator, face):
    kept = []
    way, report = animator(face, None, face, record=lambda *a: kept.append(a))
    run_lossless(Clip(3), way, [Collected()], report)
    assert [k[0] for k in kept] == [0, 40_000_000, 80_000_000]
    assert [k[1] is None for k in kept] == [False, True, False]
    assert kept[0][2:] == (512, 512)
