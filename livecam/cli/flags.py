"""Flags that several commands share, and what they make."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from livecam import settings
from livecam.errors import UserError
from livecam.ranges import Limits, short_text

if TYPE_CHECKING:
    from livecam.persona.enroll import Choice
    from livecam.settings import Settings


def number(limits: Limits, help: str, *names: str, **options: Any) -> Any:
    """A flag for a number within `limits`, which its help and its error show."""

    def check(parameter: typer.CallbackParam, value: Any) -> Any:
        if value is not None:
            limits.check(f"{max(parameter.opts, key=len)} {short_text(value)}", value)
        return value

    return typer.Option(*names, help=f"{help} ({limits})", callback=check, **options)


def setting(name: str, help: str, *names: str) -> Any:
    """The flag of the setting of that name, with the range declared there."""
    return number(settings.limits(name), help, *names)


Size = Annotated[int | None, setting("size", "Side of the rendered face crop in pixels.")]
FaceIndex = Annotated[
    int | None, number(settings.FACE_INDEX, "Which face of the picture, counted from the left, from 0.")
]
Region = Annotated[
    str | None,
    typer.Option("--crop", help="Where the face is: x,y,width,height in pixels, inside the picture."),
]
Mouth = Annotated[
    str,
    typer.Option(help="Whether the portrait's mouth is covered and kept still: auto, visible or covered."),
]
Eyes = Annotated[str, typer.Option(help="The same of its eyes, behind dark glasses.")]
Json = Annotated[bool, typer.Option("--json", help="For programs.")]


def settings_from(motion: dict[str, Any], **changes: Any) -> Settings:
    """File and environment, then the flags that were given (not None)."""
    base = settings.load()
    motion = {k: v for k, v in motion.items() if v is not None}
    changes = {k: v for k, v in changes.items() if v is not None}
    return replace(base, motion=replace(base.motion, **motion), **changes)


def choice_from(face_index: int | None, crop: str | None, mouth: str = "auto", eyes: str = "auto") -> Choice:
    """Raises `UserError` for a region that is not x,y,width,height, or an unknown answer."""
    from livecam.persona.enroll import ANSWERS, Choice

    for flag, answer in (("--mouth", mouth), ("--eyes", eyes)):
        if answer not in ANSWERS:
            raise UserError(f"{flag} {short_text(answer)}", "not an answer", f"Write {', '.join(ANSWERS)}.")
    if crop is None:
        return Choice(face_index, mouth=mouth, eyes=eyes)
    try:
        x, y, width, height = (int(part) for part in crop.split(","))
    except ValueError:
        raise UserError(
            f"--crop {short_text(crop)}", "not four whole numbers", "Write x,y,width,height."
        ) from None
    return Choice(face_index, (x, y, width, height), mouth, eyes)
