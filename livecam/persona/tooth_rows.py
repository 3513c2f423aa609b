"""Draws rows of teeth in their gums: two layers with sharp edges and a cover of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F64
from livecam.geometry import smoothstep
from livecam.persona.dentition import Tooth

FINER: Final = 4
"""Times finer than the picture that teeth are drawn, and then reduced: their edges are a pixel wide."""
FIXED: Final = 4
"""Bits of a fraction that OpenCV draws polygons with."""

# Light, as shares of the teeth's own colour. By eye, beside true smiles.
SIDE_DARKER, SIDE_POWER = 0.65, 2.2
"""How much less light teeth at the row's end have, and by which power of the way there."""
ROW_ENDS: Final = (0.52, 0.60)
"""u between which the row fades into the dark of the cheek."""
LEAST_LIGHT: Final = 0.12
EDGE_DARKER, EDGE_POWER = 0.16, 3.0
"""How much darker a tooth is where it turns away to its neighbours, and by which power of the way there."""
AT_GUM, FROM_EDGE = (0.95, 0.88, 0.80), 0.45
"""Its red, green and blue at the gum, and how far from the biting edge that begins, in heights."""
GLASSY, GLASSY_TO = (0.96, 0.97, 0.98), 0.16
"""Incisors at their edge, where they are glassy; and up to where, in heights."""
CANINE: Final = (0.97, 0.94, 0.88)
"""Canines are yellower."""
BETWEEN: Final = 0.55
"""What is seen between two teeth."""
PAPILLA: Final = 0.55
"""Share of a tooth's height up to which gum stands between two teeth, from the biting edge."""
EMBRASURE: Final = 0.10
"""The same from which what is between two teeth is the next thing behind them."""
GUM_REACH: Final = 0.45
"""Mouth widths from the gum's edge to where it ends under the lip."""
GUM_FOLD: Final = 0.35
"""How much darker gum is there."""
LOWER_SHARE: Final = 0.90
"""Light of the lower row, which lies deeper."""
UNDER_UPPER, UNDER_REACH = 0.35, 0.05
"""How much darker the lower row is at its edge, under the upper one, and how many mouth widths far."""


def draw_rows(
    rows: tuple[list[Tooth], list[Tooth]],
    teeth: F64,
    gum: F64,
    to_pixels: Callable[[F64], F64],
    coordinates: Callable[[F64], F64],
    size: int,
) -> NDArray[np.uint8]:
    """S x S x 8: the upper row and the lower, RGBA each.

    rows: as `livecam.persona.dentition.dentition` gives. teeth, gum: (3,), their colours in full light.
    to_pixels: (N, 2) of mouth coordinates to pixels; coordinates: the inverse.
    """
    out = np.zeros((size, size, 8), np.uint8)
    for k, row in enumerate(rows):
        corners = np.array([(u, v) for u in (-0.7, 0.7) for v in _reach(row, k == 1)])
        places = to_pixels(corners)
        x0, y0 = np.clip(np.floor(places.min(0)).astype(int) - 1, 0, size)
        x1, y1 = np.clip(np.ceil(places.max(0)).astype(int) + 1, 0, size)
        if x1 - x0 < 1 or y1 - y0 < 1:
            continue
        y, x = np.mgrid[0 : (y1 - y0) * FINER, 0 : (x1 - x0) * FINER]
        here = np.stack([(x + 0.5) / FINER + x0, (y + 0.5) / FINER + y0], -1)
        uv = coordinates(here.reshape(-1, 2)).reshape(here.shape)

        def finer(points: F64, x0: int = int(x0), y0: int = int(y0)) -> F64:
            return (to_pixels(points) - [x0, y0]) * FINER - 0.5

        colour, cover = _draw(row, k == 1, teeth, gum, uv, finer)
        out[y0:y1, x0:x1, 4 * k : 4 * k + 4] = _reduced(colour, cover)
    return out


