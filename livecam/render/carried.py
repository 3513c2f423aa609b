"""What the head carries along: hair and skull turn with it, neck and trunk bend after it, and nothing is
pulled in from beyond the picture's edges."""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.geometry import Array, affine_about, smoothstep, soft_limit
from livecam.motion.types import Motion
from livecam.persona.lattice import neck_joint
from livecam.persona.room import EDGE, SHOULDER_EDGE, picture_edges, touched_edges
from livecam.persona.types import Lattice, PersonaData

SMALL_TURN_SHARE: Final = 0.3
"""Share of a very small turn of the head that hair and skull take on: what it brings is at `carried_pose`
..."""
SMALL_TURN: Final = 5.0
"""... and the angle in degrees where that share is half-way to all of it."""
NECK_BENDS: Final = 0.03
"""Shares of the crop that a head is shifted, a fifteenth of its height, at which half of that is the neck's
bending and half the trunk's. On five of ten clips trunks that follow at once make the whole crop .1 dB worse,
on the other five .4; with this they make it no worse than ones that stand."""
NEARER: Final = 0.05
"""The same of the logarithm of the head's size."""
TRUNK_MOST: Final = 0.1
"""Shares of the crop that a trunk goes at most: a little more than a head, `livecam.persona.room.FREE`."""
CHEST, LIFT = 0.006, 0.003
"""By how much the trunk grows when breathed in, and shares of the crop by which it rises. By eye."""

_OVAL = list(lm.FACE_OVAL)


def carried_pose(head: F32, centre: Array) -> F32:
    """(3, 4): the part of the head's pose that hair and skull take: all of its shift, less of a small turn.

    MediaPipe's mesh leans by 2 or 3 degrees with a one-sided smile or an open mouth while the head stands
    still; hair that followed would rock (.4 dB worse over the whole crop, four clips). `centre`: (3,), the
    point about which the head turns.
    """
    size, turn = _taken_apart(head)
    angle = np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1.0, 1.0)))
    share = SMALL_TURN_SHARE + (1 - SMALL_TURN_SHARE) * angle**2 / (angle**2 + SMALL_TURN**2)
    return _pose_about(centre, size * (np.eye(3) + share * (turn - np.eye(3))), _shift(head, centre))


def trunk_pose(head: F32, joint: Array, breath: float = 0.0) -> F32:
    """(3, 4): the pose of the trunk: it goes where the head takes the joint between them, the more so the
    farther that is, and grows with a head that comes nearer.

    A head that nods or tilts turns about that joint, which stays; one that leans takes it along. `joint`:
    (3,), see `livecam.persona.lattice.neck_joint`.
    """
    size, _ = _taken_apart(head)
    shift = _shift(head, joint)
    way = max(float(np.hypot(shift[0], shift[1])), 1e-9)
    shift *= _share_beyond(way, NECK_BENDS) * float(soft_limit(way, TRUNK_MOST)) / way
    shift[1] -= LIFT * breath
    grown = np.log(size) * _share_beyond(float(np.log(size)), NEARER) + np.log1p(CHEST * breath)
    return _pose_about(joint, np.exp(grown) * np.eye(3), shift)


def _share_beyond(way: float, half: float) -> float:
    """0 for a way of none, one half at `half`, nearly 1 far beyond."""
    return way**2 / (way**2 + half**2)


class Carrier:
    """Moves the places of a lattice. The expression of the face's oval fades into them."""

    def __init__(self, persona: PersonaData, lattice: Lattice) -> None:
        self._landmarks, self._lattice = persona.landmarks, lattice
        self._resting = np.concatenate([lattice.points, lattice.depth[:, None]], 1)
        self._head, self._body = lattice.head[:, None], ((1 - lattice.head) * lattice.body)[:, None]
        self._root = np.sqrt(lattice.head)[:, None]
        self._pivot = persona.landmarks[list(lm.STABLE)].mean(0).astype(np.float64)
        self._joint = neck_joint(persona.landmarks)
        self._from_low, self._from_high = _room(persona, lattice)

    def __call__(self, motion: Motion) -> tuple[F32, F32]:
        """Driven positions (N, 2) and depth (N,), in 0..1 of the crop."""
        lattice = self._lattice
        pose = carried_pose(motion.head, self._pivot)
        turned = self._resting @ pose[:, :3].T + pose[:, 3]
        trunk = trunk_pose(motion.head, self._joint, motion.breath)
        bent = self._resting @ trunk[:2, :3].T + trunk[:2, 3]
        oval = self._landmarks[_OVAL] @ pose[:, :3].T + pose[:, 3]
        expression = (motion.landmarks[_OVAL] - oval)[:, :2]
        moved = self._head * (turned[:, :2] - lattice.points) + self._body * (bent - lattice.points)
        moved += self._root * (lattice.oval @ expression)
        moved *= np.where(moved > 0, self._from_low, self._from_high)
        depth = lattice.depth * (1 - lattice.head) + turned[:, 2] * lattice.head
        return lattice.points + moved, depth


def _room(persona: PersonaData, lattice: Lattice) -> tuple[F32, F32]:
    """(N, 2) twice: how freely places move to the right and down, away from the picture's left and upper
    edge, and to the left and up: not at all at the edge and beyond where the person touches it, wholly where
    only the wall does."""
    low, high = picture_edges(persona)
    touched = touched_edges(persona)
    points = lattice.points.astype(np.float64)
    x, y = points.T
    sideways = EDGE + (SHOULDER_EDGE - EDGE) * (1 - lattice.head)
    width = np.stack([sideways, np.full_like(sideways, EDGE)], 1)
    held = np.stack([touched.at("left", y), touched.at("top", x)], 1)
    from_low = 1 - held * (1 - smoothstep(0, 1, (points - low) / width))
    held = np.stack([touched.at("right", y), touched.at("bottom", x)], 1)
    from_high = 1 - held * (1 - smoothstep(0, 1, (high - points) / width))
    return from_low.astype(np.float32), from_high.astype(np.float32)


def _taken_apart(head: F32) -> tuple[float, Array]:
    """Size and rotation of a pose."""
    linear = head[:, :3].astype(np.float64)
    size = float(np.cbrt(np.linalg.det(linear)))
    return size, linear / size


def _shift(head: F32, place: Array) -> Array:
    """(3,): where a pose takes a place, from that place."""
    shift: Array = head[:, :3].astype(np.float64) @ place + head[:, 3] - place
    return shift


def _pose_about(centre: Array, linear: Array, shift: Array) -> F32:
    """(3, 4): `linear` about a centre, which is shifted."""
    return affine_about(linear, centre, centre + shift).astype(np.float32)
