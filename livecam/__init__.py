"""livecam: one portrait moves live with your face and appears as a camera.

    import livecam

    persona = livecam.Persona.open("mona.jpg")
    with livecam.Animator(persona, size=512) as animator:
        picture = animator(frame)  # H x W x 3 uint8 RGB in, the portrait out

Nothing heavy is imported before a name here is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "Animator",
    "EngineError",
    "MotionSettings",
    "Persona",
    "SinkFormat",
    "UserError",
    "animate_clip",
    "open_sink",
    "open_source",
]

if TYPE_CHECKING:
    from livecam.animator import Animator
    from livecam.engines import EngineError
    from livecam.errors import UserError
    from livecam.persona.persona import Persona
    from livecam.pipeline.lossless import animate_clip
    from livecam.settings import MotionSettings
    from livecam.sinks import open_sink
    from livecam.sinks.base import SinkFormat
    from livecam.sources import open_source

_HOME = {
    "Animator": "livecam.animator",
    "EngineError": "livecam.engines",
    "MotionSettings": "livecam.settings",
    "Persona": "livecam.persona.persona",
    "SinkFormat": "livecam.sinks.base",
    "UserError": "livecam.errors",
    "animate_clip": "livecam.pipeline.lossless",
    "open_sink": "livecam.sinks",
    "open_source": "livecam.sources",
}


if not TYPE_CHECKING:  # type checkers then know a name that there is not

    def __getattr__(name: str) -> Any:
        """The door's names, imported at their first use."""
        if name not in _HOME:
            raise AttributeError(f"module 'livecam' has no attribute {name!r}")
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
