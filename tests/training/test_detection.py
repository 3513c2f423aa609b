"""Detection and residuals: the arithmetic, with pictures that nobody looks at."""

from __future__ import annotations

import numpy as np
import pytest

from training.heads import detection
from training.heads.detection import measure, nearest_face, region_errors


def people(face: np.ndarray, count: int, pictures: int):  # type: ignore[no-untyped-def]
    """Pictures whose first pixel tells which they are."""
    for seed in range(count):
        images = np.zeros((pictures + 1, 8, 8, 3), np.uint8)
        images[:, 0, 0, 0], images[:, 0, 0, 1] = seed, np.arange(pictures + 1)
        landmarks = np.repeat(face[None], pictures + 1, 0)
        yield (
            seed,
            {"images": images, "landmarks": landmarks, "pose": np.tile([12.0, 3, 0], (pictures + 1, 1))},
        )


def test_errors_are_told_apart_into_a_person_s_and_a_frame_s() -> None:
    """With 400 people of 3 pictures each deviation is known to within a twentieth."""
    rng = np.random.default_rng(0)
    own = np.repeat(rng.normal(0, 0.03, (400, 20, 2)), 3, 0)
    errors = own + rng.normal(0, 0.01, own.shape) + [0.0, 0.02]
    row = region_errors(errors, np.repeat(np.arange(400), 3))
    assert row["person"] == pytest.approx(0.03 * np.sqrt(2), rel=0.05)
    assert row["frame"] == pytest.approx(0.01 * np.sqrt(2), rel=0.05)
    assert row["bias"] == pytest.approx([0, 0.02], abs=0.002)
    assert row["mean"] < row["p95"]


def test_who_is_seen_once_tells_nothing_about_frames() -> None:
    row = region_errors(np.ones((3, 4, 2)), np.arange(3))
    assert row["person"] is None
    assert row["frame"] is None
    assert row["mean"] == pytest.approx(np.sqrt(2), abs=1e-3)


def test_the_face_at_the_right_place_counts(face: np.ndarray) -> None:
    eyes = float(np.linalg.norm(face[263, :2] - face[33, :2]))
    elsewhere = face + np.float32(eyes)
    assert nearest_face([elsewhere, face], face, eyes) is face
    assert nearest_face([elsewhere], face, eyes) is None
    assert nearest_face([], face, eyes) is None


def test_misses_and_residuals_are_counted(face: np.ndarray) -> None:
    eyes = float(np.linalg.norm(face[263, :2] - face[33, :2]))

    def find(picture: np.ndarray) -> list[np.ndarray]:
        if picture[0, 0, 0] == 1 and picture[0, 0, 1] == 2:
            return []
        return [face + np.array([0, 0.1 * eyes, 0], np.float32)]

    summary = measure(people(face, 3, 2), find).summary()
    assert (summary["pictures"], summary["people"]) == (6, 3)
    assert summary["found"] == pytest.approx(5 / 6, abs=1e-4)
    assert summary["missed"] == [{"person": 1, "picture": 2, "pose": [12, 3, 0]}]
    assert summary["regions"]["brows"]["bias"] == pytest.approx([0, 0.1], abs=1e-3)
    assert [row["pictures"] for row in summary["by_yaw"]] == [0, 5, 0, 0]
    assert detection.table(summary).row_count == len(detection.REGIONS)


def test_nothing_found_is_a_result_too(face: np.ndarray) -> None:
    summary = measure(people(face, 1, 1), lambda picture: []).summary()
    assert summary["found"] == 0
    assert "regions" not in summary
    assert detection.table(summary).row_count == 0


def test_the_command_needs_pictures_and_head_data(capsys, tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert detection.main(["--count", "0"]) == 2
    assert "must be at least 1" in capsys.readouterr().err
    assert detection.main(["--count", "2", "--head-data", str(tmp_path)]) == 2
    assert "there is no such file" in capsys.readouterr().err
