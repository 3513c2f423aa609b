"""One integer names a person, two name a picture: everything is drawn from them."""

from __future__ import annotations

import colorsys
from dataclasses import replace
from typing import Final

import numpy as np

from livecam.training.heads.accessories import Glasses, Hat
from livecam.training.heads.camera import Camera
from livecam.training.heads.data import Floats, HeadData
from livecam.training.heads.hair import HairStyle
from livecam.training.heads.jewellery import Earrings
from livecam.training.heads.lights import Color, Lamp, Lighting
from livecam.training.heads.look import Backdrop, Clothes, Eyes, HairColor, Look, Skin
from livecam.training.heads.performance import VISEMES, expression
from livecam.training.heads.renderer import Moment
from livecam.training.heads.scalp import Hairline
from livecam.training.heads.shape import Gaze, Pose

Rng = np.random.Generator
# Measured sRGB of skin in soft daylight, from light to dark.
_TONES: Final = ((0.88, 0.70, 0.61), (0.82, 0.62, 0.51), (0.76, 0.55, 0.43), (0.66, 0.46, 0.34),
                 (0.53, 0.35, 0.25), (0.41, 0.27, 0.20), (0.31, 0.20, 0.15))  # fmt: skip
_HAIRS: Final = ((0.05, 0.04, 0.035), (0.12, 0.08, 0.06), (0.22, 0.14, 0.09), (0.34, 0.22, 0.13),
                 (0.50, 0.37, 0.22), (0.66, 0.52, 0.34), (0.42, 0.19, 0.10))  # fmt: skip
_IRISES: Final = ((0.16, 0.09, 0.05), (0.30, 0.19, 0.09), (0.30, 0.26, 0.14), (0.22, 0.27, 0.18),
                  (0.22, 0.30, 0.37), (0.33, 0.38, 0.41))  # fmt: skip
_FEELINGS: Final = ((0.22, "mouthSmile"), (0.30, "mouthFrown"), (0.36, "mouthStretch"), (0.42, "mouthPucker"),
                    (0.46, "mouthPress"), (0.49, "cheekPuff"), (0.52, "noseSneer"), (0.55, "jawLeft"),
                    (0.58, "jawRight"), (0.61, "mouthLeft"), (0.64, "mouthRight"))  # fmt: skip
"""Running shares of what a mouth does beside speaking."""
KINDS: Final = ("bald", "shaved", "cropped", "side", "back", "crown", "curly", "bob", "long", "tied")
_KIND_SHARES: Final = (0.05, 0.06, 0.13, 0.17, 0.10, 0.12, 0.11, 0.09, 0.11, 0.06)


def identity(rng: Rng) -> Floats:
    """(100,) coefficients; some people are plain, some striking."""
    return rng.normal(0, rng.uniform(0.6, 1.0), 100).astype(np.float32)


