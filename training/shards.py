"""Files of training pairs: one a person, all pictures already cut to the face-aligned crop.

source           (1, C, C, 3) uint8 RGB        the portrait's crop
source_rasters   (1, 5, C/2, C/2) uint8        `livecam.generator.layout`, -1..1 as 0..255
warped           (N, C, C, 3) uint8 RGB        what the product's warper made of the portrait
truth            (N, C, C, 3) uint8 RGB        the same moment, rendered or filmed
rasters          (N, 5, C/2, C/2) uint8        of the landmarks that moved the portrait
truth_rasters    (N, 5, C/2, C/2) uint8        of the true landmarks; in films, of the tracker's
teeth            (N, C, C) uint8               how much of each pixel of `warped` is drawn as teeth, of 255
centres          (N, 3, 2) float32             of mouth, left and right eye, where they were moved, 0..1
source_centres   (1, 3, 2) float32             the portrait's
landmarks        (N, 478, 2) float32           those that moved the portrait, 0..1 of the crop
material         (N, C/2, C/2) uint8           what the truth's pixels show; 0 in films
expression       (N, E), identity (1, I) float32; 0 in films
person           (1,) int64                    the seed, or a number of the name
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError
from livecam.model import tensorfile

FORMAT: Final = 2
"""Raised whenever files of the older kind no longer fit."""
HELD_OUT: Final = 20
"""Every 20th person is kept for measuring and never trained on."""
RENDERED: Final = "computer graphics, no real person"

Arrays = dict[str, NDArray[Any]]


def path_of(folder: Path, person: int) -> Path:
    return folder / f"pairs-{person:08d}.safetensors"


def save_person(folder: Path, person: int, arrays: Mapping[str, NDArray[Any]], made: str = RENDERED) -> Path:
    """Write one person; the file appears only once it is whole. `made`: how, in its notes."""
    path = path_of(folder, person)
    notes = {"format": str(FORMAT), "made": made}
    tensorfile.write(path, arrays, notes)
    return path


def read_person(path: Path) -> Arrays:
    """What `save_person` wrote. Raises `UserError` for a file that is no such thing."""
    try:
        arrays, notes = tensorfile.read(path, "numpy")
    except tensorfile.UNREADABLE as error:
        raise UserError(
            str(path), f"cannot be read ({error})", "Delete it and make the pairs again."
        ) from error
    if notes.get("format") != str(FORMAT):
        raise UserError(str(path), "made by another version", "Make the pairs anew.")
    return arrays


def person_seeds(folder: Path) -> list[int]:
    """Seeds of the people in a folder, in order. Raises `UserError` where there are none."""
    found = sorted(int(path.stem.removeprefix("pairs-")) for path in folder.glob("pairs-*.safetensors"))
    if not found:
        todo = f"Make some: python -m training.pairs --out {folder} --count 100"
        raise UserError(str(folder), "holds no training pairs", todo)
    return found


def made_of(folder: Path) -> list[str]:
    """What the people in a folder were made of, as their files say: weights must tell."""
    notes = (tensorfile.notes(path_of(folder, person)) for person in person_seeds(folder))
    return sorted({found.get("made", "unknown") for found in notes})


def is_held_out(person: int) -> bool:
    return person % HELD_OUT == HELD_OUT - 1


def quantise(rasters: NDArray[np.float32]) -> NDArray[np.uint8]:
    """-1..1 -> 0..255."""
    return np.asarray(np.round((rasters + 1) * 127.5), np.uint8)
