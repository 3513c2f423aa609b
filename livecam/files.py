"""Files by their names, and writing them so that nothing is lost: none broken under a final name, none where
nobody looks."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import secrets
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from livecam.errors import UserError

log = logging.getLogger(__name__)

VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
"""Endings that name a film to read."""
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
"""Endings that name a picture to read."""
WRITTEN_VIDEOS = {".mp4": "mp4", ".mkv": "matroska", ".mov": "mov"}
"""Endings that name a film to write, and what FFmpeg calls their containers."""
WRITTEN_PICTURES = (".png", ".jpg", ".jpeg")
"""Endings that name numbered pictures to write."""
DESCRIPTOR = re.compile(r"/dev/(std(in|out|err)|fd/\d+)|/proc/[^/]+/(task/\d+/)?fd/\d+")
"""Names of what a process has open; such a file is written where it lies, never replaced."""
LONGEST_KEPT = 200
"""Bytes of a file's name that its part bears as well."""
SYNC_SECONDS = 1.0
"""A power cut takes at most so much of a recording, beside what was not written yet."""


def expanded(path: str | Path) -> Path:
    """`~/a.mp4` with the home folder's name; a name that only looks like it (`~a.mp4`) stays as it is."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # no such user
        return Path(path)


def spec_of(what: str, given: object) -> str:
    """The text itself; of a `Path` its absolute path, for a path is a file and never a word such as "camera".
    `what` names it in the error.

    Raises:
        UserError: it is neither.
    """
    if isinstance(given, Path):
        return str(expanded(given).absolute())
    if not isinstance(given, str):
        raise UserError(what, f"it is a {type(given).__name__}, not text", "Write its name or its path.")
    return given


def ffmpeg_name(path: Path) -> str:
    """The path as FFmpeg has to be given it: opened as a file, whatever stands before a colon in its name."""
    return f"file:{path.absolute()}"


def check_target(path: Path) -> None:
    """Raises `UserError` where `path` cannot become a file: folder missing or read-only, name taken."""
    if path.is_dir():
        raise UserError(str(path), "it is a folder", "Give the file another name.")
    if path.exists() and not path.is_file():
        raise UserError(str(path), "it is a device or a pipe, not a file", "Name a file on disk.")
    folder = path.parent
    if not folder.is_dir():
        raise UserError(str(path), "its folder does not exist", f"Make it first: mkdir -p {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UserError(str(path), "its folder is not writable", "Choose another folder.")


def part_of(path: Path, number: int = 1) -> Path:
    """`out.part.mp4` of `out.mp4`, or `out.part2.mp4`."""
    return path.with_name(f"{_shorter(path.stem)}.part{number if number > 1 else ''}{path.suffix}")


def hidden_copy(path: Path) -> Path:
    """A name beside `path` that nobody has, for a file that is worth nothing until it is complete."""
    return path.with_name(f".{_shorter(path.name)}.{secrets.token_hex(4)}.tmp")


def _shorter(name: str) -> str:
    """A name may be 255 bytes long, and more is added to this one."""
    return os.fsencode(name)[:LONGEST_KEPT].decode("utf-8", "ignore")


def create_part(path: Path) -> Path:
    """A new empty file beside `path` (`part_of`), to be written and then handed to `finish`.

    It has the ending of `path`, so that a program opens what a killed run left. Such a left-over is never
    touched, and told of; the new one then has a number.

    Raises `UserError` as `check_target` does, or where the file cannot be made.
    """
    check_target(path)
    number = 1
    while True:
        part = part_of(path, number)
        try:
            part.open("xb").close()
        except FileExistsError:
            number += 1
            log.warning("%s is there: a run that was killed left it, or one goes on. It is kept", part)
            continue
        except OSError as error:
            raise unwritable(path, error) from None
        return part


def finish(part: Path, path: Path) -> None:
    """Give the complete file its final name, replacing an older one. Raises `UserError`."""
    if not part.exists():
        raise gone(path)
    try:
        sync(part)
        os.replace(part, path)
    except OSError as error:
        raise UserError(
            str(path),
            f"the old file cannot be replaced ({error.strerror})",
            f"The new one is {part}; close other programs and rename it.",
        ) from None
    _sync_folder(path.parent)


def gone(path: Path) -> UserError:
    """The error for a part that somebody else moved or removed before it was finished."""
    todo = "Its part was moved or removed meanwhile: leave it where it is until the run ends."
    return UserError(str(path), "the recording is gone", todo)


def make_folder(folder: Path, variable: str) -> None:
    """Makes the folder and sees that it can be written, before long work. Raises `UserError`, which names the
    environment's variable that moves it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise unwritable(folder, error, variable) from error


