"""The canvas: the rendered crop laid back into the portrait's picture, or framed for a call.

"source" keeps the portrait's own pixel grid. WIDTHxHEIGHT shows the portrait as a camera would: the face
about 40 % of the height where the picture allows it, bars filled with a dim, blurred copy of the picture.
"""

from __future__ import annotations

import math
from typing import Final, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, U8
from livecam.compiled import compiled
from livecam.face import landmarks as lm
from livecam.frames import RGB
from livecam.motion.types import Motion
from livecam.persona.types import PersonaData
from livecam.render.around import AroundCrop, cut_picture, matte_of
from livecam.render.backdrop import Framing, behind, cut_base
from livecam.render.boxes import Box, beside, common, empty
from livecam.render.pan import pan
from livecam.settings import parse_size

FACE_SHARE = 0.40
"""Height of the face (forehead to chin) in a framed canvas, as a share of its own: as in a call. By eye."""
EYE_LINE = 0.42
"""Where the eyes sit from the top in a framed canvas, if the picture reaches that far. By eye."""
FEATHER = 0.02
"""Width of the soft rim of the crop, as a share of its side, where it lies inside the picture. By eye."""

# The bars around a picture, by eye.
BARS_HEIGHT: Final = 48
"""Pixels that the picture is made small to: cheap to blur, and nothing in it can be told any more."""
BARS_LEAST_WIDTH: Final = 8
"""Pixels; of a picture that is very narrow."""
BARS_BLUR: Final = 1 / 18
"""Sigma of the blur, as a share of that height."""
BARS_LIGHT: Final = 0.55
"""Share of the picture's light that bars have, so that the eye goes to the face."""


class Canvas(Protocol):
    """Where a rendered crop goes."""

    width: int
    height: int
    persona: PersonaData
    """What is to be rendered: the portrait, before the canvas's background."""

    def place(self, rendered: RGB, motion: Motion | None = None, view: F32 | None = None) -> RGB:
        """height x width x 3 uint8. rendered: size x size x 3; of a transparent canvas both x 4, RGBA.
        motion: what it shows, which the person around the crop follows; None: the rest. view: (3,) as in
        `livecam.motion.types.Motion` for a picture that pans and zooms, None for one that stands still."""
        ...


def make_canvas(persona: PersonaData, text: str, framing: Framing | None = None) -> Canvas:
    """`text`: "crop", "source", or WIDTHxHEIGHT in pixels. framing: not of a crop.

    Raises:
        UserError: none of these, odd, or out of range.
    """
    if text == "crop":
        return CropCanvas(persona)
    return PictureCanvas(persona, parse_size(text), framing or Framing())


class CropCanvas:
    """Hands the rendered crop on as it is."""

    def __init__(self, persona: PersonaData) -> None:
        self.persona = persona
        self.width = self.height = persona.size

    def place(self, rendered: RGB, motion: Motion | None = None, view: F32 | None = None) -> RGB:
        """`rendered` itself, whatever the rest."""
        return rendered


class PictureCanvas:
    """Places rendered crops into one fixed picture. Everything that stands still is computed once."""

    def __init__(
        self, persona: PersonaData, size: tuple[int, int] | None, framing: Framing | None = None
    ) -> None:
        framing = framing or Framing()
        if size is None:
            base, scale, origin = persona.picture.copy(), 1.0, np.zeros(2)
            inside = (0, 0, base.shape[1], base.shape[0])
        else:
            base, scale, origin, inside = _frame(persona, *size, framing.zoom)
        self.height, self.width = base.shape[:2]
        self._base = base
        # Canvas place = (picture place - origin) * scale. Crops lie on whole pixels of both: placing one is a
        # plain resize.
        left, top = np.round((np.array([persona.crop.x, persona.crop.y]) - origin) * scale).astype(int)
        self._side = side = round(persona.crop.side * scale)
        eyes = persona.landmarks[list(lm.OUTER_EYE_CORNERS), :2].mean(0)
        self.face = (float(left + eyes[0] * side), float(top + eyes[1] * side))
        """Where the portrait's eyes are, x and y in pixels."""
        x0, y0 = max(int(left), inside[0]), max(int(top), inside[1])
        x1, y1 = min(int(left) + side, inside[2]), min(int(top) + side, inside[3])
        self._crop, self._shown = (int(left), int(top), side), (x0, y0, x1, y1)
        self._how = cv2.INTER_AREA if side < persona.size else cv2.INTER_LINEAR
        self._rim = max(FEATHER * side, 1.0)
        mask = _feather(self._shown, self._crop, inside, self._rim)
        self._mask = np.zeros((side, side), np.uint8)
        self._mask[y0 - top : y1 - top, x0 - left : x1 - left] = np.round(mask * 255)
        backdrop = None
        if framing.background != "original":
            alpha = matte_of(persona, scale, origin, (self.width, self.height))
            known = np.zeros_like(alpha)
            known[inside[1] : inside[3], inside[0] : inside[2]] = 1
            cut = cut_base(base, alpha * known, side, framing)  # in the bars nobody is
            self._base, backdrop = cut.together, cut.backdrop
            if backdrop is not None:
                persona = behind(persona, backdrop, self._crop)
        self.persona = persona
        """What is to be rendered: the portrait, before the canvas's background."""
        self._around = AroundCrop(persona, scale, origin, inside, self._crop, self._rim, backdrop)

    def place(self, rendered: RGB, motion: Motion | None = None, view: F32 | None = None) -> RGB:
        """A fresh picture. As `Canvas` has it."""
        if rendered.shape[0] != self._side:
            rendered = cv2.resize(rendered, (self._side, self._side), interpolation=self._how)
        out, mask, soft = self._base.copy(), self._mask, math.ceil(self._rim)
        if motion is not None and self._around.needed:
            mask = mask.copy()
            soft = max(soft, self._around.draw(motion, out, mask))
        self._lay(rendered, mask, soft, out)
        return out if view is None else pan(out, view, self.face)

    def _lay(self, rendered: RGB, mask: U8, soft: int, out: RGB) -> None:
        """The crop into the canvas, by its mask. `soft`: pixels from the crop's edge inwards from which the
        mask is whole; what lies there is copied, in a fifth of the time."""
        left, top, side = self._crop
        core = (left + soft, top + soft, left + side - soft, top + side - soft)
        copied = not empty(core)
        for box in [core, *beside(left, top, side, soft, soft)] if copied else [self._shown]:
            x0, y0, x1, y1 = part = common(box, self._shown)
            if empty(part):
                continue
            there, here = (
                (slice(y0, y1), slice(x0, x1)),
                (slice(y0 - top, y1 - top), slice(x0 - left, x1 - left)),
            )
            if copied and box is core:
                out[there] = rendered[here]
            else:
                _blend(rendered[here], mask[here], out[there])


