"""System-wide keys: what they are for, and, on an X server without a screen, that they reach livecam."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from livecam.cli import hotkeys
from livecam.control import Registry, door
from livecam.control.catalogue import CATALOGUE
from livecam.errors import UserError
from livecam.web.api import control_routes
from livecam.web.server import Page

NEEDED = [name for name in ("Xvfb", "xdotool") if shutil.which(name) is None]
NEEDED += [] if find_spec("pynput") else ["pynput"]


def test_usual_keys_are_the_page_s_with_two_more_held():
    found = hotkeys.usual_keys()
    assert found["<ctrl>+<alt>+h"] == ("hide",)
    assert found["<ctrl>+<alt>+c"] == ("calibrate",)
    assert len(found) == len(hotkeys.USUAL)


def test_a_key_and_what_it_is_for():
    assert hotkeys.parsed("<ctrl>+<alt>+1=react nod") == ("<ctrl>+<alt>+1", ("react", "nod"))
    assert hotkeys.parsed("<f9>=hide") == ("<f9>", ("hide",))


@pytest.mark.parametrize("text", ["", "=", "<f9>", "<f9>=", "=hide", "<f9>=dance", "<f9>=../hide"])
def test_no_key(text):
    with pytest.raises(UserError):
        hotkeys.parsed(text)


@pytest.mark.parametrize(
    ("environ", "why"),
    [
        ({"XDG_SESSION_TYPE": "wayland", "DISPLAY": ":0", "WAYLAND_DISPLAY": "wayland-0"}, "Wayland"),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "Wayland"),
        ({}, "no X11 desktop"),
    ],
)
def test_where_keys_cannot_be_heard(environ, why):
    with pytest.raises(UserError, match=why) as error:
        hotkeys._keyboard(environ, "linux")
    assert "livecam control" in error.value.todo


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[str]:
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "640x480x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    with os.fdopen(reader) as told:
        number = told.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait()


@pytest.mark.slow
@pytest.mark.skipif(
    bool(NEEDED) and not os.environ.get("LIVECAM_HOTKEYS_MUST_RUN"), reason=f"not here: {NEEDED}"
)
def test_a_key_hides_whatever_is_in_front(screen: str, tmp_path: Path) -> None:
    registry = Registry(CATALOGUE)
    told: list[object] = []
    registry.handle("react", told.append)
    with Page(routes=control_routes(registry)) as page:
        path = door.leave(page.url)
        environ = {**os.environ, "DISPLAY": screen, "XDG_SESSION_TYPE": "x11"}
        environ.pop("WAYLAND_DISPLAY", None)
        words = [sys.executable, "-u", "-m", "livecam.cli", "hotkeys", "--key", "<ctrl>+<alt>+1=react nod"]
        listening = subprocess.Popen(words, env=environ, stdout=subprocess.PIPE, text=True)
        try:
            assert listening.stdout is not None
            while "listening" not in (line := listening.stdout.readline()):
                assert line, "it ended"
            deadline = time.monotonic() + 60
            # A listener hears a little after it says so, and a key that was not heard turns nothing.
            while registry.value("hide") is False:
                assert time.monotonic() < deadline
                subprocess.run(["xdotool", "key", "ctrl+alt+h"], env=environ, check=True)
                time.sleep(0.5)
            subprocess.run(["xdotool", "key", "h"], env=environ, check=True)
            subprocess.run(["xdotool", "key", "ctrl+alt+1"], env=environ, check=True)
            while not told:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            assert told == ["nod"]
            assert registry.value("hide") is True  # the letter alone is only typed
        finally:
            listening.terminate()
            listening.wait()
            path.unlink()