def look(rng: Rng, detail: float = 1.0) -> Look:
    """A person's look and sitting. `detail` scales the number of hairs: 1 suits 512 pixels, 0.3 suits 256."""
    age = float(np.clip(rng.beta(1.6, 2.2), 0, 1))
    tone = rng.uniform(0, len(_TONES) - 1)
    skin_color = _jitter(_between(_TONES, tone), rng, 0.02)
    dark = tone / (len(_TONES) - 1)
    shares = np.array([0.30, 0.22, 0.17, 0.12, 0.07, 0.06, 0.06]) ** (1 + dark)
    hair_index = int(rng.choice(len(_HAIRS), p=shares / shares.sum()))
    root = _jitter(_HAIRS[hair_index], rng, 0.10)
    tip = _shade(root, rng.uniform(1.1, 1.8))
    grey = float(np.clip(rng.normal((age - 0.6) * 1.8, 0.25), 0, 0.95)) if age > 0.4 else 0.0
    # The roots' colour is painted on the scalp too; between the grey hairs some keep their own.
    root = tuple(np.array(root) * (1 - 0.7 * grey**2) + 0.55 * 0.7 * grey**2)
    style = hair_style(rng, detail)
    bearded = rng.random() < 0.24
    lip = _shade(tuple(np.array(skin_color) * [0.88, 0.60, 0.60]), 1.0)
    painted = not bearded and rng.random() < 0.2
    if painted:
        lip = _jitter((0.62, 0.18, 0.22), rng, 0.12)
    irises = np.array([0.36, 0.20, 0.13, 0.10, 0.13, 0.08]) ** (1 + 2.5 * dark)
    iris = _jitter(_IRISES[int(rng.choice(len(_IRISES), p=irises / irises.sum()))], rng, 0.1)
    return Look(
        skin=Skin(
            color=skin_color,
            lip=lip,
            lip_strength=0.9 if painted else rng.uniform(0.45, 0.8),
            blush=rng.uniform(0.05, 0.6) * (1 - 0.6 * dark),
            freckles=float(np.clip(rng.normal(-0.15, 0.4), 0, 1)) * (1 - dark),
            tired=rng.uniform(0.0, 0.6) + 0.3 * age,
            age=age,
            oil=rng.uniform(0.1, 0.9) * (1 - 0.4 * dark),
            pores=rng.uniform(0.3, 1.0),
            stubble=rng.uniform(0.2, 0.9) if bearded or rng.random() < 0.12 else 0.0,
            liner=rng.uniform(0.3, 1.0) if rng.random() < 0.12 else 0.0,
        ),
        eyes=Eyes(iris, _shade(iris, rng.uniform(0.9, 1.5)), rng.uniform(7.5, 13.0), rng.uniform(0.5, 1.6)),
        hair=style,
        hair_color=HairColor(root, tip, grey, rng.uniform(0.3, 1.1)),
        brow_strength=rng.uniform(0.3, 0.8),
        brow_thickness=rng.uniform(0.6, 1.3),
        beard_length=rng.uniform(0.25, 1.4) if bearded else 0.0,
        beard_count=int(8000 * detail) if bearded and rng.random() < 0.7 else 0,
        clothes=_clothes(rng),
        lighting=lighting(rng),
        camera=camera(rng),
        backdrop=_backdrop(rng),
        teeth=_jitter((0.86, 0.80 - 0.05 * age, 0.73 - 0.12 * age), rng, 0.02),
        glasses=_glasses(rng) if rng.random() < 0.2 else None,
        hat=_hat(rng) if rng.random() < 0.10 else None,
        earrings=_earrings(rng) if rng.random() < (0.5 if painted else 0.08) else None,
        # A photographer would not let fair skin clip.
        exposure=rng.uniform(0.8, 1.2) * (1 - 0.3 * (1 - dark) ** 2),
    )


def hair_style(rng: Rng, detail: float) -> HairStyle | None:
    """One of `KINDS`; None is bald."""
    kind = str(rng.choice(KINDS, p=_KIND_SHARES))
    hairline = Hairline(
        recession=float(np.clip(rng.normal(0.2, 0.4), 0, 1)),
        sideburns=rng.uniform(-6, 8),
        nape=rng.uniform(-5, 5),
        low=rng.uniform(-3, 4),
        bald=float(rng.random() < 0.08) * rng.uniform(0.3, 1.0),
    )
    base = HairStyle(
        part_at=float(rng.uniform(0.5, 4.0) * rng.choice([-1, 1])),
        volume=rng.uniform(0.7, 2.0),
        lift=rng.uniform(0.3, 0.7),
        wave=rng.uniform(0.0, 0.5),
        frizz=rng.uniform(0.03, 0.15),
        clump=rng.uniform(0.2, 0.7),
        hairline=hairline,
    )
    full = replace(hairline, recession=hairline.recession * 0.4, bald=0.0)
    if kind == "bald":
        return None
    hanging = replace(base, gravity=0.7, hug=0.35, stiffness=0.6, lift=0.32, steps=22, hairline=full)
    curly = replace(base, comb="up", lift=0.8, gravity=0.1, hug=0.3, steps=22, volume=rng.uniform(1.5, 3.5))
    styles = {
        "shaved": replace(base, comb="crown", length=0.5, side_length=0.35, volume=0.3, steps=4, count=22000),
        "cropped": replace(
            base, comb="crown", length=rng.uniform(1, 2.5), side_length=0.8, volume=0.6, steps=7
        ),
        "side": replace(base, length=rng.uniform(5, 11), side_length=rng.uniform(1.2, 5)),
        "back": replace(
            base, comb="back", length=rng.uniform(6, 12), side_length=rng.uniform(1.5, 6), lift=0.7
        ),
        "crown": replace(base, comb="crown", length=rng.uniform(3, 7), fringe=rng.uniform(0.2, 0.8)),
        "curly": replace(
            curly,
            length=rng.uniform(3, 9),
            side_length=rng.uniform(2, 6),
            curl=rng.uniform(0.25, 0.6),
            curl_length=rng.uniform(1.3, 2.6),
        ),
        "bob": replace(hanging, length=rng.uniform(17, 24), side_length=rng.uniform(11, 16)),
        "long": replace(
            hanging,
            length=rng.uniform(28, 38),
            side_length=rng.uniform(22, 30),
            curl=float(rng.random() < 0.3) * 0.5,
            curl_length=4.0,
        ),
        "tied": replace(
            hanging, comb="tied", length=18, side_length=16, lift=0.1, gravity=0.0, stiffness=1.0, hug=0.9
        ),
    }
    style = styles[kind]
    count = max(3000, int(style.count * detail))
    # Coarser steps than these would grow another shape; straight hair may be drawn with fewer.
    steps = max(4, round(style.steps * np.sqrt(max(detail, 0.25))))
    drawn = max(4, round(steps * 0.6)) if detail < 0.25 and style.curl == 0 else steps
    # Fewer hairs are drawn wider, so that the scalp stays covered.
    width = style.half_width * float(np.sqrt(style.count / count))
    return replace(style, count=count, steps=steps, drawn=drawn, half_width=width, behind=0.4)


