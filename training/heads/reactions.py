"""The reactions that come with livecam: `python -m training.heads.reactions --out livecam/assets/reactions`.

Landmarks only, of the shape model's mean head, which is nobody's. Nothing is rendered or tracked: the points
lie on the head exactly where `training.heads.shape` has them.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError
from livecam.motion.transfer import GAZE_SEEN
from livecam.sources.recording import PerformanceWriter
from training.heads.data import load
from training.heads.performance import Track
from training.heads.shape import Gaze, HeadShape, Pose, expression
from training.heads.tracks import TO_HEAD

log = logging.getLogger(__name__)

SIZE: Final = 512
"""Side in pixels of the frame in which the points lie, without perspective."""
PIXELS_PER_CM: Final = 13.0
"""The head is half as high as the frame."""
STILL: Final = Track((0.0, 1.0), (0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Act:
    """One reaction. Angles in degrees as `Pose` has them; levels of the model's expressions, 0 to 1. times:
    seconds of the frames that are kept, of which the player makes smooth motion: where something turns round,
    and one or two between. Eyes stay on the camera as the head turns; with `lids` the lids go with them."""

    name: str
    times: tuple[float, ...]
    yaw: Track = STILL
    pitch: Track = STILL
    roll: Track = STILL
    levels: Mapping[str, Track] = field(default_factory=dict)


def _nod() -> Act:
    """Twice, the second time less."""
    turns = (0.0, 0.14, 0.4, 0.66, 0.9, 1.14, 1.4, 1.6)
    pitch = Track(turns, (0, -2, 15, -3, 11, -1.5, 0, 0))
    return Act("nod", _between(turns), pitch=pitch)


def _shake() -> Act:
    """To one side, to the other, and again with less."""
    turns = (0.0, 0.26, 0.6, 0.94, 1.24, 1.5, 1.65)
    yaw = Track(turns, (0, -15, 17, -14, 9, 0, 0))
    return Act("shake", _between(turns), yaw=yaw, pitch=Track((0, 0.3, 1.3, 1.65), (0, 2, 2, 0)))


def _wink() -> Act:
    """The lid falls as quickly as it does when people wink, rests, and rises; the cheek helps."""
    turns = (0.0, 0.14, 0.26, 0.55, 0.75, 1.0, 1.2)

    def raised(most: float) -> Track:
        return Track(turns, (0, 0, most, most, 0.3 * most, 0, 0))

    levels = {
        "eyeBlink_L": Track(turns, (0, 0, 1, 1, 0, 0, 0)),
        "cheekSquint_L": raised(0.9),
        "browDown_L": raised(0.4),
        "mouthSmile_L": raised(0.7),
        "mouthSmile_R": raised(0.35),
    }
    return Act("wink", _between(turns), roll=raised(-4.0), pitch=raised(3.0), yaw=raised(3.0), levels=levels)


def _laugh() -> Act:
    """Bursts of breath, some four a second (Bachorowski et al. 2001 have 4.4 to 5); the head goes back."""
    bursts = tuple(0.3 + 0.125 * k for k in range(13))
    times = (0.0, 0.12, 0.2, *bursts, 1.95, 2.1, 2.25, 2.4)
    shape = Track((0.0, 0.12, 0.35, 1.75, 2.3, 2.4), (0, 0.1, 1, 1, 0, 0))
    swing = [0.5 + 0.5 * (k % 2) for k in range(13)]
    jaw = Track((0.0, 0.12, *bursts, 2.25, 2.4), (0, 0, *(0.6 * one for one in swing), 0, 0))
    shoulders = Track((0.0, 0.12, *bursts, 2.3, 2.4), (0, 0, *(-7 + 5 * (1 - one) for one in swing), 0, 0))

    def part(most: float) -> Track:
        return Track(shape.times, tuple(most * value for value in shape.values))

    levels = {
        "mouthSmile": part(1.0),
        "cheekSquint": part(0.9),
        "eyeSquint": part(0.5),
        "mouthUpperUp": part(0.35),
        "mouthLowerDown": part(0.25),
        "browOuterUp": part(0.25),
        "jawOpen": jaw,
    }
    return Act("laugh", times, pitch=shoulders, roll=part(4.0), levels=levels)


def _surprise() -> Act:
    """At once, and by and by it goes."""
    turns = (0.0, 0.08, 0.3, 1.1, 1.7, 1.8)

    def raised(most: float) -> Track:
        return Track(turns, (0, 0, most, 0.9 * most, 0, 0))

    levels = {
        "browInnerUp": raised(1.0),
        "browOuterUp": raised(1.0),
        "eyeWide": raised(1.0),
        "jawOpen": raised(0.6),
        "mouthFunnel": raised(0.25),
    }
    return Act("surprise", _between(turns), pitch=raised(-5.0), levels=levels)


def _between(turns: Sequence[float]) -> tuple[float, ...]:
    """These times and the middle between each two."""
    middle = [(a + b) / 2 for a, b in pairwise(turns)]
    return tuple(sorted([*turns, *middle]))


ACTS: Final = (_nod(), _shake(), _wink(), _laugh(), _surprise())


def landmarks(shape: HeadShape, act: Act) -> NDArray[np.float32]:
    """(N, 478, 3) in pixels as MediaPipe counts them, one for each of the act's times."""
    data, times = shape.data, np.array(act.times)
    yaw, pitch, roll = (track.at(times) for track in (act.yaw, act.pitch, act.roll))
    frames = []
    for k, time in enumerate(times):
        levels = {name: float(track.at(np.array([time]))[0]) for name, track in act.levels.items()}
        gaze = Gaze(-GAZE_SEEN * float(yaw[k]), float(pitch[k]))
        # Sideways a tracker sees less of a gaze, and what moves the portrait makes up for it. The lids stay:
        # else a nod would take over the whole eyes, which are the driver's.
        coefficients = expression(data, **levels) - shape.lids_for(gaze)
        head = shape.express(data.neutral, coefficients, gaze)
        posed = shape.pose(head, Pose(float(yaw[k]), float(pitch[k]), float(roll[k])))
        frames.append(shape.landmarks(posed) @ TO_HEAD)
    points = np.array(frames)
    points -= [*points[0, :, :2].mean(0), points[0, :, 2].mean()]
    return np.asarray(points * PIXELS_PER_CM + [SIZE / 2, SIZE / 2, 0], np.float32)


def write(folder: Path, shape: HeadShape) -> None:
    """NAME.livecam for each of `ACTS`."""
    folder.mkdir(parents=True, exist_ok=True)
    for act in ACTS:
        path = folder / f"{act.name}.livecam"
        with PerformanceWriter(path) as writer:
            for time, points in zip(act.times, landmarks(shape, act), strict=True):
                writer.add(round(time * 1e9), points, SIZE, SIZE)
        log.info("wrote %s, %d frames, %.1f kB", path, len(act.times), path.stat().st_size / 1e3)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.heads.reactions", description=__doc__)
    parser.add_argument("--head-data", type=Path, default=None, help="folder with the head data")
    parser.add_argument("--out", type=Path, default=Path("livecam/assets/reactions"))
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        write(options.out, HeadShape(load(options.head_data)))
    except UserError as error:
        log.error("%s", error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
