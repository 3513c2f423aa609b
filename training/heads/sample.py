"""One integer names a person, two name a picture: everything is drawn from them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from training.heads import barber
from training.heads.accessories import Glasses, Hat
from training.heads.camera import Camera
from training.heads.data import Floats, HeadData
from training.heads.jewellery import Earrings
from training.heads.lights import Color, Lamp, Lighting, direction
from training.heads.look import Backdrop, Clothes, Eyes, Look, Skin
from training.heads.neckwear import Neckwear
from training.heads.palette import Rng, between, fabric, jitter, shade, triple, warmth
from training.heads.performance import VISEMES, expression
from training.heads.renderer import Moment
from training.heads.shape import Gaze, Pose
from training.heads.uniforms import linear

# Measured sRGB of skin in soft daylight, from light to dark.
_TONES: Final = ((0.88, 0.70, 0.61), (0.82, 0.62, 0.51), (0.76, 0.55, 0.43), (0.66, 0.46, 0.34),
                 (0.53, 0.35, 0.25), (0.41, 0.27, 0.20), (0.31, 0.20, 0.15))  # fmt: skip
_IRISES: Final = ((0.16, 0.09, 0.05), (0.30, 0.19, 0.09), (0.30, 0.26, 0.14), (0.22, 0.27, 0.18),
                  (0.22, 0.30, 0.37), (0.33, 0.38, 0.41))  # fmt: skip
_FEELINGS: Final = ((0.22, "mouthSmile"), (0.30, "mouthFrown"), (0.36, "mouthStretch"), (0.42, "mouthPucker"),
                    (0.46, "mouthPress"), (0.49, "cheekPuff"), (0.52, "noseSneer"), (0.55, "jawLeft"),
                    (0.58, "jawRight"), (0.61, "mouthLeft"), (0.64, "mouthRight"))  # fmt: skip
"""Running shares of what a mouth does beside speaking."""
_DIMMEST: Final = 0.11
_BRIGHTEST: Final = 0.75
"""Bounds of `face_light` times exposure."""


def identity(rng: Rng) -> Floats:
    """(100,) coefficients; some people are plain, some striking."""
    return rng.normal(0, rng.uniform(0.6, 1.0), 100).astype(np.float32)


def look(rng: Rng, detail: float = 1.0) -> Look:
    """A person's look and sitting. `detail` scales the number of hairs: 1 suits 512 pixels, 0.3 suits 256."""
    age = float(np.clip(rng.beta(1.6, 2.2), 0, 1))
    tone = rng.uniform(0, len(_TONES) - 1)
    skin_color = jitter(between(_TONES, tone), rng, 0.02)
    dark = tone / (len(_TONES) - 1)
    hair_color = barber.hair_color(rng, dark, age)
    hat = _hat(rng) if rng.random() < 0.10 else None
    style = barber.hair_style(rng, detail, low=hat is not None)
    beard = barber.beard(rng, detail)
    bearded = beard.stubble > 0 or beard.count > 0 or len(beard.whiskers) > 0
    clothes, neckwear = _clothes(rng)
    light = lighting(rng)
    lip = shade(tuple(np.array(skin_color) * [0.90, 0.62, 0.68]), 1.0)
    painted = not bearded and rng.random() < 0.2
    if painted:
        # The same paint on darker lips, and in a picture exposed for a darker face.
        lip = shade(jitter((0.62, 0.18, 0.22), rng, 0.12), 1 - 0.4 * dark)
    irises = np.array([0.36, 0.20, 0.13, 0.10, 0.13, 0.08]) ** (1 + 2.5 * dark)
    iris = jitter(_IRISES[int(rng.choice(len(_IRISES), p=irises / irises.sum()))], rng, 0.1)
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
            stubble=beard.stubble,
            liner=rng.uniform(0.3, 1.0) if rng.random() < 0.12 else 0.0,
        ),
        eyes=Eyes(iris, shade(iris, rng.uniform(0.9, 1.5)), rng.uniform(7.5, 13.0), rng.uniform(0.5, 1.6)),
        hair=style,
        hair_color=hair_color,
        brow_strength=rng.uniform(0.3, 0.8),
        brow_thickness=rng.uniform(0.6, 1.3),
        beard_length=beard.length,
        beard_count=beard.count,
        beard_width=beard.width,
        whiskers=beard.whiskers,
        clothes=clothes,
        neckwear=neckwear,
        lighting=light,
        camera=camera(rng),
        backdrop=_backdrop(rng),
        teeth=jitter((0.86, 0.80 - 0.05 * age, 0.73 - 0.12 * age), rng, 0.02),
        glasses=_glasses(rng) if rng.random() < 0.2 else None,
        hat=hat,
        earrings=_earrings(rng) if rng.random() < (0.5 if painted else 0.08) else None,
        # A photographer would not let fair skin clip.
        exposure=for_the_face(
            rng.uniform(0.8, 1.2) * (1 - 0.3 * (1 - dark) ** 2), face_light(skin_color, light)
        ),
        bite=(
            float(np.clip(rng.normal(-0.02, 0.06), -0.15, 0.14)),
            float(np.clip(rng.normal(0.14, 0.12), -0.05, 0.40)),
        ),
    )


