"""Which engine draws, on machines that are played: pretended GPUs draw with the reference on the CPU."""

from __future__ import annotations

import logging
import shutil

import numpy as np
import pytest
from faces import with_lip_gap

from livecam import engines
from livecam.engines import EngineError, EngineStatus
from livecam.errors import UserError
from livecam.generator.weights import VARIABLE
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import rest
from livecam.render import choose
from livecam.render.choose import auto_line, graph_path, make_renderer, open_cpu
from livecam.render.cpu.renderer import CpuRenderer
from livecam.render.failover import FailoverRenderer

OPEN = engines.open_engine


class PretendedGpu:
    """Draws with the engine that it is given, until it is lost."""

    def __init__(self, name, engine):
        self.name, self._engine = name, engine
        self.inputs, self.outputs = engine.inputs, engine.outputs
        self.lost = False

    def run(self, feeds):
        if self.lost:
            raise EngineError(f"{self.name}: the device does not answer. See dmesg")
        return self._engine.run(feeds)

    def close(self):
        self._engine.close()


class Machine:
    """What `engines` says and opens. `has`: the engines that are installed; `refuses`: that do not open."""

    def __init__(self, monkeypatch, folder):
        self.has, self.refuses = {"cpu"}, set()
        self.opened, self.gpu = [], None
        monkeypatch.setattr(engines, "available", self.available)
        monkeypatch.setattr(engines, "open_engine", self.open_engine)
        monkeypatch.setenv("LIVECAM_GRAPHS", str(folder))
        graph_path(256).write_bytes(b"a graph that nobody reads")

    def available(self):
        names = ("cpu", "cuda", "tensorrt", "torch")
        return [
            EngineStatus(name, name in self.has, f"{name} is not installed. Install it") for name in names
        ]

    def open_engine(self, name, path, **options):
        if name == "cpu":  # the refiner's networks
            return OPEN(name, path, **options)
        self.opened.append((name, options))
        if name in self.refuses:
            raise EngineError(f"{name}: no engine is built on this machine. Build it")
        self.gpu = PretendedGpu(name, reference())
        return self.gpu


def reference():
    """The generator without a refiner, in PyTorch."""
    pytest.importorskip("torch")
    from livecam.engines.torch_engine import TorchEngine
    from livecam.model.generator import Generator

    generator = Generator(256).eval()
    return TorchEngine(generator, inputs=generator.inputs, outputs=generator.outputs)


@pytest.fixture
def machine(monkeypatch, tmp_path):
    return Machine(monkeypatch, tmp_path)


def lines(caplog, level):
    return [record.getMessage() for record in caplog.records if record.levelno == level]


def test_without_a_gpu_auto_is_the_host_and_says_why_in_one_line(persona, machine, caplog):
    with caplog.at_level(logging.INFO):
        renderer = make_renderer(persona, "auto", refine=False)
    assert isinstance(renderer, CpuRenderer)
    line = "engine cpu; not tensorrt: tensorrt is not installed; not cuda: cuda is not installed"
    assert lines(caplog, logging.INFO) == [line]
    assert auto_line(256, refine=False) == line
    assert machine.opened == []


def test_auto_takes_the_fastest_that_opens_and_builds_nothing(persona, machine, caplog):
    machine.has |= {"cuda", "tensorrt"}
    machine.refuses = {"tensorrt"}
    with caplog.at_level(logging.INFO):
        renderer = make_renderer(persona, "auto", refine=False)
    assert renderer.name == "cuda"
    line = "engine cuda; not tensorrt: no engine is built on this machine"
    assert lines(caplog, logging.INFO) == [line]
    assert machine.opened == [("tensorrt", {"build": False}), ("cuda", {})]
    renderer.close()


def test_a_gpu_without_a_graph_is_passed_over_with_the_command_that_makes_it(persona, machine):
    machine.has |= {"cuda"}
    assert auto_line(256, refine=False).startswith("engine cuda; not tensorrt")
    graph_path(256).unlink()
    assert make_renderer(persona, "auto", refine=False).name == "cpu"
    assert "not cuda: there is no graph at" in auto_line(256, refine=False)
    with pytest.raises(UserError, match="livecam build --engine cuda --size 256 --no-refine"):
        make_renderer(persona, "cuda", refine=False)


