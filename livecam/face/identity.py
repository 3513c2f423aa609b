"""Whether a face is the one that has been followed: by the colours of its skin, lips and brows.

The correlation of the colours at a face's landmarks (`livecam.face.appearance`) with their mean over seconds,
without lids' and lips' edges: thirteen clips of thirteen people, three of them in one studio's light
(docs/lab/doubt.md).

                                            least   1 %   median   99 %
    the same, frame by frame                  .82   .85      .96
    the same, in a single look at a picture   .82   .85      .95
    others, in a single look                                 .48    .83
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.face import landmarks as lm
from livecam.face.appearance import Colours, Likeness, on_the_face, point_colours
from livecam.frames import RGB, Landmarks

STRANGER: Final = (0.72, 0.9)
"""Likeness below which a face is somebody else's, at least and at most: in between, so far below what this
face's own usually is as"""
BELOW: Final = (0.08, 5.0)
"""this, or as this many times its mean deviation, whichever is more: people in one light are more alike."""
SAME: Final = 0.85
"""Likeness from which a face that is somewhere else is taken for this one: 99 % of others, in a single look,
are below .83."""
CHANGED_S: Final = 2.0
"""Seconds for which what is as unlike as all strangers is not learned: something passes before the face. If
it stays the light has changed. By eye."""
KNOWN_S: Final = 1.0
"""Seconds a face has to be looked at before others are told from it. By eye."""
LEARNED_S: Final = 5.0
"""Time constant of what it looks like: a day's light changes more slowly, a passer-by is gone sooner."""
LEARNS_EVERY_S: Final = 0.1
"""Seconds from one frame that is learned to the next, for time."""
LONGEST_STEP_S: Final = 0.2
"""Seconds that one frame counts at most. By eye."""

_OPENINGS = [*lm.MOUTH, *lm.LEFT_EYE, *lm.RIGHT_EYE]


class Identity:
    """Learns one face, and says how alike others are."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Nobody is known any more."""
        self._look: Colours | None = None
        self._seen_s = 0.0
        self._time_s = 0.0
        self._usual, self._varies = 1.0, 0.0
        self._changed_s = 0.0

    @property
    def known(self) -> bool:
        """Whether the face has been seen for long enough."""
        return self._seen_s >= KNOWN_S

    def learn(self, points: Landmarks, colours: Colours, time_s: float) -> None:
        """What the followed face looks like now. points: (478, 3). colours: `appearance.point_colours`."""
        if self._look is None:
            group = np.setdiff1d(np.arange(lm.MESH_COUNT), _OPENINGS)
            self._likeness = Likeness([group], on_the_face(points), [0])
            self._look, self._time_s = colours, time_s
            return
        if 0 <= time_s - self._time_s < LEARNS_EVERY_S:
            return
        elapsed = min(max(time_s - self._time_s, 0.0), LONGEST_STEP_S)
        self._time_s = time_s
        alike = float(self._likeness(colours, self._look)[0])
        self._changed_s = self._changed_s + elapsed if self.known and alike < STRANGER[0] else 0.0
        if 0 < self._changed_s < CHANGED_S:
            return
        self._seen_s += elapsed
        share = elapsed / max(min(self._seen_s, LEARNED_S), elapsed, 1e-9)
        self._varies += share * (abs(alike - self._usual) - self._varies)
        self._usual += share * (alike - self._usual)
        self._look = self._look + np.float32(share) * (colours - self._look)

    def likeness(self, colours: Colours) -> float:
        """-1 to 1; 1 while nobody is known."""
        if self._look is None or not self.known:
            return 1.0
        return float(self._likeness(colours, self._look)[0])

    def stranger(self, colours: Colours) -> bool:
        """Whether these are somebody else's, (468, 3)."""
        margin, deviations = BELOW
        bound = self._usual - max(margin, deviations * self._varies)
        return self.likeness(colours) < min(max(bound, STRANGER[0]), STRANGER[1])

    def same(self, picture: RGB, face: Landmarks) -> bool:
        """Whether a picture's face is certainly this one; between that and a stranger there is doubt."""
        colours = point_colours(picture, face)
        return self.known and self.likeness(colours) >= SAME and not self.stranger(colours)

    def strangers(self, picture: RGB, faces: list[Landmarks]) -> list[bool]:
        """Which of a picture's faces are somebody else's."""
        return [self.known and self.stranger(point_colours(picture, face)) for face in faces]
