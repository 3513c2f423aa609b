"""Pairs of one person: aligned, of one light, and honest about what nobody knows."""

from __future__ import annotations

import numpy as np
import pytest
from faces import draw_face, turned, with_lids, with_lip_gap

from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.finetune.own_pairs import OwnPairs, held_out_indices, match_colours, unseen_expressions
from livecam.generator.layout import LIDS, LIPS, MOUTH
from livecam.persona.pictures import PersonPicture

SIZE = 64


@pytest.fixture(scope="module")
def make(persona) -> OwnPairs:  # type: ignore[no-untyped-def]
    return OwnPairs(persona, SIZE)


def crop_of(points: np.ndarray, colour: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    picture = np.clip(draw_face(points).astype(float) * colour, 0, 255).astype(np.uint8)
    return PersonPicture(picture, points, "drawn").crop(256)


def error(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other)[where].mean())


def outside(rasters: np.ndarray) -> np.ndarray:
    near = np.maximum(rasters[LIPS], rasters[LIDS]).repeat(2, 0).repeat(2, 1)
    return np.asarray(near < -0.5)


def test_at_rest_the_warped_picture_is_the_portrait(make) -> None:  # type: ignore[no-untyped-def]
    pair = make.at_rest(np.random.default_rng(0))
    # The drawing's noise of 3 levels is not kept in the filled eyes and the matte's rim.
    assert error(pair.warped, pair.truth, np.ones((SIZE, SIZE), bool)) < 5


@pytest.mark.parametrize("roll", [0, 25])
def test_another_picture_is_laid_beside_the_moved_portrait(make, face, roll) -> None:  # type: ignore[no-untyped-def]
    """Smaller, tilted and brighter in the picture: gone in the pair, but for what the refiner is to mend."""
    other = with_lip_gap(face, 0.4)
    other[:, :2] = other[:, :2] * 0.8 + 40
    pair = make.beside(*crop_of(turned(other, roll=roll), colour=1.15))
    assert pair is not None
    away = outside(pair.rasters)
    # Flat colours: 1.15 times as bright would be off by 20 and more, a few pixels of shift by 10.
    assert error(pair.warped, pair.truth, away) < 8
    assert (pair.truth_rasters[MOUTH] > 0).sum() > 10  # the mouth is open, in both
    assert (pair.rasters[MOUTH] > 0).sum() > 10


def test_heads_turned_too_far_are_not_compared(make, face) -> None:  # type: ignore[no-untyped-def]
    assert make.beside(*crop_of(turned(face, yaw=40))) is None
    assert make.beside(*crop_of(turned(face, yaw=10))) is not None


def test_nobody_knows_the_truth_of_made_up_faces(make, persona) -> None:  # type: ignore[no-untyped-def]
    faces = unseen_expressions(persona.landmarks)
    pairs = [make.moved(points) for points in faces]
    assert all(pair.truth is None for pair in pairs)
    opened = [(pair.rasters[MOUTH] > 0).sum() for pair in pairs]
    assert opened[2] > opened[0] > opened[3]  # lips .6, .15 and shut
    upper, lower, _ = lm.EYES[0]
    assert measures.lid_opening(faces[3], upper, lower) < 0.5 * measures.lid_opening(faces[0], upper, lower)


def test_colours_are_matched_where_the_refiner_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    warped = rng.integers(60, 200, (SIZE, SIZE, 3), dtype=np.uint8)
    truth = np.clip(warped * np.array([1.1, 0.95, 0.9]) + 5, 0, 255).astype(np.uint8)
    away = np.full((5, SIZE // 2, SIZE // 2), -1, np.float32)
    assert np.abs(match_colours(truth, warped, away).astype(int) - warped).max() <= 2  # two roundings
    near = np.ones_like(away)
    np.testing.assert_array_equal(match_colours(truth, warped, near), truth)  # nothing to go by


def test_some_of_the_others_are_held_out_and_never_all_of_many() -> None:
    assert list(held_out_indices(0)) == []
    assert list(held_out_indices(1)) == [0]
    for count in range(2, 32):
        kept = list(held_out_indices(count))
        assert 1 <= len(kept) <= count / 2
        assert max(kept) < count


def test_lids_come_down_in_the_pair(make, face) -> None:  # type: ignore[no-untyped-def]
    from livecam.generator.layout import EYES

    wide, shut = (make.beside(*crop_of(with_lids(face, share))) for share in (1.0, 0.2))
    assert (shut.rasters[EYES] > 0).sum() < 0.6 * (wide.rasters[EYES] > 0).sum()