def keep_cut_short(part: Path, path: Path) -> Path:
    """Where a file lies that could not be written to its end: an older `path` is not given up for it."""
    if path.exists():
        return part
    try:
        finish(part, path)
    except UserError:
        return part
    return path


def is_stream(path: Path) -> bool:
    """Whether it is a device or a pipe, or an open file by its descriptor (/dev/stdout), which may be one."""
    return DESCRIPTOR.fullmatch(path.absolute().as_posix()) is not None or (
        path.exists() and not path.is_file() and not path.is_dir()
    )


def write_whole(path: Path, data: bytes, durable: bool = True) -> None:
    """Write a file in one step: an older one is replaced by the whole new one or stays as it is.

    `durable`: also against a power cut right after. A link is followed, and a device or a pipe just written.
    Raises OSError.
    """
    if is_stream(path):
        path.write_bytes(data)
        return
    write_together({path: data}, durable)


def write_together(contents: Mapping[Path, bytes], durable: bool = True) -> None:
    """`write_whole` for files that belong together: none is replaced before all are written.

    Raises OSError.
    """
    written: list[tuple[Path, Path]] = []
    try:
        for path, data in contents.items():
            real = Path(os.path.realpath(path))
            new = hidden_copy(real)
            written.append((new, real))
            new.write_bytes(data)
            if durable:
                sync(new)
        for new, real in written:
            os.replace(new, real)
    except BaseException:
        for new, _ in written:
            with contextlib.suppress(OSError):
                new.unlink(missing_ok=True)
        raise


def unwritable(
    path: Path, error: OSError, variable: str | None = None, *, todo: str | None = None
) -> UserError:
    """The error for a failed write: disk full, read-only, gone. `variable`: of the environment, moves it."""
    why = error.strerror or type(error).__name__
    if todo is None:
        place = f"set {variable} to a folder that can be written" if variable else "choose another folder"
        todo = f"Free space or {place}."
    return UserError(str(path), f"it cannot be written ({why.lower()})", todo)


def sync(path: Path) -> None:
    """Return when the file's content is on the disk. Raises OSError."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """So that a new name outlives a power cut; Windows has no such call."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class GrowingFile:
    """A part (`create_part`) that is written bit by bit and always holds all that was written.

    Nothing is buffered in the process, so a kill takes nothing; a thread hands it to the disk every second,
    so a power cut takes little, and the writer never waits for the disk. `write`, `seek` and `tell` are those
    of a binary file, except that `write` writes all or raises OSError.
    """

    def __init__(self, target: Path) -> None:
        self.part = create_part(target)
        try:
            self._file = self.part.open("r+b", buffering=0)
        except OSError as error:
            raise unwritable(target, error) from None
        _sync_folder(target.parent)
        self._closed = threading.Event()
        self._syncing = threading.Thread(target=self._sync, name=f"sync {target.name}", daemon=True)
        self._syncing.start()

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def truncate(self, size: int) -> None:
        self._file.truncate(size)

    def close(self) -> None:
        """Twice does no harm."""
        if not self._closed.is_set():
            self._closed.set()
            self._syncing.join()
            self._file.close()

    def discard(self) -> None:
        """Close and remove."""
        self.close()
        self.part.unlink(missing_ok=True)

    def _sync(self) -> None:
        hand_over = getattr(os, "fdatasync", os.fsync)
        while not self._closed.wait(SYNC_SECONDS):
            try:
                hand_over(self._file.fileno())
            except OSError:
                log.debug("%s: not handed to the disk", self.part, exc_info=True)


def files_in(folder: Path, suffixes: Sequence[str], what: str) -> list[Path]:
    """The folder's files of these kinds, or the one file that is named, sorted by name."""
    if folder.is_file():
        return [folder]
    found = sorted(p for p in folder.glob("*") if p.suffix.lower() in suffixes) if folder.is_dir() else []
    if not found:
        kinds = ", ".join(suffixes)
        raise UserError(str(folder), f"holds no {what}", f"Name a folder with files of these kinds: {kinds}.")
    return found
