"""What a build asks for, what it leaves behind, and when its result is not used."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
import standin_tensorrt
from small_graph import write_graph
from standin_cuda import FakeGpu

from livecam.engines import EngineError
from livecam.engines.trt import cache, checks, open_tensorrt


def kept(graph: Path) -> Path:
    (found,) = (graph.parent / "tensorrt").glob("*.engine")
    return found


def builds(tensorrt: ModuleType) -> int:
    found: int = tensorrt.calls.count("Builder.build_serialized_network")
    return found


def test_progress_is_told(tensorrt: ModuleType, graph: Path) -> None:
    told: list[tuple[str, int, int]] = []
    open_tensorrt(graph, progress=lambda *step: told.append(step))
    assert told == [("Building Engine", done, 2) for done in (0, 1, 2, 2)]


def test_a_build_can_be_cancelled(tensorrt: ModuleType, graph: Path) -> None:
    def interrupted(phase: str, done: int, steps: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(EngineError, match=r"small-fp16\.onnx: the build was cancelled"):
        open_tensorrt(graph, progress=interrupted)
    assert not (graph.parent / "tensorrt").exists()


def test_a_display_that_fails_does_not_stop_the_build(newest: ModuleType, graph: Path) -> None:
    def fails(phase: str, done: int, steps: int) -> None:
        raise ValueError("no terminal")

    open_tensorrt(graph, progress=fails)


def test_timings_are_kept_for_the_next_build(tensorrt: ModuleType, graph: Path, monkeypatch: Any) -> None:
    open_tensorrt(graph)
    (times,) = (graph.parent / "tensorrt").glob("timing-*")
    given = []
    real = tensorrt.IBuilderConfig.create_timing_cache

    def watched(self: Any, content: bytes) -> Any:
        given.append(content)
        return real(self, content)

    monkeypatch.setattr(tensorrt.IBuilderConfig, "create_timing_cache", watched)
    open_tensorrt(graph, force=True)
    assert given == [b"timings of " + tensorrt.__version__.encode()]
    key = cache.read(times, _key(times))
    assert key == given[0]
    cache.write(times, _key(times), b"of another version")  # TensorRT refuses it: an empty one is taken
    open_tensorrt(graph, force=True)
    assert given[1:] == [b"of another version", b""]


def _key(path: Path) -> str:
    key: str = json.loads(path.read_bytes().splitlines()[1])["key"]
    return key


def test_a_build_without_a_timing_cache(
    newest: ModuleType, graph: Path, monkeypatch: Any, caplog: Any
) -> None:
    monkeypatch.setattr(newest.IBuilderConfig, "create_timing_cache", lambda self, content: None)
    open_tensorrt(graph)
    assert "takes no timing cache" in caplog.text
    assert not list((graph.parent / "tensorrt").glob("timing-*"))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda content: content[:-7], "bytes of"),
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "its content is damaged"),
        (lambda content: b"", "not an engine file"),
        (lambda content: b"\x7fELF" + content, "not an engine file"),
        (lambda content: content.replace(b'{"key"', b'{"kex"', 1), "first line is damaged"),
        (lambda content: content.replace(b'"size"', b'"size', 1), "first line is damaged"),
    ],
)
def test_a_damaged_file_is_found_and_built_anew(
    newest: ModuleType, graph: Path, damage: Any, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    open_tensorrt(graph).close()
    whole = kept(graph).read_bytes()
    kept(graph).write_bytes(damage(whole))
    engine = open_tensorrt(graph)
    assert builds(newest) == 2
    assert words in caplog.text
    assert kept(graph).read_bytes() == whole
    assert engine.run({name: np.ones((1, 1, 4, 4), np.float32) for name in ("picture", "style")})


def test_a_file_of_another_machine_is_built_anew(newest: ModuleType, graph: Path, caplog: Any) -> None:
    """Copied under the right name: the key within tells."""
    open_tensorrt(graph).close()
    cache.write(kept(graph), "another", b"whatever")
    open_tensorrt(graph)
    assert builds(newest) == 2
    assert "for another machine" in caplog.text


def test_a_file_that_tensorrt_refuses_is_built_anew(newest: ModuleType, graph: Path, caplog: Any) -> None:
    open_tensorrt(graph).close()
    path = kept(graph)
    cache.write(path, _key(path), b"whole, and from elsewhere")
    open_tensorrt(graph)
    assert builds(newest) == 2
    assert "does not load the engine" in caplog.text


def test_a_file_that_cannot_be_read_is_built_anew(newest: ModuleType, graph: Path, caplog: Any) -> None:
    open_tensorrt(graph).close()
    path = kept(graph)
    path.unlink()
    path.mkdir()
    engine = open_tensorrt(graph)
    assert builds(newest) == 2
    assert "it cannot be read" in caplog.text
    assert "cannot be kept" in caplog.text
    assert engine.run({name: np.ones((1, 1, 4, 4), np.float32) for name in ("picture", "style")})


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows keeps files apart by folders")
def test_a_file_of_somebody_else_is_not_read(
    newest: ModuleType, graph: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    open_tensorrt(graph).close()
    assert kept(graph).stat().st_mode & 0o077 == 0
    mine = os.getuid()
    os.chown(kept(graph), 12345, -1) if mine == 0 else monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    open_tensorrt(graph)
    assert builds(newest) == 2
    assert "belongs to another user" in caplog.text


def test_the_name_changes_with_all_that_counts(newest: ModuleType, graph: Path, gpu: FakeGpu) -> None:
    open_tensorrt(graph).close()
    first = kept(graph)
    for change in (
        lambda: setattr(gpu, "runtime_version", 13000),
        lambda: setattr(gpu, "name", b"NVIDIA Other"),
        lambda: write_graph(graph.with_name("small-fp16.onnx"), weight=3),
    ):
        change()
        open_tensorrt(graph).close()
        assert kept(graph) != first  # and the old one is gone: there is one file
        first = kept(graph)
    assert builds(newest) == 4


def test_a_full_disk_costs_the_file_only(
    newest: ModuleType, graph: Path, monkeypatch: Any, caplog: Any
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache.os, "replace", full)
    engine = open_tensorrt(graph)
    assert engine.captured
    assert "cannot be kept" in caplog.text
    assert list((graph.parent / "tensorrt").iterdir()) == []  # no half files


def test_no_half_graph(newest: ModuleType, tmp_path: Path) -> None:
    write_graph(tmp_path / "small.onnx", half=False)
    with pytest.raises(EngineError, match=r"small-fp16\.onnx: no such file\. .*--half"):
        open_tensorrt(tmp_path / "small.onnx")


def test_a_graph_that_the_parser_refuses(tensorrt: ModuleType, graph: Path) -> None:
    tensorrt.faults.parse = True
    with pytest.raises(EngineError, match=r"parser does not take it \(no importer for node 0\)"):
        open_tensorrt(graph)


def test_nothing_is_built_where_it_may_not_take_minutes(newest: ModuleType, graph: Path) -> None:
    """What `--engine auto` asks for."""
    with pytest.raises(EngineError, match=r"is built on this machine\. Run: livecam build --engine tensorrt"):
        open_tensorrt(graph, build=False)
    assert builds(newest) == 0
    open_tensorrt(graph).close()
    open_tensorrt(graph, build=False)
    assert builds(newest) == 1


def test_shapes_must_be_fixed(newest: ModuleType, graph: Path, gpu: FakeGpu) -> None:
    write_graph(graph.with_name("small-fp16.onnx"), first="batch")
    with pytest.raises(EngineError, match=r"picture has the shape \(-1, 1, 4, 4\)\. .*fixed"):
        open_tensorrt(graph)
    assert gpu.memory == {}


def test_a_build_that_fails(tensorrt: ModuleType, graph: Path) -> None:
    tensorrt.faults.plan_none = True
    with pytest.raises(EngineError, match=r"TensorRT cannot build it \(out of memory\)"):
        open_tensorrt(graph)


def test_an_engine_that_draws_something_else_is_refused(tensorrt: ModuleType, graph: Path) -> None:
    tensorrt.faults.error = 0.02  # 34 dB
    with pytest.raises(EngineError, match=r"differs from onnxruntime \(34\.0 dB"):
        open_tensorrt(graph)
    assert not list((graph.parent / "tensorrt").glob("*.engine"))
    tensorrt.faults.error = float("nan")
    with pytest.raises(EngineError, match=r"differs from onnxruntime \(-inf dB"):
        open_tensorrt(graph)
    tensorrt.faults.error = 0.001  # 60 dB: another order of summing
    open_tensorrt(graph)


def test_the_caller_s_samples_are_compared_on(newest: ModuleType, graph: Path) -> None:
    with pytest.raises(EngineError, match="no input 'somebody'"):
        open_tensorrt(graph, samples=[{"somebody": np.ones((1, 1, 4, 4), np.float32)}])


@pytest.mark.parametrize("version", standin_tensorrt.VERSIONS)
def test_the_stand_in_is_as_strict_as_its_list(version: str, gpu: FakeGpu) -> None:
    """Else the tests above would show nothing."""
    trt = standin_tensorrt.make(version, gpu)
    builder = trt.Builder(None)
    assert hasattr(trt.BuilderFlag, "FP16") == version.startswith("10")  # weak typing is gone in 11
    for wrong, kind in (
        (lambda: trt.NetworkBuilder, AttributeError),
        (lambda: builder.build_engine, AttributeError),
        (lambda: setattr(builder, "max_batch_size", 1), AttributeError),
        (lambda: trt.Builder(), TypeError),
        (lambda: builder.create_network(1, 2), TypeError),
        (lambda: builder.create_network(mode=1), TypeError),
        (lambda: trt.ICudaEngine(), TypeError),
        (lambda: builder.reset(), NotImplementedError),
    ):
        with pytest.raises(kind):
            wrong()


def test_an_engine_in_full_precision_is_refused(tensorrt: ModuleType, graph: Path) -> None:
    tensorrt.faults.builds_full = True
    with pytest.raises(EngineError, match=r"built 1 of its convolutions in FP32.*\(first/Conv\)"):
        open_tensorrt(graph)


def layer(kind: str, name: str, types: str, metadata: str = "") -> dict[str, Any]:
    return {"LayerType": kind, "Name": name, "Metadata": metadata, "Inputs": [{"Format/Datatype": types}]}


def test_convolutions_as_the_inspector_tells_of_them() -> None:
    fp16 = "Channel major FP16 format where channel % 8 == 0"
    layers = [
        layer("CaskConvolution", "/down/Conv", fp16),
        layer("kgen", "__myl_ConvAdd_myl0_1", "Half"),
        layer("kgen", "__myl_Mean", "Float", "[ONNX Layer: /up/Conv]"),
        layer("Reformat", "Reformatting CopyNode for Input Tensor 0 to /down/Conv", "Float"),
        layer("CaskConvolution", "/up/Conv", "Row major linear FP32 format (kLINEAR)"),
        layer("kgen", "__myl_Add", "Half"),
        layer("CaskConvolution", "/odd/Conv", "Int8"),
    ]
    found = checks.convolution_types(layers)
    assert found.half == ["/down/Conv", "__myl_ConvAdd_myl0_1"]
    assert (found.full, found.perhaps_full) == (["/up/Conv"], ["__myl_Mean"])


def test_what_cannot_be_told_is_said(caplog: pytest.LogCaptureFixture) -> None:
    def told(*layers: Any) -> str:
        return json.dumps({"Layers": list(layers)})

    checks.check_half(told("first/Conv"), 1, 0, "graph")  # names only
    assert "could not be checked" in caplog.text
    checks.check_half(told(layer("CaskConvolution", "a", "Float")), 0, 1, "graph")  # as the graph asks
    checks.check_half(
        told(layer("CaskConvolution", "a", "Float"), layer("CaskConvolution", "b", "Half")), 1, 1, "graph"
    )
    with pytest.raises(EngineError, match="in FP32"):
        checks.check_half(told(layer("kgen", "__myl_Conv", "Float")), 1, 0, "graph")


def test_the_generator_itself_goes_all_the_way(newest: ModuleType, tmp_path: Path) -> None:
    """Seven inputs, grids in full precision, a folder of its own: built, compared, kept, refitted."""
    torch = pytest.importorskip("torch")
    from livecam.export import samples
    from livecam.export.generator import export_generator
    from livecam.export.half import to_half
    from livecam.generator.inputs import input_specs, output_specs, persona_specs
    from livecam.model.generator import Generator

    torch.set_num_threads(1)
    full = export_generator(Generator(256), tmp_path / "generator-256.onnx")
    half = tmp_path / "generator-256-fp16.onnx"
    onnx.save(to_half(full, [spec.name for spec in persona_specs(256)]), half)
    sample = samples.figure_sample(256, 0)
    engine = open_tensorrt(
        tmp_path / "generator-256.onnx", folder=tmp_path / "kept", samples=[sample.feeds()]
    )
    assert engine.inputs == input_specs(256)
    assert engine.outputs == output_specs(256)
    still = samples.resting_sample(256, 0)
    image = engine.run(still.frame.feeds())["image"]  # the persona stays
    assert engine.captured
    engine.refit(half)
    np.testing.assert_array_equal(engine.run({})["image"], image)