def lighting(rng: Rng) -> Lighting:
    """From a soft window to a hard lamp, warm to cold."""
    azimuth = rng.uniform(-70, 70)
    key = _warmth(rng, 0.3) * rng.uniform(0.8, 1.9)
    lamps = [Lamp(azimuth, rng.uniform(0, 55), _color(key), rng.uniform(4, 22), 3)]
    fill = _warmth(rng, 0.35) * rng.uniform(0.05, 0.5)
    lamps.append(Lamp(-azimuth + rng.normal(0, 15), rng.uniform(-10, 30), _color(fill), 20, 1))
    if rng.random() < 0.4:
        rim = _warmth(rng, 0.6) * rng.uniform(0.2, 0.9)
        lamps.append(Lamp(180 - azimuth * 0.5, rng.uniform(10, 45), _color(rim), 10, 1))
    sky = _warmth(rng, 0.3) * rng.uniform(0.15, 0.5)
    ground = _warmth(rng, 0.3) * rng.uniform(0.08, 0.3)
    return Lighting(tuple(lamps), _color(sky), _color(ground), dome_samples=6)


def camera(rng: Rng) -> Camera:
    """Head and shoulders at arm's length to across a room; the head is 50 to 80 % of the picture's height."""
    field_of_view = rng.uniform(13, 36)
    share = rng.uniform(0.50, 0.80)
    distance = 23 / share / 2 / np.tan(np.deg2rad(field_of_view) / 2) + 8
    return Camera(float(field_of_view), float(distance), rng.normal(0, 1.0), rng.uniform(-2.0, 2.5))


def moment(data: HeadData, rng: Rng) -> Moment:
    """A face in speech or feeling, turned and looking somewhere."""
    levels: dict[str, float] = {}

    def add(name: str, value: float) -> None:
        levels[name] = levels.get(name, 0.0) + value

    kind = rng.random()
    if kind < 0.5:
        for name, value in VISEMES[str(rng.choice(list(VISEMES)))].items():
            add(name, value * rng.uniform(0.4, 1.4))
    elif kind < 0.75:
        add("jawOpen", rng.beta(1.2, 2.0) * 0.9)
        add("mouthUpperUp", rng.uniform(0, 0.5))
        add("mouthLowerDown", rng.uniform(0, 0.5))
    feeling = rng.random()
    for limit, name in _FEELINGS:
        if feeling < limit:
            add(name, rng.uniform(0.2, 0.9))
            break
    if levels.get("mouthSmile", 0) > 0.4:
        add("cheekSquint", rng.uniform(0.2, 0.8))
    brow = rng.random()
    if brow < 0.25:
        add("browInnerUp", rng.uniform(0.2, 1.0))
        add("browOuterUp", rng.uniform(0.0, 1.0))
    elif brow < 0.45:
        add("browDown", rng.uniform(0.2, 1.0))
    coefficients = expression(data, **levels)
    lids = rng.random()
    shares = (("eyeBlink", 0.0, 0.18), ("eyeWide", 0.18, 0.28), ("eyeSquint", 0.28, 0.40))
    for name, low, high in shares:
        if low <= lids < high:
            amount = rng.uniform(0.25, 1.0)
            for side in "LR":
                winks = name == "eyeBlink" and lids < 0.03 and side == "L"
                coefficients[data.expression_index(f"{name}_{side}")] = 0.0 if winks else amount
    # No face is symmetric while it moves.
    coefficients = np.clip(coefficients * rng.normal(1, 0.08, len(coefficients)), 0, 1).astype(np.float32)
    pose = Pose(
        float(np.clip(rng.normal(0, 14), -42, 42)), float(np.clip(rng.normal(0, 8), -24, 24)),
        float(rng.normal(0, 6)), body=rng.uniform(0.05, 0.5),
    )  # fmt: skip
    gaze_yaw = np.clip(rng.normal(-0.35 * pose.yaw, 9), -28, 28)
    gaze_pitch = np.clip(rng.normal(0.4 * pose.pitch, 6), -18, 18)
    return Moment(coefficients, Gaze(float(gaze_yaw), float(gaze_pitch), rng.uniform(0, 3)), pose)


