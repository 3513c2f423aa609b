"""Where portraits stand on disk, and moving them: none is ever written over.

Beside the personas lie two hidden folders, so that every move is one step of the same file system:

    personas/.new/ID/NAME     is being enrolled
    personas/.trash/ID/NAME   deleted; goes after a day
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import shutil
import time
from collections.abc import Collection
from pathlib import Path
from typing import Final

from livecam.assets import bundled_portraits
from livecam.errors import UserError
from livecam.files import unwritable
from livecam.folders import DATA_VARIABLE, persona_folder
from livecam.persona import manifest, store
from livecam.studio import naming

log = logging.getLogger(__name__)

KEPT_SECONDS: Final = 86_400.0
"""What was deleted, or left by a killed livecam, stays for a day."""
ID: Final = re.compile(r"[0-9a-f]{32}")


def taken() -> set[str]:
    """Keys of all names that cannot be had: of personas, of what else lies in their folder, and of bundled
    portraits."""
    try:
        there = os.listdir(persona_folder())
    except OSError:
        there = []
    return {naming.key(name) for name in [*there, *bundled_portraits()]}


def new_folder() -> Path:
    """A folder to enrol into. Raises `UserError` where it cannot be made."""
    return _hidden_folder(".new")


def _hidden_folder(kind: str) -> Path:
    folder = persona_folder() / kind / secrets.token_hex(16)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(0o700)
    except OSError as error:
        raise unwritable(persona_folder(), error, DATA_VARIABLE) from None
    return folder


def put_up(folder: Path, name: str, reserved: Collection[str] = ()) -> str:
    """Move a persona's folder in under `name`, or with a number behind where that is taken; the name that
    it got. reserved: keys of more names that are.

    Raises:
        UserError: it cannot be moved.
    """
    while True:
        free = naming.unique(name, taken() | set(reserved))
        if _move(folder, persona_folder() / free):
            _sign(free)
            return free


def rename(name: str, new: str) -> str:
    """Raises `UserError`: the new name cannot be used, or is taken."""
    found = store.check_new_name(naming.clean(new) or new)
    if found == name:
        return name
    free = naming.key(found) == naming.key(name) or naming.key(found) not in taken()
    if not free or not _move(persona_folder() / name, persona_folder() / found):
        raise UserError(f"name {found}", "there is one already", "Choose another name.")
    _sign(found)
    return found


def throw_away(name: str) -> str:
    """To the trash; what brings it back. Raises `UserError` where it cannot be moved."""
    folder = _hidden_folder(".trash")
    try:
        _move(persona_folder() / name, folder / name)
    except UserError:
        with contextlib.suppress(OSError):
            folder.rmdir()
        raise
    return folder.name


def bring_back(undo: str, reserved: Collection[str] = ()) -> str:
    """What was thrown away, under its old name or, where that was taken meanwhile, with a number behind; the
    name that it has now. Raises `UserError` where it is not there any more."""
    folder = persona_folder() / ".trash" / undo
    found = store.names(folder) if ID.fullmatch(undo) else []
    if not found:
        raise UserError("portrait", "it is not in the trash any more", "Enrol it again.")
    name = put_up(folder / found[0], found[0], reserved)
    shutil.rmtree(folder, ignore_errors=True)
    return name


def sweep() -> None:
    """Forget what was deleted, or left unfinished, more than a day ago."""
    for kind in (".trash", ".new"):
        try:
            for folder in (persona_folder() / kind).iterdir():
                old = time.time() - folder.lstat().st_mtime > KEPT_SECONDS
                if old and ID.fullmatch(folder.name) and not folder.is_symlink():
                    shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            continue  # not there, or another livecam forgets them this moment


def remove_unfinished(name: str) -> None:
    """Files that a process left which was ended while it wrote."""
    manifest.clean(persona_folder() / name, 0.0)


def _move(folder: Path, target: Path) -> bool:
    """Whether nobody has the target's name. Raises `UserError` where the system refuses."""
    try:
        if folder.parent == target.parent and naming.key(folder.name) == naming.key(target.name):
            return _respell(folder, target)
        if os.path.lexists(target):
            return False
        os.rename(folder, target)
    except FileNotFoundError:
        raise UserError(f"persona {folder.name}", "it is not there any more", "Look again.") from None
    except OSError as error:
        if os.path.lexists(target):  # somebody was quicker
            return False
        raise unwritable(target, error, DATA_VARIABLE) from None
    return True


def _respell(folder: Path, target: Path) -> bool:
    """Anna of anna: one folder on some systems, two on others."""
    if os.path.lexists(target) and not os.path.samefile(folder, target):
        return False
    os.rename(folder, target)
    return True


def _sign(name: str) -> None:
    """persona.json bears the folder's name. It is for readers: nothing goes by it."""
    try:
        manifest.sign(persona_folder() / name, name)
    except (OSError, ValueError):
        log.debug("%s keeps its old name in its file", name, exc_info=True)
