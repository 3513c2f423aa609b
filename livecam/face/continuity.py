"""Whether a face goes on from where it was, or the picture is broken.

Of half a picture (a webcam's cut JPEG, the rest of it grey) the model makes a whole face all the same: one
of another size and shape, and not where the pixels went. Such a frame is left out. A face that stays
implausible is believed after `BELIEVED_MS`: somebody else sat down, or the film was cut.

The largest steps of thirteen clips at 25 and 30 frames a second (2,400 steps, talking, grimacing, signing,
nodding), the same at three times the speed, and what torn pictures of them show:

                real   three times as fast   torn
    size        .046   .047                  .00 to .20
    shape       .110   .154                  .02 to .22
    from flow   .031   .059                  .02 to .12
    flattened   .002   -                     .12 to .60

So most of them are told by the places that went flat; the others tell what is torn without being flat.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.face import landmarks as lm
from livecam.frames import Landmarks
from livecam.geometry import similarity

LARGEST_SIZE_STEP: Final = 0.07
"""Change of the head's size, as a logarithm, between two frames that are `NOMINAL_MS` apart."""
LARGEST_SHAPE_STEP: Final = 0.2
"""What is left after the similarity that brings one frame's mesh nearest to the other's: root mean square,
as a part of the mesh's own."""
LARGEST_FROM_FLOW: Final = 0.07
"""Median distance of the points from where their pixels went, in distances of the outer eye corners."""
MOST_FLATTENED: Final = 0.05
"""Share of the points in whose places there is no texture any more, at whatever distance of time."""
NOMINAL_MS: Final = 33
"""The first three bounds are for frames so far apart. They grow with the root of the time: in three times as
much the largest steps of the clips were 1 to 2.3 times as large."""
BELIEVED_MS: Final = 200
"""Longer than that no face is left out: a torn picture lasts for a frame or two, and nobody should stand
still for longer than in a hiccup of the connection."""

_STABLE = list(lm.STABLE)
_MESH = slice(0, lm.MESH_COUNT)


class Continuity:
    """Compares each face with the last one that was believed."""

    def __init__(self) -> None:
        self._last: Landmarks | None = None
        self._last_ms = 0

    def doubt(self, points: Landmarks, time_ms: int, from_flow: float = 0.0, flattened: float = 0.0) -> str:
        """What is not plausible about (478, 3) landmarks, "" where nothing is. from_flow, flattened: as
        `livecam.face.optical_flow.FlowStabiliser` tells; 0 where there was nothing to follow."""
        if self._last is None or not 0 < time_ms - self._last_ms < BELIEVED_MS:
            return ""
        more = max(float(np.sqrt((time_ms - self._last_ms) / NOMINAL_MS)), 1.0)
        steps = {
            "size": (size_step(self._last, points), more * LARGEST_SIZE_STEP),
            "shape": (shape_step(self._last, points), more * LARGEST_SHAPE_STEP),
            "distance from flow": (from_flow, more * LARGEST_FROM_FLOW),
            "flattened": (flattened, MOST_FLATTENED),
        }
        return ", ".join(f"{name} {step:.2f}" for name, (step, bound) in steps.items() if step > bound)

    def believed(self, points: Landmarks, time_ms: int) -> None:
        """(478, 3) landmarks that the next ones are compared with."""
        self._last, self._last_ms = points, time_ms


def size_step(before: Landmarks, after: Landmarks) -> float:
    """Change of the head's size as a logarithm, by points that expressions hardly move: what moves the
    portrait's head."""
    scale, _, _ = similarity(before[_STABLE].astype(np.float64), after[_STABLE].astype(np.float64))
    return float(abs(np.log(max(scale, 1e-6))))


def shape_step(before: Landmarks, after: Landmarks) -> float:
    """How far two meshes differ in the picture beyond a 2-D similarity, as a part of the second's extent."""
    first, second = (points[_MESH, :2].astype(np.float64) for points in (before, after))
    scale, rotation, shift = similarity(first, second)
    left = scale * first @ rotation.T + shift - second
    extent = second - second.mean(0)
    return float(np.sqrt((left**2).sum() / max((extent**2).sum(), 1e-12)))