def _clothes(rng: Rng) -> Clothes:
    collar = float(rng.choice([rng.uniform(-0.6, 0.8), rng.uniform(1.5, 2.8)], p=[0.8, 0.2]))
    return Clothes(_fabric(rng), _fabric(rng), int(rng.choice(5, p=[0.45, 0.12, 0.1, 0.15, 0.18])), collar)


def _backdrop(rng: Rng) -> Backdrop:
    color = np.array(_fabric(rng))
    lit = _color(color * 0.5 + color.mean() * 0.5)
    dark = _shade(lit, rng.uniform(0.25, 0.9)) if rng.random() < 0.7 else _fabric(rng)
    return Backdrop(lit, dark, rng.uniform(0, 360), rng.uniform(0.0, 0.12), int(rng.integers(0, 9)))


def _glasses(rng: Rng) -> Glasses:
    metal = bool(rng.random() < 0.45)
    color = _jitter((0.6, 0.55, 0.45), rng, 0.2) if metal else _shade(_fabric(rng), rng.uniform(0.1, 0.8))
    return Glasses(
        rng.uniform(2.1, 2.8), rng.uniform(1.6, 2.3), rng.uniform(2.0, 4.5), rng.uniform(0, 1),
        rng.uniform(0.05, 0.08) if metal else rng.uniform(0.1, 0.22), color, metal, rng.uniform(0.0, 0.12),
    )  # fmt: skip


def _hat(rng: Rng) -> Hat:
    kind = str(rng.choice(["beanie", "cap", "brim", "scarf"]))
    return Hat(
        kind, _fabric(rng), _fabric(rng), rng.uniform(0.8, 2.2), rng.uniform(4.5, 7.5), rng.uniform(-2, 5)
    )


def _earrings(rng: Rng) -> Earrings:
    color = ((0.80, 0.66, 0.36), (0.75, 0.75, 0.76), (0.85, 0.82, 0.76))[int(rng.integers(3))]
    if rng.random() < 0.5:
        return Earrings("hoop", rng.uniform(0.6, 1.6), color)
    return Earrings("stud", rng.uniform(0.2, 0.45), color)


def _fabric(rng: Rng) -> Color:
    """Mostly muted colours."""
    color = colorsys.hsv_to_rgb(rng.random(), min(1.0, rng.gamma(1.6, 0.16)), rng.uniform(0.06, 0.9))
    return (color[0], color[1], color[2])


def _warmth(rng: Rng, spread: float) -> Floats:
    k = rng.normal(0, spread)
    return np.array([1 + 0.22 * k, 1.0, 1 - 0.28 * k], np.float32).clip(0.2, 1.8)


def _color(values: Floats) -> Color:
    return (float(values[0]), float(values[1]), float(values[2]))


def _between(colors: tuple[Color, ...], at: float) -> Color:
    low = min(int(at), len(colors) - 2)
    mixed = np.array(colors[low]) * (1 - at + low) + np.array(colors[low + 1]) * (at - low)
    return _color(np.asarray(mixed, np.float32))


def _jitter(color: Color, rng: Rng, spread: float) -> Color:
    return _color(np.clip(np.array(color) * rng.normal(1, spread, 3), 0.01, 0.97))


def _shade(color: Color | tuple[float, ...], factor: float) -> Color:
    return _color(np.clip(np.array(color) * factor, 0.0, 0.97))
