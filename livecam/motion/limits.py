"""How far a portrait's head may go from its place: what its picture can show."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeadLimits:
    """How far the head may move and how much smaller and larger it may get, in one portrait.

    left, right, up, down: as seen in the picture, shares of the crop's side, above 0. smaller, larger:
    factors of the resting size, below and above 1. The defaults suit most portraits; by eye, on five. What
    one picture has room for: `livecam.persona.room`.
    """

    left: float = 0.07
    right: float = 0.07
    up: float = 0.07
    down: float = 0.07
    smaller: float = 0.92
    larger: float = 1.08