def _reach(row: list[Tooth], down: bool) -> tuple[float, float]:
    """v between which a row lies with its gum."""
    edge, gum = row[-1].edge, row[-1].edge + row[-1].height * (1 if down else -1)
    away = GUM_REACH if down else -GUM_REACH
    return min(edge - 0.1, gum + away), max(edge + 0.1, gum + away)


def _draw(
    row: list[Tooth], down: bool, teeth: F64, gum: F64, uv: F64, to_pixels: Callable[[F64], F64]
) -> tuple[F64, F64]:
    """(h, w, 3) and (h, w): a row's colours and cover. uv: (h, w, 2)."""
    u, v = uv[..., 0], uv[..., 1]
    edges, heights, middles = (
        np.array([getattr(tooth, name) for tooth in sorted(row, key=lambda t: t.middle)])
        for name in ("edge", "height", "middle")
    )
    edge, height = np.interp(u, middles, edges), np.interp(u, middles, heights)
    up = (v - edge) / height * (1 if down else -1)  # 0 at the biting edge, 1 at the gum
    aside = np.clip(np.abs(u) / ROW_ENDS[1], 0, 1)
    light = np.clip(1 - SIDE_DARKER * aside**SIDE_POWER, LEAST_LIGHT, 1)

    beyond = np.clip((up - 1) * height / GUM_REACH, 0, 1)
    flesh = gum * (light * (1 - GUM_FOLD * beyond))[..., None]
    colour = np.where((up > PAPILLA)[..., None], flesh, teeth * (BETWEEN * light)[..., None])
    cover = (up > EMBRASURE).astype(np.float64)
    for tooth in row:
        mask = np.zeros(u.shape, np.uint8)
        points = np.round(to_pixels(tooth.outline) * 2**FIXED).astype(np.int32)
        cv2.fillPoly(mask, [points], 1, shift=FIXED)
        inside = mask > 0
        colour[inside] = _tooth_colour(tooth, down, teeth, u[inside], v[inside], light[inside])
        cover[inside] = 1
    if down:
        under = 1 - UNDER_UPPER * smoothstep(UNDER_REACH, 0, v - edge)
        colour *= LOWER_SHARE * under[..., None]
    cover *= smoothstep(ROW_ENDS[1], ROW_ENDS[0], np.abs(u)) * smoothstep(1, 0.8, beyond)
    return colour, cover


def _tooth_colour(tooth: Tooth, down: bool, teeth: F64, u: F64, v: F64, light: F64) -> F64:
    """(N, 3): at N places of one tooth."""
    across = np.clip(np.abs(u - tooth.middle) / (0.5 * tooth.width), 0, 1)
    up = np.clip((v - tooth.edge) / tooth.height * (1 if down else -1), 0, 1)[:, None]
    round_off = 1 - EDGE_DARKER * across**EDGE_POWER
    hue = 1 + (np.array(AT_GUM) - 1) * smoothstep(FROM_EDGE, 1, up)
    if tooth.number < 2:
        hue = hue * (1 + (np.array(GLASSY) - 1) * smoothstep(GLASSY_TO, 0, up))
    elif tooth.number == 2:
        hue = hue * CANINE
    return np.asarray(teeth * hue * (tooth.shade * round_off * light)[:, None])


def _reduced(colour: F64, cover: F64) -> NDArray[np.uint8]:
    """(h, w, 4), uint8: both reduced by `FINER`; colour by what it covers."""
    shape = (cover.shape[1] // FINER, cover.shape[0] // FINER)
    mean = cv2.resize(cover, shape, interpolation=cv2.INTER_AREA)[..., None]
    weighted = cv2.resize(colour * cover[..., None], shape, interpolation=cv2.INTER_AREA)
    plain = cv2.resize(colour, shape, interpolation=cv2.INTER_AREA)
    own = np.where(mean > 1e-3, weighted / np.maximum(mean, 1e-3), plain)
    return np.clip(np.concatenate([own, 255 * mean], -1) + 0.5, 0, 255).astype(np.uint8)
