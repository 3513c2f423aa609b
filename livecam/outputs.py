"""What is written must not be what is read, nor be written twice: asked before anything is opened."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from collections.abc import Hashable, Iterator, Mapping, Sequence
from pathlib import Path

from livecam.errors import UserError
from livecam.files import WRITTEN_PICTURES, expanded, is_stream, part_of
from livecam.folders import cache_folder, persona_folder

NUMBER = re.compile(r"%0?\d{0,2}d")
"""The number in the name of numbered pictures: a width of two digits at most, as a name has 255 bytes."""
TOO_WIDE = re.compile(r"%0*[1-9]\d{2,}d")
"""A number that no file's name has room for, or hardly."""
_SAMPLES = tuple(10**digits for digits in range(10))
_TODO = "Give the output another name."


def check_outputs(
    outputs: Sequence[Path | None], inputs: Mapping[str, Path | None] | None = None, *, own: bool = True
) -> None:
    """Raises `UserError` where an output would overwrite an input or another output, by any name or link.

    `outputs`: files that may not exist yet, patterns of numbered pictures (`DIR/%05d.png`), or folders to
    write into; None is left out, and so are devices and pipes. `inputs`: files, or folders whose files are
    read, by what they are called in the message ("the driver"). `own`: what livecam itself reads is one of
    them: its assets, personas, models and settings.
    """
    named = [expanded(path) for path in outputs if path is not None]
    # A descriptor (/dev/fd/3) may be a file's, which can be an input as well.
    written = [path for path in named if path.is_file() or not is_stream(path)]
    read = {name: expanded(path) for name, path in (inputs or {}).items() if path is not None}
    for path in written:
        for name, source in [*read.items(), *(_own() if own else ())]:
            if _overwrites(path, source):
                raise UserError(str(path), f"it would overwrite {name}, {source}", _TODO)
    for index, path in enumerate(written):
        for other in written[:index]:
            if _collide(path, other):
                raise UserError(str(path), f"it would be written twice, as {other}, too", _TODO)


def _own() -> Iterator[tuple[str, Path]]:
    from importlib.resources import as_file, files

    from livecam import settings

    with as_file(files("livecam.assets")) as assets:
        yield "a file of livecam's own", assets
    yield "a file of livecam's own", cache_folder()
    if os.environ.get("LIVECAM_REFINER"):
        yield "the refiner's weights", expanded(os.environ["LIVECAM_REFINER"])
    if os.environ.get("LIVECAM_GRAPHS"):
        yield "the generator's graphs", Path(os.environ["LIVECAM_GRAPHS"])
    yield "an enrolled persona", persona_folder()
    yield "the settings", settings.file()


def split_number(name: str) -> tuple[str, str] | None:
    """What stands before and after the number in the name of numbered pictures, None without exactly one."""
    # %% stands for the sign itself; no file's name holds a NUL.
    around = NUMBER.split(name.replace("%%", "\0"))
    if len(around) != 2 or "%" in "".join(around):
        return None
    return around[0].replace("\0", "%"), around[1].replace("\0", "%")


def _overwrites(output: Path, source: Path) -> bool:
    if output.is_dir():
        return _same(output, source)
    existing = existing_files(output)
    if source.is_dir():
        folder = source.resolve()
        if any(folder in path.resolve().parents for path in existing):
            return True
        # One level: a folder of clips may hold links to files elsewhere.
        links = [path for path in source.iterdir() if path.is_symlink()] if existing else []
        return any(_same(path, link) for path in existing for link in links)
    return any(_same(path, source) for path in existing)


def existing_files(output: Path) -> list[Path]:
    """The files that are there under the name of an output, or under the names of numbered pictures."""
    around = _pattern(output)
    if around is None:
        return [output] if output.exists() else []
    before, after = around
    # Any case: a file system may not tell; the name that would be written then decides.
    shape = re.compile(re.escape(before) + r" *(\d+)" + re.escape(after), re.IGNORECASE)
    try:
        found = [match for name in os.listdir(output.parent) if (match := shape.fullmatch(name))]
    except OSError:
        return []
    named = [output.with_name(output.name % int(match[1])) for match in found]
    return [path for path in named if path.exists()]


def _collide(one: Path, other: Path) -> bool:
    ours, theirs = _pattern(one), _pattern(other)
    if ours is not None and theirs is not None:
        return any(_key(_numbered(one, n)) == _key(_numbered(other, n)) for n in _SAMPLES)
    if ours is not None or theirs is not None:
        pattern, plain, around = (one, other, ours) if ours is not None else (other, one, theirs)
        number = re.search(r"\d+", plain.name.removeprefix(around[0] if around else ""))
        return number is not None and _key(_numbered(pattern, int(number[0]))) == _key(plain)
    # A film's part is beside it, and must not be another's film.
    return _key(one) == _key(other) or _is_part(one, other) or _is_part(other, one)


def _is_part(path: Path, film: Path) -> bool:
    """Whether a run may write `film` under that name first: the part's number depends on what is there."""
    real = Path(os.path.realpath(path))
    number = re.search(r"\.part(\d{0,9})$", real.stem, re.IGNORECASE)
    return number is not None and _key(real) == _key(part_of(film, int(number[1] or 1)))


def _key(path: Path) -> Hashable:
    """The same for two names of one file, whether it exists or not."""
    try:
        found = path.stat()
        return found.st_dev, found.st_ino
    except OSError:
        real = Path(os.path.realpath(path))
        name = unicodedata.normalize("NFC", real.name).casefold() if _folds_case(real.parent) else real.name
        try:
            folder = real.parent.stat()
            return folder.st_dev, folder.st_ino, name
        except OSError:
            return str(real.parent), name


def _folds_case(folder: Path) -> bool:
    """Whether names that differ in case alone are one there: seen at the first folder with a letter."""
    for place in (folder, *folder.parents):
        other = place.with_name(place.name.swapcase()) if place.name else place
        if other != place and place.exists():
            return _same(place, other)
    return sys.platform in ("darwin", "win32")


def _same(one: Path, other: Path) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _numbered(pattern: Path, number: int) -> Path:
    return pattern.with_name(pattern.name % number)


def _pattern(path: Path) -> tuple[str, str] | None:
    return split_number(path.name) if path.suffix.lower() in WRITTEN_PICTURES else None
