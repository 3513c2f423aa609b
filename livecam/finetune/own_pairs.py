"""Pairs for fine-tuning on one person: their portrait, moved by the product to where another picture shows
them, beside that picture.

Other pictures have another size, tilt and light. Size and tilt go away in the face-aligned windows; light is
matched by colour outside mouth and eyes, which the refiner leaves as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, U8
from livecam.face import landmarks as lm
from livecam.frames import RGB
from livecam.generator import alignment
from livecam.generator.alignment import Window, face_square
from livecam.generator.alignment import square as upright
from livecam.generator.layout import LIDS, LIPS
from livecam.generator.parts import Part
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import Motion, rest
from livecam.persona.crop import cut_crop
from livecam.persona.types import PersonaData
from livecam.render.cpu.rasters import draw_rasters
from livecam.render.cpu.refiner import part_rasters
from livecam.render.cpu.renderer import CpuRenderer
from livecam.settings import MotionSettings

FREE: Final = MotionSettings(pose_limits=(1.2, 1.0, 1.2), shift_limit=2.0)
"""No limits: what is limited is no longer where the truth is."""
# How far the crop may lie from where the landmarks put it: shares of its side, radians, logarithm of its
# size.
SHIFT, TURN, SCALE = 0.012, 0.03, 0.04
UNIT: Final = 512.0
"""Landmarks as if in pixels, as a driver's are."""
FARTHEST: Final = np.radians(30.0)
"""Turns beyond this are not compared: the warper cannot follow, and the refiner need not."""
GAINS: Final = (0.7, 1.4)
"""How far colours may be matched."""


@dataclass(frozen=True, slots=True)
class OwnPair:
    """Of a part. warped, truth, source: (H, W, 3) uint8; rasters, truth_rasters, source_rasters: (5, H/2,
    W/2) float32; teeth: (H, W) uint8. `truth` is None where nobody knows."""

    warped: RGB
    rasters: F32
    teeth: U8
    source: RGB
    source_rasters: F32
    truth: RGB | None = None
    truth_rasters: F32 | None = None


Moment = Mapping[str, OwnPair]
"""The pairs of a face's parts by their names."""


class OwnPairs:
    """Makes pairs of one persona."""

    def __init__(self, persona: PersonaData, parts: Sequence[Part], size: int) -> None:
        """`parts`: of the face, those that are wanted; size: C."""
        self._parts, self._size = parts, size
        self._crop = cut_crop(persona.picture, persona.crop, persona.size)
        self._own = persona.landmarks
        self._square = face_square(persona.landmarks)
        self._renderer = CpuRenderer(persona)
        self._transfer = MotionTransfer(persona.landmarks, persona.landmarks * np.float32(UNIT), FREE)
        windows = {part.name: part.window(self._own, size) for part in parts}
        self._sources = {
            part.name: (
                alignment.cut(self._crop, windows[part.name], part.pixels(size)),
                part_rasters(self._own, windows[part.name], part, size),
            )
            for part in parts
        }

    def at_rest(self, rng: np.random.Generator) -> Moment:
        """The portrait as it is, in windows a little off: what is right must stay as it is."""
        square = jitter_square(self._square, rng)
        picture = self._renderer.render(rest(self._own))
        found = {}
        for part in self._parts:
            window = _carried(part.window(self._own, self._size), self._square, square)
            pair = self._pair(part, picture, self._own, window)
            truth = alignment.cut(self._crop, window, part.pixels(self._size))
            found[part.name] = replace(pair, truth=truth, truth_rasters=pair.rasters)
        return found

    def moved(self, points: F32) -> Moment:
        """To landmarks (478, 3) in 0..1 of the portrait's crop; nobody knows the truth."""
        motion = self._transfer((points * UNIT).astype(np.float32))
        picture, moved = self._renderer.render(motion), motion.landmarks
        return {
            part.name: self._pair(part, picture, moved, part.window(moved, self._size))
            for part in self._parts
        }

    def beside(self, crop: RGB, points: F32) -> Moment | None:
        """To where another picture, S x S x 3, shows the person; points (478, 3) in 0..1 of it. None where
        the head is turned too far."""
        other = face_square(points)
        x, y = self._square.to_picture(*other.to_crop(points[:, 0], points[:, 1]))
        z = points[:, 2] * _side(self._square) / _side(other)
        motion = self._transfer((np.stack([x, y, z], 1) * UNIT).astype(np.float32))
        if _turn(motion) > FARTHEST:
            return None
        picture, moved = self._renderer.render(motion), motion.landmarks
        square = face_square(moved)
        there = _carried(square, self._square, other)
        theirs, ours = alignment.cut(crop, there), alignment.cut(picture, square)
        gain, shift = colour_match(theirs, ours, draw_rasters(moved, square))
        crop = np.clip(crop * gain + shift + 0.5, 0, 255).astype(np.uint8)
        found = {}
        for part in self._parts:
            window = part.window(moved, self._size)
            there = _carried(window, self._square, other)
            truth = alignment.cut(crop, there, part.pixels(self._size))
            truth_rasters = part_rasters(points, there, part, self._size)
            pair = self._pair(part, picture, moved, window)
            found[part.name] = replace(pair, truth=truth, truth_rasters=truth_rasters)
        return found

    def _pair(self, part: Part, picture: RGB, points: F32, window: Window) -> OwnPair:
        """Of the picture that was rendered last."""
        pixels = part.pixels(self._size)
        teeth = alignment.cut(self._renderer.teeth, window, pixels)
        rasters = part_rasters(points, window, part, self._size)
        return OwnPair(alignment.cut(picture, window, pixels), rasters, teeth, *self._sources[part.name])


