"""What the measure of turns takes for truth: known angles give known points, and figures say how far off."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.face import landmarks as lm
from training import turns
from training.heads.camera import Camera, rotation
from training.heads.turned import FACE_Z, SHOWN, Turned, framed

NOTHING = np.zeros((8, 8, 3), np.uint8)


def shot(landmarks: np.ndarray, yaw: float, pitch: float = 0.0) -> Turned:
    return Turned(
        NOTHING, landmarks.astype(np.float32), NOTHING[..., 0] > 0, NOTHING[..., 0] > 0, (yaw, pitch)
    )


@pytest.mark.parametrize(("yaw", "pitch"), [(30.0, 0.0), (-45.0, 0.0), (0.0, 25.0)])
def test_a_portrait_is_turned_to_where_the_same_head_is_seen(
    face: np.ndarray, yaw: float, pitch: float
) -> None:
    """From 28 degrees to others, .9 of its size and aside: without perspective every point must meet."""
    world = (face / 512 - 0.5) @ turns.TO_IMAGE
    before = world @ rotation(28.0, 0.0, 0.0).T @ turns.TO_IMAGE + 0.5
    after = 0.9 * (world @ rotation(yaw, pitch, 0.0).T @ turns.TO_IMAGE) + [0.55, 0.5, 0.0]
    motion = turns.turned_by(before.astype(np.float32), shot(before, 28.0), shot(after, yaw, pitch), after)
    assert np.abs(motion.landmarks - after)[:, :2].max() < 1e-5
    assert np.cbrt(np.linalg.det(motion.head[:, :3])) == pytest.approx(0.9, abs=1e-5)


def test_figures_tell_an_output_that_is_the_truth_from_one_that_is_not(face: np.ndarray) -> None:
    points = face / 8
    truth = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    head = np.ones((64, 64), bool)
    aside = points + np.float32(
        [0.1 * np.linalg.norm(np.diff(points[list(lm.OUTER_EYE_CORNERS)], axis=0)), 0, 0]
    )
    seen = {truth.tobytes(): points, (255 - truth).tobytes(): aside}
    same = turns.compare(truth, truth, head, points, lambda picture: seen[picture.tobytes()])
    other = turns.compare(255 - truth, truth, head, points, lambda picture: seen[picture.tobytes()])
    assert same["landmarks"] == 0
    assert other["landmarks"] == pytest.approx(0.1, abs=1e-4)
    assert other["landmarks_of_truth"] == 0
    assert same["head_psnr"] > other["head_psnr"]
    assert same["face_gms"] == pytest.approx(1)


def test_means_leave_out_faces_that_were_lost_and_count_them() -> None:
    pictures = (NOTHING, NOTHING, NOTHING)
    figures = dict.fromkeys(turns._MEASURES, 1.0)
    seen, lost = figures | {"landmarks": 0.1}, figures | {"landmarks": np.nan}
    results = [turns.Result(k, "front", (30.0, 0.0), f, pictures) for k, f in enumerate((seen, lost))]
    (row,) = turns.summary(results)
    assert (row["landmarks"], row["lost"]) == (0.1, 1)


def test_the_camera_shows_all_of_the_crop() -> None:
    camera = framed(Camera(field_of_view=30.0, distance=70.0))
    ends = np.array([[camera.x - SHOWN / 2, 0, FACE_Z], [camera.x + SHOWN / 2, 0, FACE_Z]])
    edges = camera.project(ends, 100)
    assert edges[:, 0] == pytest.approx([0, 100], abs=0.01)
