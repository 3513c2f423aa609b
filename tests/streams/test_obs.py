"""OBS itself shows the moving portrait, and finds it again after either of the two was restarted."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from obs import Display, Obs, why_not
from streamed import Product, free_port

PATIENCE = 120
"""Seconds for what takes a few: the machine may be busy."""
BACKGROUND = np.s_[:, :80]
EDGES = np.r_[:80, 560:640]
FACE = np.s_[60:330, 220:420]
"""Of OBS's picture, 640 x 360: a strip at the edge, where nothing moves; both such strips; the face."""
LEVELS = 1.0
"""Of 255, on average: what has moved more than that in a face is seen, and no encoder makes as much in a
picture that stands still."""
RETRY = "reconnect_on_network_error=1"
"""Without it OBS may give up at an address that refuses at once: what it does then is a race of its own."""
SCREENSHOT = "LIVECAM_OBS_SCREENSHOT"
"""Environment variable: a file that OBS's picture is written to, for docs/obs.md."""


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def watch(obs: Obs) -> np.ndarray:
    """A picture of the portrait as it moves in OBS. Raises AssertionError where it does not."""
    deadline = time.monotonic() + PATIENCE
    first = obs.picture()
    while time.monotonic() < deadline:
        time.sleep(0.3)
        picture = obs.picture()
        # From black to the first picture the background changes, too.
        if apart(first[BACKGROUND], picture[BACKGROUND]) > LEVELS:
            first = picture
        elif apart(first[FACE], picture[FACE]) > LEVELS:
            return picture
    raise AssertionError("nothing moves in OBS")


def sent(address: str) -> np.ndarray:
    """A picture of the Motion JPEG, as large as OBS's."""
    film = cv2.VideoCapture(address, cv2.CAP_FFMPEG)
    try:
        good, picture = film.read()
        assert good
        return cv2.resize(picture, (640, 360), interpolation=cv2.INTER_AREA)
    finally:
        film.release()


@pytest.mark.slow
@pytest.mark.parametrize("protocol", ["http", "udp", "srt"])
def test_obs_shows_the_portrait_and_finds_it_again(
    protocol: str,
    product: Callable[..., Product],
    need: Callable[[str, str], None],
    tmp_path: Path,
) -> None:
    need("LIVECAM_OBS_MUST_RUN", why_not())
    web, port = free_port(), free_port(socket.SOCK_DGRAM)
    sinks = [
        f"http:{web}",
        *({"udp": [f"udp://127.0.0.1:{port}"], "srt": [f"srt://127.0.0.1:{port}"]}.get(protocol, [])),
    ]
    home = tmp_path / "home"
    home.mkdir()
    with Display(tmp_path) as display:
        control = free_port()
        with product(sinks) as livecam:
            address = livecam.address
            read = {
                "http": (address, {"input_format": "mpjpeg", "ffmpeg_options": RETRY}),
                "udp": (f"udp://127.0.0.1:{port}", {"input_format": "mpegts"}),
                "srt": (f"srt://127.0.0.1:{port}?mode=listener", {"input_format": "mpegts"}),
            }
            with Obs(home, display, control) as obs:
                source, settings = read[protocol]
                obs.add("livecam", source, **settings)
                shown = watch(obs)
                frame = sent(address)
                mirrored, other_colours = frame[:, ::-1], frame[..., ::-1]
                assert (
                    apart(shown[:, EDGES], frame[:, EDGES]) < apart(shown[:, EDGES], mirrored[:, EDGES]) / 4
                )
                assert (
                    apart(shown[:, EDGES], frame[:, EDGES])
                    < apart(shown[:, EDGES], other_colours[:, EDGES]) / 4
                )
                assert apart(shown, frame) < apart(shown, mirrored)
                if os.environ.get(SCREENSHOT):
                    cv2.imwrite(
                        os.environ[SCREENSHOT], obs.picture(1280, 720), [cv2.IMWRITE_JPEG_QUALITY, 88]
                    )
            with Obs(home, display, control) as obs:  # its scene is as it was left
                watch(obs)
        assert livecam.code == 0
        with Obs(home, display, control) as obs:
            with product(sinks) as livecam:
                assert livecam.address == address
                watch(obs)
            with product(sinks) as livecam:
                watch(obs)
