"""The overlay: the files that its page asks for, pictures with their alpha, and nothing to change."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from livecam.frames import OutputFrame
from livecam.sinks.overlay import OverlaySink
from livecam.web.overlay import FILES, Overlay
from livecam.web.static import read


def test_its_page_finds_all_that_it_asks_for():
    """Every file that a file of it names is served, too."""
    named = {"overlay.html"}
    for name in FILES.values():
        for found in re.findall(r'(?:src|href)="([\w.]+)"|from "\./([\w.]+)"', read(name)):
            named.add("".join(found))
    assert named == set(FILES.values())


@pytest.fixture
def overlay(tmp_path: Path):
    with Overlay(OverlaySink(), port=0, token_file=tmp_path / "token") as overlay:
        yield overlay


def test_it_shows_and_lets_nobody_change_anything(overlay):
    for name in FILES:
        assert httpx.get(overlay.url + name, trust_env=False).status_code == 200
    for other in ("api/controls", "api/status", "studio.js", "pictures"):
        assert httpx.get(overlay.url + other, trust_env=False).status_code == 404
    assert httpx.post(overlay.url + "api/controls/hide", json={}, trust_env=False).status_code == 404


def test_its_address_lasts(tmp_path: Path):
    urls = []
    for _ in range(2):
        with Overlay(OverlaySink(), port=0, token_file=tmp_path / "token") as overlay:
            urls.append(overlay.url.rsplit("/", 2)[1])
    assert urls[0] == urls[1]


def test_pictures_come_with_their_alpha(overlay):
    pixels = np.zeros((16, 32, 3), np.uint8)
    cut_out = np.full((16, 32, 4), 200, np.uint8)
    cut_out[..., 3] = 0
    with connect(overlay.url.replace("http:", "ws:") + "overlay-pictures", proxy=None) as socket:
        while overlay.sink.viewers == 0:
            pass
        overlay.sink.write(OutputFrame(pixels, 0, 0, cut_out))
        both = cv2.imdecode(np.frombuffer(socket.recv(timeout=60), np.uint8), cv2.IMREAD_COLOR)
    assert both.shape == (32, 32, 3)
    # JPEG keeps flat colours to within a few levels.
    assert np.abs(both[:15].astype(int) - 200).max() <= 4
    assert both[17:].max() <= 4
