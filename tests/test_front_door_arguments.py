"""Arguments of the Python door that are of no use: one clear line each, before anything is written."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from doubles import Tracked

import livecam
from livecam.persona import store
from livecam.persona.persona import Persona
from livecam.persona.types import PersonaData
from livecam.settings import Settings
from livecam.sinks.base import RATE


def refused(error: pytest.ExceptionInfo[livecam.UserError], *words: str) -> None:
    """One line of a length that can be read, with these words."""
    text = str(error.value)
    assert "\n" not in text
    assert len(text) < 400  # of which a path may take 255
    for word in words:
        assert word in text


@pytest.mark.parametrize("time_s", [1e300, -1e300, 1e11, 10**30])
def test_times_that_no_clock_has(persona: PersonaData, time_s: float) -> None:
    frame = np.zeros((48, 64, 3), np.uint8)
    with livecam.Animator(persona, engine="cpu", refine=False, tracker=Tracked(None)) as animator:
        with pytest.raises(livecam.UserError) as error:
            animator(frame, time_s)
        refused(error, "time_s", "seconds")


def test_the_time_of_day_is_a_time(persona: PersonaData) -> None:
    """What `time.time()` gives, now and in a hundred years."""
    with livecam.Animator(persona, engine="cpu", refine=False, tracker=Tracked(None)) as animator:
        for time_s in (1.8e9, 5e9):
            assert animator(None, time_s).shape == (persona.size, persona.size, 3)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("engine", None),
        ("engine", 3),
        ("motion", 3),
        ("motion", {"mirror": True}),
        ("alpha", np.zeros((4, 4))),
        ("alpha", "yes"),
        ("mirror", "no"),
        ("mirror", 1),
        ("refine", "no"),
        ("refine", None),
    ],
)
def test_options_of_another_kind(persona: PersonaData, option: str, value: Any) -> None:
    options: dict[str, Any] = {"engine": "cpu", "refine": False, option: value}
    with pytest.raises(livecam.UserError) as error:
        livecam.Animator(persona, **options)
    refused(error, option)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (livecam.MotionSettings, "mirror"),
        (livecam.MotionSettings, "idle"),
        (Settings, "refine"),
        (Settings, "loop"),
    ],
)
def test_settings_that_are_yes_or_no(owner: Any, name: str) -> None:
    with pytest.raises(livecam.UserError) as error:
        owner(**{name: "no"})
    refused(error, name, "True or False")


@pytest.mark.parametrize("value", ["0", 1.5, True, -1, 100, [0]])
def test_numbers_of_faces(value: Any) -> None:
    with pytest.raises(livecam.UserError) as error:
        livecam.Persona.open(np.zeros((128, 128, 3), np.uint8), 256, face_index=value)
    refused(error, "face_index", "Use 0 to 99")


@pytest.mark.parametrize(
    "name",
    ["x" * 5000, "no\nname", "x" * 5000 + ".jpg", "a/" * 5000, "~nobody-has-this-name/a.jpg", "a\0b.jpg"],
)
def test_names_of_no_portrait(name: str) -> None:
    with pytest.raises(livecam.UserError) as error:
        livecam.Persona.open(name, 256)
    refused(error)


@pytest.mark.parametrize("name", [None, 3, b"eve", "", "a/b", "x" * 5000, "charcoal", "oil"])
def test_names_that_nothing_is_kept_under(
    persona: PersonaData, name: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIVECAM_DATA", str(tmp_path))
    with pytest.raises(livecam.UserError) as error:
        Persona._of(persona).save(name)
    refused(error, "name")
    assert store.names() == []


@pytest.mark.parametrize("given", [None, 3, b"camera", ["page"]])
@pytest.mark.parametrize("opened", [livecam.open_source, livecam.open_sink])
def test_sources_and_sinks_are_named_by_text(opened: Any, given: Any) -> None:
    with pytest.raises(livecam.UserError) as error:
        opened(given)
    refused(error, type(given).__name__, "text")


def test_a_home_that_nobody_has() -> None:
    with pytest.raises(livecam.UserError) as error:
        livecam.open_source("~nobody-has-this-name/a.mp4")
    refused(error, "~nobody-has-this-name")


def test_a_path_is_a_file_for_sources_and_sinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(livecam.UserError, match=r"camera: there is no such file"):
        livecam.open_source(Path("camera"))
    with pytest.raises(livecam.UserError, match=r"page.*unknown"):
        livecam.open_sink(Path("page"))
    assert livecam.open_sink(Path("out.mp4")).name == str(tmp_path / "out.mp4")


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        *[("fps", value) for value in (0, -25, math.inf, math.nan, 1e300, "30", None, True)],
        *[(side, value) for side in ("width", "height") for value in (0, -2, 64.0, 10**9, "64", None)],
    ],
)
def test_formats_that_no_sink_has(changed: str, value: Any) -> None:
    with pytest.raises(livecam.UserError) as error:
        livecam.SinkFormat(**{"width": 64, "height": 64, "fps": 30, changed: value})
    refused(error, changed)


@pytest.mark.parametrize("fps", [RATE.low, 24000 / 1001, RATE.high])
def test_a_film_of_any_rate_that_is_allowed(tmp_path: Path, fps: float) -> None:
    sink = livecam.open_sink(tmp_path / "out.mp4")
    sink.open(livecam.SinkFormat(64, np.int64(64), fps))
    sink.close()
    assert list(tmp_path.iterdir()) == []
