"""Driver landmarks -> portrait landmarks: how a face of one shape moves a face of another.

Everything is relative to a neutral frame of the driver: the portrait keeps its own shape and resting
expression, and receives what changed. Head pose, expression, lips, lids and gaze are taken apart first,
because each goes wrong in its own way when copied as raw offsets:

- pose is a similarity fitted to points that expressions hardly move; of it the portrait follows what is quick
  (`livecam.motion.seat`), unless it is asked for all;
- expression is the offset that is left, scaled to the portrait's own proportions; bones have none
  (`livecam.motion.bones`);
- lips are an affair of their own (`livecam.motion.lips`);
- lids are driven by the *ratio* of their gap, so that shut means shut on any face; around that gap they take
  the driver's shape;
- gaze moves the irises inside the portrait's own eyes, nearly together unless they are crossed
  (`livecam.motion.gaze`).

Portrait coordinates are 0..1 of its square crop (x right, y down, z away); driver coordinates are pixels.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from livecam import geometry as geo
from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.face import measures
from livecam.face.covered import EYES
from livecam.geometry import Array, smoothstep, soft_limit
from livecam.motion.bones import acting_share
from livecam.motion.gaze import Gaze
from livecam.motion.lids import MAX_LIDS, move_lids
from livecam.motion.limits import HeadLimits
from livecam.motion.lips import Lips, Mouth
from livecam.motion.portrait_face import PortraitFace
from livecam.motion.pose_limits import limited, turn_limits
from livecam.motion.seat import HeadPose, Seat
from livecam.motion.types import Motion
from livecam.settings import MotionSettings

SHUT_LIDS: Final = 0.10
"""MediaPipe's lid opening where an eye is shut, as a share of the eye's width, read off the four development
clips."""
OWN_LIDS: Final = 0.7
"""How much of what one lid does otherwise than both is kept: both are raised and lowered as one (Hering's
law), and an eye in the shade or under long lashes is seen half shut where it is open. Nearly shut, a lid is
believed: people wink."""
GAZE_SEEN: Final = 0.85
"""Share of an iris's way sideways that MediaPipe sees. On rendered faces it is .59
(`training.landmark_noise`); on two clips that look about, eyes gain .1 dB with .85 or less, up and down
nothing."""
GAZE_LIMITS: Final = (0.38, 0.16)
"""How far irises may move sideways, and up and down, in widths of the eye. On films they reach .27 sideways
of where they rest; up to seven tenths of the limit nothing is taken off."""

# By eye:
EXPRESSION_LIMIT: Final = 0.35
"""How far an expression may move a point, in face widths: what is more is a landmark gone astray."""
SAME_FACE: Final = (0.012, 0.024)
"""Mean distances of the portrait's points from the driver's in the neutral frame, in outer-eye distances: of
the same picture (`livecam.motion.neutral.SAME_PICTURE`) and of another person's. Of the same face all is
passed on: its bones are where they are seen."""
SIZE_LIMITS: Final = (0.8, 1.25)
"""How much smaller and larger than at rest the head may be drawn; the crop holds no more."""
FACE_HEIGHT: Final = 2.9
"""Height of a face, forehead to chin, in root mean square distances of its stable points from their mean: 2.6
to 3.1 on ten clips. Those points do not move with the jaw."""
PIVOT: Final = (0.4, 0.35)
"""Where a head turns about: face heights below and behind the mean of the stable points. With it a turned
head has not changed its seat. Fitted to half of ten clips by what moves least: (.8, .6); to the other half
(.4, .3); the atlas is at about (.3, .5)."""
LEAST_LID_RANGE: Final = 0.05
"""In widths of the eye, the driver's opening in the neutral frame over that of a shut eye: it is divided
by."""
NEARLY_SHUT: Final = (0.15, 0.5)
"""Openings, of those in the neutral frame, between which a lid is believed by itself and an iris seen by
the tracker begins to count: under a shut lid it is a guess."""

_STABLE = list(lm.STABLE)
_OVAL = list(lm.FACE_OVAL)
_LIPS = list(lm.LIPS)


class MotionTransfer:
    """Turns driver landmarks into `Motion` for one portrait and one neutral frame.

    portrait: its face; or (478, 3), 0..1 of the crop, with nothing covered. neutral: (478, 3), driver pixels.
    seat: what was learnt so far of where the driver sits, changed with every call; None: the portrait follows
    all of the head's motion. limits: how far the portrait's head may go about its place, with a seat. gaze:
    what was seen so far of how the driver's eyes go together, changed with every call.
    """

    def __init__(
        self,
        portrait: PortraitFace | F32,
        neutral: F32,
        settings: MotionSettings | None = None,
        seat: Seat | None = None,
        limits: HeadLimits | None = None,
        gaze: Gaze | None = None,
    ) -> None:
        self.settings = settings or MotionSettings()
        self._portrait = portrait if isinstance(portrait, PortraitFace) else PortraitFace(portrait)
        self._own = self._portrait.own
        self.neutral = neutral.astype(np.float64)
        self._neutral_axes = measures.face_axes(self.neutral)
        self._neutral_centre = self.neutral[_STABLE].mean(0)
        # Face coordinates: origin among the stable points, axes along the face.
        self._base = (self.neutral - self._neutral_centre) @ self._neutral_axes
        self._fit_proportions()
        self._gaze = gaze or Gaze()
        self._seat, self._limits = seat, limits or HeadLimits()
        self._turn_limits = turn_limits(self._portrait.yaw, self.settings.pose_limits)
        stable = self.neutral[_STABLE] - self._neutral_centre
        self._neutral_height = FACE_HEIGHT * float(np.sqrt((stable**2).sum(1).mean()))
        self._arm = self._neutral_axes[:, 1:] @ PIVOT * self._neutral_height
        if seat is not None:
            seat.start(self._head_pose(1.0, np.eye(3), np.zeros(3)))

    def _fit_proportions(self) -> None:
        """How far the portrait moves for one unit of the driver: by face size, lips by mouth width."""
        portrait, gain = self._portrait, self.settings.expression_gain
        ratio = portrait.size / np.ptp(self._base[_OVAL, :2], axis=0)
        self._size_ratio = float(np.sqrt(ratio[0] * ratio[1]))
        self._scale = np.tile([ratio[0], ratio[1], ratio.mean()], (lm.COUNT, 1))
        self._lips = Lips(self._own, portrait.mouth, Mouth(self._base), ratio, gain)
        self._scale[_LIPS, :2] = self._lips.scale
        shape = self._base / max(measures.between_eyes(self._base), 1e-9)
        acting = acting_share(shape)
        self._passed = acting + (1 - acting) * self._likeness(shape)
        self._base_lids = [measures.lid_opening(self._base, upper, lower) for upper, lower, _ in lm.EYES]

    def _likeness(self, shape: Array) -> float:
        """1 where the portrait is a picture of the driver's neutral face, 0 where it is of anybody else."""
        distance = np.linalg.norm(self._portrait.shape - shape[: lm.MESH_COUNT, :2], axis=1).mean()
        return float(smoothstep(*SAME_FACE[::-1], distance))

    def __call__(self, driver: F32, time_s: float = 0.0) -> Motion:
        """driver: (478, 3) pixels of the current frame. time_s: when it was taken; asked for by a seat."""
        scale, rotation, shift = geo.similarity(self.neutral[_STABLE], driver[_STABLE].astype(np.float64))
        # Undo the pose: the driver's points as if the head had not moved since the neutral frame.
        face = ((driver - shift) @ rotation / scale - self._neutral_centre) @ self._neutral_axes
        offset = (face - self._base) * self._scale * self.settings.expression_gain
        offset = self._passed * soft_limit(offset, EXPRESSION_LIMIT * self._portrait.size[0])
        points = self._own + offset
        self._lips.move(points, face)
        gaze, lids = self._move_eyes(points, face, offset)
        if self._portrait.covered:
            points = self._own + self._portrait.free * (points - self._own)
        if EYES in self._portrait.covered:
            gaze, lids = np.zeros((2, 3)), [1.0, 1.0]
        seat = self._seat
        if seat is None:
            head = self._head(scale, rotation, shift)
        else:
            head = self._quick_head(seat, scale, rotation, shift, time_s)

        points = points @ self._portrait.axes.T + self._portrait.centre
        moved = points @ head[:, :3].T + head[:, 3]
        rigid = self._portrait.points @ head[:, :3].T + head[:, 3]
        corners = [[upper[0], upper[-1]] for upper, _, _ in lm.EYES]
        drift = np.stack([(moved[c] - rigid[c]).mean(0) for c in corners])
        gaze = (gaze @ self._portrait.axes.T) @ head[:, :3].T + drift
        return Motion(
            landmarks=moved.astype(np.float32),
            head=head.astype(np.float32),
            gaze=gaze[:, :2].astype(np.float32),
            lids=np.array(lids, np.float32),
            view=seat.view
            if seat is not None and self.settings.follow == "frame"
            else np.zeros(3, np.float32),
        )

    def _move_eyes(self, points: Array, face: Array, offset: Array) -> tuple[Array, list[float]]:
        """Lids by opening ratio, irises by gaze. Returns gaze (2, 3) in face coordinates and the ratios."""
        widths = np.ones(2)
        gaze, lids = np.zeros((2, 3)), _coupled_lids([self._lid_ratio(face, k) for k in range(2)])
        for k, (upper, _, iris) in enumerate(lm.EYES):
            ratio = lids[k]
            move_lids(points, self._own, k, ratio)

            base_width = np.linalg.norm(self._base[upper[-1], :2] - self._base[upper[0], :2])
            own_width = np.linalg.norm(self._own[upper[-1], :2] - self._own[upper[0], :2])
            widths[k] = max(float(own_width), 1e-9)
            look = _iris_offset(face, upper, iris) - _iris_offset(self._base, upper, iris)
            look[0] /= GAZE_SEEN
            look = soft_limit(look / base_width * own_width, own_width * np.array(GAZE_LIMITS))
            gaze[k, :2] = look * smoothstep(*NEARLY_SHUT, ratio)
        gaze[:] = self._gaze.together(gaze, lids, widths) * self.settings.gaze_gain
        for k, (upper, _, iris) in enumerate(lm.EYES):
            corners = 0.5 * (offset[upper[0]] + offset[upper[-1]])
            points[list(iris)] = self._own[list(iris)] + corners + gaze[k]
        return gaze, lids

    def _lid_ratio(self, face: Array, k: int) -> float:
        """How far eye k is open against neutral: 0 shut, 1 as then."""
        upper, lower, _ = lm.EYES[k]
        opening = measures.lid_opening(face, upper, lower) - SHUT_LIDS
        return float(np.clip(opening / max(self._base_lids[k] - SHUT_LIDS, LEAST_LID_RANGE), 0.0, MAX_LIDS))

    def _head(self, scale: float, rotation: Array, shift: Array) -> Array:
        """(3, 4) map of portrait points for the driver's head motion since the neutral frame, limited."""
        s = self.settings
        move = (scale * rotation @ self._neutral_centre + shift - self._neutral_centre) * self._size_ratio
        move[2] = 0.0
        move = soft_limit(move * s.pose_gain, s.shift_limit)
        return self._head_map(geo.to_euler(rotation), move, float(np.clip(scale, *SIZE_LIMITS)))

    def _quick_head(self, seat: Seat, scale: float, rotation: Array, shift: Array, time_s: float) -> Array:
        """(3, 4): the same of what is quick: the head's motion about where the driver sits."""
        quick = seat.update(self._head_pose(scale, rotation, shift), time_s)
        # From the pivot back to the face, which a head that turns takes along.
        turned = self._arm - math.exp(quick.size) * geo.from_euler(quick.angles) @ self._arm
        move = (quick.place * self._neutral_height + turned[:2]) * self._size_ratio * self.settings.pose_gain
        limits, most = self._limits, self.settings.shift_limit
        reach = np.where(move < 0, [limits.left, limits.up], [limits.right, limits.down])
        move = soft_limit(move, np.minimum(reach, most))
        size = soft_limit(quick.size, abs(math.log(limits.smaller if quick.size < 0 else limits.larger)))
        return self._head_map(quick.angles, np.array([*move, 0.0]), float(np.exp(size)))

    def _head_pose(self, scale: float, rotation: Array, shift: Array) -> HeadPose:
        """Where the driver's head is, for its motion since the neutral frame."""
        pivot = scale * rotation @ (self._neutral_centre + self._arm) + shift
        height = math.log(max(scale * self._neutral_height, 1e-9))
        return HeadPose(pivot[:2], height, geo.to_euler(rotation))

    def _head_map(self, angles: Array, move: Array, size: float) -> Array:
        """(3, 4): the map for angles, which are limited here, a move of the face's centre, and a size."""
        s = self.settings
        linear = size * geo.from_euler(limited(angles * s.pose_gain, self._turn_limits))
        centre = self._portrait.centre
        return geo.affine_about(linear, centre, centre + move)


def _coupled_lids(lids: list[float]) -> list[float]:
    """Both openings nearer to their mean, unless one lid is nearly shut."""
    mean = sum(lids) / 2
    own = OWN_LIDS + (1 - OWN_LIDS) * float(smoothstep(*NEARLY_SHUT[::-1], min(lids)))
    return [mean + own * (ratio - mean) for ratio in lids]


def _iris_offset(points: Array, upper: tuple[int, ...], iris: tuple[int, ...]) -> Array:
    """(2,): iris centre from the middle between the eye's corners."""
    offset: Array = points[iris[0], :2] - 0.5 * (points[upper[0], :2] + points[upper[-1], :2])
    return offset
