"""What is known of a portrait once it is enrolled: everything that is computed once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.frames import RGB


@dataclass(frozen=True, slots=True)
class Crop:
    """The square of the picture that is rendered: left, top and side in the picture's pixels."""

    x: float
    y: float
    side: float

    def to_picture(self, points: F32) -> F32:
        """(N, 3) in 0..1 of the crop, to pixels of the picture; z in the same unit."""
        moved = points * np.float32(self.side)
        moved[:, :2] += [self.x, self.y]
        return moved


@dataclass(frozen=True, slots=True)
class Lattice:
    """Points around the face that carry hair, ears, neck and shoulders along.

    points: (N, 2) float32, 0..1 of the crop.
    depth: (N,) float32, z of each point, in the same unit.
    head: (N,) float32, 1 where a point turns with the head, 0 where it does not.
    body: (N,) float32, what of the neck's shift a point takes that does not turn: 1 at the neck, less below.
    oval: (N, 36) float32, how much of each oval point's expression it follows.
    """

    points: F32
    depth: F32
    head: F32
    body: F32
    oval: F32


@dataclass(frozen=True, slots=True)
class Shots:
    """K pictures of a person. pictures: (K, C, C, 3) uint8 RGB; landmarks: (K, 478, 3) float32 in 0..1 of
    it."""

    pictures: NDArray[np.uint8]
    landmarks: F32

    def __len__(self) -> int:
        return len(self.pictures)


@dataclass(frozen=True, slots=True)
class Style:
    """values: (1, N) float32, scales and shifts of the refiner's layers. weights: the name of those they
    belong to. steps: of fine-tuning, 0 for what the embedder gave."""

    values: F32
    weights: str
    steps: int = 0


@dataclass(frozen=True, slots=True)
class PersonaData:
    """One enrolled portrait, ready to be rendered at `size` pixels.

    landmarks: (478, 3) float32, 0..1 of the crop.
    foreground: (size, size, 4) uint8 RGBA, the person with eyes and open mouth painted over, straight alpha.
    background: (size, size, 3) uint8, the picture with the person filled in.
    interior: (size, size, 12) uint8, mouth interior and eyeballs, in the portrait's own coordinates, RGB;
        then eyeballs that look far aside, shut lids, and the lights on the eyes, RGB each.
    teeth: (size, size, 8) uint8, the upper row of teeth and then the lower, in the portrait's own
        coordinates, RGBA each, straight alpha.
    triangles: (T, 3) int32 over the 468 mesh points followed by the lattice's.
    picture: (H, W, 3) uint8, the whole portrait.
    matte: (576, 576) uint8, where the person is in `livecam.persona.crop.surroundings`, three crops wide.
    shots: pictures of the person for the refiner; None: the portrait alone.
    meta: what persona.json says; `covered` in it, by part, whether that "seems" so or was "said".
    style: what the refiner makes of them; None until it is first asked for.
    """

    name: str
    size: int
    crop: Crop
    landmarks: F32
    foreground: NDArray[np.uint8]
    background: RGB
    interior: NDArray[np.uint8]
    teeth: NDArray[np.uint8]
    lattice: Lattice
    triangles: NDArray[np.int32]
    picture: RGB
    matte: NDArray[np.uint8]
    meta: dict[str, Any]
    shots: Shots | None = None
    style: Style | None = None

    @property
    def covered(self) -> frozenset[str]:
        """Parts of `livecam.face.covered` that are hidden, and kept still."""
        return frozenset(self.meta.get("covered", ()))

    @property
    def layers(self) -> tuple[NDArray[np.uint8], RGB, NDArray[np.uint8], NDArray[np.uint8]]:
        """Foreground, background, interior and teeth: what a generator is given of a portrait."""
        return self.foreground, self.background, self.interior, self.teeth

    def picture_landmarks(self) -> F32:
        """(478, 3) float32: the landmarks in pixels of the whole picture."""
        return self.crop.to_picture(self.landmarks)
