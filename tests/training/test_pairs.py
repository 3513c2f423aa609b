"""Pairs: the product's warper on a drawn person, and the files that come out. One test renders for real."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from faces import draw_face, ellipse_mask, turned, with_lip_gap
from head_data import head_shape

pytest.importorskip("moderngl")

from livecam.face import landmarks as lm
from livecam.generator.alignment import square
from livecam.generator.layout import CHANNELS, GRID, MOUTH
from livecam.persona.fill import polygon_mask
from livecam.persona.types import Crop
from training import expressions_shown, moved_portrait, pairs, shards
from training.pairs import PairMaker, Plan


@pytest.fixture
def maker(face: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> PairMaker:
    """Makes pairs of the drawn face: first as it is, then with an open mouth, then turned as well."""
    shown = [face, with_lip_gap(face, 0.3), turned(with_lip_gap(face, 0.3), 10)]
    monkeypatch.setattr(pairs, "Person", lambda *args: SimpleNamespace(identity=np.zeros(4, np.float32)))
    monkeypatch.setattr(pairs.sample, "identity", lambda rng: np.zeros(4, np.float32))
    monkeypatch.setattr(pairs.sample, "look", lambda rng, detail: _Look())
    monkeypatch.setattr(pairs, "replace", lambda look, **changes: look)
    for name in ("portrait_moment", "target_moment", "similar_moment", "speaking_moment"):
        monkeypatch.setattr(pairs.expressions_shown, name, lambda *args: None)

    def photograph(self: PairMaker, *args: Any) -> Any:
        points = shown.pop(0)
        picture = draw_face(points)
        material = np.ones(picture.shape[:2], np.uint8)
        material[picture.shape[0] // 2 :] = 6
        known = SimpleNamespace(landmarks=points, material=material, expression=np.zeros(3, np.float32))
        return pairs.Shot(picture, picture, ellipse_mask(picture), known)

    monkeypatch.setattr(PairMaker, "_photograph", photograph)
    made = PairMaker.__new__(PairMaker)
    made.plan = Plan(targets=2, persona=256, several=0)
    made.shape = SimpleNamespace(data=None)  # type: ignore[assignment]
    made.renderer = SimpleNamespace(wardrobe=None)  # type: ignore[assignment]
    made.tracker = None
    return made


class _Look:
    teeth = (0.8, 0.8, 0.8)


def test_a_pair_shows_the_same_moment_twice(maker: PairMaker) -> None:
    made = maker(7)
    assert made["warped"].shape == made["truth"].shape == (2, 160, 160, 3)
    assert made["rasters"].shape == (2, len(CHANNELS), GRID, GRID)
    assert made["person"].tolist() == [7]
    inside = made["truth_rasters"][:, MOUTH] > 127
    assert inside.any((1, 2)).all()  # the mouth is open in both
    # Turned, the warped face is where the truth's is: nearer than the portrait, which never moved. But for
    # the mouth, inside which the drawing has nothing.
    truth, warped, still = (made[n][j].astype(int) for n, j in (("truth", 1), ("warped", 1), ("source", 0)))
    face = np.kron(made["rasters"][1, MOUTH] < 100, np.ones((2, 2), bool))
    face[:20] = face[140:] = face[:, :20] = face[:, 140:] = False
    assert np.abs(warped - truth)[face].mean() < 0.7 * np.abs(still - truth)[face].mean()


def test_some_people_are_enrolled_with_their_teeth(maker: PairMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second picture has teeth of cyan, and so has what the warper makes of it."""
    shoot = PairMaker._photograph

    def cyan(self: PairMaker, *args: Any) -> Any:
        shot = shoot(self, *args)
        inside = polygon_mask(512, (shot.known.landmarks[list(lm.MOUTH)] / 512)) > 127
        for picture in (shot.picture, shot.plain):
            picture[inside] = (90, 240, 240)
        return shot

    monkeypatch.setattr(PairMaker, "_photograph", cyan)
    maker.plan = Plan(targets=2, persona=256, several=1)
    made = maker(7)
    inside = np.kron(made["rasters"][0, MOUTH] > 140, np.ones((2, 2), bool))
    red, green, blue = made["warped"][0][inside].astype(int).mean(0)
    assert min(green, blue) > 60 + red
    assert len(made["warped"]) == 2  # the second picture is the first truth, not one more


