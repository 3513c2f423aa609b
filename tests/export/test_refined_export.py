"""`python -m livecam.export` with the refiner's weights: in the graph by default, left out when asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from refiner_weights import write_weights

from livecam.engines import open_engine
from livecam.export import command, samples
from livecam.export.refined import random_inputs, with_refiner
from livecam.generator.inputs import input_specs
from livecam.generator.layout import refiner_specs
from livecam.generator.weights import VARIABLE, Weights, graph_file

SIZE = 256


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return write_weights(tmp_path_factory.mktemp("weights"), size=64)


@pytest.fixture(autouse=True)
def installed(weights: Weights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(weights.folder))
    monkeypatch.setattr(command, "SEEDS", range(1))  # one set of inputs of each kind: quick
    monkeypatch.setattr(command, "_rendered", lambda: [])  # test_frames.py has them


def test_the_graph_refines_and_says_with_what(weights: Weights, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    words = ["--out", str(tmp_path), "--size", str(SIZE), "--report", str(report)]
    assert command.main(words) == 0
    told = json.loads(report.read_text())
    assert told["refiner"] == weights.name
    names = [f"generator-{SIZE}.onnx", f"generator-{SIZE}-fp16.onnx"]
    for network in ("mouth", "eye"):
        names += [f"{network}.onnx", f"{network}-fp16.onnx"]
    assert [entry["file"] for entry in told["graphs"]] == names
    assert all((tmp_path / name).is_file() for name in names)
    for network in weights.styles:
        refiner = open_engine("cpu", tmp_path / f"{network}.onnx", threads=1)
        shipped = open_engine("cpu", weights.file(graph_file(network)), threads=1)
        assert (refiner.inputs, refiner.outputs) == (shipped.inputs, shipped.outputs)
        feeds = random_inputs(refiner.inputs, np.random.default_rng(0))
        given, expected = (engine.run(feeds)["correction"] for engine in (refiner, shipped))
        # The same numbers, stored in FP32 and FP16.
        np.testing.assert_allclose(given, expected, rtol=0, atol=1e-5)
    for name in (f"generator-{SIZE}.onnx", f"generator-{SIZE}-fp16.onnx"):
        engine = open_engine("cpu", tmp_path / name, threads=1)
        assert engine.inputs == input_specs(SIZE) + refiner_specs(weights.styles, weights.size)
    metadata = {e.key: e.value for e in onnx.load(tmp_path / f"generator-{SIZE}.onnx").metadata_props}
    assert metadata["refiner"] == "yes"


def test_it_is_left_out_when_asked(tmp_path: Path) -> None:
    assert command.main(["--out", str(tmp_path), "--size", str(SIZE), "--no-refine", "--no-half"]) == 0
    engine = open_engine("cpu", tmp_path / f"generator-{SIZE}.onnx", threads=1)
    assert engine.inputs == input_specs(SIZE)
    assert [path.name for path in tmp_path.glob("*.onnx")] == [f"generator-{SIZE}.onnx"]


def test_damaged_weights_are_named(
    weights: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert command.main(["--out", str(tmp_path), "--size", str(SIZE)]) == 2
    assert "manifest" in capsys.readouterr().err
    assert weights.file(graph_file("mouth"))


def test_samples_hold_every_input_and_are_the_same_again() -> None:
    specs = refiner_specs({"mouth": 8, "eye": 6}, 32)
    one, again = (with_refiner(samples.figure_sample(SIZE, 0), specs).feeds() for _ in range(2))
    assert {spec.name for spec in specs} <= set(one)
    assert all((one[name] == again[name]).all() for name in one)
    other = with_refiner(samples.figure_sample(SIZE, 1), specs).feeds()
    assert (one["eye_style"] != other["eye_style"]).any()