def _frame(
    persona: PersonaData, width: int, height: int, zoom: float
) -> tuple[RGB, float, NDArray[np.float64], Box]:
    """(base picture, scale, origin in the picture, part of the canvas that the picture covers)."""
    picture, crop = persona.picture, persona.crop
    rows, columns = picture.shape[:2]
    points = persona.picture_landmarks()[:, :2]
    face = float(np.linalg.norm(points[lm.CHIN] - points[lm.FOREHEAD]))
    scale = max(zoom * FACE_SHARE * height / max(face, 1e-6), height / rows)
    shown = np.array([width, height]) / scale
    eyes = points[list(lm.OUTER_EYE_CORNERS)].mean(0)
    origin = np.array([eyes[0] - shown[0] / 2, eyes[1] - EYE_LINE * shown[1]])
    room = np.array([columns, rows]) - shown
    # Inside the picture where it is large enough, centred where it is not.
    origin = np.where(room >= 0, np.clip(origin, 0, np.maximum(room, 0)), room / 2)

    scale = round(crop.side * scale) / crop.side
    place = np.array([crop.x, crop.y])
    origin = place - np.round((place - origin) * scale) / scale

    sharp = cut_picture(picture, scale, origin, (width, height))
    x0, y0 = np.maximum(np.round(-origin * scale), 0).astype(int)
    x1, y1 = np.minimum(np.round((np.array([columns, rows]) - origin) * scale), [width, height]).astype(int)
    inside = (int(x0), int(y0), int(x1), int(y1))
    if inside == (0, 0, width, height):
        return sharp, scale, origin, inside
    return _fill_bars(picture, sharp, inside), scale, origin, inside


def _fill_bars(picture: RGB, sharp: RGB, inside: Box) -> RGB:
    """Around the picture: itself, enlarged to cover, strongly blurred and dimmed."""
    height, width = sharp.shape[:2]
    rows, columns = picture.shape[:2]
    tiny_height = BARS_HEIGHT
    tiny_width = max(BARS_LEAST_WIDTH, round(tiny_height * columns / rows))
    tiny = cv2.resize(picture, (tiny_width, tiny_height), interpolation=cv2.INTER_AREA)
    tiny = cv2.GaussianBlur(tiny, (0, 0), tiny_height * BARS_BLUR)
    cover = max(width / tiny_width, height / tiny_height)
    wide = cv2.resize(
        tiny,
        (int(np.ceil(tiny_width * cover)), int(np.ceil(tiny_height * cover))),
        interpolation=cv2.INTER_CUBIC,
    )
    top, left = (wide.shape[0] - height) // 2, (wide.shape[1] - width) // 2
    wide = wide[top : top + height, left : left + width]
    out = (wide * BARS_LIGHT).astype(np.uint8)
    x0, y0, x1, y1 = inside
    out[y0:y1, x0:x1] = sharp[y0:y1, x0:x1]
    return out


def _feather(box: Box, crop: tuple[int, int, int], inside: Box, rim: float) -> NDArray[np.float32]:
    """(h, w) float32: 1 inside the crop, ramping to 0 over `rim` pixels at its edges that lie inside the
    picture."""
    x0, y0, x1, y1 = box
    left, top, side = crop

    def ramp(first: int, last: int, low: float, high: float, start: int, end: int) -> NDArray[np.float64]:
        centre = np.arange(first, last) + 0.5
        out = np.ones(last - first)
        if low > start + 0.5:
            out = np.minimum(out, (centre - low) / rim)
        if high < end - 0.5:
            out = np.minimum(out, (high - centre) / rim)
        return np.clip(out, 0, 1)

    across = ramp(x0, x1, left, left + side, inside[0], inside[2])
    down = ramp(y0, y1, top, top + side, inside[1], inside[3])
    linear = down[:, None] * across[None, :]
    out: NDArray[np.float32] = (linear * linear * (3 - 2 * linear)).astype(np.float32)
    return out


@compiled(fastmath=True)
def _blend(layer: NDArray[np.uint8], mask: NDArray[np.uint8], out: NDArray[np.uint8]) -> None:
    """Lay `layer` over `out` where `mask` is 255, mix where it is less. (H, W, C), (H, W), uint8."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            m = np.int32(mask[y, x])
            if m == 255:
                for c in range(out.shape[2]):
                    out[y, x, c] = layer[y, x, c]
            elif m > 0:
                for c in range(out.shape[2]):
                    mixed = np.int32(out[y, x, c]) * (255 - m) + np.int32(layer[y, x, c]) * m
                    out[y, x, c] = (mixed + 127) // 255
