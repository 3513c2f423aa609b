"""Both eyes look at one thing: how much of what one does otherwise than the other is believed.

Irises of one frame are noisy, and an iris in a corner of its eye is seen less far off than one at the nose.
So what differs is halved. Crossed eyes are told by what noise does not do: both irises near the nose, by far,
while both eyes are open, for a few frames.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from livecam.geometry import Array, smoothstep

OWN_GAZE: Final = 0.5
"""How much of what one eye looks otherwise than both is kept while they look at one thing."""
STEADY: Final = 3
"""Frames in which eyes are crossed before it is believed. By eye."""
CROSSING: Final = (0.06, 0.12)
"""How much nearer to each other irises are than in the neutral frame, in widths of the eye, from which on
they begin to be crossed, and from which on surely. Looking straight ahead they are .06 at most on eight clips
of people who do not squint, .13 to .24 on two who do."""
ASIDE_NOISE: Final = 0.5
"""By how much those rise with each width of the eye that both look aside: looking .17 and .26 aside, those
eight are seen .14 and .12 crossed."""
OPEN: Final = (0.5, 0.75)
"""Openings, of those in the neutral frame, between which an iris begins to be seen clearly."""


class Gaze:
    """What both eyes do together. Of one driver's frames, in order."""

    def __init__(self) -> None:
        self._crossed: deque[float] = deque([0.0] * STEADY, maxlen=STEADY)

    def together(self, gaze: Array, lids: list[float], widths: Array) -> Array:
        """(2, 3): the gaze of both eyes, nearly the same unless they are crossed.

        gaze: (2, 3), how far the left and the right iris went, in face coordinates. lids: openings of both
        against neutral. widths: (2,), of the eyes, in the unit of gaze.
        """
        looks = gaze[:, 0] / widths
        aside = ASIDE_NOISE * abs(float(looks.mean()))
        crossing = smoothstep(CROSSING[0] + aside, CROSSING[1] + aside, looks[0] - looks[1])
        self._crossed.append(float(crossing * smoothstep(*OPEN, min(lids))))
        kept = OWN_GAZE + (1 - OWN_GAZE) * min(self._crossed)
        mean = gaze.mean(0)
        return np.asarray(mean + kept * (gaze - mean))
