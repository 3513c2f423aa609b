"""Files by their names, and writing them so that an interrupted run never leaves a broken one under the
final name."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from livecam.errors import UserError

LONGEST_KEPT = 200
"""Bytes of a file's name that its part bears as well."""


def ffmpeg_name(path: Path) -> str:
    """The path as FFmpeg has to be given it: opened as a file, whatever stands before a colon in its name."""
    return f"file:{path.absolute()}"


def check_target(path: Path) -> None:
    """Raises `UserError` where `path` cannot become a file: folder missing or read-only, name taken."""
    if path.is_dir():
        raise UserError(str(path), "it is a folder", "Give the file another name.")
    folder = path.parent
    if not folder.is_dir():
        raise UserError(str(path), "its folder does not exist", f"Make it first: mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(str(path), "its folder is not writable", "Choose another folder.")


def create_part(path: Path) -> Path:
    """A new empty hidden file beside `path`, to be written and then handed to `finish`.

    Raises `UserError` as `check_target` does, or where the file cannot be made.
    """
    check_target(path)
    # A name may be 255 bytes long; the part's has to hold more than that.
    name = os.fsencode(path.name)[:LONGEST_KEPT].decode("utf-8", "ignore")
    part = path.with_name(f".{name}.{secrets.token_hex(4)}.part")
    try:
        part.open("xb").close()
    except OSError as error:
        raise unwritable(path, error) from None
    return part


def finish(part: Path, path: Path) -> None:
    """Give the complete file its final name, replacing an older one. Raises `UserError`."""
    try:
        os.replace(part, path)
    except OSError as error:
        raise UserError(
            str(path),
            f"the old file cannot be replaced ({error.strerror})",
            f"The new one is {part}; close other programs and rename it.",
        ) from None


def make_folder(folder: Path, variable: str) -> None:
    """Makes the folder and sees that it can be written, before long work. Raises `UserError`, which names the
    environment's variable that moves it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritable(folder, error, variable) from error


def unwritable(path: Path, error: OSError, variable: str | None = None) -> UserError:
    """The error for a failed write: disk full, read-only, gone. `variable`: of the environment, moves it."""
    why = error.strerror or type(error).__name__
    todo = f"set {variable} to a folder that can be written" if variable else "choose another folder"
    return UserError(str(path), f"it cannot be written ({why.lower()})", f"Free space or {todo}.")