def face_light(skin: Color, light: Lighting) -> float:
    """About the linear light that a face sends into the camera."""
    total = 0.8 * np.mean(light.sky) + 0.25 * np.mean(light.ground)
    for lamp in light.lamps:
        facing = float(direction(lamp.azimuth, lamp.elevation)[2])
        total += float(np.mean(lamp.color)) * max(facing, 0.0) * 0.8
    return float(total * np.mean(linear(skin)))


def for_the_face(exposure: float, light: float) -> float:
    """`exposure` within what a photographer would let a face of so much `light` have."""
    return float(np.clip(exposure, _DIMMEST / light, max(_BRIGHTEST / light, 0.3)))


def lighting(rng: Rng) -> Lighting:
    """From a soft window to a hard lamp, warm to cold."""
    azimuth = rng.uniform(-70, 70)
    key = warmth(rng, 0.3) * rng.uniform(0.8, 1.9)
    lamps = [Lamp(azimuth, rng.uniform(0, 55), triple(key), rng.uniform(7, 22), 3)]
    fill = warmth(rng, 0.35) * rng.uniform(0.12, 0.5)
    lamps.append(Lamp(-azimuth + rng.normal(0, 15), rng.uniform(-10, 30), triple(fill), 20, 1))
    if rng.random() < 0.4:
        rim = warmth(rng, 0.6) * rng.uniform(0.2, 0.9)
        lamps.append(Lamp(180 - azimuth * 0.5, rng.uniform(10, 45), triple(rim), 10, 1))
    sky = warmth(rng, 0.3) * rng.uniform(0.15, 0.5)
    ground = warmth(rng, 0.3) * rng.uniform(0.08, 0.3)
    return Lighting(tuple(lamps), triple(sky), triple(ground), dome_samples=6)


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


def _clothes(rng: Rng) -> tuple[Clothes, Neckwear | None]:
    """A garment and what is worn over it."""
    collar = float(rng.choice([rng.uniform(-0.6, 0.8), rng.uniform(1.5, 2.8)], p=[0.8, 0.2]))
    clothes = Clothes(
        fabric(rng), fabric(rng), int(rng.choice(5, p=[0.43, 0.11, 0.1, 0.14, 0.22])), collar, drape=True
    )
    kind, size = rng.random(), rng.uniform(0.85, 1.15)
    shirted = replace(clothes, collar=rng.uniform(0.0, 0.7))
    if clothes.pattern == 4:
        if kind < 0.3:
            return clothes, None
        # Shirts under a jacket are light more often than not.
        shirt = shade(fabric(rng), 1.0)
        if rng.random() < 0.6:
            shirt = triple(np.array(shirt) * 0.15 + 0.72)
        worn = Neckwear("tie" if kind < 0.7 else "collar", shirt, fabric(rng), size)
        return replace(shirted, second=shirt), worn
    if kind < 0.16:
        return shirted, Neckwear("collar", size=size, own_color=False)
    if kind < 0.25:
        return clothes, Neckwear("scarf", fabric(rng), fabric(rng), size, bool(rng.random() < 0.35))
    if kind < 0.31:
        return clothes, Neckwear("kerchief", fabric(rng), fabric(rng), size, bool(rng.random() < 0.3))
    return clothes, None


def _backdrop(rng: Rng) -> Backdrop:
    color = np.array(fabric(rng))
    lit = triple(color * 0.5 + color.mean() * 0.5)
    dark = shade(lit, rng.uniform(0.25, 0.9)) if rng.random() < 0.7 else fabric(rng)
    return Backdrop(lit, dark, rng.uniform(0, 360), rng.uniform(0.0, 0.12), int(rng.integers(0, 9)))


def _glasses(rng: Rng) -> Glasses:
    metal = bool(rng.random() < 0.45)
    color = jitter((0.6, 0.55, 0.45), rng, 0.2) if metal else shade(fabric(rng), rng.uniform(0.1, 0.8))
    return Glasses(
        rng.uniform(2.1, 2.8), rng.uniform(1.6, 2.3), rng.uniform(2.0, 4.5), rng.uniform(0, 1),
        rng.uniform(0.05, 0.08) if metal else rng.uniform(0.1, 0.22), color, metal, rng.uniform(0.0, 0.12),
    )  # fmt: skip


def _hat(rng: Rng) -> Hat:
    kind = str(rng.choice(["beanie", "cap", "brim", "scarf"]))
    return Hat(
        kind, fabric(rng), fabric(rng), rng.uniform(0.8, 2.2), rng.uniform(4.5, 7.5), rng.uniform(-2, 5)
    )


def _earrings(rng: Rng) -> Earrings:
    color = ((0.80, 0.66, 0.36), (0.75, 0.75, 0.76), (0.85, 0.82, 0.76))[int(rng.integers(3))]
    if rng.random() < 0.5:
        return Earrings("hoop", rng.uniform(0.6, 1.6), color)
    return Earrings("stud", rng.uniform(0.2, 0.45), color)
