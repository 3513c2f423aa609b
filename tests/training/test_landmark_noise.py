"""Noise on landmarks: wrong the way a tracker is wrong, and no further."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from faces import turned, with_lids, with_lip_gap

from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.motion.lips import SHUT_LIPS
from livecam.motion.transfer import SHUT_LIDS, MotionTransfer
from livecam.settings import MotionSettings
from training import landmark_noise as noises
from training.landmark_noise import FILMED, LandmarkNoise

MEASURED = json.loads((Path(__file__).parents[2] / "benchmarks/results/detection.json").read_text("utf-8"))
REGIONS = {
    "brows": [*lm.BROWS[0], *lm.BROWS[1]],
    "lids": [*lm.LEFT_EYE, *lm.RIGHT_EYE],
    "irises": noises.IRISES,
    "nose": noises.NOSE,
    "inner lips": lm.MOUTH,
    "outer lips": lm.OUTER_LIPS,
    "outline": lm.FACE_OVAL,
}


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> LandmarkNoise:
    """Only what depends on the expression."""
    for name in ("FRAME_LIDS", "FRAME_LIPS", "_BIAS", "_OWN", "_FRAME"):
        monkeypatch.setattr(noises, name, 0.0)
    made = LandmarkNoise(np.random.default_rng(0))
    made.lids = made.lips = 1.0
    return made


def closed(face: np.ndarray) -> np.ndarray:
    """Lids that truly touch, which no tracker shows."""
    out = face.copy()
    for upper, lower, _ in lm.EYES:
        out[list(upper[1:-1])] = out[list(lower[1:-1])]
    return out


def opening(points: np.ndarray) -> float:
    return measures.lid_openings(points)


def test_shut_lids_are_seen_a_little_open(face, quiet) -> None:  # type: ignore[no-untyped-def]
    assert opening(quiet(closed(face))) == pytest.approx(SHUT_LIDS, rel=0.02)


def test_touching_lips_are_seen_a_little_apart(face, quiet) -> None:  # type: ignore[no-untyped-def]
    tracked = quiet(with_lip_gap(face, 0.0))
    gap = ((tracked[14] - tracked[13]) @ measures.face_axes(face.astype(np.float64)))[1]
    assert gap / np.linalg.norm(tracked[308] - tracked[78]) == pytest.approx(SHUT_LIPS, rel=0.05)


def test_brows_and_irises_move_less_than_they_do(face, quiet) -> None:  # type: ignore[no-untyped-def]
    """By the shares that were measured, along the face and not along the picture."""
    moved, axes = face.copy(), measures.face_axes(face.astype(np.float64))
    brow, iris = list(lm.BROWS[0]), list(lm.LEFT_IRIS)
    moved[brow] -= 6 * axes[:, 1].astype(np.float32)
    moved[iris] += 3 * axes[:, 0].astype(np.float32)
    seen = (quiet(moved) - quiet(face)) @ axes
    np.testing.assert_allclose(seen[brow, 1], -6 * noises.BROWS_SEEN, rtol=0.01)
    np.testing.assert_allclose(seen[iris, 0], 3 * noises.IRISES_SEEN[0], rtol=0.01)


@pytest.mark.parametrize("share", [1.0, FILMED])
def test_the_product_shuts_lids_that_are_tracked_as_shut(face, share: float) -> None:  # type: ignore[no-untyped-def]
    """What the noise is for: through the product's own motion a shut eye must come out shut."""
    for seed in range(8):
        tracked = LandmarkNoise(np.random.default_rng(seed), share)
        neutral = tracked(face)
        transfer = MotionTransfer(neutral / 512, neutral, MotionSettings())
        # A quarter: the lids' own error and two deviations of two frames' add up to a fifth of the opening.
        assert transfer(tracked(closed(face))).lids.max() < 0.25
        assert transfer(tracked(with_lids(face, 1.0))).lids.min() > 0.6


def lip_gap(points: np.ndarray) -> float:
    gap = (points[14] - points[13]) @ measures.face_axes(points.astype(np.float64))
    return float(gap[1] / measures.mouth_width(points))


def test_lips_on_films_are_seen_where_they_are(face) -> None:  # type: ignore[no-untyped-def]
    """A mouth that is a little open is never seen shut, one that is shut never open: on rendered faces both
    happen, and a network that learned from them draws no mouth with confidence."""
    for seed in range(20):
        tracked = LandmarkNoise(np.random.default_rng(seed), FILMED)
        # Three deviations of FILMED times .22 of the gap beyond SHUT_LIPS, and the field's .01 a side.
        assert lip_gap(tracked(with_lip_gap(face, 0.12))) == pytest.approx(0.135, abs=0.04)
        assert lip_gap(tracked(with_lip_gap(face, 0.0))) == pytest.approx(SHUT_LIPS, abs=0.02)


