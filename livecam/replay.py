"""Runs the product's own path on files and keeps what it renders: tracker, filter, calibration, motion, warp.

Nothing is tuned for measuring: settings are the defaults, and the pictures are those of a file-to-file run,
before they are laid into a canvas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from livecam.animator import Animator, Tracker
from livecam.errors import UserError
from livecam.frames import RGB, DriverFrame, Landmarks, OutputFrame
from livecam.persona.types import Persona
from livecam.pipeline.live import run_lossless
from livecam.render.base import Renderer
from livecam.render.canvas import Canvas
from livecam.render.choose import make_renderer
from livecam.report import Report
from livecam.settings import Settings
from livecam.sinks.base import SinkFormat
from livecam.sources import Source, open_source
from livecam.sources.base import SourceInfo

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


class CropCanvas(Canvas):
    """Hands the rendered crop on as it is."""

    def __init__(self, size: int) -> None:
        self.width = self.height = size

    def place(self, rendered: RGB) -> RGB:
        return rendered


class KeepingSink:
    """Keeps the pictures of the frames in `wanted` (None: of all) in `pictures`, by frame number."""

    name = "memory"
    live = False

    def __init__(self, wanted: Iterable[int] | None = None) -> None:
        self._wanted = None if wanted is None else set(wanted)
        self.pictures: dict[int, RGB] = {}

    def open(self, fmt: SinkFormat) -> None: ...

    def write(self, frame: OutputFrame) -> None:
        if self._wanted is None or frame.index in self._wanted:
            self.pictures[frame.index] = frame.pixels

    def close(self) -> None: ...


class FrameSource:
    """Driver frames from memory, for instance landmarks that were tracked once and drive many portraits."""

    def __init__(self, frames: Sequence[DriverFrame], fps: float) -> None:
        self._frames, self._next = frames, 0
        first = frames[0]
        self.info = SourceInfo("memory", first.width, first.height, fps, live=False, frames=len(frames))

    def read(self) -> DriverFrame | None:
        if self._next >= len(self._frames):
            return None
        self._next += 1
        return self._frames[self._next - 1]

    def rewind(self) -> None:
        self._next = 0

    def close(self) -> None: ...

    def __enter__(self) -> FrameSource:
        return self

    def __exit__(self, *exc: object) -> None: ...


@dataclass(frozen=True, slots=True)
class Rendered:
    """What came out. pictures: size x size x 3 RGB by frame number; neutral: (478, 3) of the driver."""

    pictures: dict[int, RGB]
    neutral: Landmarks | None


def animate(
    source: Source,
    persona: Persona,
    tracker: Tracker | None,
    settings: Settings | None = None,
    wanted: Iterable[int] | None = None,
    limit: int | None = None,
    renderer: Renderer | None = None,
) -> Rendered:
    """Drive `persona` with `source`, one picture for every frame, as a run from file to file does.

    `wanted`: numbers of the frames to keep, None for all. `renderer`: the product's own, unless given.
    """
    settings = settings or Settings(size=persona.size)
    report = Report()
    renderer = renderer or make_renderer(persona, settings.engine, settings.refine)
    try:
        canvas = CropCanvas(persona.size)
        animator = Animator(persona, renderer, canvas, tracker, settings, False, report)
        sink = KeepingSink(wanted)
        run_lossless(source, animator, [sink], report, limit)
    finally:
        renderer.close()
    return Rendered(sink.pictures, animator.finder.neutral)


def read_frames(path: Path, limit: int | None = None) -> Iterator[DriverFrame]:
    """The first `limit` frames of a video, with pixels."""
    with open_source(str(path)) as source:
        yield from islice(iter(source.read, None), limit)


def spread(count: int, wanted: int, first: int = 0) -> list[int]:
    """At most `wanted` frame numbers from `first` to the last of `count`, evenly spread."""
    if count <= first:
        return []
    return [int(k) for k in np.unique(np.linspace(first, count - 1, wanted).astype(int))]


def files_in(folder: Path, suffixes: Sequence[str], what: str) -> list[Path]:
    """The folder's files of these kinds, or the one file that is named, sorted by name."""
    if folder.is_file():
        return [folder]
    found = sorted(p for p in folder.glob("*") if p.suffix.lower() in suffixes) if folder.is_dir() else []
    if not found:
        kinds = ", ".join(suffixes)
        raise UserError(str(folder), f"holds no {what}", f"Name a folder with files of these kinds: {kinds}.")
    return found
