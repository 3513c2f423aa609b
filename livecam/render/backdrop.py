"""What stands behind the person instead of the portrait's own background: that one blurred, one colour,
another picture, or nothing at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.errors import UserError
from livecam.frames import RGB
from livecam.persona import fill, matte
from livecam.persona.types import PersonaData
from livecam.render.cpu.compositor import blend_alpha

GREEN: Final = (0, 177, 64)
"""RGB, the green that studios key out: what sinks without transparency show in its place."""
BLUR: Final = 0.035
"""Sigma of a blurred background, as a share of the canvas's height: a wall's pattern is gone, its light
stays. By eye."""
SMALL: Final = 0.25
"""Scale at which it is blurred: nothing finer is left of it anyway."""
KINDS: Final = ("original", "blurred", "colour", "green", "transparent", "picture")


@dataclass(frozen=True)
class Framing:
    """How a portrait is shown in a framed canvas. zoom: times the usual size of the face. background: one of
    `KINDS`. colour: RGB of "colour". picture: (H, W, 3) uint8 RGB of "picture"; None: what is there instead.

    Raises:
        UserError: an unknown background, or "picture" without one.
    """

    zoom: float = 1.0
    background: str = "original"
    colour: tuple[int, int, int] = GREEN
    picture: RGB | None = None

    def __post_init__(self) -> None:
        if self.background not in KINDS:
            raise UserError(f"background {self.background}", "unknown", f"Use {', '.join(KINDS)}.")
        if self.background == "picture" and self.picture is None:
            raise UserError("background picture", "there is none yet", "Choose one first.")

    @property
    def transparent(self) -> bool:
        return self.background == "transparent"


@dataclass(frozen=True)
class CutBase:
    """A canvas at rest, taken apart. person: (H, W, 4) uint8 RGBA, straight alpha. backdrop: (H, W, 3) uint8,
    what is behind it; None: nothing."""

    person: NDArray[np.uint8]
    backdrop: RGB | None

    @property
    def together(self) -> NDArray[np.uint8]:
        """(H, W, 3), or the person alone, (H, W, 4), where there is nothing behind it."""
        if self.backdrop is None:
            return self.person.copy()
        out = np.empty_like(self.backdrop)
        blend_alpha(self.person, self.backdrop, out)
        return out


def cut_base(base: RGB, alpha: F32, side: float, framing: Framing) -> CutBase:
    """base: (H, W, 3), the canvas at rest. alpha: (H, W), where the person is in it, 0 to 1. side: of the
    crop, in its pixels."""
    hole = fill.hidden(alpha, side)
    wall = fill.fill_background(base, hole)
    alpha = matte.with_fringe(alpha, hole)
    colour = matte.foreground_colour(base, alpha, wall)
    person = np.dstack([colour, np.round(alpha * 255).astype(np.uint8)])
    return CutBase(np.ascontiguousarray(person), _backdrop(wall, framing))


def _backdrop(wall: RGB, framing: Framing) -> RGB | None:
    """wall: (H, W, 3), the portrait's own background."""
    height, width = wall.shape[:2]
    if framing.transparent:
        return None
    if framing.background == "blurred":
        small = cv2.resize(wall, None, fx=SMALL, fy=SMALL, interpolation=cv2.INTER_AREA)
        soft = cv2.GaussianBlur(small, (0, 0), BLUR * SMALL * height, borderType=cv2.BORDER_REPLICATE)
        return np.asarray(cv2.resize(soft, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    if framing.background == "picture" and framing.picture is not None:
        return covering(framing.picture, width, height)
    colour = GREEN if framing.background == "green" else framing.colour
    return np.full_like(wall, colour)


def covering(picture: RGB, width: int, height: int) -> RGB:
    """height x width x 3: the middle of a picture, as large as it has to be."""
    rows, columns = picture.shape[:2]
    scale = max(width / columns, height / rows)
    size = (max(round(columns * scale), width), max(round(rows * scale), height))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    large = np.asarray(cv2.resize(picture, size, interpolation=how), np.uint8)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.ascontiguousarray(large[top : top + height, left : left + width])


def behind(persona: PersonaData, backdrop: RGB, crop: tuple[int, int, int]) -> PersonaData:
    """The persona with a canvas's backdrop behind its crop. crop: left, top and side there."""
    left, top, side = crop
    scale = persona.size / side
    matrix = np.array(
        [[scale, 0, -left * scale + (scale - 1) / 2], [0, scale, -top * scale + (scale - 1) / 2]]
    )
    size = (persona.size, persona.size)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    part = cv2.warpAffine(backdrop, matrix, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    return replace(persona, background=np.ascontiguousarray(part, np.uint8))


def over_green(cut_out: NDArray[np.uint8]) -> RGB:
    """(H, W, 4) uint8 RGBA, straight alpha -> (H, W, 3), for what knows no transparency."""
    height, width = cut_out.shape[:2]
    out = np.empty((height, width, 3), np.uint8)
    blend_alpha(cut_out, _green(height, width), out)
    return out


@lru_cache(maxsize=1)
def _green(height: int, width: int) -> RGB:
    return np.full((height, width, 3), GREEN, np.uint8)
