"""What half precision takes and what it leaves alone, on graphs small enough to read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from livecam.engines import open_engine
from livecam.export import samples
from livecam.export.generator import export_generator
from livecam.export.half import to_half
from livecam.export.parity import LEAST_PSNR_HALF, difference
from livecam.model.generator import Generator

PICTURES = ("foreground", "background", "interior", "teeth")


def types(model: onnx.ModelProto) -> dict[str, int]:
    """The type of every value by name."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = (*graph.input, *graph.value_info, *graph.output)
    found = {value.name: value.type.tensor_type.elem_type for value in values}
    return found | {entry.name: entry.data_type for entry in graph.initializer}


def build(nodes: list[onnx.NodeProto], **constants: np.ndarray) -> onnx.ModelProto:
    """picture (1, 2, 4, 4) and flow (1, 4, 4, 2) -> out (1, 2, 4, 4)."""
    graph = helper.make_graph(
        nodes,
        "small",
        [
            helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 2, 4, 4]),
            helper.make_tensor_value_info("flow", TensorProto.FLOAT, [1, 4, 4, 2]),
        ],
        [helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 2, 4, 4])],
        initializer=[onnx.numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def full(value: float) -> np.ndarray:
    return np.array(value, np.float32)


def test_colours_go_half_and_positions_stay() -> None:
    model = build(
        [
            helper.make_node("Mul", ["flow", "two"], ["wide"]),
            helper.make_node(
                "Sub", ["wide", "one"], ["grid"]
            ),  # FP32 from node to node, with no cast between
            helper.make_node("GridSample", ["picture", "grid"], ["sampled"], align_corners=0),
            helper.make_node("Mul", ["sampled", "two"], ["bright"]),
            helper.make_node("Add", ["bright", "picture"], ["out"]),
        ],
        one=full(1),
        two=full(2),
    )
    half = to_half(model, ["picture"])
    kinds = types(half)
    assert {kinds[name] for name in ("picture", "flow", "out", "wide", "grid", "sampled")} == {
        TensorProto.FLOAT
    }
    assert {kinds[name] for name in ("bright", "out/half", "two/half")} == {TensorProto.FLOAT16}
    casts = {(node.input[0], node.output[0]) for node in half.graph.node if node.op_type == "Cast"}
    assert casts == {
        ("sampled", "sampled/half"),
        ("picture", "picture/half"),
        ("out/half", "out"),
    }


def test_statistics_stay_in_full_precision() -> None:
    """Squares of 300 are beyond FP16's largest number, 65504."""
    nodes = [
        helper.make_node("Mul", ["picture", "thousand"], ["features"]),
        helper.make_node("Mul", ["features", "features"], ["squares"]),
        helper.make_node("ReduceMean", ["squares"], ["mean"], axes=[2, 3]),
        helper.make_node("Sqrt", ["mean"], ["scale"]),
        helper.make_node("Div", ["features", "scale"], ["normal"]),
        helper.make_node("Add", ["normal", "zero"], ["out"]),
    ]
    model = build(nodes, thousand=full(1000), zero=full(0))
    half = to_half(model, ["picture"])
    kinds = types(half)
    assert {kinds[name] for name in ("features", "normal")} == {TensorProto.FLOAT16}
    assert {kinds[name] for name in ("squares", "mean", "scale")} == {TensorProto.FLOAT}


@pytest.mark.parametrize("make", [samples.noise_sample, samples.figure_sample])
def test_the_generator_in_half_draws_the_same(make, tmp_path: Path) -> None:
    model = export_generator(Generator(256), tmp_path / "full.onnx")
    half = to_half(model, PICTURES)
    onnx.save(half, tmp_path / "half.onnx")
    kinds = types(half)
    sampling = [node for node in half.graph.node if node.op_type == "GridSample"]
    assert len(sampling) == 5
    for node in sampling:
        assert {kinds[name] for name in (*node.input, *node.output)} == {TensorProto.FLOAT}
    halves = [node for node in half.graph.node if kinds[node.output[0]] == TensorProto.FLOAT16]
    assert len([node for node in halves if node.op_type != "Cast"]) >= 10  # the compositor
    assert {entry.key: entry.value for entry in half.metadata_props}["precision"] == "fp16"

    feeds = make(256, 7).feeds()
    engines = [open_engine("cpu", tmp_path / name, threads=1) for name in ("full.onnx", "half.onnx")]
    assert engines[0].inputs == engines[1].inputs
    assert engines[0].outputs == engines[1].outputs
    pictures = [engine.run(feeds)["image"] for engine in engines]
    result = difference("half", *pictures)
    # Colours have 11 bits: half a step is 2e-4, and there are a few roundings; measured 78 dB. With positions
    # in half too it is 30 dB on noise.
    assert result.psnr_db > max(LEAST_PSNR_HALF, 70)
    assert result.max_error > 0  # it is another graph


def test_a_convolution_before_a_normalisation_is_half() -> None:
    """Half of a network's convolutions stand there; the statistics themselves stay in full precision."""
    ones = np.ones(2, np.float32)
    nodes = [
        helper.make_node("Conv", ["picture", "weight"], ["features"]),
        helper.make_node("InstanceNormalization", ["features", "scale", "shift"], ["normal"]),
        helper.make_node("Add", ["normal", "picture"], ["out"]),
    ]
    model = build(nodes, weight=np.ones((2, 2, 1, 1), np.float32), scale=ones, shift=ones)
    kinds = types(to_half(model, ["picture"]))
    assert {kinds[name] for name in ("features", "weight/half")} == {TensorProto.FLOAT16}
    assert {kinds[name] for name in ("features/full", "normal", "scale")} == {TensorProto.FLOAT}