def test_teeth_differ_between_people_and_stay_a_colour() -> None:
    usual = (0.86, 0.8, 0.73)
    made = np.array([pairs._teeth(usual, np.random.default_rng(seed)) for seed in range(300)])
    assert ((made > 0.25) & (made < 1)).all()
    assert made[:, 0].std() > 0.08  # far from all alike
    assert (made[:, 2] / made[:, 0]).min() < 0.75 < (made[:, 2] / made[:, 0]).max()  # some yellow, some not


def test_landmarks_and_rasters_agree(maker: PairMaker) -> None:
    made = maker(3)
    points = made["landmarks"][1]
    x, y = points[[13, 14]].mean(0) * GRID
    assert made["rasters"][1, MOUTH, int(y), int(x)] > 127
    assert (made["material"] <= 6).all()
    assert (made["material"][:, 0] == 1).all()  # the upper half of the picture
    assert (made["material"][:, -1] == 6).all()


def test_points_in_a_crop() -> None:
    points = np.array([[30.0, 50.0, 1.0]], np.float32)
    np.testing.assert_allclose(moved_portrait.crop_coordinates(points, Crop(10, 20, 40)), [[0.5, 0.75]])


def test_materials_are_looked_up_where_the_square_lies() -> None:
    material = np.zeros((100, 100), np.uint8)
    material[50:, 50:] = 9
    found = moved_portrait.crop_labels(material, square(0.5, 0.5, 0.5, 0.0), Crop(0, 0, 100))
    assert found.shape == (GRID, GRID)
    assert (found[GRID // 2 :, GRID // 2 :] == 9).all()
    assert (found[: GRID // 2] == 0).all()


def test_what_is_there_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def fake(job: tuple[Path, int]) -> int:
        made.append(job[1])
        shards.path_of(*job).write_bytes(b"")
        return job[1]

    monkeypatch.setattr(pairs, "start_worker", lambda *args: None)
    monkeypatch.setattr(pairs, "make_person", fake)
    monkeypatch.setattr(pairs.data, "load", lambda folder: None)
    assert pairs.make(None, tmp_path, range(3), Plan(), 1) == 3
    assert pairs.make(None, tmp_path, range(5), Plan(), 1) == 2
    assert made == [0, 1, 2, 3, 4]


def test_moments_are_those_of_portraits_and_calls() -> None:
    """Portraits keep their eyes open; targets open mouths, blink, and turn no further than can be seen."""
    data = head_shape().data
    rng = np.random.default_rng(0)
    jaw, lid = data.expression_index("jawOpen"), data.expression_index("eyeBlink_L")
    portraits = [expressions_shown.portrait_moment(data, rng) for _ in range(200)]
    targets = [expressions_shown.target_moment(data, portrait, rng) for portrait in portraits]
    assert max(portrait.expression[lid] for portrait in portraits) == 0
    assert np.mean([portrait.expression[jaw] > 0 for portrait in portraits]) < 0.3
    assert np.mean([target.expression[jaw] > 0.04 for target in targets]) > 0.4
    # Speech and feelings alone open 9 of these 200 mouths so wide.
    assert sum(target.expression[jaw] >= 0.6 for target in targets) >= 20
    assert np.mean([target.expression[lid] > 0.25 for target in targets]) > 0.1
    # Without `ASIDE` 14 of these look so far.
    assert sum(abs(target.gaze.yaw) >= expressions_shown.FAR[0] for target in targets) >= 36
    for portrait, target in zip(portraits, targets, strict=True):
        assert abs(target.pose.yaw) <= expressions_shown.MOST_YAW
        assert abs(target.pose.yaw - portrait.pose.yaw) <= 24
        assert ((target.expression >= 0) & (target.expression <= 1)).all()
        close = expressions_shown.similar_moment(portrait, rng)
        assert np.abs(close.expression - portrait.expression).max() < 0.1


@pytest.mark.slow
def test_a_rendered_person_gives_pairs() -> None:
    """For real: a seed names its pairs, and open mouths show teeth in the truth."""
    shape = head_shape()
    plan = Plan(targets=2, size=192, persona=256, supersample=1.0, detail=0.05, tile=64)
    maker = PairMaker(shape, plan)
    first = maker(2)
    again = maker(2)
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name], err_msg=name)
    assert (first["landmarks"][:, list(lm.MOUTH)] > 0).all()
