"""Which sink a word on the command line means, and what is said about words that mean none."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import livecam.sinks
from livecam.errors import UserError
from livecam.files import WRITTEN_PICTURES, WRITTEN_VIDEOS
from livecam.frames import OutputFrame
from livecam.sinks import SinkFormat, open_sink
from livecam.sinks.frame_files import FrameFilesSink
from livecam.sinks.null import NullSink
from livecam.sinks.page import PageSink
from livecam.sinks.video_file import VideoFileSink
from livecam.sinks.virtual_camera import VirtualCameraSink


@pytest.mark.parametrize(
    ("spec", "kind", "live"),
    [
        ("camera", VirtualCameraSink, True),
        ("camera:livecam", VirtualCameraSink, True),
        ("camera:/dev/video10", VirtualCameraSink, True),
        ("page", PageSink, True),
        ("null", NullSink, False),
        ("out.mp4", VideoFileSink, False),
        ("some/where/OUT.MKV", VideoFileSink, False),
        ("a.mov", VideoFileSink, False),
        ("out/%05d.png", FrameFilesSink, False),
        ("%d.jpg", FrameFilesSink, False),
        ("out/frame-%04d-b.jpeg", FrameFilesSink, False),
    ],
)
def test_kinds(spec: str, kind: type, live: bool) -> None:
    sink = open_sink(spec)
    assert type(sink) is kind
    assert sink.live is live
    assert sink.name


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("out.avi", ".avi"),
        ("out", "unknown"),
        ("", "unknown"),
        ("camera:", "no camera follows"),
        ("out.png", "%05d.png"),
        ("out/%05d/%05d.png", "folder's name"),
        ("out/%05d-%03d.png", "one number"),
        ("out/%s.png", "one number"),
        ("out/100%.png", "one number"),
    ],
)
def test_unknown_words_say_what_would_do(spec: str, expected: str) -> None:
    with pytest.raises(UserError) as error:
        open_sink(spec)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)


def test_every_ending_that_can_be_written_is_named() -> None:
    for word in ("out.avi", "out"):
        with pytest.raises(UserError) as error:
            open_sink(word)
        for ending in (*WRITTEN_VIDEOS, *WRITTEN_PICTURES):
            assert f"{ending}," in str(error.value) or f"{ending})" in str(error.value)


@pytest.mark.parametrize("spec", ["camera", "page", "null", "out.mp4", "out/%05d.png"])
def test_the_end_of_with_closes(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = []
    monkeypatch.setattr(type(open_sink(spec)), "close", lambda self: closed.append(self))
    with open_sink(spec) as sink:
        assert closed == []
    assert closed == [sink]


def test_null_counts() -> None:
    import numpy as np

    sink = NullSink()
    sink.open(SinkFormat(4, 4, 30))
    sink.write(OutputFrame(np.zeros((4, 4, 3), np.uint8), 0, 0))
    sink.close()
    assert sink.frames == 1


def test_no_sink_knows_the_driver() -> None:
    """A driver's pixels cannot reach a sink: no sink, nor the page, imports a source or `DriverFrame`."""
    package = Path(livecam.sinks.__file__).parent
    files = [*package.glob("*.py"), *(package.parent / "web").glob("*.py")]
    assert len(files) >= 8
    for file in files:
        names: set[str] = set()
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names |= {f"{node.module}.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Name):
                names.add(node.id)
        assert not [name for name in names if "DriverFrame" in name or name.startswith("livecam.sources")], (
            file
        )
