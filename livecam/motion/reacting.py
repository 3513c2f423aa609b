"""Reactions laid over what the portrait does anyway: they ease in and out, and nothing jumps.

A reaction's head motion is added to where the head is; what it does with eyes or mouth replaces what they do,
by a weight. It moves the portrait through a transfer, a neutral face and a seat of its own, so that any
portrait shows it, and no head goes further than its picture can show.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from livecam import geometry as geo
from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.geometry import Array, smoothstep, soft_limit
from livecam.motion.limits import HeadLimits
from livecam.motion.portrait_face import PortraitFace
from livecam.motion.pose_limits import turn_limits
from livecam.motion.presence import Presence
from livecam.motion.reaction import Reaction
from livecam.motion.seat import Seat
from livecam.motion.transfer import NEARLY_SHUT, MotionTransfer
from livecam.motion.types import Motion, rest
from livecam.settings import MotionSettings

IN_SECONDS: Final = 0.2
OUT_SECONDS: Final = 0.3
"""How long a reaction eases in, and out before its end, or when another one takes over. By eye."""

_IRISES = [point for _, _, iris in lm.EYES for point in iris]


class Reacting:
    """What one portrait is asked to play. `start` may be called from any thread, the rest by the one that
    draws. Times are in seconds.

    landmarks, covered: as for `PortraitFace`. limits: how far the portrait's head may go. settings: of them
    its limits count; a reaction has its own size, whatever the gains are.
    """

    def __init__(self, face: PortraitFace, limits: HeadLimits, settings: MotionSettings) -> None:
        self._stage = Stage(face, limits, settings)
        self._asked: deque[Reaction] = deque(maxlen=1)
        self._playing: list[Playing] = []

    def start(self, reaction: Reaction) -> None:
        """From the next frame on; what plays eases out meanwhile. Two play at a time, so a third one waits
        until the first is gone, and of those that wait the last one is played."""
        self._asked.append(reaction)

    def change(self, settings: MotionSettings) -> None:
        """Other limits, for what is played from now on."""
        self._stage = replace(self._stage, settings=settings)

    def adopt(self, other: Reacting) -> None:
        """Go on with what another portrait's plays."""
        self._asked.extend(other._asked)
        self._playing = [one.on(self._stage) for one in other._playing]

    def update(self, live: Motion, time_s: float) -> Motion:
        """The live motion with what is played laid over; itself where nothing is."""
        if len(self._playing) < 2:
            try:
                asked = self._asked.pop()
            except IndexError:
                pass
            else:
                for one in self._playing:
                    one.leave(time_s)
                self._playing = [*self._playing, Playing(asked, self._stage, time_s)]
        if not self._playing:
            return live
        motion = live
        for one in self._playing:
            motion = one.over(motion, time_s)
        self._playing = [one for one in self._playing if not one.over_by(time_s)]
        return motion if motion.finite else live


