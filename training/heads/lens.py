"""What a camera, a file or a painter's hand makes of a rendered picture: drawn once for each person.

All of it leaves everything where it is, so landmarks and masks stay true.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from livecam.frames import RGB
from training.heads import drawing, paint
from training.heads.data import Floats

Rng = np.random.Generator
LOOKS: Final = ("oil", "watercolour", "engraving", "charcoal", "old photograph", "cartoon")
PHOTOGRAPH: Final = "photograph"
_SHARES: Final = (0.30, 0.18, 0.10, 0.16, 0.14, 0.12)


@dataclass(frozen=True, slots=True)
class Lens:
    """`look`: one of `LOOKS`, or `PHOTOGRAPH`, to which the rest applies.

    exposure: stops; white (3,): gains of the channels; contrast: 1 leaves it; defocus: sigma as a share of
    the width; noise: grain of a mean grey, 0..1; coarse: sigma of the grain in pixels; quality: of the JPEG,
    0 for none; f_number: what lies away from the eyes blurs, more so for smaller ones, 0 for not at all;
    behind: cm from the head to what is behind it.
    """

    look: str = PHOTOGRAPH
    exposure: float = 0.0
    white: tuple[float, float, float] = (1.0, 1.0, 1.0)
    contrast: float = 1.0
    defocus: float = 0.0
    noise: float = 0.0
    coarse: float = 0.0
    quality: int = 0
    f_number: float = 0.0
    behind: float = 100.0


def sample(rng: Rng, painted: float) -> Lens:
    """`painted`: the share of people who are shown as in a painting, drawing or old print."""
    draws = rng.random(5)
    look = str(rng.choice(LOOKS, p=_SHARES)) if draws[0] < painted else PHOTOGRAPH
    warm, green = rng.normal(0, 0.06), rng.normal(0, 0.02)
    exposure = float(np.clip(rng.normal(0, 0.25), -0.7, 0.5))
    focused = look == PHOTOGRAPH and rng.random() < 0.4
    return Lens(
        look=look,
        exposure=exposure,
        f_number=float(1.4 * 2 ** rng.uniform(0, 2.5)) if focused else 0.0,
        behind=float(rng.uniform(40, 400)),
        white=(float(np.exp(warm)), float(np.exp(green)), float(np.exp(-warm))),
        contrast=float(np.exp(rng.normal(0, 0.08))),
        defocus=float(rng.uniform(0.0008, 0.0028)) if draws[1] < 0.3 else 0.0,
        noise=float(rng.gamma(1.5, 0.007)) if draws[2] < 0.6 else 0.0,
        coarse=float(rng.uniform(0.3, 0.8)) if draws[3] < 0.5 else 0.0,
        quality=int(rng.integers(45, 96)) if draws[4] < 0.6 else 0,
    )


def develop(picture: RGB, lens: Lens, seed: int, frame: int = 0) -> RGB:
    """(H, W, 3) uint8 RGB -> the same; a painter's strokes stay from frame to frame, grain does not."""
    if lens.look != PHOTOGRAPH:
        return repaint(picture, lens.look, seed)
    size = picture.shape[1]
    if lens.defocus * size > 0.2:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), lens.defocus * size), np.uint8)
    image = np.asarray(cv2.LUT(picture, _curve(lens)), np.float32)
    if lens.noise > 0:
        image = image + _grain(image, lens, np.random.default_rng([seed, frame]))
    result = np.asarray(np.clip(image, 0, 1) * 255 + 0.5, np.uint8)
    return _through_jpeg(result, lens.quality) if lens.quality else result


def _curve(lens: Lens) -> Floats:
    """(1, 256, 3) what each value of each channel becomes: exposure, white balance, contrast; 0..1."""
    levels = np.linspace(0, 1, 256, dtype=np.float32)[None, :, None]
    # Gains belong to linear light; for gamma 2.2 a gain of g there is one of g^(1/2.2) here.
    gains = (2.0**lens.exposure * np.array(lens.white)) ** (1 / 2.2)
    image = _shoulder(levels * gains.astype(np.float32))
    return np.asarray(np.float32(0.45) + (image - np.float32(0.45)) * np.float32(lens.contrast), np.float32)


def repaint(picture: RGB, look: str, seed: int) -> RGB:
    """One of `LOOKS`, made for a small picture. Raises `KeyError` for another name."""
    makers = {
        "oil": lambda: paint.oil(picture, max(2, round(picture.shape[1] / 190)), relief=1.0, seed=seed),
        "watercolour": lambda: drawing.watercolour(picture, seed),
        "engraving": lambda: _finely(picture, drawing.engraving),
        "charcoal": lambda: _finely(picture, lambda larger: drawing.charcoal(larger, seed)),
        "old photograph": lambda: drawing.old_photograph(picture, seed),
        "cartoon": lambda: drawing.cartoon(picture),
    }
    return makers[look]()


def _finely(picture: RGB, draw: Callable[[RGB], RGB]) -> RGB:
    """Lines as wide as a pixel would swallow a small face: they are drawn at twice the size.

    Then they are blurred, as in any small picture of a print. Without that MediaPipe finds 16 of 40 such
    faces, with it all.
    """
    height, width = picture.shape[:2]
    larger = cv2.resize(picture, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
    drawn = cv2.GaussianBlur(draw(np.asarray(larger, np.uint8)), (0, 0), 1.8)
    return np.asarray(cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _shoulder(image: Floats, knee: float = 0.85) -> Floats:
    """Values above the knee approach 1 and do not clip."""
    over = np.maximum(image - np.float32(knee), 0)
    room = np.float32(1 - knee)
    return np.asarray(np.minimum(image, knee) + room * over / (over + room), np.float32)


def _grain(image: Floats, lens: Lens, rng: Rng) -> Floats:
    """Shot noise grows with light, and after the gamma falls with it; colour noise is half as strong."""
    grain = rng.standard_normal(image.shape, np.float32)
    grain = 0.5 * grain + 0.7 * rng.standard_normal((*image.shape[:2], 1), np.float32)
    if lens.coarse > 0:
        # Cameras smooth their noise: fewer, wider grains of the same strength.
        grain = cv2.GaussianBlur(grain, (0, 0), lens.coarse) * np.float32(1 + 1.2 * lens.coarse)
    darkness = 1.3 - 0.7 * image.mean(2, keepdims=True)
    return np.asarray(grain * darkness * np.float32(lens.noise), np.float32)


def _through_jpeg(picture: RGB, quality: int) -> RGB:
    _, encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    assert decoded is not None  # it was encoded a line above
    return np.ascontiguousarray(decoded[..., ::-1])
