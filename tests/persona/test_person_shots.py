"""Pictures of a person become a style, which stays with the persona and with the weights that made it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

import torch
from faces import draw_face, with_lip_gap
from refiner_weights import write_weights

from livecam.generator import alignment
from livecam.generator.inputs import planes
from livecam.generator.weights import PAINTER, Weights
from livecam.model.refiner_model import load_refiner_model
from livecam.persona import enroll, person_shots, store
from livecam.persona.types import Style
from livecam.render.cpu.rasters import draw_rasters
from livecam.render.style import embed_style, with_style


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return write_weights(tmp_path_factory.mktemp("weights"))


def shot_of(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return person_shots.aligned_shot(draw_face(points), (points / 512).astype(np.float32))


def test_a_shot_is_the_aligned_crop_with_its_landmarks(face) -> None:  # type: ignore[no-untyped-def]
    picture, points = shot_of(face)
    assert picture.shape == (alignment.SIZE, alignment.SIZE, 3)
    square = alignment.face_square(points)  # in the crop, the crop is the whole
    assert np.allclose([square.x, square.y, square.across_x, square.across_y], [0.5, 0.5, 1, 0], atol=1e-3)
    iris = points[468, :2] * alignment.SIZE
    x, y = np.round(iris).astype(int)
    assert picture[y, x].max() < 120  # the drawing's irises are dark, its eyes bright


def test_the_style_is_what_the_embedder_makes_in_pytorch(face, weights) -> None:  # type: ignore[no-untyped-def]
    painter, _ = load_refiner_model(weights.file(PAINTER))
    pictures = [shot_of(face), shot_of(with_lip_gap(face, 0.5)), shot_of(with_lip_gap(face, 0.2))]
    small = []
    for picture, points in pictures:
        crop = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA)
        rasters = draw_rasters(points, alignment.WHOLE, (32, 32))[None]
        small.append((torch.from_numpy(planes(crop)), torch.from_numpy(rasters)))
    with torch.no_grad():
        # As many copies of the portrait as there are other pictures: it counts for all of them.
        counted = [small[0], *small]
        e = painter.embedder(*(torch.stack([pair[k][0] for pair in counted])[None] for k in (0, 1)))
        expected = torch.cat([painter.part(name).projection(e) for name in painter.styles], 1).numpy()
    got = embed_style(person_shots.stack_shots(pictures), weights)
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4 * np.abs(expected).max())  # FP32, other order


def test_a_style_is_made_once_for_each_weights(persona, weights, caplog) -> None:  # type: ignore[no-untyped-def]
    made = with_style(persona, weights)
    assert made.style is not None
    assert made.style.weights == weights.name
    assert made.shots is not None
    assert len(made.shots) == 1
    assert with_style(made, weights) is made
    older = replace(made, style=Style(made.style.values, "older", 40))
    again = with_style(older, weights)
    assert again.style is not None
    assert again.style.steps == 0
    assert "fine-tuned for other weights" in caplog.text
    np.testing.assert_array_equal(again.style.values, made.style.values)


def test_shots_and_style_survive_the_store_and_another_size(persona, weights, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from faces import ellipse_mask

    monkeypatch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
    made = with_style(persona, weights)
    assert made.style is not None
    assert made.shots is not None
    store.save(replace(made, style=replace(made.style, steps=7)), tmp_path)
    got = store.load("drawn", 256, tmp_path)
    assert got is not None
    for one in (got, enroll.resize(got, 512)):
        assert one.shots is not None
        assert one.style is not None
        np.testing.assert_array_equal(one.shots.pictures, made.shots.pictures)
        np.testing.assert_array_equal(one.shots.landmarks, made.shots.landmarks)
        np.testing.assert_array_equal(one.style.values, made.style.values)
        assert (one.style.weights, one.style.steps) == (weights.name, 7)


def test_a_persona_without_a_style_loads_and_gets_one(persona, weights, tmp_path) -> None:  # type: ignore[no-untyped-def]
    store.save(persona, tmp_path)
    got = store.load("drawn", 256, tmp_path)
    assert got is not None
    assert got.style is None
    made = with_style(got, weights)
    assert made.style is not None
    assert made.style.values.shape == (1, weights.style)


def test_a_style_of_another_length_is_made_anew(persona, weights, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    short = replace(persona, style=Style(np.zeros((1, 3), np.float32), weights.name))
    made = with_style(short, weights)
    assert made.style is not None
    assert made.style.values.shape == (1, weights.style)


def test_the_portrait_is_what_is_repaired_from_whatever_the_shots(persona, face) -> None:  # type: ignore[no-untyped-def]
    several = replace(persona, shots=person_shots.stack_shots([shot_of(with_lip_gap(face, 0.4))]))
    for one in (persona, several):
        crop, landmarks = person_shots.portrait_view(one)
        assert crop.shape[0] == persona.size
        assert landmarks is persona.landmarks
