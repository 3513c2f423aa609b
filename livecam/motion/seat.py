"""Where the driver sits, taken apart from how the head moves.

In a call people lean back, shift on the chair, nudge the laptop. That is no motion of the head, and a
portrait that followed it would slide off its neck and stay there. So place, distance and tilt are split: the
*seat* is what is kept for seconds, and the rest about it, which is quick, moves the portrait.

The seat goes to where the head is by a first-order law, so it never overshoots, and nothing else moves it. It
goes sooner the farther off the head is: beyond what a portrait can show the motion is cut off anyway, and
letting go of it is not seen. How fast it goes changes smoothly and is bounded. All of it depends on time, not
on the number of frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.geometry import Array, first_order, smoothstep
from livecam.motion.view import View

SEAT_SECONDS: Final = 3.0
"""Time constant with which place and distance are let go of. Gestures last less than a second, sitting
down otherwise minutes: of a nod a second long it takes .2 %, after ten seconds it leaves 4 %."""
TILT_SECONDS, TILT_KEPT_SECONDS = 20.0, 10.0
"""Time constants of pitch and roll, one after the other: of a laptop's lid that was moved, or a cushion, a
tenth is left after a minute. Who looks down at notes for ten seconds means it, and a sixth of that is lost.
Yaw is never let go of: who turns to a second screen is turned."""
TILT_STAYS: Final = (math.radians(4.0), math.radians(10.0))
"""Tilts that stay, and from where on all of them is let go of: heads are held by some degrees otherwise for
minutes, and nobody takes that for a camera that was moved. By eye."""
TILTS: Final = np.array([0.0, 1.0, 1.0])
"""Which angles that is, of yaw, pitch and roll."""
PLACE_REACH: Final = 0.15
"""Face heights by which a head moves about its seat: so far off, the seat follows twice as fast."""
SIZE_REACH: Final = 0.08
"""The same of the logarithm of its size."""
TOP_SPEED: Final = 2.0
"""Reaches a second that the seat moves at most: .3 face heights, 16 % of the size. By eye."""
FAR_SECONDS: Final = 1.0
"""Time constant with which a seat goes that is so far off that it would be slower at that speed, which is
farther than a portrait shows."""
RATE_SECONDS: Final = 0.5
"""Time constant with which the seat gets faster and slower, so that nobody sees it set off. By eye."""
GAP_SECONDS: Final = 1.0
"""Without a face for longer, the seat begins anew where the next face is: the portrait, at rest by then
(`livecam.motion.presence`), comes back to its own place."""
STEP_SECONDS: Final = 0.02
"""Longest step of time that is taken at once: frame rates down to 10 a second then agree within a
hundredth of what the head moved."""
LEAST_HEIGHT: Final = 1.0
"""Pixels of a face's height below which it is none: points squeezed together, whose logarithm is anything."""


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Where a driver's head is, or what is left of that about its seat.

    place: (2,) x, y. size: logarithm. angles: (3,) yaw, pitch, roll in radians. What is given has its place
    in pixels and its size as the face's height in pixels; what is left, in face heights at the seat's
    distance and as the factor to the seat's size.
    """

    place: Array
    size: float
    angles: Array


class Seat:
    """Splits a driver's head motion, one frame after the other. Times are in seconds."""

    def __init__(self) -> None:
        self._time = -math.inf
        self._at: HeadPose | None = None
        self._last: HeadPose | None = None
        self._rate = 0.0
        self._kept = np.zeros(3)
        self._view = View()

    def start(self, head: HeadPose) -> None:
        """Where the driver's neutral face is: the first seat, unless one is known."""
        if self._at is None and _plausible(head):
            self._at = replace(head, angles=np.zeros(3))
            self._view.follow(head.place, head.size, 0.0)

    def update(self, head: HeadPose, time_s: float) -> HeadPose:
        """What of `head` is quick. A time that stands still or goes back changes nothing of the seat; after a
        long gap the seat is where the head is. A pose that is none gives the last one's answer."""
        if not _plausible(head):
            if self._last is None:
                return HeadPose(np.zeros(2), 0.0, np.zeros(3))
            head = self._last
        self.start(head)
        elapsed = 0.0 if self._last is None else time_s - self._time
        self._last, self._time = head, time_s
        if elapsed > GAP_SECONDS and self._at is not None:
            self._at, self._rate = replace(head, angles=self._at.angles), 0.0
        elif elapsed > 0:
            steps = math.ceil(elapsed / STEP_SECONDS - 1e-6)
            for _ in range(steps):
                self._step(head, elapsed / steps)
            self._view.follow(head.place, head.size, elapsed)
        return self._quick(head)

    @property
    def view(self) -> F32:
        """(3,) float32: how far the picture has followed the driver (`livecam.motion.view`)."""
        return self._view.motion

    def _quick(self, head: HeadPose) -> HeadPose:
        assert self._at is not None
        place = (head.place - self._at.place) / math.exp(self._at.size)
        return HeadPose(place, head.size - self._at.size, head.angles - self._at.angles)

    def _step(self, head: HeadPose, seconds: float) -> None:
        assert self._at is not None
        quick = self._quick(head)
        far = math.hypot(float(np.linalg.norm(quick.place)) / PLACE_REACH, quick.size / SIZE_REACH)
        most = max(TOP_SPEED / max(far, 1e-9), 1 / FAR_SECONDS)
        wanted = min((1 + far**2) / SEAT_SECONDS, most)
        self._rate += float(first_order(seconds / RATE_SECONDS)) * (wanted - self._rate)
        share = float(first_order(seconds * min(self._rate, most)))
        self._kept += first_order(seconds / TILT_KEPT_SECONDS) * (head.angles - self._kept) * TILTS
        kept = self._kept - self._at.angles
        tilt = first_order(seconds / TILT_SECONDS) * kept * smoothstep(*TILT_STAYS, np.abs(kept))
        self._at = HeadPose(
            self._at.place + share * (head.place - self._at.place),
            self._at.size + share * quick.size,
            self._at.angles + tilt,
        )


def _plausible(head: HeadPose) -> bool:
    numbers = np.isfinite([*head.place, head.size, *head.angles]).all()
    return bool(numbers and head.size >= math.log(LEAST_HEIGHT))
