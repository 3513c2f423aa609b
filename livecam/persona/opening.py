"""Which portrait is meant: a persona by name, one that comes with livecam, or a picture's file."""

from __future__ import annotations

import logging
from pathlib import Path

from livecam.assets import PORTRAIT, bundled_file, bundled_portraits
from livecam.errors import UserError
from livecam.persona import enroll, store
from livecam.persona.enroll import Choice
from livecam.persona.types import PersonaData

log = logging.getLogger(__name__)


def open_persona(portrait: str | None, size: int, choice: Choice | None = None) -> PersonaData:
    """A portrait by the name of a persona or of a bundled one, by file, or the default.

    A name beats a file: that can be written as ./NAME. Where both are there it is said which is taken.
    """
    if portrait is None:
        return enroll.with_choice(enroll.enroll_cached(bundled_file(PORTRAIT), size), choice)
    if not portrait.strip():
        raise UserError("portrait", "the name is empty", "Name a picture or a persona, or leave it away.")
    path = Path(portrait).expanduser()
    bundle = bundled_portraits()
    if path.is_file():
        known_as = (
            "a persona" if store.exists(portrait) else "a bundled portrait" if portrait in bundle else ""
        )
        if not known_as:
            return enroll.enroll_cached(path, size, choice)
        log.warning(
            "%s: %s and a file have this name; the first is taken. For the file write ./%s",
            portrait,
            known_as,
            portrait,
        )
    if store.exists(portrait):
        persona = None if store.outdated(portrait) else store.load(portrait, size)
        persona = _made_anew(portrait, size) if persona is None else persona
        return enroll.with_choice(persona, choice)
    if (built_in := bundle.get(portrait)) is not None:
        return enroll.with_choice(enroll.enroll_cached(built_in, size), choice)
    if path.suffix or path.exists() or "/" in portrait:
        return enroll.enroll_cached(path, size, choice)  # gives the exact reason
    known = ", ".join([*store.names(), *bundle]) or "none yet"
    raise UserError(portrait, "neither a picture nor a persona", f"Known personas: {known}.")


def _made_anew(name: str, size: int) -> PersonaData:
    """A persona enrolled at another size or by an older version, prepared for this one and kept."""
    for other in store.sizes(name):
        persona = store.load(name, other)
        if persona is not None:
            persona = enroll.resize(persona, size)
            store.save_if_possible(persona)
            return persona
    raise store.damaged(name, "no tensors")
