"""Pairs of one person: aligned, of one light, and honest about what nobody knows."""

from __future__ import annotations

import numpy as np
import pytest
from faces import draw_face, turned, with_lids, with_lip_gap

from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.finetune.own_pairs import OwnPairs, colour_match, held_out_indices, unseen_expressions
from livecam.generator.layout import LIDS, LIPS, MOUTH
from livecam.generator.parts import FACE, LEFT_EYE, RIGHT_EYE
from livecam.generator.parts import MOUTH as MOUTH_PART
from livecam.persona.pictures import PersonPicture
from livecam.render.cpu.refiner import portrait_inputs

SIZE = 64
PARTS = (FACE, MOUTH_PART, LEFT_EYE, RIGHT_EYE)


@pytest.fixture(scope="module")
def make(persona) -> OwnPairs:  # type: ignore[no-untyped-def]
    return OwnPairs(persona, PARTS, SIZE)


def crop_of(points: np.ndarray, colour: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    picture = np.clip(draw_face(points).astype(float) * colour, 0, 255).astype(np.uint8)
    return PersonPicture(picture, points, "drawn").crop(256)


def error(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other)[where].mean())


def outside(rasters: np.ndarray) -> np.ndarray:
    near = np.maximum(rasters[LIPS], rasters[LIDS]).repeat(2, 0).repeat(2, 1)
    return np.asarray(near < -0.5)


def test_at_rest_the_warped_picture_is_the_portrait(make) -> None:  # type: ignore[no-untyped-def]
    moment = make.at_rest(np.random.default_rng(0))
    assert list(moment) == [part.name for part in PARTS]
    for part in PARTS:
        pair, (wide, high) = moment[part.name], part.pixels(SIZE)
        assert pair.warped.shape == pair.truth.shape == pair.source.shape == (high, wide, 3)
        assert pair.teeth.shape == (high, wide)
        assert pair.rasters.shape == pair.source_rasters.shape == (5, high // 2, wide // 2)
        # The drawing's noise of 3 levels is not kept in the filled eyes and the matte's rim.
        assert error(pair.warped, pair.truth, np.ones((high, wide), bool)) < 5, part.name
        # The window is a little beside the portrait's own, and shows the same.
        assert 0 < np.abs(pair.rasters - pair.source_rasters).max() < 0.6, part.name


def test_the_source_is_what_the_product_tells_its_networks(make, persona) -> None:  # type: ignore[no-untyped-def]
    from livecam.generator.inputs import planes
    from livecam.persona.person_shots import portrait_view

    moment = make.moved(persona.landmarks)
    for part in PARTS:
        told, pair = portrait_inputs(*portrait_view(persona), part, SIZE), moment[part.name]
        np.testing.assert_array_equal(planes(pair.source), told["source"])
        np.testing.assert_array_equal(pair.source_rasters[None], told["source_rasters"])


def test_teeth_lie_in_the_open_mouth(make, persona) -> None:  # type: ignore[no-untyped-def]
    opened = make.moved(unseen_expressions(persona.landmarks)[2])
    shown = opened["mouth"].teeth > 0
    inside = opened["mouth"].rasters[MOUTH].repeat(2, 0).repeat(2, 1)
    assert shown.any()
    assert inside[shown].min() > -0.3
    assert not opened["left_eye"].teeth.any()


@pytest.mark.parametrize("roll", [0, 25])
def test_another_picture_is_laid_beside_the_moved_portrait(make, face, roll) -> None:  # type: ignore[no-untyped-def]
    """Smaller, tilted and brighter in the picture: gone in the pair, but for what the refiner is to mend."""
    other = with_lip_gap(face, 0.4)
    other[:, :2] = other[:, :2] * 0.8 + 40
    moment = make.beside(*crop_of(turned(other, roll=roll), colour=1.15))
    assert moment is not None
    for pair in moment.values():
        away = outside(pair.rasters)
        # Flat colours: 1.15 times as bright would be off by 20 and more, a few pixels of shift by 10.
        assert away.sum() > 20
        assert error(pair.warped, pair.truth, away) < 8
    for name in ("face", "mouth"):
        assert (moment[name].truth_rasters[MOUTH] > 0).sum() > 10  # the mouth is open, in both
        assert (moment[name].rasters[MOUTH] > 0).sum() > 10


def test_heads_turned_too_far_are_not_compared(make, face) -> None:  # type: ignore[no-untyped-def]
    assert make.beside(*crop_of(turned(face, yaw=40))) is None
    assert make.beside(*crop_of(turned(face, yaw=10))) is not None


def test_nobody_knows_the_truth_of_made_up_faces(make, persona) -> None:  # type: ignore[no-untyped-def]
    faces = unseen_expressions(persona.landmarks)
    pairs = [make.moved(points)["mouth"] for points in faces]
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
    gain, shift = colour_match(truth, warped, away)
    assert np.abs(truth * gain + shift - warped).max() <= 2  # rounded once, and deviations are means
    near = np.ones_like(away)
    gain, shift = colour_match(truth, warped, near)  # nothing to go by
    assert (gain.tolist(), shift.tolist()) == ([1, 1, 1], [0, 0, 0])


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
    for name in ("left_eye", "right_eye"):
        assert (shut[name].rasters[EYES] > 0).sum() < 0.6 * (wide[name].rasters[EYES] > 0).sum()
