"""Controls change what sinks are given: real runs, told over the page's interface, seen in their frames."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
import pytest

from livecam import session
from livecam.control import client, door, remembered
from livecam.control.catalogue import CATALOGUE
from livecam.errors import UserError
from livecam.folders import persona_folder
from livecam.frames import OutputFrame
from livecam.motion.types import Motion
from livecam.persona import store
from livecam.render.cpu.renderer import CpuRenderer
from livecam.settings import MotionSettings, Settings
from livecam.sources.recording import PerformanceWriter

PATIENCE = 60.0
"""Seconds for what takes a moment: the machine may be busy."""
GREEN = (0, 177, 64)
SIZE = (320, 240)


class Eyes:
    """A live sink that keeps the newest picture, and every one of them where that is asked for."""

    name, live = "eyes", True

    def __init__(self) -> None:
        self.newest: OutputFrame | None = None
        self.kept: list[np.ndarray] | None = None

    def open(self, fmt: object) -> None: ...

    def write(self, frame: OutputFrame) -> None:
        if self.kept is not None and (not self.kept or self.kept[-1] is not frame.pixels):
            self.kept.append(frame.pixels)
        self.newest = frame

    def close(self) -> None: ...


class Running:
    """A run in a thread of its own, with its door."""

    def __init__(self, request: session.Request, settings: Settings) -> None:
        self.eyes = Eyes()
        self.started: list[session.Started] = []
        self.error: BaseException | None = None
        hooks = session.Hooks(started=self.started.append, extra_sinks=[self.eyes])
        self._thread = threading.Thread(target=self._run, args=(request, settings, hooks))
        self._thread.start()
        self.until(lambda: bool(self.started) and self.eyes.newest is not None)
        self.door = door.find()
        self.until(lambda: self.ask("api/status")["state"] == "live")

    def _run(self, request: session.Request, settings: Settings, hooks: session.Hooks) -> None:
        try:
            session.run(request, settings, hooks)
        except BaseException as error:
            self.error = error

    def ask(self, path: str, told: dict[str, Any] | None = None) -> Any:
        return client.ask(self.door, path, told)

    def set(self, name: str, value: Any) -> None:
        assert self.ask(f"api/controls/{name}", {"value": value})["value"] == value

    @property
    def picture(self) -> np.ndarray:
        assert self.eyes.newest is not None
        return self.eyes.newest.pixels

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not done():
            assert self.error is None, self.error
            assert time.monotonic() < deadline, "it did not come"
            time.sleep(0.01)

    def spread(self, count: int = 12) -> float:
        """How much pictures differ from one another: mean over the pixels of their range, in levels."""
        self.eyes.kept = []
        self.until(lambda: len(self.eyes.kept or []) >= count)
        kept, self.eyes.kept = self.eyes.kept, None
        return float(np.ptp(np.stack(kept).astype(np.int16), axis=0).mean())

    def close(self) -> None:
        self.ask("api/controls/quit", {})
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        assert self.error is None, self.error


@pytest.fixture
def performance(face: np.ndarray, tmp_path: Path) -> Path:
    """Somebody who rocks their head twice a second."""
    path = tmp_path / "rocks.livecam"
    centre = face.mean(0)
    with PerformanceWriter(path) as writer:
        for index in range(150):
            angle = 0.15 * np.sin(2 * np.pi * 2 * index / 30)
            turn = np.array(
                [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
            )
            writer.add(33_333_333 * index, ((face - centre) @ turn.T + centre).astype(np.float32), 512, 512)
    return path


@pytest.fixture
def running(
    persona: Any, performance: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Running]:
    monkeypatch.setenv("LIVECAM_FILMS", str(tmp_path / "films"))
    store.save(replace(persona, name="eve"))
    bright = replace(
        persona, name="pale", foreground=lighter(persona.foreground), picture=lighter(persona.picture)
    )
    store.save(bright)
    request = session.Request("eve", str(performance), control=True)
    settings = Settings(
        size=256, canvas="320x240", refine=False, loop=True, motion=MotionSettings(idle=False)
    )
    run = Running(request, settings)
    yield run
    run.close()


def lighter(picture: np.ndarray) -> np.ndarray:
    out = picture.copy()
    out[..., :3] = 255 - (255 - out[..., :3].astype(int)) // 4
    return out


def test_freeze_holds_the_picture_and_hide_lets_it_rest(running: Running) -> None:
    assert running.spread() > 1
    running.set("freeze", True)
    time.sleep(0.3)
    held = running.picture
    time.sleep(0.5)
    assert running.picture is held
    assert running.ask("api/status")["state"] == "frozen"
    running.set("freeze", False)
    assert running.spread() > 1

    running.set("hide", True)
    assert running.ask("api/status")["state"] == "hidden"
    with pytest.raises(UserError, match="hidden"):
        running.ask("api/controls/calibrate", {})
    running.until(lambda: running.spread(5) < 0.05)  # holds for .4 s, and is at rest after .8 more
    running.set("hide", False)
    running.until(lambda: running.spread() > 1)


def test_a_shell_is_told_how_it_goes(running: Running, livecam: Callable[..., tuple[int, str, str]]) -> None:
    running.spread()
    code, out, err = livecam("status")
    assert (code, err) == (0, "")
    assert out.startswith("live: eve, moved by ")
    assert "pictures a second" in out
    assert json.loads(livecam("status", "--json")[1])["state"] == "live"


def test_gains_and_mirror(running: Running) -> None:
    usual = running.spread(30)
    running.set("pose-gain", 0.0)
    running.until(lambda: running.spread(30) < 0.3 * usual)
    running.set("pose-gain", 1.0)
    running.set("mirror", True)
    running.until(lambda: running.spread(30) > 0.6 * usual)


def test_another_portrait_is_faded_to(running: Running) -> None:
    before = running.picture.mean()
    running.eyes.kept = []
    running.set("persona", "pale")
    running.until(lambda: running.picture.mean() > before + 20 and not running.ask("api/status")["busy"])
    time.sleep(0.5)
    levels = np.array([picture.mean() for picture in running.eyes.kept or []])
    running.eyes.kept = None
    # Never black, and never brighter than it becomes: what lies between is on the way.
    assert levels.min() > before - 3
    assert running.ask("api/status")["portrait"] == "pale"
    assert running.spread() > 1  # the driver moves it at once, without a new calibration

    running.ask("api/controls/next-persona", {})
    names = [one["name"] for one in running.ask("api/personas")["personas"]]
    following = names[(names.index("pale") + 1) % len(names)]
    running.until(lambda: running.ask("api/status")["portrait"] == following)


def test_what_cannot_be_shown_leaves_what_is(running: Running) -> None:
    for file in (persona_folder() / "pale").glob("*.safetensors"):
        file.write_bytes(b"no tensors")
    running.set("persona", "pale")
    running.until(lambda: running.ask("api/controls/persona")["value"] == "eve")
    assert running.spread() > 1
    with pytest.raises(UserError, match="unknown"):
        running.ask("api/controls/persona", {"value": "../eve"})


def test_backgrounds_and_sinks_while_live(running: Running, tmp_path: Path) -> None:
    running.set("background", "green")
    running.until(lambda: np.array_equal(running.picture[4, 4], GREEN))
    running.set("background", "transparent")
    running.until(lambda: running.eyes.newest is not None and running.eyes.newest.cut_out is not None)
    assert running.eyes.newest is not None
    assert running.eyes.newest.cut_out is not None
    assert running.eyes.newest.cut_out[4, 4, 3] == 0
    assert np.array_equal(running.picture[4, 4], GREEN)

    running.set("background", "picture")  # of which there is none yet
    running.until(lambda: running.ask("api/controls/background")["value"] == "transparent")
    good, data = cv2.imencode(".png", np.full((300, 400, 3), (10, 200, 90), np.uint8))
    assert good
    answer = httpx.post(running.door.address + "api/background", content=data.tobytes(), trust_env=False)
    assert answer.status_code == 200
    running.until(lambda: np.array_equal(running.picture[4, 4], (90, 200, 10)))

    bad = httpx.post(running.door.address + "api/background?name=bad.jpg", content=b"text", trust_env=False)
    assert bad.status_code == 422
    assert bad.json()["what"] == "bad.jpg"
    assert np.array_equal(running.picture[4, 4], (90, 200, 10))  # the good one stays

    for text in ("\ud800", "x" * 10_000, "\0"):
        with pytest.raises(UserError):
            running.ask("api/controls/stream-address", {"value": text})

    running.set("record", True)
    time.sleep(1.0)
    assert running.ask("api/status")["recording"] > 0
    running.set("record", False)
    (film,) = (tmp_path / "films").glob("*.mp4")
    with av.open(str(film)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(pictures) > 2
    assert pictures[0].shape == (SIZE[1], SIZE[0], 3)

    with pytest.raises(UserError):
        running.ask("api/controls/camera-out", {"value": True})  # no virtual camera here
    assert running.ask("api/controls/camera-out")["value"] is False


def test_values_come_back_after_a_restart_if_that_was_asked_for(
    persona: Any, performance: Path, running: Running
) -> None:
    running.set("remember", True)
    running.set("pose-gain", 0.0)
    running.set("persona", "pale")
    running.until(lambda: not running.ask("api/status")["busy"])
    kept = remembered.load(CATALOGUE)
    request = session.Request("eve", str(performance), control=True, start=kept)
    settings = Settings(size=256, canvas="320x240", refine=False, loop=True)
    again = Running(request, settings)
    try:
        again.until(lambda: again.ask("api/status")["portrait"] == "pale")
        assert again.ask("api/controls/pose-gain")["value"] == 0.0
    finally:
        again.close()


def test_a_reaction_plays_over_what_the_driver_does(running: Running) -> None:
    named = [one["name"] for one in running.ask("api/reactions")["reactions"]]
    assert named == ["nod", "shake", "wink", "laugh", "surprise"]
    running.set("hide", True)
    running.until(lambda: running.spread(5) < 0.05)
    running.ask("api/controls/react", {"text": "nod"})
    running.until(lambda: running.spread(5) > 0.5)
    running.until(lambda: running.spread(5) < 0.05)
    with pytest.raises(UserError, match="none of that name"):
        running.ask("api/controls/react", {"text": "../nod"})


def test_what_draws_is_begun_anew_where_it_goes_on_failing(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livecam.pipeline.stage.FAILURES", 3)
    drawn, left = CpuRenderer.render, [3]

    def render(self: CpuRenderer, motion: Motion) -> np.ndarray:
        if left[0] > 0:
            left[0] -= 1
            raise RuntimeError("lost")
        return drawn(self, motion)

    before = running.started[0].pipeline
    assert before is not None
    monkeypatch.setattr(CpuRenderer, "render", render)
    running.until(lambda: before.drawing.renewed == 1)
    running.until(lambda: running.ask("api/status")["state"] == "live")
    assert running.spread() > 1
