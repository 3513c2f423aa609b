"""How far a portrait may be turned: what its picture can show, from how it is turned itself.

A face that looks at the camera may be turned to 45 degrees to either side. One that is turned already
may be turned back through the front to the other side, and on until little more than a profile is left.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.geometry import Array, soft_limit

# Radians, by eye on five portraits and on rendered people turned by 28 degrees.
FARTHEST: Final = 0.90
"""Yaw from the camera, looking away, that is never exceeded: 36 degrees are reached in full, 44 of 45."""
BACK: Final = (0.90, 0.80)
"""Yaw by which a portrait that faces the camera, and one turned by `TURNED`, may be turned back: its hidden
half is completed (`livecam.render.side`)."""
TURNED: Final = 0.50
LEAST: Final = 0.25
"""Whatever its own pose: a head that does not turn at all is dead."""


def turn_limits(own: float, most: tuple[float, float, float]) -> tuple[Array, Array]:
    """How far yaw, pitch and roll may go down and up from where the portrait is: (3,) each, radians above 0.

    own: the portrait's yaw in radians. most: of the settings. Where they allow more than any picture can
    show, they are taken at their word.
    """
    down, up = np.array(most, np.float64), np.array(most, np.float64)
    if most[0] <= FARTHEST:
        away = max(FARTHEST - abs(own), LEAST)
        back = max(float(np.interp(abs(own), (0.0, TURNED), BACK)), LEAST)
        down[0], up[0] = (min(most[0], part) for part in ((back, away) if own > 0 else (away, back)))
    return down, up


def limited(angles: Array, limits: tuple[Array, Array]) -> Array:
    """(3,): angles that slow down and stop at `turn_limits`."""
    down, up = limits
    return soft_limit(angles, np.where(angles < 0, down, up))
