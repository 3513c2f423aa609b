"""Recorded motion -> what a rendered head must do. The truth is a performance whose landmarks are exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from faces import turned, with_lids, with_lip_gap
from head_data import head_shape, studio

pytest.importorskip("moderngl")

from livecam.errors import UserError
from livecam.sources.recording import PerformanceWriter
from training.heads import film, sample, tracks
from training.heads.camera import Camera, rotation
from training.heads.performance import demonstration, perform
from training.landmark_noise import LandmarkNoise

RATE = 25
SHOWN = slice(0, 120, 2)
"""Frames of the bundled clip: rest, talk, blinks, a brow flash, looks to the side, a turn."""


def demonstrated(person: int = 0):  # type: ignore[no-untyped-def]
    """Moments of the bundled clip's performance, and the exact landmarks of somebody who gives it."""
    shape = head_shape()
    neutral = shape.identity(sample.identity(np.random.default_rng(person)))
    moments = perform(demonstration(), shape.data, RATE, seed=3)[SHOWN]
    points = [
        Camera().project(
            shape.landmarks(shape.pose(shape.express(neutral, m.expression, m.gaze), m.pose)), 512
        )
        for m in moments
    ]
    return shape, moments, tracks.Track(2 * np.arange(len(moments)) / RATE, np.stack(points))


def levels(shape, moments, name: str) -> np.ndarray:  # type: ignore[no-untyped-def]
    return np.array([m.expression[shape.data.expression_index(name)] for m in moments])


def turns(moments) -> np.ndarray:  # type: ignore[no-untyped-def]
    """(N, 5): pose and gaze."""
    rows = [(m.pose.yaw, m.pose.pitch, m.pose.roll, m.gaze.yaw, m.gaze.pitch) for m in moments]
    return np.array(rows)


def test_a_performance_is_found_again_in_its_landmarks() -> None:
    shape, moments, track = demonstrated()
    found = tracks.Solver(shape, tracked=False)(track)
    errors = np.abs(turns(found) - turns(moments)).mean(0)
    # Measured .1, .2, .4 degrees of pose and 1.0, .7 of gaze, which saccades smoothed over 30 ms make up.
    assert (errors < [0.5, 0.6, 0.8, 2.0, 1.5]).all(), errors
    # Mean errors measured: .01 to .05. Shapes that look alike (mouthPress, mouthShrugLower) stay mixed up.
    for name, most in (
        ("jawOpen", 0.04),
        ("eyeBlink_L", 0.05),
        ("mouthFunnel", 0.04),
        ("browOuterUp_R", 0.08),
    ):
        truth, solved = (levels(shape, m, name) for m in (moments, found))
        assert np.abs(truth - solved).mean() < most, name
        assert np.corrcoef(truth, solved)[0, 1] > 0.9, name
    blinks = levels(shape, found, "eyeBlink_L")[levels(shape, moments, "eyeBlink_L") > 0.99]
    assert (
        blinks.min() > 0.75
    )  # smoothing takes a tenth of a blink's peak, and lids that follow the gaze some


def test_a_tracker_s_errors_do_not_hide_the_performance() -> None:
    """Noise of single frames, as on independent pictures: harder than any film."""
    shape, moments, track = demonstrated(1)
    noise = LandmarkNoise(np.random.default_rng(0))
    noisy = tracks.Track(track.times, np.stack([noise(points) for points in track.points]))
    found = tracks.Solver(shape)(noisy)
    assert (np.abs(turns(found) - turns(moments)).mean(0)[:3] < 4).all()  # degrees
    for name in ("jawOpen", "eyeBlink_L"):
        truth, solved = (levels(shape, m, name) for m in (moments, found))
        assert np.corrcoef(truth, solved)[0, 1] > 0.8, name


def test_frames_without_a_face_lie_between_their_neighbours() -> None:
    shape, moments, track = demonstrated()
    points = track.points.copy()
    points[30:33] = np.nan
    found = tracks.Solver(shape, tracked=False)(tracks.Track(track.times, points))
    assert len(found) == len(moments)
    yaws = turns(found)[27:36, 0]
    # No jump: the gap of three frames is crossed in even steps, as large as those of the frames around it.
    assert np.abs(np.diff(yaws)).max() < 2.5 * np.abs(np.diff(turns(moments)[27:36, 0])).max() + 0.2


def test_the_neutral_face_is_frontal_at_rest_with_open_eyes(face: np.ndarray) -> None:
    shown = [turned(face, 20), with_lids(face, 0.1), with_lip_gap(face, 0.4), face, turned(face, 0, 0, 15)]
    np.testing.assert_allclose(tracks.neutral_face(np.stack(shown)), face, atol=1e-3)


def test_angles_undo_the_camera_s_rotation() -> None:
    np.testing.assert_allclose(tracks.angles(rotation(25, -12, 8)), [25, -12, 8], atol=1e-9)


def test_a_recorded_performance_is_read(face: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "driver.livecam"
    with PerformanceWriter(path) as writer:
        for k, points in enumerate((face, None, face + 5)):
            writer.add(k * 40_000_000, points, 512, 512)
    track = tracks.read(path)
    np.testing.assert_allclose(track.times, [0, 0.04, 0.08])
    assert track.rate == pytest.approx(25)
    np.testing.assert_allclose(track.points[[0, 2]], [face, face + 5], atol=0.01)  # half a step of 15 bits
    assert np.isnan(track.points[1]).all()


def test_other_files_get_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "other.livecam"
    path.write_bytes(b"no tensors")
    with pytest.raises(UserError, match="no recorded performance"):
        tracks.read(path)
    with pytest.raises(UserError):
        tracks.read(tmp_path / "missing.livecam")


def test_a_film_shows_every_moment(tmp_path: Path) -> None:
    import av

    small = studio()
    moments = perform(demonstration(), small.shape.data, RATE, seed=0)[30:34]
    pictures = list(film.frames(small, 3, moments))
    assert film.write(tmp_path / "film.mp4", pictures, RATE, small.plan.size) == 4
    with av.open(str(tmp_path / "film.mp4")) as container:
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(decoded) == 4
    assert np.abs(decoded[2].astype(int) - pictures[2]).mean() < 6  # what H.264 at quality 20 loses
    assert np.abs(pictures[0].astype(int) - pictures[3]).max() > 20  # it moves


def test_the_film_command_refuses_what_it_cannot_do(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert film.main(["--out", str(tmp_path / "film.mp4"), "--size", "255"]) == 2
    assert "must be even" in caplog.text
