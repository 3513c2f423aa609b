"""Pictures on their way to be enrolled: files in a folder that only its user can read.

Nothing here looks into them. Each has a folder of its own, ID/anna.jpg: names on disk are made by us, of
letters that do no harm; what exactly the sender calls a picture is kept for messages alone.
"""

from __future__ import annotations

import atexit
import logging
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from livecam.control.door import runs
from livecam.errors import UserError
from livecam.files import PICTURE_SUFFIXES, VIDEO_SUFFIXES, unwritable
from livecam.persona.person_shots import MOST_SHOTS
from livecam.studio import naming

log = logging.getLogger(__name__)

LARGEST: Final = 40_000_000
"""Bytes of one picture."""
MOST_WAITING: Final = 2 * MOST_SHOTS
"""Pictures that wait at once: two persons'."""
MOST_BYTES: Final = 640_000_000
"""Of all that wait: half of `MOST_WAITING`, each of the largest."""
KEPT_SECONDS: Final = 3600.0
"""A picture that nobody enrols is forgotten after this long."""
PRESSED_SECONDS: Final = 60.0
"""And after this long where there is no room for another."""
LEFT_OVER_SECONDS: Final = 86_400.0
"""Folders of a livecam that was killed go at the next start; where that cannot be told, after a day."""
PREFIX: Final = "livecam-uploads-"
SUFFIXES: Final = (*PICTURE_SUFFIXES, ".bmp", ".gif", ".tif", ".tiff", ".avif", ".heic", *VIDEO_SUFFIXES)
"""Endings that a file keeps, since messages and films need them."""


@dataclass
class Upload:
    """One picture. name: as messages call it. size: bytes so far. claimed: a job has it."""

    id: str
    path: Path
    name: str
    size: int = 0
    complete: bool = False
    claimed: bool = False
    since: float = field(default_factory=time.monotonic)


class Uploads:
    """All of them. Methods may be called from any thread."""

    def __init__(self, root: Path | None = None) -> None:
        """root: where the folder is made; the system's folder for temporary files if None."""
        self._root = root
        self._known: dict[str, Upload] = {}
        self._lock = threading.Lock()
        self._folder: Path | None = None
        remove_leftovers(root)

    def begin(self, name: str, announced: int | None = None) -> Incoming:
        """A place for a picture that its sender calls `name`. announced: its bytes, where the sender says.

        Raises:
            UserError: too large, too many wait already, or the disk is full.
        """
        called = naming.shown(name)
        if announced is not None and announced > LARGEST:
            raise too_large(called)
        with self._lock:
            self._forget_old(KEPT_SECONDS)
            if not self._has_room():
                self._forget_old(PRESSED_SECONDS)
            if not self._has_room():
                todo = "Enrol those first, or wait a minute."
                raise UserError(called, f"{len(self._known)} pictures wait already", todo)
            id = secrets.token_hex(16)
            path = self._own_folder() / id / _file_name(called)
            self._known[id] = upload = Upload(id, path, called)
        try:
            path.parent.mkdir(0o700)
            return Incoming(self, upload, open(path, "xb", opener=_private))
        except OSError as error:
            self.forget([id])
            raise _no_room(called, error) from None

    def claim(self, ids: Sequence[str]) -> list[Upload]:
        """Take pictures for a job: nobody else gets them until `give_back` or `forget`.

        Raises:
            UserError: none, too many, or one is not there.
        """
        if not ids:
            raise UserError("portrait", "no picture came with it", "Choose one.")
        if len(ids) > MOST_SHOTS:
            todo = "Choose fewer, the best first."
            raise UserError(f"{len(ids)} pictures", f"{MOST_SHOTS} of one person are the most", todo)
        with self._lock:
            found = [self._known.get(id) for id in ids]
            there = [u for u in found if u is not None and u.complete and not u.claimed]
            if len(there) < len(ids) or len(set(ids)) < len(ids):
                raise UserError("picture", "it is not there any more", "Choose it again.")
            for upload in there:
                upload.claimed = True
        return there

    def give_back(self, ids: Sequence[str]) -> None:
        """Their job failed: they can be claimed again."""
        with self._lock:
            for upload in (self._known[id] for id in ids if id in self._known):
                upload.claimed, upload.since = False, time.monotonic()

    def forget(self, ids: Sequence[str]) -> None:
        """Remove them from the disk."""
        with self._lock:
            self._remove([self._known[id] for id in ids if id in self._known])

    def close(self) -> None:
        """Remove everything. Twice does no harm."""
        with self._lock:
            self._known.clear()
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                atexit.unregister(self.close)
                self._folder = None

    @property
    def folder(self) -> Path:
        """Where they lie; made where it is not there.

        Raises:
            UserError: it cannot be.
        """
        with self._lock:
            return self._own_folder()

    def grown(self, upload: Upload, size: int) -> None:
        """So many bytes more came. Raises `UserError` where that is too much."""
        with self._lock:
            upload.size += size
            upload.since = time.monotonic()
            if upload.size > LARGEST:
                raise too_large(upload.name)
            if sum(one.size for one in self._known.values()) > MOST_BYTES:
                todo = "Enrol those that wait first, or wait a minute."
                raise UserError(upload.name, "too many bytes of pictures wait already", todo)

    def _has_room(self) -> bool:
        room = MOST_BYTES - sum(one.size for one in self._known.values())
        return len(self._known) < MOST_WAITING and room > 0

    def _forget_old(self, seconds: float) -> None:
        now = time.monotonic()
        old = [u for u in self._known.values() if not u.claimed and now - u.since > seconds]
        self._remove(old)

    def _remove(self, uploads: Sequence[Upload]) -> None:
        for upload in uploads:
            self._known.pop(upload.id, None)
            # Windows keeps what is still read; it goes with its folder.
            shutil.rmtree(upload.path.parent, ignore_errors=True)

    def _own_folder(self) -> Path:
        if self._folder is None or not self._folder.is_dir():
            try:
                self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=self._root))
            except OSError as error:
                where = Path(self._root or tempfile.gettempdir())
                raise unwritable(where, error, "TMPDIR") from None
            atexit.register(self.close)
        return self._folder


