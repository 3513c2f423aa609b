"""Mouths cut out of pictures, all of one size, for the perceptual judge and for sheets."""

from __future__ import annotations

from typing import Any, Final

from numpy.typing import NDArray

from livecam.benchmarks.fidelity.strips import window
from livecam.face import landmarks as lm
from livecam.face.measures import lip_gap, mouth_width
from livecam.frames import RGB

WIDTH, HEIGHT = 160, 112
"""Pixels of a mouth cut out."""
ACROSS: Final = 1.25
"""Mouth widths that lie side by side in it: the lips, and a rim of skin."""
LEAST_GAP: Final = 0.06
"""Mouth widths by which the inner lips are apart where what is between them can be judged. By eye: below, no
tooth is to be seen."""


def shows(points: NDArray[Any]) -> bool:
    """Whether there is anything between the lips to be judged. points: (478, 2 or more) of the truth."""
    return lip_gap(points) > LEAST_GAP


def cut(picture: RGB, points: NDArray[Any]) -> RGB:
    """HEIGHT x WIDTH x 3 uint8 about the mouth that lies at `points`, (478, 2 or more) in pixels."""
    lips = points[list(lm.OUTER_LIPS), :2]
    return window(picture, (lips.min(0) + lips.max(0)) / 2, ACROSS * mouth_width(points), WIDTH, HEIGHT)
