"""`livecam build --engine`: what is exported, opened and told, without a GPU."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from livecam import building
from livecam.engines import EngineError
from livecam.errors import UserError
from livecam.generator.inputs import input_specs
from livecam.generator.weights import Weights


class Opened:
    """An engine that keeps what it was asked."""

    def __init__(self, name: str, path: Path, **options: Any) -> None:
        self.name, self.path, self.options = name, path, options
        self.fed: list[Any] = []
        self.closed = False

    def run(self, feeds: Any) -> dict[str, Any]:
        self.fed.append(feeds)
        return {}

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, list[Any]]:
    """What was exported and opened; graphs lie in an empty folder, no refiner is installed."""
    seen: dict[str, list[Any]] = {"exported": [], "opened": []}

    def export(folder: Path, size: int, refine: bool) -> None:
        seen["exported"].append((folder, size, refine))
        for name in (f"generator-{size}.onnx", f"generator-{size}-fp16.onnx"):
            (folder / name).write_text("")

    def open_engine(name: str, path: Path, **options: Any) -> Opened:
        seen["opened"].append(Opened(name, path, **options))
        return seen["opened"][-1]

    monkeypatch.setenv("LIVECAM_GRAPHS", str(tmp_path))
    monkeypatch.setattr(building, "export_graphs", export)
    monkeypatch.setattr(building, "open_engine", open_engine)
    monkeypatch.setattr(building, "find_weights", lambda: None)
    return seen


def test_graphs_are_written_once_and_the_engine_is_run(machine: Any, tmp_path: Path) -> None:
    def tell(phase: str, done: int, steps: int) -> None:
        pass

    told = building.build_engine("tensorrt", 256, progress=tell)
    assert told == f"tensorrt draws 256 x 256 from {tmp_path / 'generator-256.onnx'}."
    (engine,) = machine["opened"]
    assert (engine.name, engine.path) == ("tensorrt", tmp_path / "generator-256.onnx")
    assert engine.options["progress"] is tell
    assert not engine.options["force"]
    assert len(engine.options["samples"]) == 3  # what a build is compared on: frames as a call gives them
    assert engine.fed
    assert engine.closed
    building.build_engine("cuda", 256)
    assert machine["opened"][-1].options == {}
    assert machine["exported"] == [(tmp_path, 256, True)]
    building.build_engine("cuda", 256, force=True)
    assert len(machine["exported"]) == 2


def test_tensorrt_needs_the_half_graph(machine: Any, tmp_path: Path) -> None:
    (tmp_path / "generator-256.onnx").write_text("")
    building.build_engine("cuda", 256)
    assert machine["exported"] == []
    building.build_engine("tensorrt", 256)
    assert len(machine["exported"]) == 1


def test_what_cannot_be_built_is_told(machine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="engine cpu: nothing is built for it"):
        building.build_engine("cpu", 256)

    def refused(*_: Any, **__: Any) -> Any:
        raise EngineError("tensorrt: it is not installed. Install it")

    monkeypatch.setattr(building, "open_engine", refused)
    with pytest.raises(UserError, match="engine tensorrt: tensorrt: it is not installed") as caught:
        building.build_engine("tensorrt", 256)
    assert "doctor" in caught.value.todo


def test_exporting_needs_pytorch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UserError, match="torch, onnx, onnxscript are not installed") as caught:
        building.export_graphs(tmp_path, 256, True)
    assert "[export]'" in caught.value.todo


def test_an_export_that_differs_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from livecam.export import command

    asked: list[Any] = []
    outcomes: list[Any] = [True, False, PermissionError("generator-256.onnx: not allowed")]

    def export(*given: Any, **options: Any) -> bool:
        asked.append((*given, options))
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return bool(outcome)

    monkeypatch.setattr(command, "export_graphs", export)
    building.export_graphs(tmp_path, 256, False)
    assert asked == [(tmp_path, [256], {"refine": False})]
    with pytest.raises(UserError, match="differs"):
        building.export_graphs(tmp_path, 256, True)
    with pytest.raises(UserError, match="not allowed"):
        building.export_graphs(tmp_path, 256, True)


def test_samples_fill_every_input() -> None:
    weights = Weights(Path(), "name", 160, {"mouth": 1600, "eye": 900}, {})
    names = [spec.name for spec in input_specs(256)]
    assert list(building.samples(256, None)[0]) == names
    assert list(building.samples(256, weights)[0])[len(names) :] == [
        "mouth_source",
        "mouth_source_rasters",
        "left_eye_source",
        "left_eye_source_rasters",
        "right_eye_source",
        "right_eye_source_rasters",
        "mouth_style",
        "eye_style",
    ]


def test_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    from livecam.cli.commands import app
    from livecam.export import face_model

    asked: list[Any] = []

    def build_engine(name: str, size: int, **options: Any) -> str:
        options["progress"]("Building", 1, 2)
        options["progress"]("Building", 2, 2)
        asked.append((name, size, options["force"], options["refine"]))
        return "it draws."

    monkeypatch.setattr(face_model, "build", lambda wheel, force: asked.append(force) or "a folder")
    monkeypatch.setattr(building, "build_engine", build_engine)
    done = CliRunner().invoke(
        app, ["build", "--engine", "tensorrt", "--size", "256", "--force", "--no-refine"]
    )
    assert done.exit_code == 0, done.output
    assert done.output == "The face model is in a folder.\nit draws.\n"
    assert asked == [False, ("tensorrt", 256, True, False)]  # --force means what was named
