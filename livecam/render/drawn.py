"""Whether what a renderer drew may be shown: cheap enough to ask of every picture."""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.engines import EngineError
from livecam.frames import RGB
from livecam.persona.types import PersonaData

BLACK: Final = 8
"""Levels, of 255: a picture whose brightest place is no brighter is black."""
COARSE: Final = 16
"""Every so-many-th pixel of every so-many-th row is looked at for that."""


class DrawnCheck:
    """Of one persona's pictures."""

    def __init__(self, persona: PersonaData) -> None:
        self._shape = (persona.size, persona.size, 3)
        layers = (persona.foreground[..., :3], persona.background)
        self._is_black = all(_black(layer) for layer in layers)

    def __call__(self, picture: RGB) -> None:
        """Raises `EngineError` where a picture has another form, or is black where the portrait is not."""
        if picture.shape != self._shape or picture.dtype != np.uint8:
            form = "x".join(map(str, picture.shape))
            raise EngineError(f"a picture of {form} {picture.dtype} was drawn")
        if not self._is_black and _black(picture):
            raise EngineError("a black picture was drawn")


def _black(picture: RGB) -> bool:
    return int(picture[::COARSE, ::COARSE].max()) <= BLACK
