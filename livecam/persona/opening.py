"""Which portrait is meant: a persona by name, one that comes with livecam, or a picture's file."""

from __future__ import annotations

import difflib
import logging
import os
from pathlib import Path

from livecam.assets import PORTRAIT, bundled_file, bundled_portraits
from livecam.errors import UserError
from livecam.files import PICTURE_SUFFIXES, expanded
from livecam.persona import enroll, store
from livecam.persona.enroll import Choice
from livecam.persona.types import PersonaData
from livecam.ranges import LONGEST_PATH, short_text

log = logging.getLogger(__name__)


def open_persona(portrait: str | None, size: int, choice: Choice | None = None) -> PersonaData:
    """A portrait by the name of a persona or of a bundled one, by file, or the default.

    A name beats a file: that can be written as ./NAME. Where both are there it is said which is taken.
    """
    if portrait is None:
        return enroll.with_choice(enroll.enroll_cached(bundled_file(PORTRAIT), size), choice)
    if not portrait.strip():
        raise UserError("portrait", "the name is empty", "Name a picture or a persona, or leave it away.")
    path = expanded(portrait)
    bundle = bundled_portraits()
    there = os.path.exists(path)  # which, unlike Path.exists, fails for no name
    if there and path.is_file():
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
        return enroll.with_choice(_opened(portrait, size), choice)
    if (built_in := bundle.get(portrait)) is not None:
        return enroll.with_choice(enroll.enroll_cached(built_in, size), choice)
    nearest = None if there or "/" in portrait else _nearest(portrait)
    advice = f"Did you mean {nearest}? " if nearest else ""
    if path.suffix and nearest:
        raise UserError(short_text(portrait, LONGEST_PATH), "no such file", advice.strip())
    if path.suffix or there or "/" in portrait:
        return enroll.enroll_cached(path, size, choice)  # gives the exact reason
    known = ", ".join([*store.names(), *bundle]) or "none yet"
    raise UserError(
        short_text(portrait), "neither a picture nor a persona", f"{advice}Known personas: {known}."
    )


def _nearest(typed: str) -> str | None:
    """The persona, or the picture in the current folder, that was probably meant."""
    names = [*store.names(), *bundled_portraits()]
    try:
        here = sorted(p.name for p in Path().iterdir() if p.suffix.lower() in PICTURE_SUFFIXES)
    except OSError:
        here = []
    # By its ending and without; what stands first in the list beats the others.
    known: dict[str, str] = {}
    for key, name in [*((n, n) for n in [*names, *here]), *((Path(n).stem, n) for n in here)]:
        known.setdefault(key.lower(), name)
    found = difflib.get_close_matches(typed.lower(), known, n=1)
    return known[found[0]] if found else None


def _opened(name: str, size: int) -> PersonaData:
    """As stored; of another size or by another version of livecam, prepared anew and kept."""
    if store.outdated(name):
        picture, points, meta = store.kept_picture(name)
        persona = enroll.build_persona(picture, points, name, size, meta)
        log.warning(
            "persona %s: another version of livecam made it, so it is made anew from its picture. For other "
            "pictures of the person and for fine-tuning enrol it again.",
            name,
        )
    elif (stored := store.load(name, size)) is not None:
        return stored
    elif (other := next(iter(store.sizes(name)), None)) and (stored := store.load(name, other)) is not None:
        persona = enroll.resize(stored, size)
    else:
        raise store.damaged(name, "no tensors")
    store.add_size_if_possible(persona)
    return persona