def test_on_films_the_tracker_errs_less(face) -> None:  # type: ignore[no-untyped-def]
    def mean(share: float) -> float:
        errors = [LandmarkNoise(np.random.default_rng(seed), share)(face) - face for seed in range(20)]
        return float(np.linalg.norm(errors, axis=-1).mean())

    # All but the openings' own curves shrinks in proportion.
    assert mean(FILMED) == pytest.approx(FILMED * mean(1.0), rel=0.25)


def various(face: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A face as the training pictures have them: turned by 14 degrees, talking, now and then blinking."""
    gap, lids = max(0.03, rng.normal(0.15, 0.2)), 1.0 if rng.random() < 0.85 else rng.uniform()
    moved = with_lids(with_lip_gap(face, gap), lids)
    axes, centre = measures.face_axes(moved.astype(np.float64)), moved.mean(0)
    eyes = np.linalg.norm(moved[263] - moved[33])
    placed = (moved - centre) @ axes / eyes
    for k, (upper, _, iris) in enumerate(lm.EYES):
        # Brows and irises at rest where those of the measured people are.
        corners, brow = placed[[upper[0], upper[-1]], :2].mean(0), list(lm.BROWS[k])
        height = noises.BROWS_AT + rng.normal(0, 0.025)
        placed[brow, 1] += corners[1] - height - placed[brow, 1].mean()
        gaze = rng.normal((0, noises.IRIS_AT), (0.025, 0.015))
        placed[list(iris), :2] += corners + gaze - placed[iris[0], :2]
    moved = placed @ axes.T * eyes + centre
    return turned(moved, rng.normal(0, 14), rng.normal(0, 8), rng.normal(0, 6))


def test_errors_are_of_the_size_that_was_measured(face) -> None:  # type: ignore[no-untyped-def]
    """By region: the mean error, and its split into a person's own and a frame's."""
    errors = []
    for person in range(80):
        noise, rng = LandmarkNoise(np.random.default_rng(person)), np.random.default_rng([1, person])
        points = [various(face, rng) for _ in range(4)]
        errors.append([(noise(one) - one)[:, :2] for one in points])
    shares = np.array(errors) / np.linalg.norm(face[263, :2] - face[33, :2])
    for region, points in REGIONS.items():
        found, measured = shares[:, :, list(points)], MEASURED["regions"][region]
        mean = np.linalg.norm(found, axis=-1).mean()
        # A third: this face is not the people measured, and 80 people know the mean to within a tenth.
        assert mean == pytest.approx(measured["mean"], rel=0.35), region
        own = found.mean(1, keepdims=True)
        frame = np.sqrt(((found - own) ** 2).sum(-1).mean() * 4 / 3)
        person = np.sqrt(max(((own - own.mean(0)) ** 2).sum(-1).mean() - frame**2 / 4, 0))
        assert frame == pytest.approx(measured["frame"], rel=0.4), region
        assert person == pytest.approx(measured["person"], rel=0.4, abs=0.005), region
        # The mean of 80 people's errors is known to about .004; the picture's x has no bias to speak of.
        assert found[..., 1].mean() == pytest.approx(measured["bias"][1], abs=0.01), region


def test_a_person_keeps_its_own_errors(face) -> None:  # type: ignore[no-untyped-def]
    people = [LandmarkNoise(np.random.default_rng(seed)) for seed in range(20)]
    firsts, seconds = (np.stack([person(face) for person in people]) for _ in range(2))
    same = np.linalg.norm(firsts - seconds, axis=-1).mean()
    other = np.linalg.norm(firsts - np.roll(seconds, 1, 0), axis=-1).mean()
    # Own .019 against .026 of a frame, over all points: the root of (.026^2) / (.019^2 + .026^2) is .81.
    assert 0 < same < 0.9 * other


def test_neighbours_err_together(face) -> None:  # type: ignore[no-untyped-def]
    """A brow moves as a whole; points that trembled one by one would fold the mesh."""
    errors = np.stack([LandmarkNoise(np.random.default_rng(seed))(face) - face for seed in range(60)])
    near, far = (np.corrcoef(errors[:, 65, 1], errors[:, other, 1])[0, 1] for other in (55, 152))
    assert near > 0.7  # .2 of an eye distance apart
    assert abs(far) < 0.4  # brow and chin: independent, and 60 draws give .13 by chance


def test_turned_faces_are_tracked_worse(face) -> None:  # type: ignore[no-untyped-def]
    def mean(yaw: float) -> float:
        shown = turned(face, yaw)
        return float(
            np.mean(
                [
                    np.linalg.norm(LandmarkNoise(np.random.default_rng(s))(shown) - shown, axis=1).mean()
                    for s in range(20)
                ]
            )
        )

    assert mean(35) > 1.2 * mean(0)


def test_now_and_then_no_face_is_found(face, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    noise = LandmarkNoise(np.random.default_rng(0))
    assert all(noise.follow(face) is not None for _ in range(10))  # .3 % each
    monkeypatch.setattr(noises, "LOST", 0.5)
    missing = sum(noise.follow(face) is None for _ in range(40))
    assert 8 <= missing <= 32  # four deviations round 20
