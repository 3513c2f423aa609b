"""Boxes in a picture, and those that lie around a square one."""

from __future__ import annotations

from typing import Final

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels, x1 and y1 not among them."""
FAR: Final = 1 << 30
"""Pixels: beyond any canvas."""


def beside(left: int, top: int, side: int, margin: int, shorter: int) -> list[Box]:
    """Everything above, below, left and right of a square and `margin` pixels into it; the last two as high
    as the square, less `shorter` at both ends."""
    upper, lower = top + shorter, top + side - shorter
    return [
        (-FAR, -FAR, FAR, top + margin),
        (-FAR, top + side - margin, FAR, FAR),
        (-FAR, upper, left + margin, lower),
        (left + side - margin, upper, FAR, lower),
    ]


def common(a: Box, b: Box) -> Box:
    """What lies in both."""
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def empty(box: Box) -> bool:
    """Whether nothing is in it: it ends where it begins, or before."""
    return box[2] <= box[0] or box[3] <= box[1]
