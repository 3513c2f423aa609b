"""What every renderer can do."""

from __future__ import annotations

from typing import Protocol

from livecam.frames import RGB
from livecam.motion.types import Motion


class Renderer(Protocol):
    """Draws one portrait as a motion says."""

    name: str

    def render(self, motion: Motion) -> RGB:
        """size x size x 3, uint8 RGB, a fresh picture."""
        ...

    def close(self) -> None: ...
