"""The whole picture from inputs whose result is known."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from livecam.engines.base import TensorSpec
from livecam.export import samples
from livecam.export.samples import Sample
from livecam.model.generator import Generator
from livecam.model.refiner import Refiner

SIZE = 64  # the modules take any size; small is quick


def draw(sample: Sample, generator: Generator | None = None) -> NDArray[np.float32]:
    """(1, 3, S, S)."""
    generator = generator or Generator(SIZE)
    feeds = {name: torch.from_numpy(array) for name, array in sample.feeds().items()}
    with torch.no_grad():
        image: NDArray[np.float32] = generator(*(feeds[name] for name in feeds)).numpy()
    return image


def open_up(sample: Sample, **gaps: float) -> Sample:
    return dataclasses.replace(
        sample, frame=dataclasses.replace(sample.frame, landmarks=samples.gaping_landmarks(**gaps))
    )


def layers(sample: Sample) -> tuple[NDArray[Any], ...]:
    """What is composed at rest: the portrait, and its interior."""
    persona = sample.persona
    colour, matte = persona.foreground[:, :3], persona.foreground[:, 3:]
    return persona.background + (colour - persona.background) * matte, persona.interior[:, :3]


def test_at_rest_the_picture_is_the_portrait() -> None:
    """Also: shut lips and lids leave no line, though the interior looks nothing like the skin."""
    sample = samples.resting_sample(SIZE, 0)
    portrait, interior = layers(sample)
    assert np.abs(portrait - interior).max() > 0.3  # so a line would be seen
    # Positions are exact to 4e-6 of a pixel, pixels differ by less than 1.
    np.testing.assert_allclose(draw(sample), portrait, rtol=0, atol=1e-5)


def test_the_interior_shows_through_open_mouth_and_eyes_only() -> None:
    sample = open_up(samples.resting_sample(SIZE, 0), mouth_gap=0.3, eye_gap=0.3)  # wide enough for 64 pixels
    portrait, interior = layers(sample)
    picture = draw(sample)

    def at(layer: NDArray[Any], x: float, y: float) -> NDArray[Any]:
        return np.asarray(layer[0, :, int(y * SIZE), int(x * SIZE)])

    eyes = interior + sample.persona.interior[:, 9:]  # with the lights on them
    for layer, (x, y, _) in ((interior, samples.MOUTH), (eyes, samples.LEFT_EYE), (eyes, samples.RIGHT_EYE)):
        np.testing.assert_allclose(at(picture, x, y), at(layer, x, y), rtol=0, atol=1e-5)
    for x, y in ((0.1, 0.1), (0.5, 0.43), (0.5, 0.9)):
        np.testing.assert_allclose(at(picture, x, y), at(portrait, x, y), rtol=0, atol=1e-5)


@pytest.mark.parametrize("make", [samples.noise_sample, samples.figure_sample])
def test_the_picture_stays_within_0_and_1(make: Any) -> None:
    picture = draw(make(SIZE, 1))
    assert np.isfinite(picture).all()
    assert picture.min() >= 0
    assert picture.max() <= 1


def test_a_mouth_without_width_does_no_harm() -> None:
    """All landmarks in one place, as before the first face: nothing divides by 0."""
    sample = samples.resting_sample(SIZE, 0)
    nowhere = dataclasses.replace(sample.frame, landmarks=np.full((478, 2), 0.5, np.float32))
    picture = draw(dataclasses.replace(sample, frame=nowhere))
    np.testing.assert_allclose(picture, layers(sample)[0], rtol=0, atol=1e-5)


class Tint(Refiner):
    inputs = (TensorSpec("tint", (1, 3, 1, 1), np.dtype(np.float32)),)

    def forward(
        self, picture: torch.Tensor, landmarks: torch.Tensor, teeth: torch.Tensor, *extra: torch.Tensor
    ) -> torch.Tensor:
        (tint,) = extra
        assert teeth.shape == picture[:, :1].shape
        return picture * 0 + tint + landmarks[0, 0]


def test_the_refiner_has_the_last_word_and_its_own_inputs() -> None:
    sample = samples.resting_sample(SIZE, 0)
    generator = Generator(SIZE, Tint())
    assert [spec.name for spec in generator.inputs][-2:] == ["lids", "tint"]
    feeds = [torch.from_numpy(array) for array in sample.feeds().values()]
    tint = torch.tensor([0.1, 0.2, 5.0]).reshape(1, 3, 1, 1)
    picture = generator(*feeds, tint)
    # landmarks[0, 0] is .5 here; the blue is clamped.
    torch.testing.assert_close(picture[0, :, 0, 0], torch.tensor([0.6, 0.7, 1.0]))