def jitter_square(square: Window, rng: np.random.Generator) -> Window:
    """A little moved, turned and scaled, as landmarks from another picture would."""
    turn, scale = rng.normal(0, TURN), float(np.exp(rng.normal(0, SCALE)))
    ax, ay = float(square.across_x), float(square.across_y)
    x, y = rng.normal(0, SHIFT * float(np.hypot(ax, ay)), 2)
    c, s = scale * np.cos(turn), scale * np.sin(turn)
    return upright(float(square.x) + x, float(square.y) + y, c * ax - s * ay, s * ax + c * ay)


def colour_match(truth: RGB, warped: RGB, rasters: F32) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(3,) twice: what to multiply `truth` by, and what to add, so that each channel has mean and deviation
    as `warped` has them, outside lips and lids. Both (C, C, 3); rasters (5, C/2, C/2)."""
    side = warped.shape[0]
    near = np.maximum(rasters[LIPS], rasters[LIDS]).repeat(side // rasters.shape[1], 0)
    outside = near.repeat(side // rasters.shape[2], 1) < -0.5
    if outside.sum() < 100:
        return np.ones(3), np.zeros(3)
    own, wanted = truth[outside].astype(np.float64), warped[outside].astype(np.float64)
    gain = np.clip(wanted.std(0) / np.maximum(own.std(0), 1.0), *GAINS)
    return gain, wanted.mean(0) - gain * own.mean(0)


def unseen_expressions(points: F32) -> list[F32]:
    """Faces that the person makes in no picture: talking, shutting the eyes, turning. points (478, 3) in
    0..1."""
    found = []
    for lips, lids, yaw in (
        (0.15, 1.0, 0.0),
        (0.35, 1.0, -8.0),
        (0.6, 1.0, 0.0),
        (0.0, 0.35, 0.0),
        (0.0, 0.7, 10.0),
        (0.25, 0.35, 5.0),
    ):
        found.append(_turned(_with_lids(_with_lips(points, lips), lids), yaw))
    return found


def held_out_indices(count: int) -> Sequence[int]:
    """Which of `count` other pictures are kept for the check: every third, and at least one."""
    return range(min(2, count - 1), count, 3) if count else ()


def _carried(window: Window, origin: Window, target: Window) -> Window:
    """`window` lies to `origin` as the returned one lies to `target`."""

    def there(x: float, y: float) -> tuple[float, float]:
        x, y = target.to_picture(*origin.to_crop(x, y))
        return x, y

    x, y = there(window.x, window.y)
    right = there(window.x + window.across_x, window.y + window.across_y)
    below = there(window.x + window.down_x, window.y + window.down_y)
    return Window(x, y, right[0] - x, right[1] - y, below[0] - x, below[1] - y)


def _side(square: Window) -> float:
    return float(np.hypot(square.across_x, square.across_y))


def _turn(motion: Motion) -> float:
    """Radians by which the head is turned."""
    linear = motion.head[:, :3].astype(np.float64)
    size = np.cbrt(np.linalg.det(linear))
    return float(np.arccos(np.clip((np.trace(linear) / size - 1) / 2, -1, 1)))


def _with_lips(points: F32, share: float) -> F32:
    """The lower lip and the chin lowered by this share of the mouth's width."""
    out = points.copy()
    left, right = points[list(lm.INNER_MOUTH_CORNERS), :2]
    drop = np.float32(share * np.linalg.norm(right - left))
    corners = 0.5 * (left[1] + right[1])
    chin = max(float(points[lm.CHIN, 1] - corners), 1e-6)
    below = np.clip((points[:, 1] - corners) / (0.25 * chin), 0, 1)
    mesh = np.zeros(lm.COUNT, np.float32)
    mesh[: lm.MESH_COUNT] = 1
    out[:, 1] += drop * below * mesh
    lower = list(lm.INNER_LIP_LOWER)
    out[lower, 1] = points[lower, 1] + drop * (1 - np.linspace(-1, 1, len(lower), dtype=np.float32) ** 2)
    return out


def _with_lids(points: F32, share: float) -> F32:
    """The upper lids brought this near to the lower ones; 1 leaves them."""
    out = points.copy()
    for upper, lower, _ in lm.EYES:
        u, low = list(upper[1:-1]), list(lower[1:-1])
        out[u] = points[low] + np.float32(share) * (points[u] - points[low])
    return out


def _turned(points: F32, yaw: float) -> F32:
    """The head turned by so many degrees about its stable points."""
    from livecam.geometry import from_euler

    centre = points[list(lm.STABLE)].mean(0)
    return ((points - centre) @ from_euler(np.radians([yaw, 0, 0])).T + centre).astype(np.float32)
