"""What the portrait does when the face comes and goes: hold, ease to rest, ease back. Never a jump.

At rest it is still, or alive by itself (`livecam.motion.idle`).
"""

from __future__ import annotations

from livecam.geometry import smoothstep
from livecam.motion.idle import Idle
from livecam.motion.types import Motion

HOLD_SECONDS = 0.4
"""A face lost for less than this leaves no trace: a blink of the tracker, a hand passing. By eye."""
REST_SECONDS = 0.8
"""How long the portrait then takes to its resting face. By eye."""
RETURN_SECONDS = 0.3
"""How long it takes to the face that has come back. By eye."""
WAKE_SECONDS = 1.0
"""How long a portrait that nobody has moved yet takes from stillness to its own motion. By eye."""


class Presence:
    """Turns "a motion, or nothing" into a motion for every frame. Times are in seconds and never go back.

    idle: what it does at rest, from the first time on; None: nothing.
    """

    def __init__(self, rest: Motion, idle: Idle | None = None) -> None:
        self._rest, self._idle = rest, idle
        self._start: float | None = None
        self._shown = rest
        self._lost_since: float | None = None
        self._lost_from = rest
        self._back_since: float | None = None
        self._back_from = rest
        self.present = False

    def update(self, motion: Motion | None, time: float) -> Motion:
        self._start = time if self._start is None else self._start
        if motion is None:
            self._shown = self._fade_out(time)
        else:
            self._shown = self._fade_in(motion, time)
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
            held = self._lost_since is not None and time - self._lost_since < HOLD_SECONDS
            first = self._shown is self._rest and self._lost_since is None
            self._back_since = None if held or first else time
            self._back_from, self.present = self._shown, True
        if self._back_since is None:
            return motion
        share = float(smoothstep(0.0, RETURN_SECONDS, time - self._back_since))
        if share >= 1.0:
            self._back_since = None
            return motion
        return self._back_from.blend(motion, share)
