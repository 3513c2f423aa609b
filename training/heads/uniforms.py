"""What a look means to the shaders: one dictionary of uniforms each."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.heads.data import Floats
from training.heads.lights import MOST, LightSet, direction
from training.heads.look import Look
from training.heads.materials import Material
from training.heads.shape import PIVOT, HeadShape, Pose

INNER_LIPS: Final = (13, 14, 78, 308)
"""Landmarks of the inner lips: upper and lower in the middle, and the corners."""
ROUND: Final = 1.2
"""A mouth lets in as much light as one that is open by so many times half its width, at most."""
STILL: Final = {"head": np.eye(3), "shoulders": np.eye(3), "pivot": PIVOT}
"""Strands that are already where they belong."""


def linear(color: tuple[float, float, float]) -> Floats:
    """sRGB 0..1 to linear."""
    c = np.asarray(color, np.float32)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def bending(pose: Pose) -> dict[str, Any]:
    return {"head": pose.head(), "shoulders": pose.shoulders(), "pivot": PIVOT}


def lights(chosen: LightSet, matrices: NDArray[np.float64]) -> dict[str, Any]:
    """`matrices` (n, 4, 4): world to each light's clip space."""
    count = len(chosen.directions)
    padded = np.zeros((MOST, 4, 4))
    padded[:count] = matrices
    return {
        "light_count": count,
        "lamp_count": chosen.lamps,
        "light_direction": np.pad(chosen.directions, ((0, MOST - count), (0, 0))),
        "light_color": np.pad(chosen.colors, ((0, MOST - count), (0, 0))),
        "light_matrix": padded,
        "light_softness": np.pad(chosen.softness, (0, MOST - count)),
    }


def dome(look: Look) -> dict[str, Any]:
    """Light from above and below, for shaders without lights for it."""
    return {"sky_light": np.array(look.lighting.sky), "ground_light": np.array(look.lighting.ground)}


def catchlight(look: Look) -> dict[str, Any]:
    """The key lamp as it is mirrored in eyes and glasses."""
    key = look.lighting.lamps[0]
    return {
        "softbox": [*direction(key.azimuth, key.elevation), np.deg2rad(key.radius) * 1.1],
        "softbox_color": np.array(key.color),
        "sky_color": np.array(look.lighting.sky),
    }


def strands(look: Look, kind: Material) -> dict[str, Any]:
    root, tip = linear(look.hair_color.root), linear(look.hair_color.tip)
    shine, grey = look.hair_color.shine, look.hair_color.grey
    if kind == Material.LASH:
        root = tip = root * 0.25 + 0.002
        shine, grey = 0.1, 0.0
    elif kind == Material.BROW:
        shine = 0.25
    elif kind == Material.BEARD:
        shine *= 0.4
    return {
        "color_root": root,
        "color_tip": tip,
        "grey": grey,
        "shine": shine,
        "material": float(kind),
        "volume_centre": np.array([0.0, 2.0, 0.0]),
        "shadow_bias": 0.012,
    }


def surfaces(look: Look, expression: Floats, shape: HeadShape) -> dict[str, Any]:
    """Skin, lips, eyes, teeth, clothes; wrinkles by the expression (E,)."""
    skin, eyes, clothes = look.skin, look.eyes, look.clothes
    hair = linear(look.hair_color.root)
    values: dict[str, Any] = {
        "skin_color": linear(skin.color),
        "lip_color": linear(skin.lip),
        "lip_strength": skin.lip_strength,
        "brow_color": hair * 0.8,
        "brow_strength": look.brow_strength,
        "hair_color": hair,
        "beard_color": hair,
        "stubble": skin.stubble,
        "blush": skin.blush,
        "freckles": skin.freckles,
        "tired": skin.tired,
        "age": skin.age,
        "oil": skin.oil,
        "pores": skin.pores,
        "liner": skin.liner,
        "iris_color": linear(eyes.iris),
        "iris_inner": linear(eyes.iris_inner),
        "pupil": eyes.pupil,
        "teeth_color": linear(look.teeth),
        "cloth_color": linear(clothes.color),
        "cloth_second": linear(clothes.second),
        "cloth_pattern": clothes.pattern,
        "wrinkles": _wrinkles(expression, shape),
    }
    if look.glasses is not None:
        values |= {"glasses_color": linear(look.glasses.color), "glasses_metal": float(look.glasses.metal)}
    if look.earrings is not None:
        values["earring_color"] = linear(look.earrings.color)
    if look.neckwear is not None:
        values |= {
            "neckwear_color": linear(look.neckwear.color),
            "neckwear_second": linear(look.neckwear.second),
            "neckwear_knit": float(look.neckwear.knitted),
        }
    if look.hat is not None:
        values |= {
            "hat_color": linear(look.hat.color),
            "hat_band": linear(look.hat.band),
            "hat_knit": float(look.hat.kind == "beanie"),
            "hat_banded": float(look.hat.kind in ("cap", "brim")),
        }
    return values


def _wrinkles(expression: Floats, shape: HeadShape) -> NDArray[np.float64]:
    """(4,) brows raised, brows drawn together, eyes squeezed, smile."""

    def level(name: str) -> float:
        left, right = (shape.data.expression_index(f"{name}_{side}") for side in "LR")
        return float(max(expression[left], expression[right]))

    squeezed = max(level("eyeSquint"), 0.7 * level("cheekSquint"), 0.5 * level("mouthSmile"))
    return np.array(
        [max(level("browInnerUp"), level("browOuterUp")), level("browDown"), squeezed, level("mouthSmile")]
    )


def lips(points: Floats) -> dict[str, Any]:
    """How far the lips are open, for the shaders. points: (478, 3) cm."""
    upper, lower, right, left = points[list(INNER_LIPS)]
    reach = float(np.linalg.norm(right - left)) / 2
    return {
        "lip_gap": min(float(np.linalg.norm(upper - lower)), ROUND * reach),
        "lip_reach": reach,
    }
