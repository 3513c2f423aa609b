"""What a portrait does while nobody moves it: it breathes, blinks, looks about a little, keeps its head.

Small enough to be felt rather than seen, and never the same twice: a picture that is quite still looks like
a broken camera. Everything hangs on the seed and the time alone (`livecam.motion.chance`).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Collection
from typing import Final

import numpy as np

from livecam import geometry as geo
from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.face.covered import EYES
from livecam.geometry import Array, smoothstep
from livecam.motion.chance import Moments, Wander, drawn
from livecam.motion.lids import move_lids
from livecam.motion.types import Motion

BLINK_MEAN, BLINK_SPREAD, BLINK_LEAST = 4.0, 0.65, 1.0
"""Seconds between blinks, the spread of their logarithm, and the least: people at rest blink some 17 times a
minute, at intervals with a long tail (Bentivoglio et al., "Analysis of blink rate patterns in normal
subjects", 1997)."""
CLOSING, SHUT, OPENING = 0.08, 0.03, 0.15
"""Seconds of a blink's parts: lids fall about twice as fast as they rise (Evinger et al., 1991)."""
TWICE, TWICE_AFTER = 0.1, 0.36
"""How many blinks have a second one, and the seconds from one to the other. By eye."""

LOOK_MEAN, LOOK_SPREAD, LOOK_LEAST = 2.0, 0.45, 0.8
"""Seconds for which eyes stay where they are, as for blinks. By eye, of somebody who looks at a screen."""
LOOK: Final = (0.026, 0.012)
"""How far from the camera they look, sideways and up and down: standard deviation in widths of the eye. By
eye; at most twice as far. .05 are about 7 degrees."""
STRAIGHT: Final = 0.4
"""How often they come back to the camera, where the portrait looks. By eye."""
SACCADE = 0.045
"""Seconds for which an eye's jump of a few degrees lasts (Bahill et al., "The main sequence", 1975)."""
LID_FOLLOWS: Final = 2.0
"""Opening, in shares of the portrait's, by which lids go down with an eye that does by its width. By eye."""
EYEBALL: Final = 0.4
"""Radius of an eyeball in widths of the eye: 12 of 30 mm. So far its front goes as the head turns by a
radian, and so far it is held back, for who looks at something goes on doing so."""

SWAY: Final = np.radians([2.0, 1.3, 0.9])
"""Yaw, pitch and roll that the head never exceeds, mostly half of it. By eye."""
SHIFT: Final = (0.004, 0.002)
"""Shares of the crop by which the head moves sideways, and up and down, at most. By eye."""
GROWTH: Final = 0.004
"""The same of its size: nearer and farther. By eye."""
SLOW, QUICK = 3.1, 1.3
"""Seconds between the random numbers of slow wandering and of quick; no whole multiples of each other."""
QUICK_SHARE: Final = 0.3
"""The quick one's part. By eye: with more the head trembles."""
NECK: Final = (0.75, 0.35)
"""Where a head turns about, in lengths of the face below and behind the bridge of the nose: the top of the
neck."""

BREATHS = 13.5
"""A minute; adults at rest take 12 to 15."""
BREATH_WANDER, BREATH_SPACING = 0.55, 8.0
"""Radians by which breathing runs ahead and behind, and the seconds between the random numbers of that: 12.5
to 14.5 breaths a minute."""
BREATH_LIFTS: Final = 0.004
"""Share of the crop by which the head goes up and down with it from its middle. By eye."""


class Idle:
    """The motion of a portrait to which nothing happens.

    portrait: (478, 3), 0..1 of the crop. covered: parts of it that something hides; covered eyes neither
    blink nor look.
    """

    def __init__(self, portrait: F32, seed: int = 0, covered: Collection[str] = ()) -> None:
        self._portrait = portrait.astype(np.float64)
        self._axes = measures.face_axes(self._portrait)
        self._centre = self._portrait[list(lm.STABLE)].mean(0)
        self._own = (self._portrait - self._centre) @ self._axes
        self._eye_width = measures.eye_width(self._own)
        length = float(np.ptp(self._own[list(lm.FACE_OVAL), 1]))
        self._neck = self._axes @ (length * np.array([0.0, *NECK]))
        self._seed, self._eyes_move = seed, EYES not in covered
        self._slow, self._quick = Wander(seed, 0, SLOW, 6), Wander(seed, 1, QUICK, 6)
        self._breath_ahead = Wander(seed, 2, BREATH_SPACING)
        self._blinks = Moments(seed, 3, BLINK_MEAN, BLINK_SPREAD, BLINK_LEAST)
        self._looks = Moments(seed, 4, LOOK_MEAN, LOOK_SPREAD, LOOK_LEAST)

    def motion(self, time_s: float) -> Motion:
        """That of a moment, in seconds from when it began."""
        sway = (1 - QUICK_SHARE) * self._slow(time_s) + QUICK_SHARE * self._quick(time_s)
        breath = self._breath(time_s)
        turn = SWAY * sway[:3]
        head = self._head(turn, sway[3:], breath)
        points, gaze, lids = self._own.copy(), np.zeros(3), 1.0
        if self._eyes_move:
            look = self._look(time_s)
            gaze[:2] = self._eye_width * (look + EYEBALL * np.array([1, -1]) * np.sin(turn[:2]))
            lids = self._opening(time_s) * (1 - LID_FOLLOWS * float(look[1]))
            for eye, (_, _, iris) in enumerate(lm.EYES):
                move_lids(points, self._own, eye, lids)
                points[list(iris)] += gaze
        points = points @ self._axes.T + self._centre
        gaze = head[:, :3] @ self._axes @ gaze
        return Motion(
            landmarks=(points @ head[:, :3].T + head[:, 3]).astype(np.float32),
            head=head.astype(np.float32),
            gaze=np.stack([gaze[:2]] * 2).astype(np.float32),
            lids=np.full(2, lids, np.float32),
            breath=breath,
        )

    def _head(self, turn: Array, move: Array, breath: float) -> Array:
        """(3, 4): a turn about the neck, and what moves the whole: aside, up and down, nearer and farther."""
        linear = (1 + GROWTH * move[2]) * geo.from_euler(turn)
        shift = self._neck - linear @ self._neck  # the neck stays
        shift[:2] += np.array(SHIFT) * move[:2]
        shift[1] -= BREATH_LIFTS * breath
        shift[2] = 0.0
        return geo.affine_about(linear, self._centre, self._centre + shift)

    def _breath(self, time_s: float) -> float:
        """-1 out, 1 in: in faster than out."""
        ahead = BREATH_WANDER * float(self._breath_ahead(time_s)[0])
        phase = 2 * math.pi * BREATHS / 60 * time_s + ahead
        return math.sin(phase + 0.3 * math.sin(phase))

    def _opening(self, time_s: float) -> float:
        """Of the lids: 1 open, 0 shut."""
        number, since = self._blinks.last(time_s)
        if number == 0:  # the start is no blink
            return 1.0
        twice = _twice(self._seed, number) and since >= TWICE_AFTER
        return _blink(since - TWICE_AFTER if twice else since)

    def _look(self, time_s: float) -> Array:
        """(2,): where the eyes look, right and down, in widths of the eye."""
        number, since = self._looks.last(time_s)
        before = _place(self._seed, max(number - 1, 0))
        out: Array = before + (_place(self._seed, number) - before) * smoothstep(0.0, SACCADE, since)
        return out


def _blink(since: float) -> float:
    """Opening of the lids so long after they began to fall."""
    shut = smoothstep(0.0, CLOSING, since) * smoothstep(CLOSING + SHUT + OPENING, CLOSING + SHUT, since)
    return 1.0 - float(shut)


@functools.lru_cache(maxsize=8)
def _twice(seed: int, number: int) -> bool:
    return bool(drawn(seed, 5, number).uniform() < TWICE)


@functools.lru_cache(maxsize=8)
def _place(seed: int, number: int) -> Array:
    """(2,): where the eyes rest after their jump of that number; before the first, straight ahead."""
    chance = drawn(seed, 6, number)
    if number == 0 or chance.uniform() < STRAIGHT:
        return np.zeros(2)
    look: Array = np.array(LOOK) * np.clip(chance.normal(size=2), -2, 2)
    return look
