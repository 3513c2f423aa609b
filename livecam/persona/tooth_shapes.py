"""The outlines of teeth as they look from the front: numbers measured on a model of a head.

ICT-FaceKit's head (MIT) has 32 teeth, each by itself, in gums. `python -m training.heads.tooth_outlines`
draws them from the front without perspective and prints this table: for every tooth from the middle to the
side where it begins and ends, how far its biting edge lies from that of the first, how high it stands out of
the gum, and its outline, from the midline (0) to the side (1) and from the biting edge (0) to the gum (1).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ToothShape:
    """One tooth. first, last: sideways from the midline; edge: from the first tooth's, towards the gum;
    height: from there to the gum; all in centimetres of the model, whose upper central incisors are .87 wide.
    outline: (side, up), 0..1."""

    first: float
    last: float
    edge: float
    height: float
    outline: tuple[tuple[float, float], ...]


# fmt: off
UPPER: Final = (
    ToothShape(0.00, 0.87, 0.00, 1.11, (
        (0.66, 1.0), (0.3, 0.97), (0.1, 0.78), (0.0, 0.47), (0.06, 0.01), (0.69, 0.03), (0.98, 0.08),
        (0.97, 0.55), (0.88, 0.79),
    )),
    ToothShape(0.83, 1.48, 0.08, 1.00, (
        (0.65, 1.0), (0.43, 0.93), (0.25, 0.8), (0.12, 0.63), (0.0, 0.58), (0.12, 0.05), (0.35, 0.0),
        (0.74, 0.01), (0.98, 0.11), (0.97, 0.56), (0.8, 0.96),
    )),
    ToothShape(1.45, 2.00, 0.09, 1.00, (
        (0.84, 1.0), (0.5, 0.91), (0.31, 0.8), (0.15, 0.61), (0.0, 0.6), (0.05, 0.12), (0.32, 0.04),
        (0.59, 0.0), (0.87, 0.11), (0.98, 0.24), (0.96, 0.98),
    )),
    ToothShape(1.97, 2.41, 0.15, 0.89, (
        (0.8, 1.0), (0.68, 0.99), (0.06, 0.57), (0.0, 0.13), (0.19, 0.04), (0.52, 0.0), (0.89, 0.19),
        (0.99, 0.35), (1.0, 0.65), (0.92, 0.9),
    )),
    ToothShape(2.35, 2.61, 0.18, 0.83, (
        (0.82, 1.0), (0.23, 0.72), (0.26, 0.34), (0.0, 0.14), (0.64, 0.0), (0.9, 0.12), (1.0, 0.37),
        (1.0, 0.78),
    )),
    ToothShape(2.59, 2.88, 0.28, 0.73, (
        (0.8, 1.0), (0.08, 0.66), (0.0, 0.04), (0.72, 0.0), (1.0, 0.37), (0.95, 0.76),
    )),
)
LOWER: Final = (
    ToothShape(0.00, 0.78, 0.00, 0.99, (
        (0.97, 0.01), (0.26, 0.01), (0.01, 0.05), (0.03, 0.48), (0.18, 0.78), (0.38, 0.99),
        (0.54, 1.0), (0.72, 0.96), (0.86, 0.75), (1.0, 0.2),
    )),
    ToothShape(0.74, 1.39, -0.08, 0.94, (
        (0.96, 0.01), (0.65, 0.0), (0.07, 0.11), (0.0, 0.63), (0.08, 0.65), (0.2, 0.86), (0.42, 0.99),
        (0.68, 0.98), (0.79, 0.88), (1.0, 0.28),
    )),
    ToothShape(1.35, 1.81, -0.17, 0.95, (
        (0.57, 0.0), (0.35, 0.03), (0.08, 0.18), (0.1, 0.37), (0.0, 0.62), (0.19, 0.64), (0.57, 0.96),
        (0.79, 1.0), (0.96, 0.85), (0.99, 0.35), (0.9, 0.18), (0.75, 0.06),
    )),
    ToothShape(1.70, 2.20, -0.14, 0.86, (
        (0.0, 0.03), (0.17, 0.22), (0.23, 0.62), (0.8, 0.98), (0.92, 1.0), (1.0, 0.78), (0.89, 0.2),
        (0.75, 0.02), (0.34, 0.07),
    )),
    ToothShape(2.11, 2.44, -0.13, 0.74, (
        (0.5, 0.0), (0.0, 0.13), (0.27, 0.82), (0.65, 1.0), (0.79, 1.0), (0.97, 0.72), (0.96, 0.25),
        (0.78, 0.07),
    )),
)
# fmt: on
