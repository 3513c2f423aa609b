"""Noise on landmarks: wrong the way a tracker is wrong, and no further."""

from __future__ import annotations

import numpy as np
import pytest
from faces import with_lids, with_lip_gap

from livecam import geometry as geo
from livecam.face import landmarks as lm
from livecam.motion import SHUT_LIDS, SHUT_LIPS, MotionTransfer
from livecam.settings import MotionSettings
from livecam.training import noise as noises
from livecam.training.noise import LandmarkNoise


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> LandmarkNoise:
    """Only the systematic part."""
    for name in ("OWN_SHIFT", "OWN_POINT", "FRAME_SHIFT", "FRAME_POINT"):
        monkeypatch.setattr(noises, name, 0.0)
    made = LandmarkNoise(np.random.default_rng(0))
    made.lids = 1.0
    return made


def closed(face: np.ndarray) -> np.ndarray:
    """Lids that truly touch, which no tracker shows."""
    out = face.copy()
    for upper, lower, _ in lm.EYES:
        out[list(upper[1:-1])] = out[list(lower[1:-1])]
    return out


def test_shut_lids_are_seen_a_little_open(face, quiet) -> None:  # type: ignore[no-untyped-def]
    tracked = quiet(closed(face))
    for upper, lower, _ in lm.EYES:
        # One frame's opening varies by 6 %: three deviations.
        assert geo.lid_opening(tracked, upper, lower) == pytest.approx(SHUT_LIDS, rel=0.2)


def test_touching_lips_are_seen_a_little_apart(face, quiet) -> None:  # type: ignore[no-untyped-def]
    tracked = quiet(with_lip_gap(face, 0.0))
    gap = tracked[14, 1] - tracked[13, 1]
    assert gap / geo.mouth_width(tracked) == pytest.approx(
        SHUT_LIPS, rel=0.1
    )  # along the face, not the picture


def test_open_lips_stay_as_they_are(face, quiet) -> None:  # type: ignore[no-untyped-def]
    open_ = with_lip_gap(face, 0.5)
    np.testing.assert_allclose(quiet(open_)[[13, 14]], open_[[13, 14]], rtol=0, atol=1e-3)


def test_the_product_shuts_lids_that_are_tracked_as_shut(face) -> None:  # type: ignore[no-untyped-def]
    """What the noise is for: through the product's own motion a shut eye must come out shut."""
    tracked = LandmarkNoise(np.random.default_rng(1))
    neutral = tracked(face)
    transfer = MotionTransfer(neutral / 512, neutral, MotionSettings())
    assert transfer(tracked(closed(face))).lids.max() < 0.25
    assert transfer(tracked(with_lids(face, 1.0))).lids.min() > 0.6


def test_errors_are_of_the_size_that_was_measured(face) -> None:  # type: ignore[no-untyped-def]
    height = np.linalg.norm(face[lm.CHIN, :2] - face[lm.FOREHEAD, :2])
    errors = [
        np.linalg.norm(
            LandmarkNoise(np.random.default_rng(seed))(face)[lm.NOSE_TIP, :2] - face[lm.NOSE_TIP, :2]
        )
        for seed in range(60)
    ]
    # The tip of the nose is in no group: own .002 and frame .0008 of the height on each axis.
    expected = np.hypot(noises.OWN_POINT, noises.FRAME_POINT) * height * np.sqrt(np.pi / 2)
    assert np.mean(errors) == pytest.approx(expected, rel=0.25)  # 60 draws: 7 % is one deviation


def test_a_person_keeps_its_own_errors(face) -> None:  # type: ignore[no-untyped-def]
    person, other = (LandmarkNoise(np.random.default_rng(seed)) for seed in (0, 1))
    first, second, stranger = person(face), person(face), other(face)
    assert np.abs(first - second).mean() < 0.6 * np.abs(first - stranger).mean()
    assert np.abs(first - second).mean() > 0