class Incoming:
    """A picture that is being received. As a context manager it removes what `finish` did not complete."""

    def __init__(self, uploads: Uploads, upload: Upload, file: BinaryIO) -> None:
        self._uploads, self._upload, self._file = uploads, upload, file

    def __enter__(self) -> Incoming:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        if not self._upload.complete:
            self._uploads.forget([self._upload.id])

    def write(self, data: bytes) -> None:
        """Raises `UserError`: too large, or the disk is full."""
        self._uploads.grown(self._upload, len(data))
        try:
            self._file.write(data)
        except OSError as error:
            raise _no_room(self._upload.name, error) from None

    def finish(self) -> str:
        """Its id. Raises `UserError`: nothing came, or the disk is full."""
        if self._upload.size == 0:
            raise UserError(self._upload.name, "it is empty", "Choose another picture.")
        try:
            self._file.close()
        except OSError as error:
            raise _no_room(self._upload.name, error) from None
        self._upload.complete = True
        return self._upload.id


def remove_leftovers(root: Path | None = None) -> None:
    """Folders that a livecam left which was killed."""
    try:
        for folder in Path(root or tempfile.gettempdir()).glob(f"{PREFIX}*"):
            found = folder.lstat()
            own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
            if not own or folder.is_symlink():
                continue
            pid = folder.name.removeprefix(PREFIX).partition("-")[0]
            killed = pid.isdecimal() and len(pid) < 20 and not runs(int(pid))
            if killed or time.time() - found.st_mtime > LEFT_OVER_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        log.debug("left-overs stay", exc_info=True)


def _file_name(called: str) -> str:
    suffix = Path(called).suffix.lower()
    return f"{naming.of_file(called)}{suffix if suffix in SUFFIXES else ''}"


def too_large(name: str) -> UserError:
    why = f"it is larger than {LARGEST // 1_000_000} MB"
    return UserError(name, why, "Scale it down, or save it as a JPEG.")


def _no_room(name: str, error: OSError) -> UserError:
    why = f"it cannot be kept ({(error.strerror or type(error).__name__).lower()})"
    return UserError(name, why, "Free space, or set TMPDIR to another folder.")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