def test_a_named_engine_is_opened_or_refused(persona, machine):
    machine.has |= {"tensorrt"}
    renderer = make_renderer(persona, "tensorrt", refine=False)
    assert renderer.name == "tensorrt"
    assert machine.opened == [("tensorrt", {"build": True})]
    renderer.close()
    machine.refuses = {"tensorrt"}
    with pytest.raises(UserError, match="no engine is built"):
        make_renderer(persona, "tensorrt", refine=False)
    with pytest.raises(UserError, match="cuda is not installed"):
        make_renderer(persona, "cuda", refine=False)


@pytest.mark.parametrize("asked", ["auto", "cuda"])
def test_a_lost_gpu_is_followed_by_the_cpu_without_a_frame_missing(persona, face, machine, caplog, asked):
    machine.has |= {"cuda"}
    transfer = MotionTransfer(persona.landmarks, face)
    motions = [transfer(with_lip_gap(face, gap).astype(np.float32)) for gap in (0.1, 0.2, 0.3, 0.4)]
    renderer = make_renderer(persona, asked, refine=False)
    assert isinstance(renderer, FailoverRenderer)
    on_gpu = [renderer.render(motion) for motion in motions[:2]]
    machine.gpu.lost = True
    with caplog.at_level(logging.WARNING):
        on_cpu = [renderer.render(motion) for motion in motions[2:]]
    assert renderer.name == "cpu"
    [notice] = lines(caplog, logging.WARNING)
    assert "the GPU is lost (cuda: the device does not answer" in notice
    host = CpuRenderer(persona)
    for motion, picture in zip(motions, [*on_gpu, *on_cpu], strict=True):
        # Both draw this to 70 dB (tests/render/test_agreement.py), which is less than a level on the average.
        assert np.abs(picture.astype(int) - host.render(motion)).mean() < 1
    renderer.close()


def test_the_spare_has_drawn_before_it_is_needed(persona, monkeypatch):
    """Its first frame loads compiled code, which takes longer than a viewer should wait."""
    drawn = []
    monkeypatch.setattr(CpuRenderer, "render", lambda self, motion: drawn.append(motion))
    open_cpu(persona, None)
    assert len(drawn) == 1


def test_where_nothing_opens_the_cpus_own_words_are_told(persona, machine, monkeypatch, tmp_path):
    pytest.importorskip("torch")
    from refiner_weights import write_weights

    folder = tmp_path / "refiner"
    shutil.copytree(write_weights(tmp_path / "whole").folder, folder)
    (folder / "mouth.onnx").write_bytes(b"not a graph")
    monkeypatch.setenv(VARIABLE, str(folder))
    with pytest.raises(UserError, match=r"mouth\.onnx: damaged") as caught:
        make_renderer(persona, "auto")
    assert "--no-refine" in caught.value.todo
    assert make_renderer(persona, "auto", refine=False).render(rest(persona.landmarks)).shape == (256, 256, 3)


class Lost:
    """A GPU that is lost at the third frame; what it drew is grey."""

    name = "cuda"

    def __init__(self, persona, name, weights, build):
        if name != self.name:
            raise UserError(name, "not here", "Take another.")
        self.frames = 0

    def render(self, motion):
        self.frames += 1
        if self.frames > 2:
            raise EngineError("cuda: lost")
        return np.full((256, 256, 3), 128, np.uint8)

    def close(self): ...


def test_a_run_goes_on_and_its_report_names_both_engines(persona, face, monkeypatch, tmp_path):
    from dataclasses import replace

    from livecam import session
    from livecam.persona import store
    from livecam.settings import Settings
    from livecam.sources.recording import PerformanceWriter

    recorded = tmp_path / "take.livecam"
    with PerformanceWriter(recorded) as writer:
        for k in range(6):
            writer.add(k * 33_000_000, face, 512, 512)
    store.save(replace(persona, name="eve"))
    monkeypatch.setattr(choose, "EngineRenderer", Lost)
    request = session.Request(portrait="eve", driver=str(recorded), sinks=("null",))
    report = session.run(request, Settings(size=256, canvas="source", refine=False))
    assert report.frames == 6
    assert report.engines == ["cuda", "cpu"]
    assert report.result()["engine"] == "cuda, then cpu"
