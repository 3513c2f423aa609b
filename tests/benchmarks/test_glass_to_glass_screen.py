"""The camera that looks at the screen: a made-up screen, photographed frame by frame in made-up time."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import threading
import time

import cv2
import numpy as np
import pytest
from starlette.testclient import TestClient
from test_screen_panel import photograph
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from livecam.benchmarks.glass_to_glass import screen as screen
from livecam.benchmarks.glass_to_glass import screen_panel as panel
from livecam.benchmarks.glass_to_glass.screen import ReadingSource, Sighting, latencies_ms, stamp
from livecam.benchmarks.glass_to_glass.screen_page import ScreenPage
from livecam.errors import UserError
from livecam.frames import DriverFrame, OutputFrame
from livecam.sinks.page import PageSink
from livecam.sources.base import SourceInfo

WAY_MS = 110
"""From a frame's exposure until its number lights up on the made-up screen."""
PERIOD_MS = 33


class ScreenCamera:
    """Photographs a screen on which the clock runs and each frame's number comes back after `WAY_MS`."""

    def __init__(self, count, blind=False):
        self.info = SourceInfo("made-up camera", 640, 480, 30.0, live=True)
        self.closed = False
        self._count, self._next, self._blind = count, 0, blind

    def read(self):
        number, self._next = self._next, self._next + 1
        if number >= self._count:
            return None
        now = 5000 + PERIOD_MS * number
        back = (PERIOD_MS * number - WAY_MS) // PERIOD_MS
        pixels = np.zeros((480, 640, 3), np.uint8)
        if not self._blind:
            pixels = photograph(now, back if back >= 0 else None, seed=number)
        return DriverFrame(number, now * 1_000_000, 640, 480, pixels)

    def rewind(self): ...

    def close(self):
        self.closed = True


def test_the_way_is_read_off_the_pictures(monkeypatch):
    monkeypatch.setattr(screen, "WAITING", 100)  # nothing is left unread, however busy the machine
    camera = ScreenCamera(16)
    with ReadingSource(camera) as reading:
        while reading.read() is not None:
            pass
    assert camera.closed
    assert [seen.number for seen in reading.sightings] == list(range(16))
    found = latencies_ms(reading.sightings)
    assert len(found) == 12  # the first four saw nothing come back
    # The number lights up 110 ms after its exposure, between pictures at 99 and 132: the middle is told.
    assert set(found) == {115.5}


def test_what_could_not_be_read_is_left_out():
    seen = [
        Sighting(0, 100, None),
        Sighting(1, 133, None),
        Sighting(2, None, 0),  # came back while the clock could not be read
        Sighting(3, 200, 0),
        Sighting(4, 233, 1),
        Sighting(5, 266, 1),  # still the same
        Sighting(6, 300, 99),  # of an unknown frame
    ]
    assert latencies_ms(seen) == [(233 + 200) / 2 - 133]


def test_the_stamp_is_read_from_the_finished_picture():
    frame = OutputFrame(np.full((720, 1280, 3), 90, np.uint8), 4711, 0)
    stamp(frame)
    assert panel.read(frame.pixels) == {panel.RESULT: 4711}
    with pytest.raises(UserError, match="too low"):
        stamp(OutputFrame(np.zeros((200, 1280, 3), np.uint8), 1, 0))


def test_the_page_is_for_this_computer_and_whoever_knows_its_address(tmp_path):
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"film")
    page = ScreenPage(PageSink(), clip)
    client = TestClient(page.application(), base_url="http://127.0.0.1")
    address = f"/{page._token}/"
    assert client.get(address).status_code == 200
    assert client.get(f"{address}clip.mp4").content == b"film"
    assert client.get("/").status_code == 404
    assert client.get(address, headers={"host": "elsewhere.example"}).status_code == 400
    text = client.get(address).text
    assert "FRAME" not in text
    assert "http://" not in text
    assert "https://" not in text


