"""Files of rendered people: one a person, each with several pictures and the truth about them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError
from training.heads import lens as lenses
from training.heads import sample
from training.heads.compose import compose
from training.heads.depth_of_field import Focus, focus
from training.heads.person import Person, Wardrobe
from training.heads.renderer import Layers, Moment, Renderer
from training.heads.shape import Gaze, HeadShape, Pose
from training.heads.truth import truth

FORMAT: Final = 4
"""Raised whenever the same seed would give another picture."""
IRISES: Final = (468, 473)
"""Landmarks in the middle of the irises."""
LENS_STREAM: Final = 1 << 20
"""Numbers below it are frames, each with random numbers of its own."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How each person is shown.

    `supersample`: pixels drawn for each pixel kept, along a side; `detail`: share of the hairs; `tile`,
    `casting`, `quick`: see `Renderer`; `painted`: share of people shown in a painter's look; `lens`: whether
    pictures pass a camera (noise, JPEG and the like) or a painter at all.
    """

    size: int = 256
    frames: int = 16
    supersample: float = 1.25
    detail: float = 0.14
    tile: int = 256
    casting: int = 3_000
    quick: bool = True
    painted: float = 0.15
    lens: bool = True


STUDIO: Final = Plan(supersample=2, detail=0.25, casting=12_000, quick=False)
"""As the bundled art is made, with many shadowed lights: four to five times as dear."""


class Studio:
    """Head, renderer and plan: gives the pictures of person `seed`."""

    def __init__(self, shape: HeadShape, plan: Plan, wardrobe: Wardrobe | None = None) -> None:
        self.shape, self.plan = shape, plan
        self.renderer = Renderer(shape, wardrobe, plan.tile, plan.casting, plan.quick)

    def person(self, seed: int) -> Person:
        rng = np.random.default_rng([FORMAT, seed])
        identity = sample.identity(rng)
        look = sample.look(rng, self.plan.detail)
        return Person(self.shape, self.renderer.wardrobe, identity, look, seed)

    def moments(self, seed: int) -> list[Moment]:
        """The first is at rest and looks into the camera: what a portrait shows."""
        data = self.shape.data
        rest = Moment(np.zeros(len(data.expression_names), np.float32), Gaze(), Pose())
        others = [
            sample.moment(data, np.random.default_rng([FORMAT, seed, k])) for k in range(1, self.plan.frames)
        ]
        return [rest, *others]

    def pictures(self, seed: int) -> dict[str, NDArray[Any]]:
        """images (F, S, S, 3) uint8 RGB; alpha, material (F, S, S) uint8; landmarks (F, 478, 3), pose (F, 3),
        gaze (F, 2), expression (F, E), identity (100,) float32; seed () int64."""
        person, plan = self.person(seed), self.plan
        lens = lenses.sample(np.random.default_rng([FORMAT, seed, LENS_STREAM]), plan.painted)
        found: dict[str, list[NDArray[Any]]] = {}
        for frame, moment in enumerate(self.moments(seed)):
            layers = self.renderer.draw(person, moment, round(plan.size * plan.supersample))
            picture = compose(layers, person.look, plan.size, seed, self._focus(person, layers, lens))
            rgb = lenses.develop(picture.rgb, lens, seed, frame) if plan.lens else picture.rgb
            known = truth(self.shape, person.look.camera, moment, layers, plan.size)
            for name, value in (
                ("images", rgb),
                ("alpha", picture.alpha),
                ("material", known.material),
                ("landmarks", known.landmarks),
                ("pose", known.pose),
                ("gaze", known.gaze),
                ("expression", known.expression),
            ):
                found.setdefault(name, []).append(value)
        arrays: dict[str, NDArray[Any]] = {name: np.stack(values) for name, values in found.items()}
        return {**arrays, "identity": person.identity, "seed": np.array(seed, np.int64)}

    def _focus(self, person: Person, layers: Layers, lens: lenses.Lens) -> Focus | None:
        """On the eyes, where they are in this picture."""
        if not self.plan.lens or lens.f_number <= 0:
            return None
        eyes = self.shape.landmarks(layers.vertices)[list(IRISES)]
        return focus(person.look.camera, lens.f_number, eyes, lens.behind)


def path_of(folder: Path, seed: int) -> Path:
    return folder / f"person-{seed:08d}.safetensors"


def save(folder: Path, seed: int, arrays: dict[str, NDArray[Any]], plan: Plan) -> Path:
    """Write one person; the file appears only once it is whole."""
    from livecam.model import tensorfile

    path = path_of(folder, seed)
    notes = {"format": str(FORMAT), "plan": repr(replace(plan)), "made": "computer graphics, no real person"}
    tensorfile.write(path, arrays, notes)
    return path


def read(path: Path) -> dict[str, NDArray[Any]]:
    """What `save` wrote; `stream` reads parts of it. Raises `UserError` for a broken file."""
    from livecam.model import tensorfile

    try:
        return tensorfile.read(path, "numpy")[0]
    except tensorfile.UNREADABLE as error:
        raise UserError(
            str(path), f"cannot be read ({error})", "Delete it and render the person again"
        ) from error
