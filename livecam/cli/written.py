"""Which files a run wrote, for its last line."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

import typer

from livecam.files import expanded, is_stream
from livecam.outputs import existing_files

_Stamp = tuple[int, int, int]
"""Inode, nanoseconds of the last change, bytes."""


class Outputs:
    """Files, or patterns of numbered pictures, that a run may write; made before it begins. None and streams
    are left out."""

    def __init__(self, paths: Sequence[Path | None]) -> None:
        files = [expanded(path) for path in paths if path is not None]
        self._before = {path: _stamps(path) for path in files if not is_stream(path)}

    def written(self) -> list[Path]:
        """Those that are there and were not before, or not like this."""
        return [path for path, before in self._before.items() if _stamps(path) - before]

    def tell(self) -> None:
        """One line on standard error, which may be closed."""
        with contextlib.suppress(OSError, ValueError):
            if names := ", ".join(map(str, self.written())):
                typer.echo(f"Wrote {names}.", err=True)


def _stamps(path: Path) -> set[tuple[Path, _Stamp]]:
    found = set()
    for file in existing_files(path):
        with contextlib.suppress(OSError):
            status = file.stat()
            found.add((file, (status.st_ino, status.st_mtime_ns, status.st_size)))
    return found
