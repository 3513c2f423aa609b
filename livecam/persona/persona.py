"""The door to portraits: open a picture, or one that is kept under a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from livecam.frames import RGB
from livecam.persona import store
from livecam.persona.enroll import Choice, enroll_picture
from livecam.persona.opening import open_persona
from livecam.persona.types import PersonaData


class Persona(PersonaData):
    """An enrolled portrait, with all that is computed once. `PersonaData` says what it holds."""

    __slots__ = ()

    @classmethod
    def open(
        cls,
        source: str | Path | RGB | None = None,
        size: int = 512,
        *,
        face_index: int | None = None,
        region: tuple[int, int, int, int] | None = None,
    ) -> Persona:
        """Prepare a portrait; a picture that was seen before comes from the cache.

        source: a picture's file, H x W x 3 uint8 RGB, or the name of a portrait that was enrolled or comes
            with livecam; None: the one that comes with it.
        size: side in pixels of the square in which the face is rendered: 256, 512 or 768.
        face_index, region: which face of a picture, counted from the left, or inside x, y, width, height in
            pixels.

        Raises:
            UserError: the picture cannot be read, or its face cannot be used.
        """
        choice = Choice(face_index, region)
        if source is None or isinstance(source, str | Path):
            return cls._of(open_persona(None if source is None else str(source), size, choice))
        return cls._of(enroll_picture(source, "picture", size, choice))

    def save(self, name: str) -> Path:
        """Keep it under a name for `Persona.open` and `livecam run`. Returns its folder.

        Raises:
            UserError: the name cannot be used, or the folder cannot be written.
        """
        from dataclasses import replace

        return store.save(replace(self, name=name))

    @staticmethod
    def names() -> Sequence[str]:
        """The portraits that are enrolled."""
        return store.names()

    @classmethod
    def _of(cls, data: PersonaData) -> Persona:
        return cls(*(getattr(data, field.name) for field in fields(PersonaData)))
