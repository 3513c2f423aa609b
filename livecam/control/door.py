"""Where a running livecam can be reached: a small file that only its user can read, for `livecam control`."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from livecam.errors import UserError
from livecam.files import unwritable
from livecam.folders import DATA_VARIABLE, data_folder

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """One running livecam. address: of its page, with the token in it. pid: of its process."""

    address: str
    pid: int


def folder() -> Path:
    """One file a running livecam lies here."""
    return data_folder() / "running"


def leave(address: str) -> Path:
    """Write where this process can be reached; returns the file, to be removed at the end.

    Raises:
        UserError: the folder cannot be written.
    """
    path = folder() / f"{os.getpid()}.json"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.parent.chmod(0o700)
        path.unlink(missing_ok=True)
        for other in path.parent.glob("*.json"):  # of those that were killed
            if (door := _read(other)) is None or not runs(door.pid):
                other.unlink(missing_ok=True)
        # Nobody else may read it at any moment, so it is made with these rights.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"address": address, "pid": os.getpid()}, file)
    except OSError as error:
        raise unwritable(path, error, DATA_VARIABLE) from None
    return path


def find() -> Door:
    """The livecam that was started last and still runs.

    Raises:
        UserError: none runs.
    """
    try:
        files = sorted(folder().glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    except OSError:
        files = []
    for path in files:
        door = _read(path)
        if door is not None and runs(door.pid):
            return door
        log.debug("%s: nothing runs there any more", path)
    raise UserError("control", "no livecam is running", "Start one: livecam studio.")


def _read(path: Path) -> Door | None:
    try:
        said = json.loads(path.read_text("utf-8"))
        address, pid = said["address"], said["pid"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    known = isinstance(address, str) and address.startswith("http://127.0.0.1:") and isinstance(pid, int)
    return Door(address, pid) if known and pid > 0 else None


def runs(pid: int) -> bool:
    """Whether there is a process of that number, of this user."""
    if os.name == "nt":  # there, a signal would end it; whoever asks will see whether it answers
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return False
    return True
