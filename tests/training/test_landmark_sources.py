"""The tracker's landmarks where it sees the face, an imitation where it does not."""

from __future__ import annotations

import numpy as np
import pytest
from faces import draw_face

from training import landmark_sources
from training.landmark_sources import MediaPipeTracker, SimulatedTracker


@pytest.fixture
def tracked(monkeypatch: pytest.MonkeyPatch) -> MediaPipeTracker:
    """Its finder gives what `answer` holds."""
    made = MediaPipeTracker.__new__(MediaPipeTracker)
    made.missed, made.answer = 0, None  # type: ignore[attr-defined]
    made._finder = type("Finder", (), {"settled_face": lambda self, picture: made.answer})()  # type: ignore[attr-defined]
    return made.of(np.random.default_rng(5))


def test_what_the_tracker_finds_is_taken(tracked: MediaPipeTracker, face: np.ndarray) -> None:
    tracked.answer = face + np.float32(1.5)  # type: ignore[attr-defined]
    assert np.array_equal(tracked(draw_face(face), face), face + np.float32(1.5))
    assert tracked.missed == 0


@pytest.mark.parametrize("answer", ["nothing", "something else"])
def test_a_face_that_is_not_found_is_imitated(
    tracked: MediaPipeTracker, face: np.ndarray, answer: str
) -> None:
    tracked.answer = None if answer == "nothing" else face[:, [1, 0, 2]]  # type: ignore[attr-defined]
    seen = tracked(draw_face(face), face)
    assert tracked.missed == 1
    assert np.array_equal(seen, SimulatedTracker(np.random.default_rng(5), share=1.0)(draw_face(face), face))


def test_the_imitation_is_near_the_truth_but_not_it(face: np.ndarray) -> None:
    seen = SimulatedTracker(np.random.default_rng(1))(draw_face(face), face)
    height = np.ptp(face[:, 1])
    away = np.linalg.norm(seen[:, :2] - face[:, :2], axis=1).mean() / height
    assert 0.001 < away < landmark_sources.ASTRAY / 2  # else a found face would be taken for another thing
