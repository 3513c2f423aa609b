"""One person, at rest, turned to known angles in one light before one wall: the truth that a portrait which
turns is compared with.

Unlike the training's people they are shown by a bare lens in natural colours, and a little smaller: a
portrait's crop, 2.2 faces wide, lies inside the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.frames import RGB, Landmarks
from training.heads import dataset
from training.heads.camera import Camera
from training.heads.compose import compose
from training.heads.person import Person
from training.heads.renderer import Moment
from training.heads.shape import Gaze, Pose
from training.heads.truth import mask, truth

SHOWN: Final = 52.0
"""cm of the plane through the face that the picture shows: a crop of 2.2 faces of 18 to 20 cm, and room."""
FACE_Z: Final = 8.0
"""cm by which that plane lies before the head's origin."""
PLAN: Final = dataset.Plan(size=512, detail=0.6, lens=False)
"""Pictures of 512 pixels with their share of hairs, drawn fast."""
HEAD: Final = ("face", "neck", "hair", "eyes", "mouth", "glasses", "earrings", "hat")


@dataclass(frozen=True, slots=True)
class Turned:
    """picture: (S, S, 3) uint8 RGB; landmarks: (478, 3) float32 exact, in its pixels; head and person (S, S)
    bool: with hair and neck, and with clothes; pose: yaw and pitch in degrees."""

    picture: RGB
    landmarks: Landmarks
    head: NDArray[np.bool_]
    person: NDArray[np.bool_]
    pose: tuple[float, float]


def framed(camera: Camera) -> Camera:
    """A camera at the same distance that shows `SHOWN` cm."""
    half = np.arctan(SHOWN / 2 / (camera.distance - FACE_Z))
    return Camera(float(np.degrees(2 * half)), camera.distance, camera.x, 0.0)


def person_of(studio: dataset.Studio, seed: int) -> Person:
    """Person `seed` before a camera that shows the whole crop."""
    from training.heads import sample

    rng = np.random.default_rng([dataset.FORMAT, seed])
    identity = sample.identity(rng)
    look = sample.look(rng, studio.plan.detail)
    look = replace(look, camera=framed(look.camera))
    return Person(studio.shape, studio.renderer.wardrobe, identity, look, seed)


def show(studio: dataset.Studio, person: Person, yaw: float, pitch: float) -> Turned:
    """The person with a still face at these angles in degrees, see `camera.rotation`."""
    plan = studio.plan
    still = np.zeros(len(studio.shape.data.expression_names), np.float32)
    moment = Moment(still, Gaze(), Pose(yaw, pitch))
    layers = studio.renderer.draw(person, moment, round(plan.size * plan.supersample))
    picture = compose(layers, person.look, plan.size, person.seed)
    known = truth(studio.shape, person.look.camera, moment, layers, plan.size)
    head = np.any([mask(known.material, group) for group in HEAD], 0)
    return Turned(picture.rgb, known.landmarks, head, np.asarray(picture.alpha > 127), (yaw, pitch))


def kept(folder: Path | None, studio: Any, seed: int, poses: Sequence[tuple[float, float]]) -> list[Turned]:
    """`show` for each pose; what `folder` holds of an earlier run is taken from there. `studio`: makes a
    studio when one is needed."""
    file = None if folder is None else folder / f"turned-{seed:06d}.npz"
    if file is not None and file.exists():
        with np.load(file) as found:
            arrays = {name: found[name] for name in Turned.__slots__}
        if [tuple(pose) for pose in arrays.pop("pose")] == list(poses):
            return [
                Turned(**{name: values[k] for name, values in arrays.items()}, pose=pose)
                for k, pose in enumerate(poses)
            ]
    made = studio()
    person = person_of(made, seed)
    shown = [show(made, person, *pose) for pose in poses]
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        arrays = {name: np.stack([getattr(one, name) for one in shown]) for name in Turned.__slots__}
        np.savez(file, **arrays)
    return shown
