"""Glass to glass without a device: the code in the picture, the simulated camera, the figures, the page."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from livecam.benchmarks.glass_to_glass import frame_code as code
from livecam.benchmarks.glass_to_glass import reader
from livecam.benchmarks.glass_to_glass.figures import figures, page
from livecam.benchmarks.glass_to_glass.measure import Watcher, stamp
from livecam.benchmarks.glass_to_glass.simulated_camera import SimulatedCamera
from livecam.frames import OutputFrame


@given(st.integers(0, code.NUMBERS - 1), st.integers(0, 10**18))
def test_code_there_and_back(index, capture_ns):
    picture = np.full((240, 640, 3), 90, np.uint8)
    code.draw(picture, index, capture_ns)
    assert code.read(picture) == (index, capture_ns // 1000 % code.TIMES)


def test_code_survives_what_a_call_does_to_a_picture():
    random = np.random.default_rng(0)
    picture = random.integers(0, 255, (480, 640, 3), np.uint8)
    code.draw(picture, 77, 123_456_000)
    ycc = cv2.cvtColor(picture, cv2.COLOR_RGB2YUV_I420)
    assert code.read(cv2.cvtColor(ycc, cv2.COLOR_YUV2RGB_I420)) == (77, 123_456)
    assert code.read(ycc[:480]) == (77, 123_456)
    jpeg = cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 60])[1], cv2.IMREAD_COLOR)
    assert code.read(jpeg) == (77, 123_456)


def test_no_code_is_read_where_there_is_none():
    assert code.read(np.zeros((480, 640, 3), np.uint8)) is None
    assert code.read(np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)) is None
    assert code.read(np.zeros((10, 640, 3), np.uint8)) is None
    picture = np.zeros((480, 640, 3), np.uint8)
    code.draw(picture, 5, 6000)
    picture[-3:, :60] = 255
    picture[-24:-12, :60] = 255
    assert code.read(picture) is None
    with pytest.raises(ValueError, match="needs"):
        code.draw(np.zeros((480, 300, 3), np.uint8), 1, 1)


def test_age_wraps():
    late = (code.TIMES - 5) * 1000
    assert code.age_ms(code.TIMES - 5, late + 10_000_000) == pytest.approx(10)


def test_the_stamp_is_the_frames_own_metadata():
    frame = OutputFrame(np.zeros((480, 640, 3), np.uint8), 12, 34_000)
    stamp(frame)
    assert code.read(frame.pixels) == (12, 34)


def test_the_watcher_notes_what_is_written(monkeypatch):
    watcher = Watcher()
    frame = OutputFrame(np.full((480, 640, 3), 50, np.uint8), 12, 34_000)
    stamp(frame)
    watcher.write(frame)
    monkeypatch.setattr("time.sleep", lambda seconds: [watcher.write(frame) for _ in range(3)])
    assert [entry["index"] for entry in watcher.watch(1)] == [12, 12, 12]


class Clock:
    def __init__(self):
        self.now = 1_000_000_000

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += round(seconds * 1e9)


def test_a_simulated_camera_keeps_its_rate_and_exposure_times():
    clock = Clock()
    pictures = [np.full((4, 6, 3), k, np.uint8) for k in range(3)]
    camera = SimulatedCamera(pictures, 25, jitter_ms=2, clock_ns=clock, sleep=clock.sleep)
    frames = [camera.read() for _ in range(200)]
    assert [f.index for f in frames] == list(range(200))
    assert set(np.diff([frame.capture_ns for frame in frames])) == {40_000_000}
    assert [int(f.pixels[0, 0, 0]) for f in frames[:7]] == [0, 1, 2, 2, 1, 0, 0]
    assert camera.skipped == 0
    assert camera.info.live


def test_a_reader_that_comes_late_gets_the_newest_picture():
    clock = Clock()
    camera = SimulatedCamera([np.zeros((4, 6, 3), np.uint8)], 25, clock_ns=clock, sleep=clock.sleep)
    first = camera.read()
    clock.now += 110_000_000
    late = camera.read()
    assert (first.index, late.index, camera.skipped) == (0, 2, 1)
    assert clock.now - late.capture_ns < 40_000_000


def entry(index, capture_ms, seen_ms, mean=100.0):
    capture_us = None if capture_ms is None else capture_ms * 1000
    return {"index": index, "capture_us": capture_us, "seen_ns": seen_ms * 1_000_000, "mean": mean}


SEEN = [
    entry(None, None, 0, 20.0),  # black, no code
    entry(1, 10, 33),
    entry(2, 43, 66),
    entry(2, 43, 100),  # repeated
    entry(5, 100, 133),  # two dropped
    entry(4, 90, 166),  # back
    entry(6, 150, 200),
]


def test_figures_count_what_happened():
    found = figures(SEEN)
    assert (found["pictures"], found["frames"]) == (7, 5)
    counted = ("repeated", "dropped", "reordered", "unreadable", "black")
    assert [found[name] for name in counted] == [1, 3, 1, 1, 1]
    assert found["latencies_ms"] == [23.0, 33.0, 76.0, 50.0]
    assert found["latency_ms"]["longest"] == 76.0
    assert found["fps"] == 30.0


def test_the_warm_up_does_not_count():
    assert figures(SEEN, skip_s=0.15)["frames"] == 2
    assert figures([])["latency_ms"]["p50"] is None


def test_the_reader_notes_number_time_and_brightness():
    picture = np.full((480, 640), 60, np.uint8)
    coloured = np.repeat(picture[..., None], 3, 2)
    code.draw(coloured, 3, 9000)
    seen = reader.observe(iter([coloured, picture]), 10)
    assert [e["index"] for e in seen] == [3, None]
    assert seen[0]["capture_us"] == 9
    assert seen[1]["mean"] == 60
    assert seen[0]["seen_ns"] <= seen[1]["seen_ns"]


def test_the_page_stands_alone():
    pytest.importorskip("matplotlib")
    times = {"p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": 3.0}
    row = {"source_fps": 29.97, "load": 1, "engine": "cpu", "stages": {"track": times}, **figures(SEEN)}
    text = page({"runs": [row]}, "a <machine>")
    assert "29.97" in text
    assert "a &lt;machine&gt;" in text
    assert "<svg" in text
    assert "<script" not in text
    assert "src=" not in text
