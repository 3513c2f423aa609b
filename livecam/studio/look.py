"""What of a run needs another animator: who is shown, how large, before what, drawn by what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from livecam.control import Registry


@dataclass(frozen=True, slots=True)
class Look:
    """persona: a name or a file. size: side of the rendered square in pixels. zoom: of the framing.
    background: one of `livecam.control.catalogue.BACKGROUNDS`. colour: #rrggbb. pictures: how often the own
    background picture has been replaced, so that a new one is seen."""

    persona: str = ""
    size: int = 512
    engine: str = "auto"
    zoom: float = 1.0
    background: str = "original"
    colour: str = "#00b140"
    pictures: int = 0

    def changed(self, control: str, value: Any) -> Look:
        """With another value of one of `CONTROLS`."""
        field = CONTROLS[control]
        changes: dict[str, Any] = {field: int(value) if field == "size" else value}
        return replace(self, **changes)


CONTROLS: Final = {
    "persona": "persona",
    "size": "size",
    "engine": "engine",
    "zoom": "zoom",
    "background": "background",
    "background-colour": "colour",
}
"""Controls that change the look, and the field of each."""


def look_of(registry: Registry) -> Look:
    """As the controls are now."""
    values = registry.values()
    look = Look()
    for control in CONTROLS:
        look = look.changed(control, values[control])
    return look


def tell(registry: Registry, look: Look) -> None:
    """Set the controls to what is really shown."""
    for control, field in CONTROLS.items():
        value = getattr(look, field)
        registry.told(control, str(value) if field == "size" else value)
