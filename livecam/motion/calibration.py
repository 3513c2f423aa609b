"""The driver's neutral face while a run goes on: found at the start, refined from then on, eased into.

What the portrait does is measured against it (`livecam.motion.transfer`).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.face.mirror import mirrored
from livecam.geometry import first_order
from livecam.motion.belief import NeutralBelief
from livecam.motion.gaze import Gaze
from livecam.motion.limits import HeadLimits
from livecam.motion.neutral import SETTLE_SECONDS, NeutralFinder
from livecam.motion.portrait_face import PortraitFace
from livecam.motion.seat import Seat
from livecam.motion.transfer import MotionTransfer
from livecam.settings import MotionSettings

SETTLED: Final = 0.05
"""Pixels of the driver's frame from which a neutral face that eases in has arrived, and below which one that
is refined stays."""
REFINED_SECONDS: Final = 0.1
"""Between two steps of the neutral face while it is refined: each goes too little to be noticed, and costs
half a millisecond."""


class Calibration:
    """Told of every frame, in order; keeps the `transfer` that moves the portrait, None while it has none.

    portrait: its face. picture: (478, 3) float32, its landmarks in pixels of the whole picture. limits: how
    far its head may go.
    """

    def __init__(
        self, portrait: PortraitFace, picture: F32, settings: MotionSettings, limits: HeadLimits
    ) -> None:
        self._portrait, self._picture = portrait, picture
        self._settings, self._limits = settings, limits
        self._updated = 0.0
        self._neutral: F32 | None = None
        self.transfer: MotionTransfer | None = None
        self._begin(settings.neutral_frame)

    def _begin(self, chosen: int | None) -> None:
        self.finder = NeutralFinder(self._picture, self._settings.neutral_seconds, chosen)
        self._belief = NeutralBelief()
        self._begun_with: NeutralFinder | None = None
        self._neutral = None
        self._seat, self._gaze = self._new_seat(), Gaze()

    def adopt(self, other: Calibration) -> None:
        """Go on with what another portrait's knows of the same driver, instead of looking anew."""
        self.finder, self._belief, self._begun_with = other.finder, other._belief, other._begun_with
        self._updated = other._updated
        if (self._seat is None) == (other._seat is None):
            self._seat, self._gaze = other._seat, other._gaze
        if other._neutral is not None:
            self._set_neutral(other._neutral)

    def change(self, settings: MotionSettings) -> None:
        """Pass motion on otherwise from now on; what is known of the driver stays."""
        if (settings.follow == "all") != (self._seat is None):
            self._seat = None if settings.follow == "all" else Seat()
        self._settings = settings
        if self._neutral is not None:
            self._set_neutral(self._neutral)

    def mirror(self, width: int) -> None:
        """The driver's landmarks come mirrored from now on, or no more. width: of the frame in pixels."""
        neutral = self._neutral
        self._begin(None)
        if neutral is not None:
            self._set_neutral(mirrored(neutral, width))
            self._neutral = None  # what is found next is taken over as it is

    def forget(self) -> None:
        """Somebody else, or another camera: the portrait waits for a neutral face."""
        self._begin(None)
        self.transfer = None

    def restart(self) -> None:
        """Look for the neutral face anew; the portrait is moved by the last one until there is another."""
        self._begin(None)

    def add(self, points: F32, time_s: float) -> None:
        """Learn from a frame's landmarks what `update` is to know, before that comes to it."""
        self.finder.add(points, time_s)
        if not self.finder.pinned:
            self._belief.add(points, time_s)

    def update(self, points: F32 | None, time_s: float) -> None:
        """Look for the neutral face and refine it; changes are taken over smoothly. points: (478, 3) pixels,
        None without a face."""
        if points is not None:
            self.add(points, time_s)
        if self.finder.done and not self.finder.pinned:
            self._refine(time_s)
        else:
            self._take_found(time_s)

    def _take_found(self, time_s: float) -> None:
        """The best of the frames so far."""
        best = self.finder.neutral
        if best is None or best is self._neutral:
            return
        if self._neutral is None:
            self._set_neutral(best)
        else:
            share = np.float32(first_order(max(time_s - self._updated, 0.0) / SETTLE_SECONDS))
            moved = self._neutral + share * (best - self._neutral)
            close = float(np.abs(moved - best).max()) < SETTLED
            self._set_neutral(best if close else moved.astype(np.float32))
        self._updated = time_s

    def _refine(self, time_s: float) -> None:
        """What the face that is there returns to. Whose it is must be known for it."""
        if self._begun_with is not self.finder:
            assert self.finder.neutral is not None  # it is done, and none was asked for
            self._belief.begin(self.finder.neutral, self._neutral, time_s)
            self._begun_with = self.finder
        if self._belief.undecided:
            self.transfer = self._neutral = None
            return
        belief, since = self._belief, time_s - self._updated
        if self._neutral is not None and not belief.hurries and 0 <= since < REFINED_SECONDS:
            return
        self._updated = time_s
        if belief.changed:
            self._seat, self._gaze = self._new_seat(), Gaze()
        neutral = self._belief.step(time_s, self._neutral)
        if self._neutral is None or float(np.abs(neutral - self._neutral).max()) > SETTLED:
            self._set_neutral(neutral)

    def _new_seat(self) -> Seat | None:
        return None if self._settings.follow == "all" else Seat()

    def _set_neutral(self, neutral: F32) -> None:
        self._neutral = neutral
        self.transfer = MotionTransfer(
            self._portrait, neutral, self._settings, self._seat, self._limits, self._gaze
        )
