"""The neutral face as a belief: it begins with what `livecam.motion.neutral` found and follows what the face
returns to, never faster than anybody would notice. Each person has one of their own.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.face.measures import between_eyes
from livecam.geometry import Array, first_order, smoothstep
from livecam.motion.bones import acting_share
from livecam.motion.people import People, Person

YOUNG, OLD = 0.25, 5.0
"""Least and largest time constant, in seconds, with which the shown face follows what is believed. By eye."""
AGES: Final = 8.0
"""In between it is this part of the time for which the face has been seen."""
SHAPE_SPEED: Final = 0.15
"""Outer-eye distances that a point of the shown face may go in a second: half a pixel a frame where these
are 100 pixels apart. By eye."""
BONES_SECONDS: Final = 30.0
"""Time constant with which places follow that are bone (`livecam.motion.bones`). What is believed of them
changes with how the head is held, and a portrait whose skull slid after it is seen to nod."""
TURN_YOUNG, TURN_OLD, TURN_AGES = 2.0, 20.0, 2.0
"""The same of the head's pose, which many turn for a while. By eye."""
TURN_SPEED: Final = float(np.radians(6.0))
"""Radians of yaw, pitch or roll that the shown face may turn in a second. By eye."""
TURN_IDLE: Final = (float(np.radians(3.0)), float(np.radians(10.0)))
"""Radians by which the head rests off the neutral pose between which that begins to follow: heads do not come
back to the degree. By eye."""
TILT_SEAT: Final = (10.0, 20.0)
"""Seconds for which the face has been seen between which pitch and roll are left to the seat
(`livecam.motion.seat`), which lets go of them itself, but not as soon."""
SWITCH_SECONDS: Final = 0.5
"""How long the shown face takes to another one: a better one that was found at last, or another person's who
took the place without a gap. By eye."""

LEAST_SIZE: Final = 1.0
"""Pixels between the outer corners of the eyes up to which it is no face."""


class NeutralBelief:
    """Told of every frame by `add`; `step` gives the neutral face as it should be then."""

    def __init__(self) -> None:
        self._people = People()
        self._shown: dict[Person, _Shown] = {}
        self._now: Person | None = None
        self._latest: F32 | None = None
        self._switch: tuple[F32, float] | None = None
        self._time = self._stepped = -np.inf

    @property
    def undecided(self) -> bool:
        """Whether somebody has come of whom it is not known yet who it is."""
        return self._people.undecided

    @property
    def changed(self) -> bool:
        """Whether somebody else is there than at the last `step`."""
        return self._now is not None and self._people.known[-1] is not self._now

    @property
    def hurries(self) -> bool:
        """Whether `step` is to be asked for with every frame: one face is being changed for another."""
        return self.changed or self._switch is not None

    def begin(self, neutral: F32, shown: F32 | None, time: float) -> None:
        """Take `neutral` for the face of who is there, and refine it from there. shown: the neutral face so
        far, from which it is eased; None: nothing is. Both (478, 3) pixels."""
        if not self._people.known:
            self._people.known.append(Person(neutral))
        self._now = self._people.known[-1]
        self._shown[self._now] = _Shown(self._now, neutral)
        self._switch = None if shown is None else (shown, time)

    def add(self, points: F32 | None, time: float) -> None:
        """A frame. points: (478, 3) pixels, None without a face; time in seconds. Frames that are not after
        the last one are known already, and change nothing."""
        if time <= self._time:
            return
        self._time = time
        if points is not None and np.isfinite(points).all() and between_eyes(points) > LEAST_SIZE:
            self._people.add(points, time)
            self._latest = points

    def step(self, time: float, before: F32 | None) -> F32:
        """(478, 3) pixels: the neutral face at `time`. before: the one shown so far, None where nothing is.

        There must have been a face, or `begin`.
        """
        person = self._people.known[-1]
        elapsed = time - self._stepped if np.isfinite(self._stepped) else 0.0
        self._stepped = time
        if person is not self._now:
            if person in self._shown and self._latest is not None:
                person.face.move(self._latest)
            self._now = person
            self._shown = {known: self._shown[known] for known in self._people.known if known in self._shown}
            self._switch = None if before is None else (before, time)
        if person not in self._shown:
            self._shown[person] = _Shown(person, None)
        neutral = self._shown[person].step(max(elapsed, 0.0))
        if self._switch is None:
            return neutral
        start, since = self._switch
        share = np.float32(smoothstep(0.0, SWITCH_SECONDS, time - since))
        if share >= 1:
            self._switch = None
        return (start + share * (neutral - start)).astype(np.float32)


class _Shown:
    """The neutral face that is shown of one person. neutral: (478, 3) to begin with; None: as believed."""

    def __init__(self, person: Person, neutral: F32 | None) -> None:
        self._face = person.face
        if neutral is None:
            self._shape, self._turn = self._face.estimate()
        else:
            known = self._face.estimate()[0] if self._face.seconds > 0 else None
            self._shape, self._turn = self._face.place(neutral)
            if known is not None:
                self._shape = _looking_as(self._shape, known)
        self._acts = acting_share(self._shape)

    def step(self, elapsed: float) -> F32:
        """(478, 3) pixels, so many seconds later."""
        if elapsed > 0 and self._face.seconds > 0:
            shape, turn = self._face.estimate()
            seen = self._face.seconds
            seconds = float(np.clip(seen / AGES, YOUNG, OLD))
            share = first_order(elapsed * (self._acts / seconds + (1 - self._acts) / BONES_SECONDS))
            self._shape = self._shape + _within(share * (shape - self._shape), elapsed * SHAPE_SPEED)
            away = turn - self._turn
            share = first_order(elapsed / float(np.clip(seen / TURN_AGES, TURN_YOUNG, TURN_OLD)))
            away = share * away * smoothstep(*TURN_IDLE, np.abs(away))
            away[1:] *= smoothstep(*TILT_SEAT[::-1], seen)
            self._turn = self._turn + np.clip(away, -elapsed * TURN_SPEED, elapsed * TURN_SPEED)
        return self._face.points(self._shape, self._turn)


def _looking_as(shape: Array, other: Array) -> Array:
    """(478, 3): the shape with irises where they are between the other's corners of the eyes. One frame may
    look anywhere; what was seen till then looks where the eyes are most of the time."""
    out = shape.copy()
    for upper, _, iris in lm.EYES:
        corners, irises = [upper[0], upper[-1]], list(iris)
        out[irises] = other[irises] - other[corners].mean(0) + shape[corners].mean(0)
    return out


def _within(steps: Array, largest: float) -> Array:
    """(N, 3) steps, those of all points made as much shorter as the longest must be."""
    longest = float(np.linalg.norm(steps, axis=1).max())
    return steps if longest <= largest else steps * (largest / longest)
