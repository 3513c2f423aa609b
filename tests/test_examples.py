"""The programs in examples/, run as their docstrings say, on the first frames of the bundled clip."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

import livecam
from livecam import assets
from livecam.face import bundle
from livecam.frames import OutputFrame
from livecam.sources import read_frames

EXAMPLES = Path(__file__).parents[1] / "examples"
PORTRAIT = assets.bundled_file(assets.PORTRAIT)
FRAMES = 8

pytestmark = pytest.mark.skipif(
    bundle.problem(bundle.FACE_LANDMARKER, bundle.model_folder()) is not None,
    reason="the face model is not built (python -m livecam.export.face_model)",
)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """run("clip.py", ...): as `python examples/clip.py ...`."""

    def call(name: str, *words: object) -> None:
        monkeypatch.setattr(sys, "argv", [name, *map(str, words)])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")

    return call


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled clip's first frames, as a film of their own."""
    path = tmp_path_factory.mktemp("examples") / "clip.mp4"
    frames = list(read_frames(assets.bundled_file(assets.DRIVER), FRAMES))
    with livecam.open_sink(str(path)) as sink:
        sink.open(livecam.SinkFormat(frames[0].width, frames[0].height, 25.0))
        for frame in frames:
            assert frame.pixels is not None
            sink.write(OutputFrame(frame.pixels, frame.index, frame.capture_ns))
    return path


def test_every_example_is_run_here_and_short() -> None:
    tests = Path(__file__).read_text("utf-8")
    for path in EXAMPLES.iterdir():
        if path.suffix == ".py":
            assert f'run("{path.name}"' in tests
            source = path.read_text("utf-8")
            assert f"python examples/{path.name} " in source
            assert source.count("\n") <= 45


def test_a_clip_becomes_a_film(run: Any, clip: Path, tmp_path: Path) -> None:
    run("clip.py", PORTRAIT, clip, tmp_path / "moved.mp4")
    film = [frame.pixels for frame in read_frames(tmp_path / "moved.mp4")]
    assert len(film) == FRAMES
    assert film[0] is not None
    assert film[0].shape == (512, 512, 3)


def test_one_frame_becomes_a_picture(run: Any, clip: Path, tmp_path: Path) -> None:
    run("one_frame.py", PORTRAIT, clip, 5, tmp_path / "moved.png")
    with Image.open(tmp_path / "moved.png") as picture:
        assert (picture.mode, picture.size) == ("RGBA", (512, 512))
        alpha = np.asarray(picture)[..., 3]
    assert alpha[256, 256] == 255
    assert alpha[2, 2] == 0


@pytest.mark.parametrize("number", [-1, FRAMES, 100_000])
def test_a_frame_that_there_is_not_is_named(run: Any, clip: Path, tmp_path: Path, number: int) -> None:
    with pytest.raises(SystemExit, match=f"clip.mp4: there is no frame {number}"):
        run("one_frame.py", PORTRAIT, clip, number, tmp_path / "moved.png")
    assert not (tmp_path / "moved.png").exists()


def test_own_landmarks_become_pictures(
    run: Any, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    livecam.Persona.open(PORTRAIT)  # finding the portrait's face takes livecam's own tracker
    monkeypatch.delattr("livecam.face.tracker.FaceTracker")
    run("own_landmarks.py", PORTRAIT, bundle.face_landmarker_path(), clip, tmp_path)
    written = sorted(tmp_path.glob("*.png"))
    assert [path.name for path in written] == [f"{k:05d}.png" for k in range(FRAMES)]
    with Image.open(written[0]) as first, Image.open(written[-1]) as last:
        moved = np.abs(np.asarray(first).astype(int) - np.asarray(last))
    assert moved.max() > 10


class Webcam:
    """In the place of `cv2.VideoCapture`: BGR frames of a clip, then none."""

    released = False

    def __init__(self, number: int) -> None:
        self._frames = [frame.pixels for frame in read_frames(assets.bundled_file(assets.DRIVER), 4)]

    def read(self) -> tuple[bool, Any]:
        if not self._frames:
            return False, None
        return True, cv2.cvtColor(self._frames.pop(0), cv2.COLOR_RGB2BGR)

    def release(self) -> None:
        Webcam.released = True


class Camera:
    """In the place of `pyvirtualcam.Camera`."""

    sent: list[Any]

    def __init__(self, width: int, height: int, fps: float) -> None:
        self.shape = (height, width, 3)
        Camera.sent = []

    def __enter__(self) -> Camera:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def send(self, picture: Any) -> None:
        assert (picture.shape, picture.dtype) == (self.shape, np.uint8)
        Camera.sent.append(picture)

    def sleep_until_next_frame(self) -> None: ...


def test_the_webcam_becomes_a_virtual_camera(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", Webcam)
    monkeypatch.setitem(sys.modules, "pyvirtualcam", SimpleNamespace(Camera=Camera))
    run("webcam.py", PORTRAIT)
    assert len(Camera.sent) == 4
    assert Camera.sent[0].shape == (720, 1280, 3)
    assert Webcam.released
