"""A performance while it is recorded: a row for each frame, so that a killed run leaves what it had.

The file is one line of text and then rows without anything between them, little-endian, 2,901 bytes each:
points, origin, step, present, times, sizes as `livecam.sources.recording` describes them. A last row that is
not whole is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecam.face.landmarks import COUNT

FIELDS: dict[str, tuple[str, tuple[int, ...]]] = {
    "points": ("<i2", (COUNT, 3)),
    "origin": ("<f4", (3,)),
    "step": ("<f4", ()),
    "present": ("u1", ()),
    "times": ("<i8", ()),
    "sizes": ("<i4", (2,)),
}
ROW = np.dtype([(name, kind, shape) for name, (kind, shape) in FIELDS.items()])
_FIRST_LINE = b"livecam performance in rows, version 1, mirror %d\n"
_LENGTH = len(_FIRST_LINE % 0)


def first_line(mirror: bool) -> bytes:
    return _FIRST_LINE % mirror


def row(values: Mapping[str, Any]) -> bytes:
    """One frame of the fields in `FIELDS`."""
    return np.array([tuple(values[name] for name in FIELDS)], ROW).tobytes()


def looks_like_rows(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(_LENGTH) in (first_line(False), first_line(True))


def whole_rows(path: Path) -> int:
    """Bytes up to the end of the last whole row."""
    size = path.stat().st_size
    return size if size < _LENGTH else size - (size - _LENGTH) % ROW.itemsize


def read(path: Path) -> tuple[dict[str, NDArray[np.generic]], bool]:
    """The fields, each with a leading axis of frames, and whether the driver was mirrored. Raises OSError."""
    data = path.read_bytes()
    count = max(len(data) - _LENGTH, 0) // ROW.itemsize
    rows = np.frombuffer(data, ROW, count, offset=_LENGTH) if count else np.zeros(0, ROW)
    fields = {name: np.ascontiguousarray(rows[name]) for name in FIELDS}
    return fields, data[:_LENGTH] == first_line(True)
