"""The judge's mean of several looks."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.benchmarks.fidelity.judge import Judge
from livecam.face import _mediapipe


@pytest.fixture
def judge(monkeypatch):
    """One whose looks, one after the other, are what the test puts into `looks`."""
    monkeypatch.setattr(_mediapipe, "create_face_landmarker", lambda *args, **kwargs: None)
    monkeypatch.setattr("livecam.benchmarks.fidelity.judge.face_landmarker_path", lambda: None)
    looks: list = []
    monkeypatch.setattr(_mediapipe, "detect_faces", lambda landmarker, image: looks.pop(0))
    made = Judge()
    made.looks = looks  # type: ignore[attr-defined]
    return made


def turned_back(face, degrees, picture):
    """Where the face lies in the picture turned by so much about its middle."""
    from livecam.face.rotation import RotatedCrop
    from livecam.face.window import centre

    crop = RotatedCrop.about(centre(face).astype(np.float64), 1.0, degrees, max(picture.shape[:2]))
    return np.column_stack([crop.there(face[:, :2]), face[:, 2]]).astype(np.float32)


def test_looks_are_averaged_in_the_picture_as_it_is(judge, face):
    picture = np.zeros((512, 512, 3), np.uint8)
    judge.looks += [[face], [turned_back(face, 7, picture)], [turned_back(face, -7, picture)]]
    np.testing.assert_allclose(judge.steady(picture), face, atol=0.01)


def test_looks_that_find_nobody_or_somebody_else_are_left_out(judge, face):
    picture = np.zeros((512, 512, 3), np.uint8)
    judge.looks += [[face], [], [turned_back(face, -7, picture) + np.float32(300)]]
    np.testing.assert_allclose(judge.steady(picture), face, atol=0.01)


def test_nobody_is_nobody(judge):
    judge.looks += [[]]
    assert judge.steady(np.zeros((64, 64, 3), np.uint8)) is None
