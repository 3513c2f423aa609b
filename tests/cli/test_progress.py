"""What is told while a run lasts."""

from __future__ import annotations

import io
import threading

import pytest
from rich.console import Console

from livecam.cli import progress
from livecam.cli.progress import Progress
from livecam.session import Started
from livecam.sinks.base import SinkFormat
from livecam.sources.base import SourceInfo


class LateCamera:
    """A pipeline that knows its delay at the third question."""

    def __init__(self, known_at=3):
        self.asked, self.known_at, self.thread = threading.Semaphore(0), known_at, None
        self.times = 0

    def audio_offset_ms(self):
        self.thread = threading.current_thread()
        self.times += 1
        self.asked.release()
        return 40 if self.times >= self.known_at else None


@pytest.fixture
def told(monkeypatch, persona):
    """told(pipeline) -> (Progress of a live run, what it has printed so far)."""
    monkeypatch.setattr(progress, "OFFSET_AFTER", 0.01)
    monkeypatch.setattr(progress, "ASK_AGAIN_AFTER", 0.01)
    monkeypatch.setattr("sys.stdin", io.StringIO())

    def start(pipeline):
        shown = Progress()
        text = io.StringIO()
        shown._console = Console(file=text, width=200)
        camera = SourceInfo("camera", 640, 480, 30.0, live=True)
        started = Started(camera, persona, SinkFormat(640, 480, 30.0), ("page",), pipeline=pipeline)
        shown.hooks().started(started)
        return shown, text

    return start


def test_the_offset_is_told_once_as_soon_as_it_is_known(told):
    pipeline = LateCamera()
    shown, text = told(pipeline)
    for _ in range(3):
        assert pipeline.asked.acquire(timeout=60)
    pipeline.thread.join(60)  # it has told, and asks no more
    assert not pipeline.thread.is_alive()
    assert pipeline.times == 3
    assert text.getvalue().count("sync offset in OBS to 40 ms") == 1
    shown.__exit__()


def test_after_the_run_nobody_asks(told):
    pipeline = LateCamera(known_at=10**9)
    shown, text = told(pipeline)
    assert pipeline.asked.acquire(timeout=60)
    shown.__exit__()
    pipeline.thread.join(60)
    assert not pipeline.thread.is_alive()
    assert "offset" not in text.getvalue()
