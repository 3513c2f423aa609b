"""The model repository: what the server is told, and what the served graphs compute."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from livecam.engines import open_engine
from livecam.errors import UserError
from livecam.export import command, triton

BATCHED = ["batch", 3, 2, 2]


def small(shape: list[object] | None = None) -> onnx.ModelProto:
    """image = first * second, for pictures of 2 x 2."""
    sides = shape or [1, 3, 2, 2]
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, sides) for name in ("first", "second")]
    outputs = [helper.make_tensor_value_info("image", TensorProto.FLOAT, sides)]
    nodes = [helper.make_node("Mul", ["first", "second"], ["image"])]
    graph = helper.make_graph(nodes, "small", inputs, outputs)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def test_a_model_s_folder_and_description(tmp_path: Path) -> None:
    place = triton.write_model(tmp_path, "generator-512", small(), instances=3)
    assert sorted(str(path.relative_to(tmp_path)) for path in place.rglob("*.*")) == [
        "generator-512/1/model.onnx",
        "generator-512/config.pbtxt",
    ]
    assert (place / "config.pbtxt").read_text() == (
        'name: "generator-512"\n'
        'platform: "onnxruntime_onnx"\n'
        "max_batch_size: 0\n"
        "input [\n"
        '  { name: "first", data_type: TYPE_FP32, dims: [ 1, 3, 2, 2 ] },\n'
        '  { name: "second", data_type: TYPE_FP32, dims: [ 1, 3, 2, 2 ] }\n'
        "]\n"
        "output [\n"
        '  { name: "image", data_type: TYPE_FP32, dims: [ 1, 3, 2, 2 ] }\n'
        "]\n"
        "instance_group [\n"
        "  { count: 3, kind: KIND_GPU }\n"
        "]\n"
        "version_policy { latest { num_versions: 1 } }\n"
    )


def test_batches_leave_the_first_side_out() -> None:
    told = triton.config("refiner", small(BATCHED), batch=8)
    assert "max_batch_size: 8" in told
    assert re.findall(r"dims: \[ (.*?) \]", told) == ["3, 2, 2"] * 3
    assert "dynamic_batching { max_queue_delay_microseconds: 500 }" in told
    with pytest.raises(UserError, match="not fixed"):
        triton.config("refiner", small(BATCHED))


def test_pictures_become_bytes(tmp_path: Path) -> None:
    onnx.save(triton.with_bytes(small()), tmp_path / "bytes.onnx")
    engine = open_engine("cpu", tmp_path / "bytes.onnx")
    (output,) = engine.outputs
    assert (output.name, output.shape, output.dtype) == ("frame", (1, 2, 2, 3), np.uint8)
    colours = np.array([0, 0.4 / 255, 0.6 / 255, 1], np.float32).reshape(2, 2)
    first = np.zeros((1, 3, 2, 2), np.float32)
    first[0, 1] = colours
    frame = engine.run({"first": first, "second": np.ones_like(first)})["frame"]
    assert frame[0, ..., 1].ravel().tolist() == [0, 0, 1, 255]  # green, rounded
    assert not frame[..., [0, 2]].any()


def test_a_portrait_in_the_graph_is_no_input_any_more(tmp_path: Path) -> None:
    half = np.full((1, 3, 2, 2), 0.5, np.float32)
    onnx.save(triton.with_values(small(), {"second": half}), tmp_path / "own.onnx")
    engine = open_engine("cpu", tmp_path / "own.onnx")
    assert [spec.name for spec in engine.inputs] == ["first"]
    np.testing.assert_array_equal(engine.run({"first": half})["image"], half / 2)
    for wrong in ({"third": half}, {"second": half[0]}):
        with pytest.raises(UserError, match="no such input"):
            triton.with_values(small(), wrong)


def test_the_command_writes_the_warper(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert triton.main(["--out", str(tmp_path), "--size", "256", "--no-refine"]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "generator-256")]
    model = onnx.load(tmp_path / "generator-256" / "1" / "model.onnx")
    assert [value.name for value in model.graph.output] == ["frame"]
    assert (
        "data_type: TYPE_UINT8, dims: [ 1, 256, 256, 3 ]"
        in (tmp_path / "generator-256" / "config.pbtxt").read_text()
    )


def test_it_is_a_word_of_the_export_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["triton", "--help"])
    assert "usage: python -m livecam.export triton" in capsys.readouterr().out


def test_the_command_says_which_persona_it_does_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECAM_DATA", str(tmp_path))
    arguments = ["--out", str(tmp_path), "--size", "256", "--no-refine", "--persona", "nobody"]
    assert triton.main(arguments) == 2
    assert "nobody: neither a picture nor a persona" in capsys.readouterr().err
