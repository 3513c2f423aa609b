"""The graphs of the refiner's networks: what PyTorch computes, simplified, and joined for servers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from livecam.engines import open_engine
from livecam.export import report
from livecam.export.half import to_half
from livecam.export.parity import LEAST_PSNR_HALF, MAX_ERROR
from livecam.export.refiner import PICTURES, compare, export_refiner, samples, write
from livecam.model.repair import RepairNetwork, RepairShape


@pytest.fixture(scope="module", params=["mouth", "eye"])
def network(request: pytest.FixtureRequest) -> RepairNetwork:
    """Small, and with last layers that are not zero: else every graph would agree."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    made = RepairNetwork(RepairShape(request.param, 64, widths=(4, 8, 8, 8), deep=1, head=4)).eval()
    torch.nn.init.normal_(made.head2.weight, std=0.5)
    if request.param == "mouth":
        torch.nn.init.normal_(made.shade.weight, std=0.5)
    return made


def test_the_graph_computes_what_pytorch_does(network: RepairNetwork, tmp_path: Path) -> None:
    path = tmp_path / "refiner.onnx"
    model = export_refiner(network, path)
    assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 17)]
    assert not {"Constant", "Shape", "Identity"} & {node.op_type for node in model.graph.node}  # folded away
    engine = open_engine("cpu", path, threads=1)
    assert (engine.inputs, engine.outputs) == (network.inputs, network.outputs)
    assert np.abs(engine.run(samples(network, 0))["correction"]).max() > 0.01
    for row in compare(network, path):
        assert row.max_error <= MAX_ERROR, row


def test_half_precision_is_close_and_half(network: RepairNetwork, tmp_path: Path) -> None:
    model = to_half(export_refiner(network, tmp_path / "full.onnx"), PICTURES)
    onnx.save(model, tmp_path / "half.onnx")
    rows = compare(network, tmp_path / "half.onnx")
    assert all(row.psnr_db >= LEAST_PSNR_HALF for row in rows), rows
    assert any(row.max_error > 0 for row in rows)
    kinds = {entry.name: entry.data_type for entry in model.graph.initializer}
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    assert {kinds[node.input[1]] for node in convolutions} == {onnx.TensorProto.FLOAT16}


def test_a_free_first_side_takes_several_people(network: RepairNetwork, tmp_path: Path) -> None:
    """Joined or one by one: statistics are each person's own."""
    from livecam.engines.onnx_runtime import onnxruntime

    export_refiner(network, tmp_path / "many.onnx", batch="batch")
    session = onnxruntime.InferenceSession(tmp_path / "many.onnx", providers=["CPUExecutionProvider"])
    single = [samples(network, seed) for seed in (1, 2)]
    joined = {name: np.concatenate([feeds[name] for feeds in single]) for name in single[0]}
    (both,) = session.run(None, joined)
    for k, feeds in enumerate(single):
        (alone,) = session.run(None, feeds)
        np.testing.assert_allclose(both[k], alone[0], atol=1e-6)  # other orders of summing
    assert np.abs(both[0] - both[1]).max() > 0.01


def test_both_files_are_told_of(
    network: RepairNetwork,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    entries = write(network, tmp_path / "graphs", half=True)
    assert capsys.readouterr().out.count("agrees") == 2
    assert [entry["file"] for entry in entries] == [f"{network.name}.onnx", f"{network.name}-fp16.onnx"]
    assert all(entry["passed"] and entry["size"] == 64 for entry in entries)
    assert sorted(path.name for path in (tmp_path / "graphs").iterdir()) == [
        f"{network.name}-fp16.onnx",
        f"{network.name}.onnx",
    ]
    monkeypatch.setattr(report, "MAX_ERROR", -1.0)
    assert [entry["passed"] for entry in write(network, tmp_path / "graphs", half=False)] == [False]
    assert "DIFFERS" in capsys.readouterr().out


def test_frames_are_told_of_by_their_worst(network: RepairNetwork, tmp_path: Path) -> None:
    path = tmp_path / "refiner.onnx"
    onnx.save(to_half(export_refiner(network, path), PICTURES), path)
    noise = compare(network, path)
    rows = compare(network, path, [("mona x d10", [samples(network, seed) for seed in (0, 1, 2)])])
    assert rows[:-1] == noise
    told = rows[-1]
    assert (told.inputs, told.frames) == ("mona x d10", 3)
    assert told.max_error == max(row.max_error for row in noise)
    assert told.psnr_db == min(row.psnr_db for row in noise)
