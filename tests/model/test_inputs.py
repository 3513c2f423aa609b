from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from export import samples
from livecam.model.inputs import PersonaInputs, frame_specs, input_specs, persona_specs, picture, planes


def test_specs_fit_what_is_fed() -> None:
    sample = samples.plausible(256, 0)
    feeds = sample.feeds()
    assert [spec.name for spec in input_specs(256)] == list(feeds)
    for spec in input_specs(256):
        assert (feeds[spec.name].shape, feeds[spec.name].dtype) == (spec.shape, spec.dtype), spec.name
    assert [spec.name for spec in persona_specs(256)] == list(sample.persona.feeds())
    assert [spec.name for spec in frame_specs()] == list(sample.frame.feeds())


def test_pictures_survive_the_way_in_and_out() -> None:
    every_value = np.arange(256 * 3, dtype=np.uint16).reshape(16, 16, 3).astype(np.uint8)
    there = planes(every_value)
    assert there.shape == (1, 3, 16, 16)
    assert (there.min(), there.max()) == (0, 1)
    np.testing.assert_array_equal(picture(there), every_value)


def test_pictures_clamp_what_lies_outside() -> None:
    image = np.array([-0.5, 1.5, 0.5], np.float32).reshape(1, 3, 1, 1)
    assert picture(image).tolist() == [[[0, 255, 128]]]


@pytest.mark.parametrize(
    ("name", "shape", "dtype"),
    [
        ("foreground", (8, 8, 3), np.uint8),
        ("background", (8, 9, 3), np.uint8),
        ("interior", (8, 8, 3), np.float32),
    ],
)
def test_a_layer_that_does_not_fit_is_named(name: str, shape: tuple[int, ...], dtype: type) -> None:
    layers = {
        "foreground": np.zeros((8, 8, 4), np.uint8),
        "background": np.zeros((8, 8, 3), np.uint8),
        "interior": np.zeros((8, 8, 3), np.uint8),
    }
    layers[name] = np.zeros(shape, dtype)
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        PersonaInputs.from_pictures(**layers)


def test_needs_neither_torch_nor_onnxruntime() -> None:
    code = "import sys, livecam.model.inputs; print({'torch', 'onnxruntime', 'onnx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
