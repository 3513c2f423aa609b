"""The door to portraits: open a picture, or one that is kept under a name."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal

from numpy.typing import NDArray

from livecam.assets import bundled_portraits
from livecam.errors import UserError
from livecam.given import check_picture, check_region
from livecam.persona import store
from livecam.persona.enroll import ANSWERS, Choice, cached_picture
from livecam.persona.opening import open_persona
from livecam.persona.picture import check_size
from livecam.persona.types import PersonaData
from livecam.ranges import number_text, short_text
from livecam.settings import FACE_INDEX, limits

Answer = Literal["auto", "visible", "covered"]


class Persona(PersonaData):
    """An enrolled portrait, with all that is computed once. `PersonaData` says what it holds."""

    __slots__ = ()

    @classmethod
    def open(
        cls,
        source: str | Path | NDArray[Any] | None = None,
        size: int = 512,
        *,
        face_index: int | None = None,
        region: tuple[int, int, int, int] | None = None,
        mouth: Answer = "auto",
        eyes: Answer = "auto",
    ) -> Persona:
        """Prepare a portrait: about a second, less where the picture was seen before.

        source: a picture's file; or H x W x 3 uint8 RGB; or the name of a portrait that was enrolled or comes
            with livecam (`names` lists them; as text, a name beats a file). None: the one that comes with it.
        size: side in pixels of the square in which the face is rendered: 256, 512 or 768.
        face_index: which face of a picture, counted from the left, from 0.
        region: x, y, width, height in pixels of the part of a picture where the face is.
        mouth, eyes: "covered" if a mask or dark glasses hide them, and they are to keep still; "visible" if
            they are free; "auto": looked for.

        Raises:
            UserError: the picture cannot be read, or its face cannot be used.
        """
        limits("size").check(f"size {number_text(size)}", size)
        for name, answer in (("mouth", mouth), ("eyes", eyes)):
            if answer not in ANSWERS:
                raise UserError(f"{name} {short_text(answer)}", "not an answer", f"Use {', '.join(ANSWERS)}.")
        if face_index is not None:
            FACE_INDEX.check(f"face_index {number_text(face_index)}", face_index)
        choice = Choice(face_index, None if region is None else check_region(region), mouth, eyes)
        if isinstance(source, Path) and not source.is_absolute():
            source = Path.cwd() / source  # a path is a file, never a name
        if source is None or isinstance(source, str | Path):
            return cls._of(open_persona(None if source is None else str(source), size, choice))
        picture = check_picture("portrait", source).copy()
        check_size("portrait", picture.shape[1], picture.shape[0])
        return cls._of(cached_picture(picture, size, choice))

    def __repr__(self) -> str:
        return f"<livecam.Persona of {self.meta.get('source', self.name)}, {self.size} pixels>"

    def save(self, name: str) -> Path:
        """Keep it under a name for `Persona.open` and `livecam run`. Returns its folder.

        Raises:
            UserError: the name cannot be used, or a portrait that comes with livecam has it; or the folder
                cannot be written.
        """
        return store.save(replace(self, name=store.check_new_name(name)))

    @staticmethod
    def names() -> list[str]:
        """The portraits that `open` knows by name: those enrolled, then those that come with livecam."""
        return list(dict.fromkeys([*store.names(), *bundled_portraits()]))

    @classmethod
    def _of(cls, data: PersonaData) -> Persona:
        return cls(*(getattr(data, field.name) for field in fields(PersonaData)))
