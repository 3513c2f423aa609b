"""One person's portrait, moved by the product's own code to where other pictures show the person."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.finetune.own_pairs import FREE, jitter_square
from livecam.frames import RGB
from livecam.generator import alignment
from livecam.generator.alignment import Window, face_square
from livecam.generator.layout import GRID
from livecam.motion.transfer import MotionTransfer
from livecam.persona import person_shots
from livecam.persona.crop import cut_crop
from livecam.persona.pictures import PersonPicture
from livecam.persona.types import Crop, PersonaData, Shots
from livecam.render.cpu.rasters import draw_rasters
from livecam.render.cpu.renderer import CpuRenderer
from training import part_windows, shards
from training.shards import Arrays

Rng = np.random.Generator


class MovedPortrait:
    """Collects the pairs of one person: `add` one after the other, then `arrays`."""

    def __init__(self, persona: PersonaData, points: F32, rng: Rng) -> None:
        """points: (478, 3), the portrait's landmarks as the witness of the other pictures sees them, in
        pixels."""
        self._crop, self._size, self._rng = persona.crop, persona.size, rng
        self._renderer = CpuRenderer(persona)
        self._transfer = MotionTransfer(persona.landmarks, points, FREE)
        own = face_square(persona.landmarks)
        cropped = cut_crop(persona.picture, persona.crop, persona.size)
        self._rows: dict[str, list[NDArray[Any]]] = {
            "source": [alignment.cut(cropped, own)],
            "source_rasters": [shards.quantise(draw_rasters(persona.landmarks, own))],
            "source_centres": [part_centres(persona.landmarks, own)],
        }

    def add(
        self,
        picture: RGB,
        seen: F32,
        exact: F32,
        expression: F32,
        material: NDArray[np.uint8] | None = None,
    ) -> None:
        """Another moment: its picture, in the portrait's own pixels, is the truth.

        seen, exact: (478, 3) in pixels, landmarks that move the portrait and those that are true.
        expression: (E,). material: (H, W), what every pixel shows; None where nobody knows.
        """
        motion = self._transfer(seen)
        warped = self._renderer.render(motion)
        square = jitter_square(face_square(motion.landmarks), self._rng)
        x, y = square.to_crop(motion.landmarks[:, 0], motion.landmarks[:, 1])
        unknown = np.zeros((GRID, GRID), np.uint8)
        for name, value in (
            ("warped", alignment.cut(warped, square)),
            ("truth", alignment.cut(cut_crop(picture, self._crop, self._size), square)),
            ("rasters", shards.quantise(draw_rasters(motion.landmarks, square))),
            ("truth_rasters", shards.quantise(draw_rasters(crop_coordinates(exact, self._crop), square))),
            ("teeth", alignment.cut(self._renderer.teeth, square)),
            ("centres", part_centres(motion.landmarks, square)),
            ("landmarks", np.stack([x, y], 1).astype(np.float32)),
            ("material", unknown if material is None else crop_labels(material, square, self._crop)),
            ("expression", expression),
        ):
            self._rows.setdefault(name, []).append(value)

    def arrays(self, person: int, identity: F32) -> Arrays:
        """All of `training.shards`. identity: (I,)."""
        found: Arrays = {name: np.stack(values) for name, values in self._rows.items()}
        return {**found, "identity": identity[None], "person": np.array([person], np.int64)}


def person_shot(picture: RGB, points: F32) -> Shots:
    """A further picture of the person, for `livecam.persona.enroll.build_persona`; points (478, 3) in its
    pixels."""
    return person_shots.stack_shots([person_shots.aligned_shot(*PersonPicture(picture, points, "").crop())])


def part_centres(landmarks: F32, square: Window) -> F32:
    """(3, 2): the centres of the windows of mouth, left and right eye, in 0..1 of the face's square."""
    windows = (part.within(square, landmarks) for part in part_windows.PARTS)
    return np.array([square.to_crop(window.x, window.y) for window in windows], np.float32)


def crop_coordinates(points: F32, crop: Crop) -> F32:
    """(478, 3) pixels of the picture -> (478, 2) in 0..1 of the crop."""
    return np.asarray((points[:, :2] - [crop.x, crop.y]) / crop.side, np.float32)


def crop_labels(material: NDArray[np.uint8], square: Window, crop: Crop) -> NDArray[np.uint8]:
    """(H, W) kinds of pixels -> (C/2, C/2), each the nearest."""
    centres = (np.arange(GRID) + 0.5) / GRID
    x, y = square.to_picture(centres[None, :], centres[:, None])
    height, width = material.shape
    columns = np.clip(np.floor(x * crop.side + crop.x), 0, width - 1).astype(int)
    rows = np.clip(np.floor(y * crop.side + crop.y), 0, height - 1).astype(int)
    return material[rows, columns]
