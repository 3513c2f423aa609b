"""Which teeth a person has: where each stands in the mouth, its outline, its shade.

Mouth coordinates: u along the lips (-.5 .. .5 between the corners), v downwards from the upper lip's edge, in
mouth widths at rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from livecam.arrays import F64
from livecam.persona.tooth_shapes import LOWER, UPPER, ToothShape

INCISORS: Final = 0.105
"""v to which the upper central incisors reach below the lip of a mouth at rest. On rendered people .09
(median; quartiles .05, .13), on four clips .08 to .15."""
OVERBITE: Final = 0.045
"""How far above that the lower ones end while the jaw is shut: behind the upper ones. By eye: people's is
.04, but lips that part leave a dark line between the rows."""
CENTIMETRE: Final = 0.19
"""Mouth widths of one of the model's: an upper central incisor is 8.5 mm wide (Wheeler's Dental Anatomy), a
mouth some 51."""
LOWER_WIDTHS: Final = (0.100, 0.107, 0.112, 0.090, 0.065, 0.060)
"""Of the lower teeth, as they look from the front: 5, 5.5, 7, 7, 7 and 10 mm (Wheeler), less by the arch. The
model's own are too wide."""
SMILE_ARC: Final = 0.16
"""How much the row's edge rises to the sides, over the square of u: people show their teeth to a camera that
looks down at them a little. By eye."""

# How people differ, as standard deviations of factors, or in mouth widths. By eye.
SIZES, WIDTHS, HEIGHTS = 0.05, 0.035, 0.04
EDGES: Final = 0.004
TURNS: Final = 0.025
"""Radians."""
SHADES: Final = 0.025
GAPS: Final = (0.004, 0.0012)
"""Mouth widths between two teeth, mean and deviation, at least a third of the mean."""


@dataclass(frozen=True, slots=True)
class Tooth:
    """outline: (N, 2), u and v. middle, width: along u. edge: v of its biting edge; height: from there to the
    gum. shade: its light beside other teeth's. number: 0 for a central incisor."""

    outline: F64
    middle: float
    width: float
    edge: float
    height: float
    shade: float
    number: int


def dentition(seed: int | None, open_by: float = 0.0) -> tuple[list[Tooth], list[Tooth]]:
    """The upper teeth and the lower, each from the sides to the middle, as they are drawn one over another.

    seed: of a person's own; None for the model's. open_by: mouth widths that the jaw is open.
    """
    random = None if seed is None else np.random.default_rng(seed)
    return _row(UPPER, None, INCISORS, False, random), _row(
        (*LOWER, LOWER[-1]), LOWER_WIDTHS, INCISORS - OVERBITE + open_by, True, random
    )


def _row(
    shapes: tuple[ToothShape, ...],
    widths: tuple[float, ...] | None,
    edge: float,
    down: bool,
    random: np.random.Generator | None,
) -> list[Tooth]:
    """down: whether they stand in their gum with their edge up."""

    def vary(deviation: float) -> float:
        return (
            0.0
            if random is None
            else float(np.clip(random.normal(0, deviation), -2 * deviation, 2 * deviation))
        )

    size = 1 + vary(SIZES)
    gap = max(GAPS[0] + vary(GAPS[1]), GAPS[0] / 3)
    midline = vary(EDGES)
    found: list[Tooth] = []
    for side in (-1, 1):
        at = 0.0
        for number, shape in enumerate(shapes):
            own = CENTIMETRE * (shape.last - shape.first) if widths is None else widths[number]
            width = size * own * (1 + vary(WIDTHS))
            height = CENTIMETRE * shape.height * (1 + vary(HEIGHTS))
            middle = at + width / 2
            rise = (0.0 if down else CENTIMETRE * shape.edge) + SMILE_ARC * middle**2
            tip = edge - rise + vary(EDGES)
            points = _rounded(np.array(shape.outline))
            inner = max(width - gap, 0.5 * width)
            u = (points[:, 0] - 0.5) * inner
            v = points[:, 1] * height * (1 if down else -1)
            turn = vary(TURNS)
            outline = np.stack([side * (middle + u * np.cos(turn) - v * np.sin(turn)) + midline,
                                tip + u * np.sin(turn) + v * np.cos(turn)], 1)  # fmt: skip
            found.append(
                Tooth(outline, side * middle + midline, width, tip, height, 1 + vary(SHADES), number)
            )
            # Further to the side a tooth is half hidden by its neighbour.
            at += width - (0.0 if widths else size * CENTIMETRE * _overlap(shapes, number))
    return sorted(found, key=lambda tooth: -tooth.number)


def _overlap(shapes: tuple[ToothShape, ...], number: int) -> float:
    """Centimetres of a tooth that the next one hides, or is hidden by."""
    return 0.0 if number + 1 == len(shapes) else shapes[number].last - shapes[number + 1].first


def _rounded(points: F64, times: int = 2) -> F64:
    """Corners cut off: Chaikin's curve."""
    for _ in range(times):
        following = np.roll(points, -1, 0)
        points = np.stack([0.75 * points + 0.25 * following, 0.25 * points + 0.75 * following], 1).reshape(
            -1, 2
        )
    return points
