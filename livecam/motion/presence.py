"""What the portrait does when the face comes and goes: hold, ease to rest, ease back. Never a jump.

Nor does it jump where a face is there and leaps: landmarks of somebody else's, a mirrored picture, a camera
that was turned. What is farther off than a head gets in the time is eased to, whatever the cause. At rest it
is still, or alive by itself (`livecam.motion.idle`).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.geometry import smoothstep
from livecam.motion.idle import Idle
from livecam.motion.seat import GAP_SECONDS
from livecam.motion.types import Motion

HOLD_SECONDS = 0.4
"""A face lost for less than this leaves no trace: a blink of the tracker, a hand passing. By eye."""
REST_SECONDS = 0.8
"""How long the portrait then takes to its resting face. By eye."""
RETURN_SECONDS = 0.3
"""How long it takes to the face that has come back. By eye."""
QUICKEST: Final = 1.25
"""Crop sides a second that the mean landmark moves at most, sideways and up or down. A head turns by 350
degrees a second if it must, and its points lie .2 from the axis. Ten clips of quick nods and turns have 1.03,
.034 between two frames."""
JUDGED_SECONDS: Final = (0.04, 0.12)
"""Time between two frames that counts at least and at most: at high frame rates a tracker's noise is no less,
and no head goes on so fast for longer. With frames .2 s apart the same clips move .119; the bound is .15."""
WAKE_SECONDS = 1.0
"""How long a portrait that nobody has moved yet takes from stillness to its own motion. By eye."""


class Presence:
    """Turns "a motion, or nothing" into a motion for every frame. Times are in seconds and never go back.

    idle: what it does at rest, from the first time on; None: nothing. gain: how much further than the driver
    the portrait moves, where it does.
    """

    def __init__(self, rest: Motion, idle: Idle | None = None, gain: float = 1.0) -> None:
        self._rest, self._idle = rest, idle
        self._quickest = QUICKEST * max(gain, 1.0)
        self._start: float | None = None
        self._time = 0.0
        self._shown = self._aim = rest
        self._seen: float | None = None
        self._lost_since: float | None = None
        self._lost_from = rest
        self._back_since: float | None = None
        self._back_from = rest
        self.present = False

    def change(self, idle: Idle | None, gain: float) -> None:
        """As told at the start, from now on; it wakes and falls asleep softly."""
        if (idle is None) != (self._idle is None):
            self._idle = idle
            self._start = None if self._start is None else self._time
            if not self.present:
                self._lost_since, self._lost_from = self._time - HOLD_SECONDS, self._shown
        self._quickest = QUICKEST * max(gain, 1.0)

    def update(self, motion: Motion | None, time: float) -> Motion:
        if self._start is None:
            self._start = self._time = time
            self._aim = self._rest if motion is None else motion  # nothing was shown that it could leap from
        self._shown = self._fade_out(time) if motion is None else self._fade_in(motion, time)
        self._aim = self._shown if motion is None else motion
        self._time = time
        return self._shown

    def _fade_out(self, time: float) -> Motion:
        if self.present:
            self.present, self._back_since = False, None
            self._lost_since, self._lost_from = time, self._shown
        if self._lost_since is None:
            return self._alone(time)
        share = float(smoothstep(HOLD_SECONDS, HOLD_SECONDS + REST_SECONDS, time - self._lost_since))
        if share <= 0.0:
            return self._lost_from
        return self._lost_from.blend(self._alone(time), share) if share < 1.0 else self._alone(time)

    def _alone(self, time: float) -> Motion:
        """At rest, awake by and by."""
        if self._idle is None or self._start is None:
            return self._rest
        since = time - self._start
        share = float(smoothstep(0.0, WAKE_SECONDS, since))
        if share <= 0.0:
            return self._rest
        alive = self._idle.motion(since)
        return self._rest.blend(alive, share) if share < 1.0 else alive

    def _fade_in(self, motion: Motion, time: float) -> Motion:
        if not self.present:
            held = self._seen is not None and time - self._seen < HOLD_SECONDS
            first = self._shown is self._rest and self._seen is None
            self._back_since = None if held or first else time
            self._back_from, self.present = self._shown, True
        if self._leaps(motion, time) and self._back_since != time:
            self._back_since = time - min(time - self._time, JUDGED_SECONDS[1])
            self._back_from = self._shown
        self._seen = time
        if self._back_since is None:
            return motion
        share = float(smoothstep(0.0, RETURN_SECONDS, time - self._back_since))
        if share >= 1.0:
            self._back_since = None
            return motion
        return self._back_from.blend(motion, share)

    def _leaps(self, motion: Motion, time: float) -> bool:
        """Whether the motion is farther from the last one than a head gets; or so late that the seat began
        anew, which is a leap that nobody made."""
        elapsed = time - self._time
        away = (motion.landmarks - self._aim.landmarks)[:, :2]
        far = float(np.sqrt(np.einsum("ij,ij->i", away, away)).mean())
        return elapsed > GAP_SECONDS or far > self._quickest * float(np.clip(elapsed, *JUDGED_SECONDS))