@dataclass(frozen=True, slots=True)
class Stage:
    """Where reactions are played: a portrait, and how far it goes."""

    face: PortraitFace
    limits: HeadLimits
    settings: MotionSettings

    def transfer(self, neutral: F32) -> MotionTransfer:
        """Moves this portrait as a reaction with that neutral face does."""
        whole = replace(self.settings, expression_gain=1.0, pose_gain=1.0, gaze_gain=1.0, follow="head")
        return MotionTransfer(self.face, neutral, whole, Seat(), self.limits)

    def laid_over(self, live: Motion, acted: Motion, weight: float, eyes: float, mouth: float) -> Motion:
        """Both motions as one. eyes, mouth: how much of that part is the second one's at full weight."""
        head = self._head(live.head, acted.head, weight)
        share = weight * self._shares(eyes, mouth)
        own, theirs = (_undone(motion.landmarks, motion.head) for motion in (live, acted))
        lids = live.lids + np.float32(weight * eyes) * (acted.lids - live.lids)
        looks, look = (_gaze(motion) for motion in (live, acted))
        # Eyes that the driver shuts do not look up under their lids because the head nods.
        hidden = look * (1 - smoothstep(*NEARLY_SHUT, lids))[:, None]
        for eye, (_, _, iris) in enumerate(lm.EYES):
            theirs[list(iris), :2] -= hidden[eye]
        points = (own + share * (theirs - own)) @ head[:, :3].T + head[:, 3]
        gaze = (looks + weight * (look - hidden - looks)) @ head[:2, :2].T
        return replace(
            live,
            landmarks=points.astype(np.float32),
            head=head.astype(np.float32),
            gaze=gaze.astype(np.float32),
            lids=lids,
        )

    def _shares(self, eyes: float, mouth: float) -> Array:
        """(478, 1): of each point's expression; eyes look as the reaction does in any case."""
        own = self.face.own
        lids = max(float(own[list(lower), 1].max()) for _, lower, _ in lm.EYES)
        lip = float(own[list(lm.OUTER_LIP_UPPER), 1].min())
        down = smoothstep(lids, max(lip, lids), own[:, 1])
        share: Array = eyes + (mouth - eyes) * down
        share[_IRISES] = 1.0
        return share[:, None]

    def _head(self, live: F32, acted: F32, weight: float) -> Array:
        """(3, 4): the live pose, and so much of the acted one added as there is room for."""
        at, more = self._pose(live), weight * self._pose(acted)
        room, settings = self.limits, self.settings
        down, up = turn_limits(self.face.yaw, settings.pose_limits)
        most = settings.shift_limit
        low = [*-down, *-np.minimum([room.left, room.up], most), np.log(room.smaller)]
        high = [*up, *np.minimum([room.right, room.down], most), np.log(room.larger)]
        more = soft_limit(more, np.maximum(np.where(more < 0, at - low, high - at), 0.0))
        turn = geo.from_euler(at[:3] + more[:3]) @ geo.from_euler(at[:3]).T
        centre = self.face.centre
        goal = live[:, :3] @ centre + live[:, 3] + [*more[3:5], 0.0]
        return geo.affine_about(np.exp(more[5]) * turn @ live[:, :3], centre, goal)

    def _pose(self, head: F32) -> Array:
        """(6,): yaw, pitch, roll in radians, how far right and down, the logarithm of the size."""
        linear = head[:, :3].astype(np.float64)
        size = max(float(np.linalg.det(linear)), 1e-9) ** (1 / 3)
        move = (linear @ self.face.centre + head[:, 3] - self.face.centre)[:2]
        return np.array([*geo.to_euler(linear / size), *move, np.log(size)])


class Playing:
    """A reaction that has begun at that time."""

    def __init__(self, reaction: Reaction, stage: Stage, begun: float) -> None:
        self._reaction, self._stage, self._begun = reaction, stage, begun
        self._transfer = stage.transfer(reaction.neutral)
        # Frames without a face are eased over, and landmarks that leap.
        self._presence = Presence(rest(stage.face.points.astype(np.float32)))
        self._left: float | None = None

    def on(self, stage: Stage) -> Playing:
        """The same, at the same moment, by another portrait."""
        other = Playing(self._reaction, stage, self._begun)
        other._left = self._left
        return other

    def leave(self, time_s: float) -> None:
        """Ease out from now on."""
        self._left = time_s if self._left is None else self._left

    def over_by(self, time_s: float) -> bool:
        """Whether nothing of it is to be seen any more."""
        left = self._left is not None and time_s >= self._left + OUT_SECONDS
        return left or time_s >= self._begun + self._reaction.seconds

    def weight(self, time_s: float) -> float:
        """0 to 1: how much of it is to be seen."""
        since, seconds = time_s - self._begun, self._reaction.seconds
        share = float(smoothstep(0.0, IN_SECONDS, since) * smoothstep(seconds, seconds - OUT_SECONDS, since))
        if self._left is not None:
            share *= float(smoothstep(self._left + OUT_SECONDS, self._left, time_s))
        return share

    def over(self, live: Motion, time_s: float) -> Motion:
        """Laid over the live motion; that itself where nothing of it is to be seen."""
        since = time_s - self._begun
        points = self._reaction.at(since)
        motion = None if points is None else self._transfer(points, since)
        if motion is not None and not motion.finite:
            motion = None
        acted = self._presence.update(motion, since)
        weight = self.weight(time_s)
        if weight <= 0.0:
            return live
        reaction = self._reaction
        return self._stage.laid_over(live, acted, weight, reaction.eyes, reaction.mouth)


def _undone(points: F32, head: F32) -> Array:
    """(478, 3): the points as if the head had not moved."""
    linear, shift = head[:, :3].astype(np.float64), head[:, 3].astype(np.float64)
    return np.asarray(np.linalg.solve(linear, (points - shift).T).T, np.float64)


def _gaze(motion: Motion) -> Array:
    """(2, 2): the eyeballs' shift as if the head had not moved."""
    return np.asarray(np.linalg.solve(motion.head[:2, :2].astype(np.float64), motion.gaze.T).T, np.float64)
