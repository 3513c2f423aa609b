"""The rest of the person, around the crop: trunk and hair go on beyond it, and move as they do within."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, U8
from livecam.compiled import compiled
from livecam.frames import RGB
from livecam.motion.types import Motion
from livecam.persona import fill, matte
from livecam.persona.crop import MATTE_SIDE, surroundings
from livecam.persona.lattice import attach
from livecam.persona.types import PersonaData
from livecam.render.boxes import Box, beside, common, empty
from livecam.render.carried import Carrier
from livecam.render.cpu.compositor import blend_alpha

NODES: Final = 40
"""Places along the longer side of the canvas at which the motion is worked out; between them it is linear."""
ROUNDS: Final = 2
"""Of finding where a place comes from: each leaves a fifth of the error, of a tenth of a node's distance."""
STILL: Final = 0.25
"""Pixels: what moves less is left as it is in the picture."""
REACH: Final = 0.15
"""Shares of the crop beyond the person that a motion can bring it to."""
NEAR: Final = 0.03
"""Shares of the crop from the person within which a motion is seen."""


class AroundCrop:
    """Draws what of one persona lies around the crop, into one canvas. Not thread-safe."""

    def __init__(
        self,
        persona: PersonaData,
        scale: float,
        origin: NDArray[np.float64],
        inside: Box,
        crop: tuple[int, int, int],
        rim: float,
        backdrop: RGB | None = None,
    ) -> None:
        """backdrop: (height, width, 3), what is behind the person in the whole canvas, or the picture's own.
        scale, origin: a place of the canvas is (place in the picture - origin) * scale. inside: what of
        the canvas the picture covers. crop: left, top and side of the crop in the canvas. rim: width in
        pixels over which the crop is laid in."""
        left, top, side = crop
        self._crop, self._rim = crop, rim
        # What a motion can bring in lies beyond the canvas, too, where the picture goes on there. Beyond the
        # surroundings nobody is known.
        reach = round(REACH * side)
        around = surroundings(persona.crop)
        first = np.maximum(np.array([around.x, around.y]), 0)
        last = np.minimum(np.array([around.x, around.y]) + around.side, persona.picture.shape[1::-1])
        starts = np.ceil((first - origin) * scale).astype(int)
        ends = np.floor((last - origin) * scale).astype(int)
        x0, y0 = (max(low - reach, int(start)) for low, start in zip(inside[:2], starts, strict=True))
        x1, y1 = (min(high + reach, int(end)) for high, end in zip(inside[2:], ends, strict=True))
        self._corner = np.array([x0, y0])
        shown, size = origin + self._corner / scale, (x1 - x0, y1 - y0)
        picture, alpha = (
            cut_picture(persona.picture, scale, shown, size),
            matte_of(persona, scale, shown, size),
        )

        def inner(margin: int) -> tuple[slice, slice]:
            return (
                slice(max(top - y0 + margin, 0), max(top - y0 + side - margin, 0)),
                slice(max(left - x0 + margin, 0), max(left - x0 + side - margin, 0)),
            )

        beyond = alpha > matte.SURELY
        beyond[inner(0)] = False
        self.needed = bool(beyond.any())
        """Whether anything of the person lies beyond the crop."""
        if not self.needed:
            return
        canvas = np.zeros(alpha.shape, np.uint8)
        canvas[max(inside[1] - y0, 0) : inside[3] - y0, max(inside[0] - x0, 0) : inside[2] - x0] = 1
        person = np.asarray(alpha > fill.HOLE_ALPHA, np.uint8)
        active = canvas & _grown(person, reach)
        active[inner(round(rim) + reach)] = 0
        self._strips = _strips(active, left - x0, top - y0, side, round(rim) + reach)
        hole = fill.hidden(alpha, side)
        wall = fill.fill_background(picture, hole)
        self._background = wall if backdrop is None else _cut_around(backdrop, x0, y0, size)
        alpha = matte.with_fringe(alpha, hole)
        colour = matte.foreground_colour(picture, alpha, wall)
        self._person = np.dstack([colour, np.round(alpha * 255).astype(np.uint8)])
        height, width = inside[3], inside[2]
        axes = np.meshgrid(np.arange(alpha.shape[1]), np.arange(alpha.shape[0]))
        self._pixels = np.stack(axes, -1).astype(np.float32)
        self._cell = max(width, height) / NODES
        columns, rows = (int(np.ceil(n / self._cell)) + 1 for n in (width, height))
        axes = np.meshgrid(np.arange(columns), np.arange(rows))
        self._nodes = np.stack(axes, -1).astype(np.float32)
        places = (self._nodes.reshape(-1, 2) * self._cell - [left, top]) / side
        self._carry = Carrier(persona, attach(persona.landmarks, places.astype(np.float32)))
        self._resting = places.astype(np.float32)
        self._seen = _near(person, self._nodes * self._cell - self._corner, self._cell + NEAR * side)
        # How deep inside the crop these nodes lie, in pixels.
        self._depth = side * np.minimum(places, 1 - places).min(-1)[self._seen.ravel()]

    def draw(self, motion: Motion, out: RGB, mask: U8) -> int:
        """Into a canvas that shows the resting picture; `mask`, (side, side), says how much of the crop will
        be laid over it: less where the crop had to take from beyond its edge. Both in place. Returns how many
        pixels within the crop's edge the mask may have been changed."""
        sources = self._sources(motion)
        way = self._way(np.abs(sources[self._seen]).max(-1))
        if way < STILL:
            return 0
        left, top, side = self._crop
        x0, y0 = self._corner
        inner = int(np.ceil(self._rim + way))
        for box in _within(self._strips, left - x0, top - y0, side, inner):
            self._draw_strip(sources, box, out, mask)
        return inner

    def _way(self, ways: F32) -> float:
        """How far anything moves that is seen beyond the crop's inner part: the part to which nothing comes
        from beyond the edge, which is the smaller the farther things move. ways: (N,), of the nodes where
        something is seen, in pixels."""
        way = 0.0
        for _ in range(ROUNDS + 1):
            way = float(ways[self._depth < self._rim + way + self._cell].max(initial=0.0))
        return way

    def _draw_strip(self, sources: F32, box: Box, out: RGB, mask: U8) -> None:
        """box: in pixels of the layers."""
        left, top, side = self._crop
        (x0, y0), (first, upper, last, lower) = self._corner, box
        per_pixel = 1 / self._cell
        grid = np.array([[per_pixel, 0, (first + x0) * per_pixel], [0, per_pixel, (upper + y0) * per_pixel]])
        size = (last - first, lower - upper)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        way = cv2.warpAffine(sources, grid, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
        way += self._pixels[upper:lower, first:last]
        person = cv2.remap(self._person, way, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        target = out[upper + y0 : lower + y0, first + x0 : last + x0]
        if target.shape[2] == 4:
            target[:] = person
        else:
            blend_alpha(person, self._background[upper:lower, first:last], target)
        cx0, cy0 = max(first + x0 - left, 0), max(upper + y0 - top, 0)
        cx1, cy1 = min(last + x0 - left, side), min(lower + y0 - top, side)
        if cx1 > cx0 and cy1 > cy0:
            part = way[
                cy0 + top - y0 - upper : cy1 + top - y0 - upper,
                cx0 + left - x0 - first : cx1 + left - x0 - first,
            ]
            _give_way(
                part, float(left - x0), float(top - y0), float(side), 1 / self._rim, mask[cy0:cy1, cx0:cx1]
            )

    def _sources(self, motion: Motion) -> F32:
        """(rows, columns, 2): how many pixels from each node what it shows lies at rest."""
        moved, _ = self._carry(motion)
        shift = ((moved - self._resting) * self._crop[2]).reshape(self._nodes.shape).astype(np.float32)
        back = -shift
        for _ in range(ROUNDS):
            places = self._nodes + back / np.float32(self._cell)
            back = -cv2.remap(shift, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.ascontiguousarray(back, np.float32)


def cut_picture(picture: RGB, scale: float, origin: NDArray[np.float64], size: tuple[int, int]) -> RGB:
    """height x width x 3, of `size` (width, height): a part of the picture from `origin` on, enlarged so many
    times; beyond the picture its border is repeated."""
    k = max(scale, 1.0)
    if scale < 1:
        picture = np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    shift = k / 2 - 0.5 - origin * scale
    matrix = np.array([[k, 0, shift[0]], [0, k, shift[1]]])
    out = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(out, np.uint8)


def matte_of(persona: PersonaData, scale: float, origin: NDArray[np.float64], size: tuple[int, int]) -> F32:
    """The matte of the surroundings, as `cut_picture` shows the picture, 0 to 1."""
    around = surroundings(persona.crop)
    k = around.side / MATTE_SIDE * scale
    shift = (np.array([around.x, around.y]) - origin) * scale + k / 2 - 0.5
    matrix = np.array([[k, 0, shift[0]], [0, k, shift[1]]])
    out = cv2.warpAffine(persona.matte, matrix, size, flags=cv2.INTER_LINEAR, borderValue=0)
    return np.asarray(out, np.float32) / np.float32(255)


def _cut_around(backdrop: RGB, x0: int, y0: int, size: tuple[int, int]) -> RGB:
    """A part of a canvas from (x0, y0) on, of size (width, height); beyond its edges they go on."""
    rows = np.clip(np.arange(y0, y0 + size[1]), 0, backdrop.shape[0] - 1)
    columns = np.clip(np.arange(x0, x0 + size[0]), 0, backdrop.shape[1] - 1)
    return np.ascontiguousarray(backdrop[rows][:, columns])


def _grown(person: U8, by: int) -> U8:
    distance = cv2.distanceTransform(1 - person, cv2.DIST_L2, cv2.DIST_MASK_3)
    return np.asarray(distance <= by, np.uint8)


def _near(person: U8, places: F32, reach: float) -> NDArray[np.bool_]:
    """Which of the places, (rows, columns, 2) in pixels, have something of the person within `reach`."""
    side = 2 * int(np.ceil(reach)) + 1
    near = cv2.dilate(person, np.ones((side, side), np.uint8))
    height, width = person.shape
    x, y = np.round(places).astype(int).transpose(2, 0, 1)
    return np.asarray(near[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)] > 0)


def _strips(active: U8, left: int, top: int, side: int, margin: int) -> list[Box]:
    """Boxes round what is active above, below, left and right of the crop, `margin` pixels into it; those at
    its sides reach from end to end."""
    height, width = active.shape
    found = []
    for box in beside(left, top, side, margin, 0):
        x0, y0, x1, y1 = part = common(box, (0, 0, width, height))
        if not empty(part):
            x, y, w, h = cv2.boundingRect(active[y0:y1, x0:x1])
            found.append((x0 + x, y0 + y, x0 + x + w, y0 + y + h))
        else:
            found.append((0, 0, 0, 0))
    return found


def _within(strips: list[Box], left: int, top: int, side: int, margin: int) -> Iterator[Box]:
    """The same, less far into the crop, and no place twice."""
    for strip, box in zip(strips, beside(left, top, side, margin, margin), strict=True):
        if not empty(part := common(strip, box)):
            yield part


@compiled(fastmath=True)
def _give_way(way: F32, left: float, top: float, side: float, per_rim: float, mask: U8) -> None:
    """Lower the mask of the crop where what it shows comes from near its edge, or from beyond.

    way: (h, w, 2), where it comes from, in pixels of the layers, as left and top are."""
    for y in range(way.shape[0]):
        for x in range(way.shape[1]):
            across, down = way[y, x, 0] - np.float32(left), way[y, x, 1] - np.float32(top)
            last = np.float32(side - 1)
            within = min(min(across, last - across), min(down, last - down)) * np.float32(per_rim)
            within = min(max(within, np.float32(0)), np.float32(1))
            most = within * within * (np.float32(3) - np.float32(2) * within) * np.float32(255)
            if most < mask[y, x]:
                mask[y, x] = np.uint8(most)
