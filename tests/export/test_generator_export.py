"""The exported graph: what it is made of, and that it draws what PyTorch draws."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from simplified import Simplified

from livecam import __version__
from livecam.engines import Engine, TensorSpec, open_engine
from livecam.export import command, report, samples
from livecam.export.generator import export_generator, operators
from livecam.export.parity import MAX_ERROR, compare, difference
from livecam.generator.inputs import input_specs, output_specs
from livecam.model.generator import Generator
from livecam.model.refiner import Refiner

SIZE = 256

# What TensorRT's parser documents as supported for the types used here (onnx-tensorrt, operators.md, from 8.5
# on), less what would be a surprise in this graph (loops, shapes, anything data-dependent).
SUPPORTED = {
    *("Abs", "Add", "And", "Cast", "Clip", "Concat", "Div", "Exp", "Gather", "GatherND", "Greater"),
    *(
        "GreaterOrEqual",
        "GridSample",
        "Less",
        "LessOrEqual",
        "MatMul",
        "Max",
        "Min",
        "Mul",
        "Neg",
        "Not",
        "Or",
    ),
    *("Pow", "Reciprocal", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceSum", "Reshape", "Resize", "Slice"),
    *("Softmax", "Split", "Sqrt", "Squeeze", "Sub", "Transpose", "Unsqueeze", "Where"),
    # For refiners.
    *("AveragePool", "Conv", "ConvTranspose", "DepthToSpace", "Erf", "Expand", "Gemm", "GlobalAveragePool"),
    *("InstanceNormalization", "LeakyRelu", "MaxPool", "PRelu", "Pad", "Relu", "Sigmoid", "Tanh"),
}


@pytest.fixture(scope="session")
def generator() -> Generator:
    torch.set_num_threads(1)  # threads that wait for one another are slow on a busy machine
    return Generator(SIZE)


@pytest.fixture(scope="session")
def graph(generator: Generator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("graphs") / f"generator-{SIZE}.onnx"
    export_generator(generator, path)
    return path


@pytest.fixture(scope="session")
def reference(generator: Generator) -> Engine:
    return open_engine("torch", module=generator, inputs=generator.inputs, outputs=generator.outputs)


@pytest.fixture(scope="session")
def engine(graph: Path) -> Engine:
    return open_engine("cpu", graph, threads=1)


def test_opset_and_operators(graph: Path) -> None:
    model = onnx.load(graph)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    used = operators(model)
    assert set(used) <= SUPPORTED
    assert used["GridSample"] == 5  # the person, the interior, both rows of teeth, lids, lights on the eyes
    for node in model.graph.node:
        attributes = {entry.name: onnx.helper.get_attribute_value(entry) for entry in node.attribute}
        if node.op_type == "GridSample":
            assert attributes["padding_mode"] == b"border"
            assert attributes["mode"] == b"bilinear"
        if node.op_type == "Resize":
            assert attributes["coordinate_transformation_mode"] in (b"half_pixel", b"pytorch_half_pixel")


def test_the_file_says_what_it_is_and_has_no_paths(graph: Path) -> None:
    model = onnx.load(graph)
    assert {entry.key: entry.value for entry in model.metadata_props} == {
        "livecam": __version__,
        "graph": "generator",
        "size": str(SIZE),
        "precision": "fp32",
        "refiner": "no",
    }
    content = graph.read_bytes()
    for trace in (b".py", b"site-packages", str(Path.cwd()).encode()):
        assert trace not in content


def test_the_same_module_gives_the_same_file(
    generator: Generator, graph: Path, tmp_path: Path, simplified: Simplified
) -> None:
    """Engines are cached by a hash of their graph."""
    simplified.forget()
    export_generator(generator, tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == graph.read_bytes()


def test_inputs_and_output_are_as_named(engine: Engine) -> None:
    assert engine.inputs == input_specs(SIZE)
    assert engine.outputs == output_specs(SIZE)


@pytest.mark.parametrize("make", [samples.noise_sample, samples.figure_sample, samples.resting_sample])
def test_onnxruntime_draws_what_pytorch_draws(make, reference: Engine, engine: Engine) -> None:  # type: ignore[no-untyped-def]
    results = compare(reference, engine, [make(SIZE, seed) for seed in (3, 4, 5)])
    for result in results:
        # A quarter of one of 255 steps; measured 3e-5 on noise and 3e-6 on the others.
        assert result.max_error <= MAX_ERROR, result
        # Rounding errors are everywhere and small; a shifted or missing layer is not.
        assert result.psnr_db > 90, result


def test_parity_would_notice_a_shifted_picture(reference: Engine) -> None:
    sample = samples.figure_sample(SIZE, 3)
    image = reference.run(sample.feeds())["image"]
    assert difference("shifted", image, np.roll(image, 1, axis=3)).max_error > MAX_ERROR


def test_difference_counts_what_is_no_number() -> None:
    zeros, wrong = np.zeros((1, 3, 4, 4), np.float32), np.zeros((1, 3, 4, 4), np.float32)
    wrong[0, 0, 0, 0] = np.nan
    result = difference("nan", zeros, wrong)
    assert (result.max_error, result.psnr_db) == (math.inf, -math.inf)
    assert difference("tenth", zeros, zeros + np.float32(0.1)).psnr_db == pytest.approx(20, abs=1e-4)
    assert difference("same", zeros, zeros).psnr_db == math.inf


class Adaptive(Refiner):
    """A refiner in small: convolutions, statistics of features, and a person's scales and shifts as an input.

    Means and chunks are what the newer exporter cannot bring down to opset 17.
    """

    inputs = (TensorSpec("style", (1, 8), np.dtype(np.float32)),)

    def __init__(self) -> None:
        super().__init__()
        self.first = torch.nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.last = torch.nn.Conv2d(4, 12, 3, padding=1)

    def forward(
        self, picture: torch.Tensor, landmarks: torch.Tensor, teeth: torch.Tensor, *extra: torch.Tensor
    ) -> torch.Tensor:
        scale, shift = extra[0][:, :, None, None].chunk(2, 1)
        features = self.first(picture)
        centred = features - features.mean((2, 3), keepdim=True)
        normal = centred * torch.rsqrt(centred.square().mean((2, 3), keepdim=True) + 1e-5)
        change = self.last(torch.relu(normal * scale + shift))
        return picture + 0.1 * torch.nn.functional.pixel_shuffle(change, 2)


def test_a_refiner_is_exported_with_its_weights_and_inputs(tmp_path: Path) -> None:
    torch.manual_seed(0)
    generator = Generator(SIZE, Adaptive())
    model = export_generator(generator, tmp_path / "refined.onnx")
    assert set(operators(model)) <= SUPPORTED
    weights = {entry.name for entry in model.graph.initializer}
    assert "refiner.first.weight" in weights  # by name, so that weights can be exchanged in an engine
    feeds = samples.figure_sample(SIZE, 0).feeds() | {"style": np.linspace(-1, 1, 8, dtype=np.float32)[None]}
    pictures = [
        engine.run(feeds)["image"]
        for engine in (
            open_engine("torch", module=generator, inputs=generator.inputs, outputs=generator.outputs),
            open_engine("cpu", tmp_path / "refined.onnx", threads=1),
        )
    ]
    assert difference("refined", *pictures).max_error <= MAX_ERROR


@pytest.fixture(autouse=True)
def no_rendered_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """They take seconds: test_frames.py has them."""
    monkeypatch.setattr(command, "_rendered", lambda: [])


@pytest.fixture
def one_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """One set of inputs of each kind: quick."""
    monkeypatch.setattr(command, "SEEDS", range(1))


@pytest.mark.usefixtures("one_seed")
def test_command_writes_graphs_and_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = tmp_path / "deep" / "report.json"
    assert (
        command.main(
            ["--out", str(tmp_path), "--size", "256", "--report", str(told), "--no-refine", "--no-half"]
        )
        == 0
    )
    assert "agrees" in capsys.readouterr().out
    (entry,) = json.loads(told.read_text())["graphs"]
    assert (entry["size"], entry["passed"]) == (256, True)
    assert entry["bytes"] == (tmp_path / entry["file"]).stat().st_size
    assert entry["operators"]["GridSample"] == 5
    assert {row["inputs"].split()[0] for row in entry["parity"]} == {"noise", "plausible", "at"}


@pytest.mark.usefixtures("one_seed")
def test_command_writes_half_precision_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--out", str(tmp_path), "--size", "256", "--no-refine"]) == 0
    assert capsys.readouterr().out.count("agrees") == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "generator-256-fp16.onnx",
        "generator-256.onnx",
        "parity.json",
    ]


def test_command_says_where_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("")
    assert command.main(["--out", str(tmp_path / "taken" / "deep"), "--size", "256", "--no-refine"]) == 2
    assert "taken" in capsys.readouterr().err


@pytest.mark.usefixtures("one_seed")
def test_command_fails_where_the_pictures_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "MAX_ERROR", -1.0)
    assert command.main(["--out", str(tmp_path), "--size", "256", "--no-refine", "--no-half"]) == 1
    assert "DIFFERS" in capsys.readouterr().out
