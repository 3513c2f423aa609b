"""Recording a reaction of one's own: landmarks only, from a neutral face to a neutral face."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from livecam.errors import SourceLost, UserError
from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.face.observer import Find, Observer
from livecam.files import make_folder
from livecam.folders import DATA_VARIABLE
from livecam.frames import Landmarks
from livecam.motion.reaction import Reaction
from livecam.sources.base import Source
from livecam.sources.recording import PerformanceWriter

COUNTDOWN: Final = 3
"""Seconds from when a camera sees a face until it is recorded: time to look into it, at rest."""
WAIT_SECONDS: Final = 30.0
"""So long a camera is looked into without seeing a face."""
MOVES: Final = 0.025
"""Distances of the outer eye corners by which the quickest twentieth of the points have moved where a
reaction has begun; a tracker's noise at rest is under .01. By eye."""
LEAD_SECONDS, TAIL_SECONDS = 0.15, 0.3
"""What is kept of the rest before and after it: it eases in and out meanwhile."""

Frame = tuple[int, Landmarks | None, int, int]
"""Capture time in ns; landmarks, (478, 3) in pixels, None without a face; width and height of the frame."""
Say = Callable[[str], None]


def performed(source: Source, find: Find, seconds: float, say: Say) -> list[Frame]:
    """What is done before the source for so long, from the first face on; a camera counts down before.

    Raises:
        UserError: no face is seen.
    """
    observer, frames = Observer(find), list[Frame]()
    first: int | None = None
    begun: int | None = None
    counted = COUNTDOWN + 1 if source.info.live else 0
    if source.info.live:
        say("Look into the camera with a neutral face.")
    while True:
        try:
            frame = source.read()
        except SourceLost as lost:
            raise UserError(source.info.name, "the camera was lost", "Connect it and try again.") from lost
        if frame is None:
            break
        points, now = observer(frame), frame.capture_ns
        first = now if first is None else first
        if begun is None:
            if points is None and now - first > WAIT_SECONDS * 1e9 and source.info.live:
                break
            if points is not None:
                begun = now
        if begun is None:
            continue
        left = (COUNTDOWN if source.info.live else 0) - (now - begun) / 1e9
        if left > 0:
            if np.ceil(left) < counted:
                counted = int(np.ceil(left))
                say(f"{counted} ...")
            continue
        if not frames:
            if points is None:
                continue
            if source.info.live:
                say("Now: do it, and end with a neutral face.")
        elif now - frames[0][0] > seconds * 1e9:
            break
        frames.append((now, points, *observer.frame_size))
    if not frames:
        raise UserError(source.info.name, "no face was seen", "Sit before the camera, in the light.")
    return frames


def trimmed(frames: Sequence[Frame]) -> list[Frame]:
    """Without the stillness before and after; all of it where nothing moves."""
    first = frames[0][1]
    assert first is not None
    unit = max(measures.between_eyes(first), 1e-9)
    moving = [
        k
        for k, (_, points, _, _) in enumerate(frames)
        if points is not None and _moved(points, first) > MOVES * unit
    ]
    if not moving:
        return list(frames)
    times = np.array([frame[0] for frame in frames]) / 1e9
    start, end = times[moving[0]] - LEAD_SECONDS, times[moving[-1]] + TAIL_SECONDS
    kept = [frame for frame, at in zip(frames, times, strict=True) if start <= at <= end]
    while kept[0][1] is None:
        kept.pop(0)
    return kept


def _moved(points: Landmarks, first: Landmarks) -> float:
    """Pixels: of the quickest twentieth of the skin's points."""
    away = np.linalg.norm((points - first)[: lm.MESH_COUNT, :2], axis=1)
    return float(np.quantile(away, 0.95))


def keep(path: Path, frames: Sequence[Frame], mirror: bool) -> Reaction:
    """Write the performance, unless it is no reaction. mirror: portraits play it as in a mirror.

    Raises:
        UserError: it is none, or the file cannot be written.
    """
    times = np.array([frame[0] for frame in frames]) / 1e9
    reaction = Reaction(path.stem, times, [frame[1] for frame in frames])
    make_folder(path.parent, DATA_VARIABLE)
    with PerformanceWriter(path, mirror=mirror) as writer:
        for frame in frames:
            writer.add(*frame)
    return reaction
