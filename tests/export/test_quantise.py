"""The INT8 trial's parts, on a graph of two convolutions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from livecam.engines import open_engine
from livecam.export.quantise import compare, convolutions, quantise, shuffle_bytes

SIDE = 8


def write(path: Path) -> Path:
    """correction = second(first(crop)), 3 x 3 convolutions of four channels."""
    random = np.random.default_rng(0)
    weights = {
        "a": random.normal(0, 0.2, (4, 3, 3, 3)).astype(np.float32),
        "b": random.normal(0, 0.2, (3, 4, 3, 3)).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["crop", "a"], ["between"], "first", pads=[1, 1, 1, 1]),
        helper.make_node("Conv", ["between", "b"], ["correction"], "second", pads=[1, 1, 1, 1]),
    ]
    shape = [1, 3, SIDE, SIDE]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("crop", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("correction", TensorProto.FLOAT, shape)],
        initializer=[numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def feeds(seed: int) -> dict[str, np.ndarray]:
    return {"crop": np.random.default_rng(seed).uniform(0, 1, (1, 3, SIDE, SIDE)).astype(np.float32)}


def test_int8_is_another_graph_and_close(tmp_path: Path) -> None:
    graph = write(tmp_path / "full.onnx")
    assert convolutions(graph) == ["first", "second"]
    quantise(graph, [feeds(k) for k in range(4)], tmp_path / "int8.onnx", leave_out=["second"])
    made = onnx.load(tmp_path / "int8.onnx")
    assert "QuantizeLinear" in {node.op_type for node in made.graph.node}
    kept = {entry.name for entry in made.graph.initializer if entry.data_type == TensorProto.FLOAT}
    assert "b" in kept  # the one that was left out

    full, small = (open_engine("cpu", tmp_path / name, threads=1) for name in ("full.onnx", "int8.onnx"))
    row = compare(full, small, [feeds(9)])
    # 8 bits over a range of about 4 are steps of .016, whose square is -47 dB over 12; a few of them add up.
    assert 30 < row["psnr_db"] < 70
    assert row["psnr_db"] > row["signal_db"] + 20
    assert 0 < row["max_error"] < 0.1
    same = compare(full, full, [feeds(9)])
    assert (same["psnr_db"], same["max_error"]) == (float("inf"), 0)


def write_shuffle(path: Path) -> Path:
    """correction: bytes of `crop`, dequantised, then four channels to four pixels."""
    nodes = [
        helper.make_node("QuantizeLinear", ["crop", "scale", "zero"], ["bytes"]),
        helper.make_node("DequantizeLinear", ["bytes", "scale", "zero"], ["back"]),
        helper.make_node("DepthToSpace", ["back"], ["correction"], blocksize=2, mode="CRD"),
    ]
    shapes = {"crop": [1, 12, SIDE, SIDE], "correction": [1, 3, 2 * SIDE, 2 * SIDE]}
    given, result = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()
    )
    numbers = [
        numpy_helper.from_array(np.float32(0.01), "scale"),
        numpy_helper.from_array(np.uint8(3), "zero"),
    ]
    graph = helper.make_graph(nodes, "shuffle", [given], [result], initializer=numbers)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_pixels_are_shuffled_as_bytes_with_the_same_result(tmp_path: Path) -> None:
    fed = {"crop": np.random.default_rng(1).uniform(0, 2, (1, 12, SIDE, SIDE)).astype(np.float32)}
    graph = write_shuffle(tmp_path / "graph.onnx")
    before = open_engine("cpu", graph, threads=1).run(fed)["correction"]
    shuffle_bytes(graph)
    order = [node.op_type for node in onnx.load(graph).graph.node]
    assert order == ["QuantizeLinear", "DepthToSpace", "DequantizeLinear"]
    after = open_engine("cpu", graph, threads=1).run(fed)["correction"]
    np.testing.assert_array_equal(after, before)
