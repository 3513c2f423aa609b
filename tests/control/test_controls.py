"""Controls: what they may be, who carries them out, who hears of them, and what is kept."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from livecam.control import Action, Choice, Registry, Value, client, door, remembered
from livecam.control.catalogue import CATALOGUE
from livecam.control.declared import from_text
from livecam.errors import UserError
from livecam.ranges import Range

CONTROLS = (
    Action("wave", "Wave", "Once."),
    Action("react", "React", "With what.", takes="reaction"),
    Value("loud", "Loud", "Yes or no.", "flag", False),
    Value("gain", "Gain", "How much.", "number", 1.0, limits=Range(0, 3)),
    Value("who", "Who", "Offered later.", "choice", ""),
    Value("paint", "Paint", "A colour.", "colour", "#00b140"),
    Value("held", "Held", "For now only.", "flag", False, transient=True),
    Value("remember", "Remember", "Keep.", "flag", False),
)


@pytest.fixture
def registry() -> Registry:
    return Registry(CONTROLS)


def test_every_control_is_declared_once():
    names = [one.name for one in CATALOGUE]
    keys = [one.key for one in CATALOGUE if one.key]
    assert len(set(names)) == len(names)
    assert len(set(keys)) == len(keys)
    assert all(one.label and one.help.endswith(".") for one in CATALOGUE)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("loud", 1),
        ("loud", "yes"),
        ("gain", -0.1),
        ("gain", float("nan")),
        ("gain", 1e9),
        ("gain", "1"),
        ("gain", True),
        ("who", "anna"),
        ("paint", "green"),
        ("paint", "#00b1400"),
        ("nobody", 1),
        ("wave", 1),
    ],
)
def test_what_is_not_allowed_changes_nothing(registry, name, given):
    before = registry.values()
    with pytest.raises(UserError):
        registry.set(name, given)
    assert registry.values() == before


def test_a_change_is_carried_out_and_heard_by_everybody(registry):
    done: list[Any] = []
    heard: list[tuple[str, Any]] = []
    registry.handle("gain", done.append)
    registry.listen(lambda *change: heard.append(change))
    unlisten = registry.listen(lambda *change: heard.append(change))
    assert registry.set("gain", 2) == 2.0
    assert done == [2.0]
    assert heard == [("gain", 2.0)] * 2
    unlisten()
    registry.set("gain", 2)  # which it is already
    registry.set("gain", 3)
    assert done == [2.0, 3.0]
    assert heard[2:] == [("gain", 3.0)]


def test_what_cannot_be_carried_out_stays_as_it_was(registry):
    def fail(value: object) -> None:
        raise UserError("gain", "not now", "Wait.")

    registry.handle("gain", fail)
    heard: list[object] = []
    registry.listen(lambda name, value: heard.append(value))
    with pytest.raises(UserError, match="not now"):
        registry.set("gain", 2)
    assert registry.value("gain") == 1.0
    assert heard == []


def test_a_listener_that_fails_hurts_nobody(registry, caplog):
    heard: list[object] = []

    def fail(name: str, value: object) -> None:
        raise ValueError("no")

    registry.listen(fail)
    registry.listen(lambda name, value: heard.append(value))
    registry.set("loud", True)
    assert heard == [True]
    assert "a listener failed at loud" in caplog.text


def test_actions_are_done(registry):
    done: list[Any] = []
    registry.handle("wave", done.append)
    registry.handle("react", done.append)
    registry.do("wave")
    registry.do("react", "nod")
    assert done == [None, "nod"]
    with pytest.raises(UserError):
        registry.do("wave", "twice")
    with pytest.raises(UserError):
        registry.do("loud")


def test_choices_are_offered_and_some_are_not_possible(registry):
    registry.offer("who", [Choice("anna"), Choice("ben", "Ben", "He is away. Call him.")])
    assert registry.set("who", "anna") == "anna"
    with pytest.raises(UserError, match="He is away"):
        registry.set("who", "ben")
    said = next(one for one in registry.described() if one["name"] == "who")
    assert said["choices"][1] == {"value": "ben", "label": "Ben", "why": "He is away. Call him."}


def test_what_is_described_is_plain(registry):
    assert json.loads(json.dumps(registry.described())) == registry.described()


@pytest.mark.parametrize(
    ("name", "text", "now", "value"),
    [
        ("loud", "on", False, True),
        ("loud", "OFF", True, False),
        ("loud", "toggle", True, False),
        ("gain", "1.5", 1.0, 1.5),
        ("paint", "#ffffff", "", "#ffffff"),
    ],
)
def test_words_of_the_command_line(registry, name, text, now, value):
    control = registry.control(name)
    assert isinstance(control, Value)
    assert from_text(control, text, now) == value


@pytest.mark.parametrize(("name", "text"), [("loud", "maybe"), ("gain", "much")])
def test_words_that_mean_nothing(registry, name, text):
    control = registry.control(name)
    assert isinstance(control, Value)
    with pytest.raises(UserError):
        from_text(control, text, None)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIVECAM_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_values_are_kept_only_while_that_is_asked_for(registry, data):
    remembered.follow(registry)
    registry.set("gain", 2.0)
    assert remembered.load(CONTROLS) == {}
    registry.set("remember", True)
    registry.set("held", True)
    registry.set("gain", 2.5)
    again = Registry(CONTROLS, remembered.load(CONTROLS))
    assert again.value("gain") == 2.5
    assert again.value("held") is False
    registry.set("remember", False)
    assert remembered.load(CONTROLS) == {}


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"gain": ', "[" * 100_000, "\0", "x" * (1 << 17)])
def test_a_kept_file_that_is_broken_gives_the_defaults(data, text, caplog):
    data.mkdir()
    remembered.file().write_text(text)
    assert remembered.load(CONTROLS) == {}
    assert "the defaults are taken" in caplog.text


def test_kept_values_that_are_not_allowed_any_more_are_left_out(data, caplog):
    data.mkdir()
    remembered.file().write_text(json.dumps({"gain": 1e30, "loud": True, "gone": 1}))
    again = Registry(CONTROLS, remembered.load(CONTROLS))
    assert (again.value("gain"), again.value("loud")) == (1.0, True)


def test_the_door_is_for_its_user_alone(data):
    path = door.leave("http://127.0.0.1:1/secret/")
    assert door.find() == door.Door("http://127.0.0.1:1/secret/", os.getpid())
    if os.name != "nt":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "said",
    [
        "{",
        "[]",
        '{"address": "http://evil.example/", "pid": 1}',
        '{"address": "http://127.0.0.1:1/", "pid": "1"}',
        '{"address": "http://127.0.0.1:1/", "pid": 99999999999999999999}',
    ],
)
def test_other_doors_are_not_entered(data, said):
    path = door.leave("http://127.0.0.1:1/secret/")
    path.write_text(said)
    with pytest.raises(UserError, match="no livecam is running"):
        door.find()


def test_nobody_answers():
    with pytest.raises(UserError, match="does not answer"):
        client.ask(door.Door("http://127.0.0.1:9/secret/", 1), "api/controls")
