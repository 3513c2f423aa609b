"""Everything that makes a person and a sitting: skin, eyes, hair, clothes, light, camera, background."""

from __future__ import annotations

from dataclasses import dataclass, field

from training.heads.accessories import Glasses, Hat
from training.heads.camera import Camera
from training.heads.hair import HairStyle
from training.heads.jewellery import Earrings
from training.heads.lights import Color, Lamp, Lighting
from training.heads.neckwear import Neckwear
from training.heads.whiskers import Whiskers


@dataclass(frozen=True, slots=True)
class Skin:
    """Colours are sRGB 0..1; strengths 0..1."""

    color: Color = (0.80, 0.60, 0.49)
    lip: Color = (0.66, 0.36, 0.33)
    lip_strength: float = 0.75
    blush: float = 0.45
    freckles: float = 0.0
    tired: float = 0.3
    age: float = 0.2
    oil: float = 0.4
    pores: float = 0.6
    stubble: float = 0.0
    liner: float = 0.0


@dataclass(frozen=True, slots=True)
class Eyes:
    iris: Color = (0.33, 0.22, 0.12)
    iris_inner: Color = (0.42, 0.29, 0.14)
    pupil: float = 9.5
    """Half angle of the pupil in degrees of the eyeball."""
    lashes: float = 1.0


@dataclass(frozen=True, slots=True)
class HairColor:
    root: Color = (0.16, 0.11, 0.08)
    tip: Color = (0.24, 0.16, 0.11)
    grey: float = 0.0
    shine: float = 1.0


@dataclass(frozen=True, slots=True)
class Clothes:
    color: Color = (0.16, 0.20, 0.27)
    second: Color = (0.70, 0.68, 0.62)
    pattern: int = 0
    collar: float = 0.0
    drape: bool = False
    """Lies on the shoulders; see `cloth.garment`."""


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A soft wall: two colours from the corner that is lit to the other, darker towards the edges."""

    lit: Color = (0.42, 0.38, 0.32)
    dark: Color = (0.16, 0.14, 0.12)
    angle: float = 35.0
    mottle: float = 0.08
    clutter: int = 0
    """Blurred things that stand behind."""


@dataclass(frozen=True, slots=True)
class Look:
    skin: Skin = field(default_factory=Skin)
    eyes: Eyes = field(default_factory=Eyes)
    hair: HairStyle | None = field(default_factory=HairStyle)
    hair_color: HairColor = field(default_factory=HairColor)
    brow_strength: float = 0.6
    brow_thickness: float = 1.0
    beard_length: float = 0.0
    beard_count: int = 0
    beard_width: float = 0.018
    """Half width of its strands in cm."""
    whiskers: tuple[Whiskers, ...] = ()
    clothes: Clothes = field(default_factory=Clothes)
    lighting: Lighting = field(default_factory=lambda: Lighting((Lamp(-35, 35, (1.6, 1.5, 1.4)),)))
    camera: Camera = field(default_factory=Camera)
    backdrop: Backdrop = field(default_factory=Backdrop)
    teeth: Color = (0.86, 0.82, 0.74)
    bite: tuple[float, float] = (0.0, 0.0)
    """cm by which the upper and the lower teeth stand farther behind their lips than the model's, whose upper
    incisors show by 2 mm at rest and whose lower ones reach the lip; below 0, less far."""
    glasses: Glasses | None = None
    hat: Hat | None = None
    earrings: Earrings | None = None
    neckwear: Neckwear | None = None
    exposure: float = 1.0
