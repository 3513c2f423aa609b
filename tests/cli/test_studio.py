"""`livecam`, `livecam studio`, `livecam control`: how a run begins, and what the running one answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from livecam import session
from livecam.control import Registry, door, remembered
from livecam.control.catalogue import CATALOGUE
from livecam.report import Report
from livecam.web.api import control_routes
from livecam.web.server import Page


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []

    def run(request: Any, settings: Any, hooks: Any, report: Report) -> Report:
        found.append((request, settings))
        return report

    monkeypatch.setattr(session, "run", run)
    monkeypatch.setenv("LIVECAM_DATA", str(tmp_path / "data"))
    return found


@pytest.mark.parametrize("words", [(), ("studio",)])
def test_livecam_alone_is_the_studio(livecam, asked, words):
    code, _, err = livecam(*words)
    assert (code, err) == (0, "")
    request, settings = asked[0]
    assert request.sinks == ("page",)
    assert request.driver == "camera"
    assert request.stand_in
    assert request.control
    assert settings.loop


def test_a_camera_that_is_named_has_no_stand_in(livecam, asked):
    livecam("studio", "--driver", "camera:3")
    assert (asked[0][0].driver, asked[0][0].stand_in) == ("camera:3", False)


def test_it_starts_as_it_was_left_if_that_was_asked_for(livecam, asked):
    remembered.save({"persona": "cartoon", "pose-gain": 0.5, "remember": True})
    livecam("studio")
    assert asked[0][0].portrait == "cartoon"
    assert asked[0][0].start == {"persona": "cartoon", "pose-gain": 0.5, "remember": True}
    livecam("studio", "oil")
    assert asked[1][0].portrait == "oil"
    assert "persona" not in asked[1][0].start


def test_a_kept_portrait_that_is_gone_is_not_asked_for(livecam, asked):
    remembered.save({"persona": "nobody any more"})
    livecam("studio")
    assert asked[0][0].portrait is None


@pytest.mark.parametrize("words", [("--canvas", "source"), ("--port", "70000"), ("--port", "x")])
def test_what_the_studio_cannot(livecam, asked, words):
    code, _, err = livecam("studio", *words)
    assert code == 2
    assert err.count("\n") == 1
    assert asked == []


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("LIVECAM_DATA", str(tmp_path / "data"))
    registry = Registry(CATALOGUE)
    with Page(routes=control_routes(registry)) as page:
        path = door.leave(page.url)
        yield registry
        path.unlink()


def test_a_shell_turns_sets_and_asks(livecam, registry):
    assert livecam("control", "hide") == (0, "hide: on\n", "")
    assert livecam("control", "hide") == (0, "hide: off\n", "")
    assert livecam("control", "freeze", "on")[1] == "freeze: on\n"
    assert livecam("control", "pose-gain", "0.5")[1] == "pose-gain: 0.5\n"
    assert livecam("control", "pose-gain")[1] == "pose-gain: 0.5\n"
    assert (registry.value("freeze"), registry.value("pose-gain")) == (True, 0.5)


def test_a_shell_does_actions(livecam, registry):
    done: list[Any] = []
    registry.handle("react", done.append)
    registry.handle("calibrate", done.append)
    assert livecam("control", "react", "nod") == (0, "", "")
    assert livecam("control", "calibrate") == (0, "", "")
    assert done == ["nod", None]


def test_a_shell_lists_all(livecam, registry):
    code, out, _ = livecam("control")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == [one.name for one in CATALOGUE]
    assert json.loads(livecam("control", "--json")[1])[0]["name"] == "calibrate"


@pytest.mark.parametrize(
    "words",
    [
        ("hide", "maybe"),
        ("pose-gain", "7"),
        ("pose-gain", "nan"),
        ("background", "sea"),
        ("nothing",),
        ("../controls", "1"),
    ],
)
def test_what_a_shell_cannot(livecam, registry, words):
    before = registry.values()
    code, out, err = livecam("control", *words)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert registry.values() == before


def test_nothing_runs(livecam, monkeypatch, tmp_path):
    monkeypatch.setenv("LIVECAM_DATA", str(tmp_path / "data"))
    code, _, err = livecam("control", "hide")
    assert code == 2
    assert "no livecam is running" in err


def test_a_proxy_is_not_asked(livecam, registry, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert livecam("control", "hide")[0] == 0
