"""Pairs of pictures: a person's neutral face is the portrait, another picture of the same person the truth.

The driver is that person too: the portrait's picture for a while, then the other one, as a webcam would show
them. The last frame's output, in the portrait picture's own pixels, is compared with the other picture.
The product's own path is used: enrolment, tracker, motion, renderer, refiner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from livecam.benchmarks.fidelity import metrics, mouth_and_eyes, mouths, tracks
from livecam.benchmarks.fidelity.methods import STATIC, drive, refiner, untrained
from livecam.benchmarks.fidelity.self_reenactment import Judging
from livecam.errors import UserError
from livecam.files import PICTURE_SUFFIXES, files_in
from livecam.frames import RGB, DriverFrame, Landmarks
from livecam.generator.weights import Weights
from livecam.persona import enroll
from livecam.persona.crop import cut_crop
from livecam.persona.picture import read_picture
from livecam.persona.types import Crop
from livecam.render.cpu.renderer import CpuRenderer
from livecam.sources.memory import MemorySource

SUFFIXES: Final = ("neutral", "smile")
"""NAME_neutral.jpg is the portrait, NAME_smile.jpg the truth."""
BEFORE, AFTER = 20, 12
"""Frames of the driver that show the portrait's picture, and then the truth: the filter has come to rest."""
FPS: Final = 30.0
TRUTH = "truth"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures of one person."""

    name: str
    portrait: Path
    target: Path


@dataclass(frozen=True, slots=True)
class Person:
    """One pair measured. values: by method every measure, NaN where it is unknown. mouths: cut out of the
    truth and of every method's picture. shows: whether the true mouth is open far enough to be judged."""

    name: str
    values: dict[str, dict[str, float]]
    mouths: dict[str, RGB]
    shows: bool


def find(folder: Path, suffixes: Sequence[str] = SUFFIXES) -> list[Pair]:
    """The pairs in a folder, by name.

    Raises:
        UserError: there is none.
    """
    by_name = {path.stem: path for path in files_in(folder, PICTURE_SUFFIXES, "picture")}
    first, second = (f"_{suffix}" for suffix in suffixes)
    found = []
    for stem, path in by_name.items():
        name = stem.removesuffix(first)
        if name != stem and name + second in by_name:
            found.append(Pair(name, path, by_name[name + second]))
    if not found:
        todo = f"Name them NAME{first}.jpg and NAME{second}.jpg, or use --suffixes."
        raise UserError(str(folder), "holds no pair of pictures", todo)
    return found


def measure(
    pair: Pair, size: int, weights: Mapping[str, Weights], judge: Judging, kept: Path | None = None
) -> Person:
    """Move the portrait as the driver does and compare. kept: folder of tracked landmarks.

    Raises:
        UserError: a picture cannot be read or shows no usable face, or both differ in size.
    """
    persona = enroll.enroll(pair.portrait, pair.name, size)
    target = read_picture(pair.target)
    if target.shape != persona.picture.shape:
        raise UserError(str(pair.target), "it is not as large as its portrait", "Give pairs of one size.")
    height, width = target.shape[:2]
    shown = [persona.picture] * BEFORE + [target] * AFTER
    frames = [DriverFrame(k, round(k * 1e9 / FPS), width, height, one) for k, one in enumerate(shown)]
    with tracks.tracker(kept, (pair.portrait, pair.target), f"{BEFORE} and {AFTER} at {FPS}") as tracker:
        # A head that is elsewhere in the other picture is to be there, too: nobody sits down in 12 frames.
        motions, _ = drive(MemorySource(frames, FPS), persona, tracker, follow="all")
    motion = motions[-1][1]
    warped = CpuRenderer(persona).render(motion)
    methods = untrained(persona) | {name: refiner(persona, one) for name, one in weights.items()}
    crop = _whole(persona.crop)
    outputs = {name: _enlarged(method(warped, motion), crop) for name, method in methods.items()}
    outputs[STATIC] = cut_crop(persona.picture, crop, round(crop.side))
    truth = cut_crop(target, crop, round(crop.side))
    points = judge(truth)
    if points is None:
        raise UserError(str(pair.target), "no face was found", "Leave this pair out.")
    cut = {name: mouths.cut(picture, points) for name, picture in {TRUTH: truth, **outputs}.items()}
    values = _rate(outputs, truth, points)
    return Person(pair.name, values, cut, mouths.shows(points))


def _rate(outputs: Mapping[str, RGB], truth: RGB, points: Landmarks) -> dict[str, dict[str, float]]:
    """Every method's measures of mouth, eyes and face; none of a mouth that shows nothing."""
    side = truth.shape[0]
    masks, crop = mouth_and_eyes.picture_regions(points / np.float32(side), side)
    masks["face"] = metrics.oval_mask(points, side)
    if not mouths.shows(points):
        masks["mouth"] = np.zeros_like(masks["mouth"])
    rows, columns = (np.flatnonzero((masks["face"] | masks["eyes"]).any(axis)) for axis in (1, 0))
    part = (slice(max(rows[0] - 1, 0), rows[-1] + 2), slice(max(columns[0] - 1, 0), columns[-1] + 2))
    masks = {name: mask[part] for name, mask in masks.items()}
    return {
        name: mouth_and_eyes.rate(output[part], truth[part], masks, crop) for name, output in outputs.items()
    }


def _whole(crop: Crop) -> Crop:
    """On whole pixels of the picture, as the canvas lays it back."""
    return Crop(round(crop.x), round(crop.y), round(crop.side))


def _enlarged(rendered: RGB, crop: Crop) -> RGB:
    """In the picture's own pixels, as `livecam.render.canvas` has it."""
    side = round(crop.side)
    how = cv2.INTER_AREA if side < rendered.shape[0] else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(rendered, (side, side), interpolation=how), np.uint8)
