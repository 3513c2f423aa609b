"""Sums of products of bytes are right on every processor, with and without VNNI."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from livecam.engines import open_engine, saturation
from livecam.engines.onnx_engine import PRECISE_BYTES, OnnxEngine
from livecam.engines.onnx_runtime import onnxruntime

CHANNELS, SIDE = 64, 8
STEP = 8192.0
"""Of the result: 64 x 255 x 127 is 253 of them; saturated it would be 128."""


def write(path: Path) -> Path:
    """sum = a 1 x 1 convolution of `bytes` with 127 everywhere, in INT8 as `export.quantise` writes it."""
    constants = {
        "one": np.float32(1),
        "step": np.float32(STEP),
        "zero": np.uint8(0),
        "weight": np.full((16, CHANNELS, 1, 1), 127, np.int8),
        "signed_zero": np.int8(0),
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["bytes", "one", "zero"], ["small"]),
        helper.make_node("DequantizeLinear", ["small", "one", "zero"], ["back"]),
        helper.make_node("DequantizeLinear", ["weight", "one", "signed_zero"], ["weight_back"]),
        helper.make_node("Conv", ["back", "weight_back"], ["full"]),
        helper.make_node("QuantizeLinear", ["full", "step", "zero"], ["full_small"]),
        helper.make_node("DequantizeLinear", ["full_small", "step", "zero"], ["sum"]),
    ]
    shapes = {"bytes": [1, CHANNELS, SIDE, SIDE], "sum": [1, 16, SIDE, SIDE]}
    given, result = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items())
    held = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "bytes", [given], [result], initializer=held)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def largest() -> dict[str, np.ndarray[Any, Any]]:
    return {"bytes": np.full((1, CHANNELS, SIDE, SIDE), 255, np.float32)}


def test_the_engine_is_exact_on_any_processor(tmp_path: Path) -> None:
    result = OnnxEngine(write(tmp_path / "bytes.onnx"), threads=1).run(largest())["sum"]
    np.testing.assert_array_equal(result, 253 * STEP)


@pytest.mark.parametrize("saturates", [False, True])
def test_the_slower_way_is_taken_only_where_it_is_needed(
    saturates: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[str, str]] = []

    class Options(onnxruntime.SessionOptions):  # type: ignore[misc]
        def add_session_config_entry(self, key: str, value: str) -> None:
            given.append((key, value))
            super().add_session_config_entry(key, value)

    monkeypatch.setattr("livecam.engines.onnx_engine.bytes_saturate", lambda: saturates)
    monkeypatch.setattr(onnxruntime, "SessionOptions", Options)
    OnnxEngine(write(tmp_path / "bytes.onnx"), threads=1)
    assert ((PRECISE_BYTES, "1") in given) is saturates


def test_the_question_is_a_product_of_the_largest_bytes() -> None:
    model = onnx.load_from_string(saturation.PRODUCT)
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == ["MatMulInteger"]
    kinds = [entry.type.tensor_type.elem_type for entry in model.graph.input]
    assert kinds == [TensorProto.UINT8, TensorProto.INT8]


# What runs on the emulated processor: the engine with both graphs, and the small one without its care.
EMULATED = """
import json, sys
import numpy as np
import training  # this Python knows nothing of installed packages' places
from livecam.engines import open_engine, saturation
from livecam.engines.onnx_runtime import onnxruntime
folder, *graphs = sys.argv[1:]
found = {"saturates": saturation.bytes_saturate()}
for k, graph in enumerate(graphs):
    feeds = dict(np.load(f"{folder}/feeds-{k}.npz"))
    (result,) = open_engine("cpu", graph, threads=1).run(feeds).values()
    np.save(f"{folder}/engine-{k}.npy", result)
session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
np.save(f"{folder}/careless.npy", session.run(None, feeds)[0])
print(json.dumps(found))
"""


@pytest.fixture
def haswell() -> list[str]:
    """The command of an emulated processor with AVX2 and without VNNI."""
    emulator = shutil.which("qemu-x86_64") or shutil.which("qemu-x86_64-static")
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip("emulates an x86-64 Linux program on itself")
    if emulator is None:
        missing = "no qemu-x86_64 here: apt-get install qemu-user"
        (pytest.fail if os.environ.get("LIVECAM_EMULATION_MUST_RUN") else pytest.skip)(missing)
    return [emulator, "-cpu", "Haswell", str(Path(sys.executable).resolve())]


@pytest.mark.slow
def test_the_refiner_in_bytes_draws_alike_where_products_saturate(haswell: list[str], tmp_path: Path) -> None:
    """A run of each network on the bundled clip as it ships, on an emulated AVX2 processor."""
    from livecam.export.quantise import record
    from livecam.generator.weights import find_weights, graph_file, small_file
    from livecam.render.cpu.int8 import ALIKE_DB, correction_psnr_db

    weights = find_weights()
    assert weights is not None
    fed = record(weights, FRAMES)
    names = [name for name in weights.styles if small_file(name) in weights]
    assert names
    for k, name in enumerate(names):
        np.savez(tmp_path / f"feeds-{k}.npz", **fed[name][-1])
    np.savez(tmp_path / f"feeds-{len(names)}.npz", **largest())
    small = [str(weights.folder / small_file(name)) for name in names]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENBLAS_")}
    environment["PYTHONPATH"] = os.pathsep.join([str(Path(saturation.__file__).parents[1]), *sys.path[1:]])
    done = subprocess.run(
        [*haswell, "-c", EMULATED, str(tmp_path), *small, str(write(tmp_path / "bytes.onnx"))],
        capture_output=True,
        text=True,
        env=environment,
        timeout=3600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["saturates"]
    assert (np.load(tmp_path / f"engine-{len(names)}.npy") == 253 * STEP).all()
    assert (np.load(tmp_path / "careless.npy") == 128 * STEP).all()  # what the care is for

    for k, name in enumerate(names):
        full, here = (
            open_engine("cpu", path, threads=1).run(fed[name][-1])["correction"]
            for path in (weights.file(graph_file(name)), Path(small[k]))
        )
        emulated = np.load(tmp_path / f"engine-{k}.npy")
        natively, precise = (correction_psnr_db(full, other) for other in (here, emulated))
        assert precise >= ALIKE_DB
        # The same integers; FP32 layers may sum in another order, which can turn a byte to its neighbour.
        assert precise == pytest.approx(natively, abs=0.3)


FRAMES = 120
"""Of the clip: the driver has spoken and blinked."""
