"""Landmarks that are kept: a driver is tracked once, and every later candidate is measured with the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

import livecam.face
from livecam.animator import Tracker
from livecam.errors import UserError
from livecam.files import part_of
from livecam.frames import RGB, Landmarks


class _Kept:
    """Gives what was found before, frame by frame."""

    def __init__(self, points: Landmarks) -> None:
        self._points, self._next = points, 0

    def track(self, image: RGB, capture_ns: int) -> Landmarks | None:
        if self._next >= len(self._points):
            return None
        found = self._points[self._next]
        self._next += 1
        return None if np.isnan(found).any() else found.copy()


class _Keeping:
    """Passes on what a tracker finds, and remembers it. seen: (478, 3) a frame, NaN without a face."""

    def __init__(self, tracker: Tracker) -> None:
        self._tracker = tracker
        self.seen: list[Landmarks] = []

    def track(self, image: RGB, capture_ns: int) -> Landmarks | None:
        found = self._tracker.track(image, capture_ns)
        self.seen.append(np.full((478, 3), np.nan, np.float32) if found is None else found.copy())
        return found


@contextmanager
def tracker(folder: Path | None, files: Sequence[Path], note: str) -> Iterator[Tracker]:
    """The product's tracker for one driver, made of `files` as `note` says; with a folder, what it found
    there before. Another file, another note or other code in `livecam/face` is tracked anew.

    Raises:
        UserError: the face model is missing, or the folder cannot be written.
    """
    from livecam.face.tracker import FaceTracker

    kept = None if folder is None else folder / f"{files[0].stem}-{_key(files, note)}.npz"
    if kept is not None and kept.is_file():
        with np.load(kept) as stored:
            yield _Kept(stored["points"])
        return
    with FaceTracker() as own:
        keeping = _Keeping(own)
        yield keeping
    if kept is not None:
        part = part_of(kept)
        try:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.savez_compressed(part, points=np.array(keeping.seen, np.float32))
            part.replace(kept)
        except OSError as error:
            raise UserError(
                str(kept), f"cannot be written ({error.strerror})", "Name another folder."
            ) from error


def _key(files: Sequence[Path], note: str) -> str:
    """Of the files' content, the note and the tracker's own source."""
    sources = sorted(Path(next(iter(livecam.face.__path__))).glob("*.py"))
    found = hashlib.sha256(note.encode())
    for path in (*files, *sources):
        found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()[:12]
