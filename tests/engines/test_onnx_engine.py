"""The onnxruntime engine on a graph of two operators: sums, kept inputs and every error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from livecam.engines import EngineError, TensorSpec, open_engine
from livecam.engines.onnx_engine import OnnxEngine
from livecam.engines.onnx_runtime import onnxruntime

FLOAT = np.dtype(np.float32)


def write(
    path: Path, *, sides: list[Any] | None = None, kind: int = TensorProto.FLOAT, index: bool = False
) -> Path:
    """total = first + second; with `index` also picked = second[position]."""
    sides = sides or [2, 3]
    inputs = [helper.make_tensor_value_info(name, kind, sides) for name in ("first", "second")]
    outputs = [helper.make_tensor_value_info("total", kind, sides)]
    nodes = [helper.make_node("Add", ["first", "second"], ["total"])]
    if index:
        inputs.append(helper.make_tensor_value_info("position", TensorProto.INT64, [1]))
        outputs.append(helper.make_tensor_value_info("picked", kind, [1, *sides[1:]]))
        nodes.append(helper.make_node("Gather", ["second", "position"], ["picked"], axis=0))
    graph = helper.make_graph(nodes, "sum", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    return path


def full(value: float) -> np.ndarray[Any, Any]:
    return np.full((2, 3), value, np.float32)


@pytest.fixture
def engine(tmp_path: Path) -> OnnxEngine:
    return OnnxEngine(write(tmp_path / "sum.onnx"), threads=1)


def test_specs_and_name(engine: OnnxEngine) -> None:
    assert engine.name == "cpu"
    assert engine.inputs == (TensorSpec("first", (2, 3), FLOAT), TensorSpec("second", (2, 3), FLOAT))
    assert engine.outputs == (TensorSpec("total", (2, 3), FLOAT),)


def test_inputs_are_kept_until_given_again(engine: OnnxEngine) -> None:
    first, second = full(1), full(10)
    assert (engine.run({"first": first, "second": second})["total"] == 11).all()
    first[:] = second[:] = 1000  # the engine has its own copies
    assert (engine.run({"first": full(2)})["total"] == 12).all()
    assert (engine.run({"second": full(20)})["total"] == 22).all()
    assert (engine.run({})["total"] == 22).all()


def test_results_are_the_caller_s(engine: OnnxEngine) -> None:
    before = engine.run({"first": full(1), "second": full(1)})["total"]
    engine.run({"first": full(5)})
    assert (before == 2).all()
    before[:] = 0  # writable


def test_arrays_that_are_not_contiguous_are_read_rightly(engine: OnnxEngine) -> None:
    turned = np.arange(6, dtype=np.float32).reshape(3, 2).T
    total = engine.run({"first": turned, "second": full(0)})["total"]
    np.testing.assert_array_equal(total, turned)


def test_several_types_and_outputs(tmp_path: Path) -> None:
    with_index = OnnxEngine(write(tmp_path / "index.onnx", index=True))
    assert with_index.inputs[2] == TensorSpec("position", (1,), np.dtype(np.int64))
    second = np.arange(6, dtype=np.float32).reshape(2, 3)
    result = with_index.run({"first": full(0), "second": second, "position": np.array([1])})
    np.testing.assert_array_equal(result["picked"], second[1:])
    np.testing.assert_array_equal(result["total"], second)


def test_a_missing_input_is_named(engine: OnnxEngine) -> None:
    with pytest.raises(EngineError, match=r"sum\.onnx: no value yet for second\. "):
        engine.run({"first": full(1)})


def test_an_unknown_input_is_named_with_the_known_ones(engine: OnnxEngine) -> None:
    with pytest.raises(EngineError, match=r"no input 'third'.*first, second"):
        engine.run({"first": full(1), "second": full(1), "third": full(1)})


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (np.zeros((3, 2), np.float32), r"'second'.*float32 of shape \(2, 3\).*float32 of shape \(3, 2\)"),
        (np.zeros((2, 3), np.float64), r"'second'.*float32 of shape \(2, 3\).*float64 of shape \(2, 3\)"),
        ([[1.0] * 3] * 2, r"'second' is no array but a list\. Give float32 of shape \(2, 3\)"),
        (np.full((2, 3), "a word"), r"'second'.*float32 of shape \(2, 3\), given <U6"),
    ],
)
def test_a_wrong_input_is_named_and_leaves_the_others_alone(
    engine: OnnxEngine, wrong: Any, words: str
) -> None:
    engine.run({"first": full(1), "second": full(10)})
    with pytest.raises(EngineError, match=words):
        engine.run({"first": full(2), "second": wrong})
    assert (engine.run({})["total"] == 11).all()


def test_a_failed_run_says_why(tmp_path: Path) -> None:
    with_index = OnnxEngine(write(tmp_path / "index.onnx", index=True))
    feeds = {"first": full(0), "second": full(0), "position": np.array([7])}
    with pytest.raises(EngineError, match=r"index\.onnx: the run failed on cpu\. .*[Ii]ndices"):
        with_index.run(feeds)
    with_index.run(feeds | {"position": np.array([0])})  # and the next one works


def test_a_closed_engine_says_so(engine: OnnxEngine) -> None:
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.run({"first": full(1), "second": full(1)})


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"gone\.onnx: no such file\. .*python -m livecam.export"):
        OnnxEngine(tmp_path / "gone.onnx")
    with pytest.raises(EngineError, match="no such file"):
        OnnxEngine(tmp_path)  # a folder


@pytest.mark.parametrize("content", [b"", b"not a graph at all", b"\x89PNG\r\n\x1a\n" + bytes(64)])
def test_not_a_graph(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=r"broken\.onnx: onnxruntime cannot open it\. "):
        OnnxEngine(path)


def test_a_cut_file(tmp_path: Path) -> None:
    path = write(tmp_path / "sum.onnx")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(EngineError, match="cannot open it"):
        OnnxEngine(path)


def test_shapes_must_be_fixed(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"'first' has the shape \['batch', 3\].*fixed"):
        OnnxEngine(write(tmp_path / "dynamic.onnx", sides=["batch", 3]))


def test_types_must_be_known(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"'first' is a tensor\(uint64\)"):
        OnnxEngine(write(tmp_path / "wide.onnx", kind=TensorProto.UINT64))


def test_an_unknown_provider(tmp_path: Path) -> None:
    path = write(tmp_path / "sum.onnx")
    with pytest.raises(EngineError, match=r"'abacus'.*cpu, cuda"):
        OnnxEngine(path, provider="abacus")  # type: ignore[arg-type]


def test_cuda_that_this_build_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(EngineError, match="cuda: this build of onnxruntime does not have it"):
        open_engine("cuda", write(tmp_path / "sum.onnx"))


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_cuda_that_fails_to_start_is_no_silent_cpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build lists CUDA, its libraries do not load, and onnxruntime goes on with the CPU by itself."""
    cpu = onnxruntime.InferenceSession(str(write(tmp_path / "sum.onnx")), providers=["CPUExecutionProvider"])
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *_, **__: cpu)
    with pytest.raises(EngineError, match="cuda: onnxruntime fell back to CPUExecutionProvider"):
        OnnxEngine(tmp_path / "sum.onnx", provider="cuda")
