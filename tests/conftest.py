"""Shared by the tests: a face that needs no model, and a persona made from a drawn picture."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from faces import draw_face, ellipse_mask
from hypothesis import settings

DATA = Path(__file__).parent / "data"
settings.register_profile("livecam", deadline=None)  # speed is never asserted
settings.load_profile("livecam")


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory, monkeypatch):
    """Nothing a test does may touch the user's personas or settings."""
    monkeypatch.setenv("LIVECAM_DATA", str(tmp_path_factory.mktemp("data")))
    for name in ("LIVECAM_SETTINGS", "LIVECAM_SIZE", "LIVECAM_FPS", "LIVECAM_ENGINE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session", autouse=True)
def signals_as_in_a_terminal():
    """Whoever started the tests in the background, or by nohup, has told them and theirs to ignore some."""
    usual = {signal.SIGINT: signal.default_int_handler, signal.SIGTERM: signal.SIG_DFL}
    if hasattr(signal, "SIGHUP"):
        usual[signal.SIGHUP] = signal.SIG_DFL
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def face() -> np.ndarray:
    """(478, 3) float32: the neutral ICT-FaceKit head (MIT) at MediaPipe's points, frontal, 512 x 512."""
    points = np.load(DATA / "face.npy")
    points.setflags(write=False)
    return points


@pytest.fixture(scope="session")
def make_persona(face):
    """make_persona(size) -> a persona of the drawn face; no model is needed."""
    from livecam.persona import enroll

    def make(size: int = 256):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("livecam.face.segmenter.person_mask", ellipse_mask)
            return enroll.build_persona(draw_face(face), face.copy(), "drawn", size, {"source": "drawn"})

    return make


@pytest.fixture(scope="session")
def persona(make_persona):
    return make_persona(256)


@pytest.fixture
def livecam(monkeypatch, capsys):
    """livecam("run", ...) -> (exit code, what was printed, what was complained about)."""

    from livecam import cli

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["livecam", *map(str, words)])
        code = 0
        try:
            cli.main()
        except SystemExit as done:
            code = int(done.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call
