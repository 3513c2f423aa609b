"""One machine has camera and sink, another draws: landmarks go out, frames come back, over gRPC."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import standin_triton

FRAMES = 3


@pytest.fixture(scope="module")
def graph(persona, tmp_path_factory) -> Path:  # type: ignore[no-untyped-def]
    """As `python -m livecam.export triton --persona` puts it on a server: the portrait inside, bytes out."""
    pytest.importorskip("torch")
    from livecam.export.generator import export_generator
    from livecam.export.triton import with_bytes, with_values
    from livecam.generator.inputs import PersonaInputs
    from livecam.model.generator import Generator

    path = tmp_path_factory.mktemp("served") / "model.onnx"
    layers = PersonaInputs.from_pictures(*persona.layers).feeds()
    onnx.save(with_values(with_bytes(export_generator(Generator(256), path)), layers), path)
    return path


@pytest.fixture
def take(face, tmp_path) -> Path:  # type: ignore[no-untyped-def]
    """A recorded performance: the mouth opens."""
    from faces import with_lip_gap

    from livecam.sources.recording import PerformanceWriter

    path = tmp_path / "take.livecam"
    with PerformanceWriter(path) as writer:
        for k in range(FRAMES):
            writer.add(k * 33_000_000, with_lip_gap(face, 0.1 * k).astype(np.float32), 512, 512)
    return path


def test_landmarks_go_out_and_frames_come_into_the_sink(persona, graph, take, tmp_path) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("grpc")
    from livecam.animator import Animator
    from livecam.pipeline.lossless import run_lossless
    from livecam.render.choose import make_renderer
    from livecam.render.cpu.renderer import CpuRenderer
    from livecam.report import Report
    from livecam.sinks import open_sink
    from livecam.sinks.base import SinkFormat
    from livecam.sources import open_source

    def play(renderer, folder: str) -> list[np.ndarray]:  # type: ignore[no-untyped-def, type-arg]
        source, sink = open_source(str(take)), open_sink(str(tmp_path / folder / "%05d.png"))
        report = Report()
        animator = Animator(persona, canvas="source", renderer=renderer, report=report)
        sink.open(SinkFormat(animator.canvas.width, animator.canvas.height, 30))
        run_lossless(source, animator, [sink], report)
        sink.close()
        source.close()
        return [cv2.imread(str(path)).astype(int) for path in sorted((tmp_path / folder).glob("*.png"))]

    with standin_triton.serving("grpc", "generator-256-drawn", graph) as server:
        remote = make_renderer(persona, server.url, refine=False)
        given, expected = play(remote, "remote"), play(CpuRenderer(persona), "here")
        remote.close()
        # The flow, 128 x 128 x 2 in FP32, the folds, 128 x 128, and 8 KB of landmarks, maps and names: no
        # picture goes out.
        assert all(0 < size - 196_608 < 8_192 for size in server.bytes_received)
        assert len(server.bytes_received) == FRAMES + 1  # and the portrait at rest, before the first
    assert len(given) == len(expected) == FRAMES
    for one, other in zip(given, expected, strict=True):
        # Both draw this to 70 dB (tests/render/test_agreement.py): less than a level on the average.
        assert np.abs(one - other).mean() < 1
    assert (given[0] != given[-1]).any()


def test_a_server_that_is_away_is_named_before_anything_starts(persona) -> None:  # type: ignore[no-untyped-def]
    pytest.importorskip("grpc")
    from livecam.errors import UserError
    from livecam.render.choose import make_renderer

    with pytest.raises(UserError, match=r"no server answers at 127\.0\.0\.1:1 "):
        make_renderer(persona, "grpc://127.0.0.1:1/generator-256-drawn", refine=False)
