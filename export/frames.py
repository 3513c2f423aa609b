"""Frames as the product makes them: portraits moved by clips, to compare graphs on and to calibrate with.

Tracker, filter, neutral frame, motion, enrolment and geometry are livecam's own; nothing is drawn but where a
refiner is to be fed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.engines import Engine, open_engine
from livecam.errors import UserError
from livecam.export.refined import RefinedSample
from livecam.export.samples import Sample
from livecam.frames import DriverFrame, evenly_spread
from livecam.generator.inputs import FrameInputs, PersonaInputs
from livecam.generator.layout import split_style
from livecam.generator.weights import Weights, graph_file

if TYPE_CHECKING:
    from livecam.motion.types import Motion
    from livecam.persona.types import PersonaData

Feeds = dict[str, NDArray[Any]]
SIDE: Final = 512
"""Pixels of the crop that the refiner's crops are cut from."""
LIMIT: Final = 600
"""Frames of a clip that are looked at, from its first."""
RENDERED: Final = 4
"""Frames of the bundled clip that graphs are compared on."""


class Portrait:
    """An enrolled picture. Keeps the last size that was asked for: a size takes a second to prepare."""

    def __init__(self, path: Path) -> None:
        """Raises `UserError`: the picture cannot be read, or has no face that can be used."""
        from livecam.persona import enroll

        self.name = path.stem
        self._persona = enroll.enroll(path, path.stem, SIDE)

    def at(self, size: int) -> PersonaData:
        """The persona at `size` pixels."""
        from livecam.persona import enroll

        if self._persona.size != size:
            self._persona = enroll.resize(self._persona, size)
        return self._persona


@dataclass(frozen=True, slots=True)
class Clip:
    """A driver's landmarks, frame by frame, as the product's tracker gives them."""

    name: str
    frames: Sequence[DriverFrame]
    fps: float


@dataclass(frozen=True, slots=True)
class MovedPortrait:
    """A portrait as a clip moves it, frame by frame."""

    name: str
    portrait: Portrait
    motions: Sequence[Motion]

    def samples(self, size: int, weights: Weights | None) -> Iterator[Sample]:
        """What a generator is fed at `size` pixels; with what its refiner is told, where there are weights.

        Raises:
            UserError: the weights are damaged.
        """
        from livecam.render.geometry import FrameGeometry
        from livecam.render.refiner_setup import graph_inputs

        persona = self.portrait.at(size)
        layers = PersonaInputs.from_pictures(*persona.layers)
        told = {} if weights is None else graph_inputs(persona, weights)
        geometry = FrameGeometry(persona)
        for motion in self.motions:
            frame = {name: np.array(values) for name, values in geometry(motion).feeds().items()}
            yield RefinedSample(self.name, layers, FrameInputs(**frame), told)

    def refiner_feeds(self, weights: Weights) -> dict[str, list[Feeds]]:
        """What each network's own graph is fed, by its name: of every run crop, rasters and what it is told
        of the portrait. A network runs in frames alone in which its part has moved.

        Raises:
            UserError: the weights are damaged.
            EngineError: a graph cannot be run.
        """
        from livecam.persona.person_shots import portrait_view
        from livecam.render.cpu.refiner import CpuRefiner
        from livecam.render.cpu.renderer import CpuRenderer
        from livecam.render.refiner_setup import ensure_style

        persona = ensure_style(self.portrait.at(SIDE), weights)
        assert persona.style is not None
        recordings = {
            name: Recording(open_engine("cpu", weights.file(graph_file(name)), threads=1))
            for name in weights.styles
        }
        styles = split_style(persona.style.values, weights.styles)
        refiner = CpuRefiner(recordings, *portrait_view(persona), styles, weights.size)
        renderer = CpuRenderer(persona, refiner)
        for motion in self.motions:
            renderer.render(motion)
        renderer.close()
        return {name: recording.fed for name, recording in recordings.items()}


class Recording:
    """An engine that keeps copies of all that it is fed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.inputs, self.outputs = engine.name, engine.inputs, engine.outputs
        self.fed: list[Feeds] = []

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        self.fed.append({name: np.array(array) for name, array in feeds.items()})
        return self._engine.run(feeds)

    def close(self) -> None:
        self._engine.close()


def track_clip(path: Path, limit: int = LIMIT) -> Clip:
    """The first `limit` frames of a video, or of a recorded performance.

    Raises:
        UserError: it cannot be read, shows no face, or the tracker cannot run here.
    """
    from livecam.face.tracker import FaceTracker
    from livecam.sources import open_source

    with FaceTracker() as tracker, open_source(str(path)) as source:
        frames = []
        for frame in islice(iter(source.read, None), limit):
            points = frame.landmarks
            if frame.pixels is not None:
                points = tracker.track(frame.pixels, frame.capture_ns)
            frames.append(replace(frame, pixels=None, landmarks=points))
        fps = source.info.fps or 30.0
    if all(frame.landmarks is None for frame in frames):
        raise UserError(path.name, "no face was found in it", "Name a clip that shows one.")
    return Clip(path.stem, frames, fps)


def move_portrait(portrait: Portrait, clip: Clip, count: int) -> MovedPortrait:
    """`count` frames at most, spread over the clip; the motion is that of a run from file to file."""
    from livecam.animator import Animator
    from livecam.pipeline.lossless import frame_motions
    from livecam.sources.memory import MemorySource

    with Animator(portrait.at(SIDE)) as animator:
        moved = [step.motion for step in frame_motions(MemorySource(clip.frames, clip.fps), animator)]
    chosen = [moved[k] for k in evenly_spread(len(moved), count)]
    return MovedPortrait(f"{portrait.name} x {clip.name}", portrait, chosen)


def bundled_frames(count: int, limit: int = LIMIT) -> MovedPortrait:
    """The bundled portrait, moved by the bundled clip, both rendered: `count` of its first `limit` frames.

    Raises:
        UserError: the tracker cannot run here.
    """
    from livecam import assets

    clip = track_clip(assets.bundled_file(assets.DRIVER), limit)
    moved = move_portrait(Portrait(assets.bundled_file(assets.PORTRAIT)), clip, count)
    return replace(moved, name="rendered")


def move_portraits(portraits: Sequence[Path], clips: Sequence[Path], count: int) -> list[MovedPortrait]:
    """Every portrait moved by every clip; both are files or folders of them. None where none are named.

    Raises:
        UserError: one of them cannot be used, there is one kind without the other, or no frame is wanted.
    """
    from livecam.files import PICTURE_SUFFIXES, VIDEO_SUFFIXES, files_in

    if count < 1:
        raise UserError(f"--frames {count}", "no number of frames", "Give one from 1 on, for example 9.")
    if bool(portraits) != bool(clips):
        has, lacks = ("--portraits", "--clips") if portraits else ("--clips", "--portraits")
        raise UserError(has, f"there are no {lacks} to go with them", f"Name both, or leave {has} away.")
    pictures = [file for path in portraits for file in files_in(path, PICTURE_SUFFIXES, "picture")]
    videos = [file for path in clips for file in files_in(path, VIDEO_SUFFIXES, "video")]
    enrolled = [Portrait(path) for path in pictures]
    tracked = [track_clip(path) for path in videos]
    return [move_portrait(portrait, clip, count) for portrait in enrolled for clip in tracked]
