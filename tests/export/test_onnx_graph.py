"""From PyTorch to ONNX: what is refused, and what FP16 may hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, numpy_helper

from livecam.engines import TensorSpec, open_engine
from livecam.export import onnx_graph
from livecam.export.onnx_graph import keep_in_half, to_onnx

FLOAT = np.dtype(np.float32)
INPUTS = (TensorSpec("numbers", (1, 32), FLOAT),)
OUTPUTS = (TensorSpec("sums", (1, 32), FLOAT),)


def layer(exact: bool) -> torch.nn.Module:
    """With a weight that FP16 holds exactly, or does not."""
    made = torch.nn.Linear(32, 32)
    torch.nn.init.constant_(made.weight, 0.5 if exact else 0.1)
    return made


@pytest.mark.parametrize("exact", [True, False])
def test_weights_are_kept_in_half_where_that_loses_nothing(exact: bool, tmp_path: Path) -> None:
    module = layer(exact)
    graph = to_onnx(module, INPUTS, OUTPUTS, "sums")
    keep_in_half(graph)
    kinds = {numpy_helper.to_array(entry).size: entry.data_type for entry in graph.graph.initializer}
    assert kinds[32 * 32] == (TensorProto.FLOAT16 if exact else TensorProto.FLOAT)
    assert kinds[32] == TensorProto.FLOAT  # the bias is small
    onnx.save(graph, tmp_path / "sums.onnx")
    numbers = np.random.default_rng(0).uniform(-1, 1, (1, 32)).astype(np.float32)
    with torch.inference_mode():
        expected = module(torch.from_numpy(numbers)).numpy()
    given = open_engine("cpu", tmp_path / "sums.onnx", threads=1).run({"numbers": numbers})["sums"]
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-5)  # FP32's rounding over 32 products


def test_what_is_written_is_named() -> None:
    graph = to_onnx(layer(True), INPUTS, OUTPUTS, "sums", {"size": "32"})
    notes = {entry.key: entry.value for entry in graph.metadata_props}
    assert (graph.graph.name, graph.producer_name, notes["size"]) == ("sums", "livecam", "32")


def test_other_outputs_than_asked_for_are_refused() -> None:
    wrong = (TensorSpec("sums", (1, 31), FLOAT),)
    with pytest.raises(onnx.shape_inference.InferenceError):
        to_onnx(layer(True), INPUTS, wrong, "sums")
    another = (TensorSpec("sums", (1, 32), np.dtype(np.float16)),)
    with pytest.raises(RuntimeError, match=r"the graph has .*float32.*, expected .*float16"):
        to_onnx(layer(True), INPUTS, another, "sums")


def test_another_opset_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = onnx_graph._trace

    def newer(*arguments: object) -> onnx.ModelProto:
        model = trace(*arguments)  # type: ignore[arg-type]
        model.opset_import[0].version = 18
        return model

    monkeypatch.setattr(onnx_graph, "_trace", newer)
    with pytest.raises(RuntimeError, match=r"the exporter wrote opsets \{'': 18\}, not 17"):
        to_onnx(layer(True), INPUTS, OUTPUTS, "sums")
