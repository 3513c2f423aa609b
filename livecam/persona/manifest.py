"""A persona's folder: persona.json names the files of tensors, each with its checksum.

    persona.json                          what it is, for people and programs
    tensors-512-3f9a01bc.safetensors      the arrays for one size

A file of tensors bears a name that no other had and is never written again, so whoever has read
persona.json reads what belongs to it, or finds it gone and reads persona.json again. Replacing that is
the one step that makes another persona of a folder; what a killed process left is named nowhere, and goes
later.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from livecam.files import sync, write_whole

DESCRIPTION: Final = "persona.json"
LEFT_SECONDS: Final = 3600.0
"""Age from which a file that nothing names was left behind: nobody takes as long between writing tensors and
naming them."""
TRIES, PAUSE_SECONDS = 100, 0.02
"""How often, and after how long, a file is asked for again that another process has in its hands: writing
persona.json takes a few milliseconds."""
ALIKE: Final = re.compile(r"tensors-(\d{1,5})(-[0-9a-f]{8})?\.safetensors")
"""Names of tensors' files; those without the eight digits are of formats up to 16."""
UNSIGNED: Final = ("name", "checksum")
"""What persona.json's own checksum does not cover: a folder is renamed without another word."""
PART_BYTES: Final = 1 << 20
SYSTEM: Final = os.name

Result = TypeVar("Result")


def read(folder: Path) -> dict[str, Any]:
    """What persona.json says, whatever that is. Raises OSError; ValueError where it is no JSON object."""
    text = _patiently(lambda: (folder / DESCRIPTION).read_text("utf-8"))
    try:
        said = json.loads(text)
    except RecursionError:
        raise ValueError("persona.json is nested too deeply") from None
    if not isinstance(said, dict):
        raise ValueError("persona.json is no object")
    return said


def check_signed(said: Mapping[str, Any]) -> None:
    """Raises ValueError where persona.json is not as it was written."""
    if said.get("checksum") != checksum(said):
        raise ValueError("persona.json is not what was saved: its checksum differs")


def checksum(said: Mapping[str, Any]) -> str:
    """Of what persona.json says. Raises ValueError where it cannot be written as JSON."""
    signed = {name: value for name, value in said.items() if name not in UNSIGNED}
    try:
        text = json.dumps(signed, sort_keys=True)
    except RecursionError:
        raise ValueError("persona.json is nested too deeply") from None
    return hashlib.sha256(text.encode()).hexdigest()


def files(folder: Path, said: Mapping[str, Any]) -> dict[int, Path]:
    """The files of tensors by size, the largest first: those named that are there. Of formats that name none,
    those that bear the size in their name."""
    named = said.get("tensors")
    if isinstance(named, Mapping):
        found = {}
        for entry in named.values():
            name = entry.get("file") if isinstance(entry, Mapping) else None
            match = ALIKE.fullmatch(name) if isinstance(name, str) else None
            if match and os.path.isfile(folder / match[0]):
                found[int(match[1])] = folder / match[0]
    else:
        alike = ((path, ALIKE.fullmatch(path.name)) for path in folder.glob("tensors-*"))
        found = {int(match[1]): path for path, match in alike if match and match[2] is None}
    return dict(sorted(found.items(), reverse=True))


def check_file(path: Path, said: Mapping[str, Any]) -> None:
    """Raises ValueError where a file's checksum is not the one that persona.json names for it; OSError."""
    named = said.get("tensors")
    entries = named.values() if isinstance(named, Mapping) else ()
    for entry in entries:
        if isinstance(entry, Mapping) and entry.get("file") == path.name:
            if entry.get("sha256") != file_checksum(path):
                raise ValueError(f"{path.name} is not what was saved: its checksum differs")
            return
    if entries:
        raise ValueError(f"{path.name} has no checksum")


def file_checksum(path: Path) -> str:
    """SHA-256 in hexadecimal. Raises OSError."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(PART_BYTES):
            found.update(part)
    return found.hexdigest()


def write(
    folder: Path, size: int, tensors: bytes, said: Mapping[str, Any], beside: Mapping[str, Any], durable: bool
) -> None:
    """Give a folder the tensors of one size and a persona.json that says so; all at once, at the end.

    beside: what persona.json so far names of other sizes that stay. durable: also against a power cut right
    after. Raises OSError.
    """
    try:
        before = read(folder)
    except (OSError, ValueError):
        before = {}
    path = folder / f"tensors-{size}-{secrets.token_hex(4)}.safetensors"
    entries = {**beside, str(size): {"file": path.name, "sha256": hashlib.sha256(tensors).hexdigest()}}
    description = {**said, "tensors": entries}
    description["checksum"] = checksum(description)
    try:
        path.write_bytes(tensors)
        if durable:
            sync(path)
        text = json.dumps(description, indent=1).encode()
        _patiently(lambda: write_whole(folder / DESCRIPTION, text, durable))
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        raise
    kept = {entry["file"] for entry in entries.values()}
    replaced = {path.name for path in files(folder, before).values()} - kept
    _clean(folder, kept, replaced, LEFT_SECONDS)


def sign(folder: Path, name: str) -> None:
    """Make persona.json bear a name. Raises OSError, ValueError."""
    said = read(folder)
    text = json.dumps({**said, "name": name}, indent=1).encode()
    _patiently(lambda: write_whole(folder / DESCRIPTION, text, durable=False))


def clean(folder: Path, seconds: float = LEFT_SECONDS) -> None:
    """Remove what is named nowhere and older than that: a killed process left it."""
    try:
        named = files(folder, read(folder)).values()
    except (OSError, ValueError):
        return  # what belongs to it cannot be told
    _clean(folder, {path.name for path in named}, set(), seconds)


def _clean(folder: Path, kept: set[str], replaced: set[str], seconds: float) -> None:
    with contextlib.suppress(OSError):
        for path in [*folder.glob("tensors-*"), *folder.glob(".*.tmp")]:
            known = path.suffix == ".tmp" or ALIKE.fullmatch(path.name) is not None
            if not known or path.name in kept:
                continue
            with contextlib.suppress(OSError):  # gone meanwhile, or Windows: somebody reads it
                if path.name in replaced or time.time() - path.lstat().st_mtime > seconds:
                    path.unlink()


def _patiently(action: Callable[[], Result]) -> Result:
    """On Windows a file that another process opens or replaces this moment is refused; elsewhere a refusal is
    final. Only what can be done again: each `action` starts anew."""
    for _ in range(TRIES if SYSTEM == "nt" else 0):
        try:
            return action()
        except PermissionError:
            time.sleep(PAUSE_SECONDS)
    return action()