def test_figures_are_told_and_written(monkeypatch, tmp_path, capsys):
    result = {
        "machine": {"cpu": "a processor", "cores": 2, "load_average": 0.5, "date": "2026-01-01"},
        "latency_ms": {"p50": 115.0, "p95": 130.0, "p99": 140.0},
        "frames": 50,
        "inside_ms": 21,
    }
    monkeypatch.setattr(screen, "measure", lambda *_: result)
    monkeypatch.setattr("livecam.sources.open_source", lambda driver, fps: driver)
    out = tmp_path / "screen.json"
    loads = []
    monkeypatch.setattr(screen.busy_cores, "busy", lambda count: contextlib.nullcontext(loads.append(count)))
    words = ["--driver", "camera:1", "--seconds", "5", "--load", "2", "--json", str(out)]
    assert screen.main(words) == 0
    assert "p50 115 ms" in capsys.readouterr().out
    written = json.loads(out.read_text())
    assert (written["inside_ms"], written["load"]) == (21, 2)
    assert loads == [2]


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
def test_a_browser_draws_what_the_camera_reads(tmp_path):
    """Clock and checksum are drawn by the page's own script, livecam's number comes as a picture."""
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"")
    sink, stopped = PageSink(), threading.Event()
    page = ScreenPage(sink, clip)

    def feed():
        while not stopped.wait(0.1):
            frame = OutputFrame(np.full((720, 1280, 3), 90, np.uint8), 4711, 0)
            stamp(frame)
            sink.write(frame)

    threading.Thread(target=feed, daemon=True).start()
    shot = tmp_path / "shot.png"
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,720"]
    numbers: dict = {}
    try:
        address = page.start()
        for wait in (10, 30, 60, 120):  # seconds until the picture is taken: a busy machine needs more
            command = ["chromium", *options, f"--timeout={1000 * wait}", f"--screenshot={shot}", address]
            subprocess.run(command, check=True, timeout=240 + wait)
            webcam = cv2.resize(cv2.imread(str(shot)), (640, 360), interpolation=cv2.INTER_AREA)
            numbers = panel.read(webcam)
            if panel.RESULT in numbers and panel.CLOCK in numbers:
                break
    finally:
        stopped.set()
        page.stop()
    assert numbers[panel.RESULT] == 4711
    assert 0 < numbers[panel.CLOCK] < 600_000  # ms since the page was opened


class LookingCamera:
    """Photographs, ten times a second, a made-up screen: a clock, and the last picture that came to it."""

    def __init__(self):
        self.info = SourceInfo("looking camera", 640, 480, 10.0, live=True)
        self.shown = np.zeros((720, 1280, 3), np.uint8)
        self.numbers: set[int] = set()

    def show(self, address):
        """What a browser does with the page's address."""

        def watch():
            url = address.replace("http", "ws") + "pictures"
            with contextlib.suppress(ConnectionClosed), connect(url, max_size=None) as socket:
                while True:
                    picture = cv2.imdecode(np.frombuffer(socket.recv(), np.uint8), cv2.IMREAD_COLOR)
                    self.shown = picture[..., ::-1]
                    socket.send("drawn")

        threading.Thread(target=watch, daemon=True).start()

    def read(self):
        """Ends when there is enough to measure, however long that takes here."""
        if len(self.numbers) > 3 * screen.ENOUGH:
            return None
        time.sleep(0.1)
        now = time.monotonic_ns()
        picture = np.full((480, 640, 3), 60, np.uint8)
        clock = panel.draw(now // 1_000_000, panel.CLOCK)
        picture[300:474, 10:300] = cv2.resize(clock, (290, 174), interpolation=cv2.INTER_AREA)
        picture[100:289, 300:636] = cv2.resize(self.shown, (336, 189), interpolation=cv2.INTER_AREA)
        self.numbers.update({panel.read(picture).get(panel.RESULT)} - {None})
        return DriverFrame(0, now, 640, 480, picture)

    def rewind(self): ...

    def close(self): ...


@pytest.mark.slow
def test_the_whole_way_with_a_made_up_screen():
    camera = LookingCamera()
    result = screen.measure(camera, None, 600.0, camera.show)
    assert result["frames"] >= screen.ENOUGH
    # Two medians over other frames, on a machine that may be busy: a wrong unit is a thousand times off.
    assert 1 < result["inside_ms"] < 10_000
    assert 1 < result["latency_ms"]["p50"] < 10_000
