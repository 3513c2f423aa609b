"""The refiner in the product: on the host and as a graph the same picture; absent, damaged or unwanted."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from faces import turned, with_lids, with_lip_gap
from refiner_weights import write_weights

from livecam.benchmarks.fidelity.metrics import psnr
from livecam.errors import UserError
from livecam.generator import weights as shipped
from livecam.generator.weights import PAINTER, VARIABLE, Weights
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import rest
from livecam.render.choose import EngineRenderer, graph_path, make_renderer
from livecam.render.cpu.renderer import CpuRenderer


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    """At the real size of the crop, with corrections of about what trained ones give."""
    return write_weights(tmp_path_factory.mktemp("weights"), size=160, deviation=0.13)


@pytest.fixture
def installed(weights, monkeypatch) -> Weights:  # type: ignore[no-untyped-def]
    monkeypatch.setenv(VARIABLE, str(weights.folder))
    return weights


MOVES = {
    "rest": lambda face: face,
    "turned": lambda face: turned(with_lip_gap(face, 0.2), yaw=12, pitch=5, roll=-6),
    "mouth wide open": lambda face: with_lip_gap(face, 0.6),
    "eyes shut": lambda face: with_lids(face, 0.0),
}


@pytest.mark.parametrize("move", MOVES)
def test_host_and_graph_refine_alike(move, persona, face, installed) -> None:  # type: ignore[no-untyped-def]
    motion = MotionTransfer(persona.landmarks, face)(MOVES[move](face).astype(np.float32))
    host, reference = make_renderer(persona, "cpu"), make_renderer(persona, "torch")
    on_host, in_graph = host.render(motion), reference.render(motion)
    plain = CpuRenderer(persona).render(motion)
    changed = np.abs(on_host.astype(int) - plain).max()
    # At rest the drawn face's lips, a little apart, meet: the gate opens by a two-hundredth. Elsewhere much
    # changes, so that agreeing is no accident.
    assert changed <= 2 if move == "rest" else changed > 20
    # The host rounds the warped picture, positions and sums to 8 bits; 48 dB is one of 255.
    assert psnr(on_host, in_graph) > 48


@pytest.mark.slow  # 13 s, most of it the export; `test_refined_export` holds the command that compares both
def test_pytorch_and_onnxruntime_agree_on_the_whole_graph(persona, face, installed, tmp_path) -> None:  # type: ignore[no-untyped-def]
    from livecam.engines import open_engine
    from livecam.export.generator import export_generator
    from livecam.model.refiner_model import load_generator
    from livecam.render.geometry import FrameGeometry
    from livecam.render.refiner_setup import graph_inputs

    generator = load_generator(installed.file(PAINTER), persona.size)
    path = tmp_path / "generator-256.onnx"
    export_generator(generator, path)
    engine = open_engine("cpu", path, threads=1)
    reference = open_engine("torch", module=generator, inputs=generator.inputs, outputs=generator.outputs)
    from livecam.generator.inputs import PersonaInputs

    layers = PersonaInputs.from_pictures(*persona.layers)
    once = layers.feeds() | graph_inputs(persona, installed)
    geometry, transfer = FrameGeometry(persona), MotionTransfer(persona.landmarks, face)
    for move in MOVES.values():
        feeds = once | geometry(transfer(move(face).astype(np.float32))).feeds()
        given, expected = engine.run(feeds)["image"], reference.run(feeds)["image"]
        np.testing.assert_allclose(given, expected, rtol=0, atol=1e-3)  # livecam.export.parity.MAX_ERROR


def test_without_refining_the_picture_is_the_warpers(persona, face, installed) -> None:  # type: ignore[no-untyped-def]
    motion = MotionTransfer(persona.landmarks, face)(MOVES["mouth wide open"](face).astype(np.float32))
    plain = make_renderer(persona, "cpu", refine=False).render(motion)
    np.testing.assert_array_equal(plain, CpuRenderer(persona).render(motion))
    assert (make_renderer(persona, "cpu").render(motion) != plain).any()


def test_without_weights_the_picture_is_the_warpers_and_it_is_said(persona, monkeypatch, caplog) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(shipped, "files", lambda package: Path("/no/such/folder"))
    motion = rest(persona.landmarks)
    with caplog.at_level(logging.WARNING):
        drawn = make_renderer(persona, "cpu").render(motion)
        make_renderer(persona, "cpu", refine=False)
    assert len(caplog.records) == 1
    assert "no refiner's weights" in caplog.text
    np.testing.assert_array_equal(drawn, CpuRenderer(persona).render(motion))


def test_damaged_weights_stop_a_run_but_not_without_refining(persona, weights, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "refiner"
    shutil.copytree(weights.folder, folder)
    (folder / "eye.onnx").write_bytes(b"not a graph")
    monkeypatch.setenv(VARIABLE, str(folder))
    with pytest.raises(UserError, match=r"eye\.onnx: damaged"):
        make_renderer(persona, "cpu")
    make_renderer(persona, "cpu", refine=False)
    # A graph that fits its checksum but is none: onnxruntime's word for it, in one line.
    shipped.write_manifest(folder, weights.size, weights.styles, {})
    with pytest.raises(UserError, match=r"the refiner: .*cannot open it") as caught:
        make_renderer(persona, "cpu")
    assert "--no-refine" in caught.value.todo


def test_new_weights_never_meet_an_old_graph(persona, installed, monkeypatch, tmp_path) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.delenv("LIVECAM_GRAPHS", raising=False)
    assert installed.name in str(graph_path(256, installed))
    assert graph_path(256) != graph_path(256, installed)
    monkeypatch.setenv("LIVECAM_GRAPHS", str(tmp_path))
    assert graph_path(256, installed).parent == tmp_path


def test_a_graph_with_another_refiner_is_refused(persona, installed) -> None:  # type: ignore[no-untyped-def]
    from livecam.engines import EngineError, open_engine
    from livecam.model.refiner_model import load_generator
    from livecam.render.graph import GraphRenderer
    from livecam.render.refiner_setup import graph_inputs

    person, background, interior, teeth = persona.layers
    told = graph_inputs(persona, installed)
    for painter, given in ((installed.file(PAINTER), {}), (None, told)):
        generator = load_generator(painter, persona.size)
        engine = open_engine("torch", module=generator, inputs=generator.inputs, outputs=generator.outputs)
        with pytest.raises(EngineError, match="refiner"):
            GraphRenderer(engine, person, background, interior, teeth, given)


def test_closing_frees_the_engines(persona, face, installed) -> None:  # type: ignore[no-untyped-def]
    from livecam.engines import EngineError

    renderer = make_renderer(persona, "auto")
    renderer.close()
    transfer = MotionTransfer(persona.landmarks, face)
    for move in ("mouth wide open", "eyes shut"):
        with pytest.raises(EngineError, match="closed"):
            renderer.render(transfer(MOVES[move](face).astype(np.float32)))
    assert EngineRenderer(persona, "torch").name == "torch"


def test_nothing_live_imports_torch(persona, installed, tmp_path) -> None:  # type: ignore[no-untyped-def]
    import subprocess
    import sys

    from livecam.persona import store

    store.save(persona, tmp_path)
    code = (
        "import sys; from pathlib import Path; from livecam.persona import store;"
        "from livecam.render.choose import make_renderer; from livecam.motion.types import rest;"
        "persona = store.load('drawn', 256, Path(sys.argv[1]));"
        "make_renderer(persona, 'cpu').render(rest(persona.landmarks));"
        "print(*sorted({'torch', 'onnx', 'mediapipe', 'av'} & set(sys.modules)))"
    )
    words = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
