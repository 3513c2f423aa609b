"""One person in several pictures or in a clip: what `livecam enroll` takes. The first is the portrait."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.errors import UserError
from livecam.face.neutrality import unrest_of_picture
from livecam.files import VIDEO_SUFFIXES
from livecam.frames import RGB
from livecam.persona import enroll, person_shots
from livecam.persona.crop import choose_crop, cut_crop
from livecam.persona.enroll import Choice
from livecam.persona.picture import check_there, digest, read_picture
from livecam.persona.types import PersonaData

log = logging.getLogger(__name__)

CLIP_STRIDE: Final = 10
"""Frames from one that is looked at to the next, where a clip does not say how long it is."""

READING: Final = "reading"
FINDING: Final = "finding the face"


@dataclass(frozen=True, slots=True)
class PersonPicture:
    """A person in a picture. points: (478, 3) float32, pixels of the picture, z in the same unit."""

    picture: RGB
    points: F32
    name: str

    def crop(self, size: int = person_shots.SIDE) -> tuple[RGB, F32]:
        """The enrolled square, size x size x 3, and landmarks (478, 3) in 0..1 of it."""
        square = choose_crop(self.points)
        own = self.points.astype(np.float32).copy()
        own[:, :2] -= [square.x, square.y]
        return cut_crop(self.picture, square, size), own / np.float32(square.side)


def read_person_pictures(
    paths: Sequence[Path],
    choice: Choice | None = None,
    progress: Callable[[str, int, int], None] = lambda phase, done, total: None,
) -> list[PersonPicture]:
    """Every picture's face, the portrait first: of pictures the first, of a clip its calmest frame.

    `choice` is of the first picture, or of each frame where that is a clip. Of the others the only face is
    taken; those without one are left out, with a word in the log. `progress` hears `READING` and `FINDING`,
    how many of the files are done, and how many there are.

    Raises:
        UserError: too many pictures, one cannot be read, the first cannot be used, or nobody is in the clip.
            A file that is not there is said before any other work.
    """
    if len(paths) > person_shots.MOST_SHOTS:
        raise UserError(
            f"{len(paths)} pictures", f"{person_shots.MOST_SHOTS} are the most", "Name fewer, or one clip."
        )
    for path in paths:
        check_there(path)
    found: list[PersonPicture] = []
    for done, path in enumerate(paths):
        progress(READING, done, len(paths))
        if path.suffix.lower() in VIDEO_SUFFIXES:
            progress(FINDING, done, len(paths))
            own = Choice() if found or choice is None else choice
            found += _calmest_first(list(_of_clip(path, person_shots.MOST_SHOTS - len(found), own)))
        elif not found:
            picture = read_picture(path)
            progress(FINDING, done, len(paths))
            found.append(_look(picture, str(path), choice or Choice()))
        else:
            picture = read_picture(path)
            progress(FINDING, done, len(paths))
            try:
                found.append(_look(picture, str(path), Choice()))
            except UserError as error:
                log.warning("left out: %s: %s", error.what, error.why)
    return found[: person_shots.MOST_SHOTS]


def enroll_all(
    seen: Sequence[PersonPicture], name: str, size: int, choice: Choice | None = None
) -> PersonaData:
    """The persona of the first picture, with all of them as shots for the refiner. `choice`: of its covered
    parts."""
    first = seen[0]
    meta = {
        "source": Path(first.name).name,
        "digest": digest(first.picture),
        "created": time.strftime("%Y-%m-%dT%H:%M:%S"),
        "pictures": len(seen),
    }
    meta |= enroll.covered_parts(first.picture, first.points, choice or Choice())
    shots = person_shots.stack_shots([person_shots.aligned_shot(*one.crop()) for one in seen])
    return enroll.build_persona(first.picture, first.points, name, size, meta, shots=shots)


def _look(picture: RGB, name: str, choice: Choice) -> PersonPicture:
    return PersonPicture(picture, enroll.find_face(picture, name, choice), name)


def _of_clip(path: Path, wanted: int, choice: Choice) -> Iterator[PersonPicture]:
    """Up to `wanted` frames spread over the clip. Raises `UserError` where none shows one usable face."""
    from livecam.sources import check_file
    from livecam.sources.video import VideoSource

    found = 0
    trouble: UserError | None = None
    with VideoSource(check_file(str(path))) as clip:
        stride = max(1, (clip.info.frames or CLIP_STRIDE * wanted) // max(wanted, 1))
        while found < wanted and (frame := clip.read()) is not None:
            if frame.index % stride or frame.pixels is None:
                continue
            name = f"{path}, frame {frame.index}"
            try:
                yield _look(frame.pixels, name, choice)
                found += 1
            except UserError as error:
                trouble = trouble or error
                log.info("left out: %s: %s", name, error.why)
    if not found and wanted:
        why, todo = "no frame shows one usable face", "Use a clip of one person, face free."
        if trouble is not None:
            why, todo = f"{why} (of the first: {trouble.why})", trouble.todo
        raise UserError(str(path), why, todo)


def _calmest_first(seen: list[PersonPicture]) -> list[PersonPicture]:
    best = min(range(len(seen)), key=lambda k: unrest_of_picture(seen[k].points), default=0)
    return [*seen[best : best + 1], *seen[:best], *seen[best + 1 :]]
