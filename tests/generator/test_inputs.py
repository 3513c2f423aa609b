from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from livecam.export import samples
from livecam.generator.inputs import PersonaInputs, frame_specs, input_specs, persona_specs, planes


def test_specs_fit_what_is_fed() -> None:
    sample = samples.figure_sample(256, 0)
    feeds = sample.feeds()
    assert [spec.name for spec in input_specs(256)] == list(feeds)
    for spec in input_specs(256):
        assert (feeds[spec.name].shape, feeds[spec.name].dtype) == (spec.shape, spec.dtype), spec.name
    assert [spec.name for spec in persona_specs(256)] == list(sample.persona.feeds())
    assert [spec.name for spec in frame_specs()] == list(sample.frame.feeds())


def test_pictures_become_planes() -> None:
    every_value = np.arange(256 * 3, dtype=np.uint16).reshape(16, 16, 3).astype(np.uint8)
    result = planes(every_value)
    assert (result.shape, result.dtype) == ((1, 3, 16, 16), np.float32)
    assert (result.min(), result.max()) == (0, 1)
    assert result[0, 1, 2, 3] == np.float32(every_value[2, 3, 1] / 255)


@pytest.mark.parametrize(
    ("name", "shape", "dtype"),
    [
        ("foreground", (8, 8, 3), np.uint8),
        ("background", (8, 9, 3), np.uint8),
        ("interior", (8, 8, 12), np.float32),
        ("teeth", (8, 8, 4), np.uint8),
    ],
)
def test_a_layer_that_does_not_fit_is_named(name: str, shape: tuple[int, ...], dtype: type) -> None:
    layers = {
        "foreground": np.zeros((8, 8, 4), np.uint8),
        "background": np.zeros((8, 8, 3), np.uint8),
        "interior": np.zeros((8, 8, 12), np.uint8),
        "teeth": np.zeros((8, 8, 8), np.uint8),
    }
    layers[name] = np.zeros(shape, dtype)
    with pytest.raises(ValueError, match=f"^{name}: expected"):
        PersonaInputs.from_pictures(**layers)


def test_needs_neither_torch_nor_onnxruntime() -> None:
    code = "import sys, livecam.generator.inputs; print({'torch', 'onnxruntime', 'onnx'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
