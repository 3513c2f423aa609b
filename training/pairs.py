"""Training pairs: `python -m training.pairs --out DIR --count 1000 --workers 4`.

A person is rendered as a portrait and in other moments. The portrait is enrolled and moved by the product's
own code to those moments; what comes out and what was rendered are a pair. People that are there already
are kept, so a broken run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError
from livecam.frames import RGB
from livecam.persona import enroll
from training import expressions_shown, shards
from training.heads import data, factory, sample
from training.heads import lens as lenses
from training.heads.camera import Camera
from training.heads.compose import compose
from training.heads.lights import Color
from training.heads.person import Person
from training.heads.renderer import Moment, Renderer
from training.heads.shape import HeadShape
from training.heads.truth import Truth, truth
from training.landmark_sources import LandmarkSource, MediaPipeTracker, SimulatedTracker
from training.lashes import draw_lashes
from training.moved_portrait import MovedPortrait, person_shot
from training.shards import Arrays

log = logging.getLogger(__name__)
Rng = np.random.Generator

PAINTED: Final = 0.15
"""Share of people who are shown in a painter's look, in all their pictures."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`size`: of the rendered pictures, which show little more than the face; `persona`: of the enrolled
    crop; `tracked`: landmarks come from the tracker itself, not from an imitation of it on films.

    `several`: share of people enrolled with a second picture, of an open mouth, which is also the first of
    the pairs' truths. `supersample`: pixels drawn for each pixel kept, along a side; `detail`: share of the
    hairs; `tile`, `casting`, `quick`: see `Renderer`.
    """

    targets: int = 6
    size: int = 288
    persona: int = 512
    tracked: bool = False
    supersample: float = 2.0
    detail: float = 0.25
    tile: int = 256
    casting: int = 12_000
    quick: bool = False
    several: float = 0.4


QUICK: Final = Plan(supersample=1.25, detail=0.14, casting=3_000, quick=True)
"""For renderers on a CPU: five times as fast, a little rougher."""


@dataclass(frozen=True, slots=True)
class Shot:
    """`picture` as the lens or the painter gives it; `plain`, which the tracker sees: a driver is filmed,
    not painted. `alpha`: (H, W) float32, the person in 0..1."""

    picture: RGB
    plain: RGB
    alpha: NDArray[np.float32]
    known: Truth


class PairMaker:
    """Makes the pairs of person `seed`. Holds a renderer: one for each process."""

    def __init__(self, shape: HeadShape, plan: Plan) -> None:
        self.shape, self.plan = shape, plan
        self.renderer = Renderer(shape, tile=plan.tile, casting=plan.casting, quick=plan.quick)
        self.tracker = MediaPipeTracker() if plan.tracked else None

    def witness(self, rng: Rng) -> LandmarkSource:
        """Who finds the landmarks of one person's pictures."""
        return SimulatedTracker(rng) if self.tracker is None else self.tracker.of(rng)

    def __call__(self, seed: int) -> Arrays:
        """The arrays of `training.shards`."""
        rng = np.random.default_rng([shards.FORMAT, seed])
        head = self.shape.data
        identity = sample.identity(rng)
        look = sample.look(rng, self.plan.detail)
        look = replace(look, camera=_close_up(rng), teeth=_teeth(look.teeth, rng))
        person = Person(self.shape, self.renderer.wardrobe, identity, look, seed)
        lens = lenses.sample(rng, PAINTED)
        see = self.witness(rng)

        portrait = expressions_shown.portrait_moment(head, rng)
        shot = self._photograph(person, portrait, lens, 0)
        points = see(shot.plain, shot.known.landmarks)
        spoken, shots = None, None
        if rng.random() < self.plan.several:
            moment = expressions_shown.speaking_moment(head, portrait, rng)
            spoken = self._photograph(person, moment, lens, 1)
            shots = person_shot(spoken.picture, see(spoken.plain, spoken.known.landmarks))
        size = self.plan.persona
        persona = enroll.build_persona(
            shot.picture, points, "rendered", size, {}, person=shot.alpha, shots=shots
        )
        moved = MovedPortrait(persona, points, rng)
        for k in range(self.plan.targets):
            if k == 0 and spoken is not None:
                shot = spoken
            else:
                closest = k == 0 and rng.random() < expressions_shown.NEAR * self.plan.targets
                moment = (
                    expressions_shown.similar_moment(portrait, rng)
                    if closest
                    else expressions_shown.target_moment(head, portrait, rng)
                )
                shot = self._photograph(person, moment, lens, 1 + k)
            known = shot.known
            seen = see(shot.plain, known.landmarks)
            moved.add(shot.picture, seen, known.landmarks, known.expression, known.material)
        return moved.arrays(seed, person.identity)

    def _photograph(self, person: Person, moment: Moment, lens: lenses.Lens, frame: int) -> Shot:
        size = self.plan.size
        layers = self.renderer.draw(person, moment, round(size * self.plan.supersample))
        made = compose(layers, person.look, size, person.seed)
        known = truth(self.shape, person.look.camera, moment, layers, size)
        plain = draw_lashes(made.rgb, known, person.seed)
        picture = lenses.develop(plain, lens, person.seed, frame)
        return Shot(picture, plain, (made.alpha / 255).astype(np.float32), known)


def _teeth(usual: Color, rng: Rng) -> Color:
    """Darker or lighter, and yellower than usual: shut lips do not tell, so the range must be wide."""
    red, green, blue = np.array(usual) * np.clip(np.exp(rng.normal(-0.08, 0.15)), 0.5, 1.1)
    tea = rng.uniform(0, 1) ** 2
    return float(red), float(green * (1 - 0.07 * tea)), float(blue * (1 - 0.22 * tea))


def _close_up(rng: Rng) -> Camera:
    """The head fills the picture, so that the crop is about as fine as the refiner sees it."""
    field_of_view = rng.uniform(13, 36)
    share = rng.uniform(0.72, 1.0)  # of the picture's height, for 23 cm of head
    distance = 23 / share / 2 / np.tan(np.deg2rad(field_of_view) / 2) + 8
    return Camera(float(field_of_view), float(distance), rng.normal(0, 0.6), rng.normal(-0.5, 0.6))


_maker: PairMaker | None = None


def start_worker(head_data: Path | None, plan: Plan) -> None:
    """Gives this process a renderer; OpenGL contexts do not travel."""
    global _maker
    cv2.setNumThreads(1)
    _maker = PairMaker(HeadShape(data.load(head_data)), plan)


def make_person(job: tuple[Path, int]) -> int:
    """Folder and seed: makes and saves one person, and returns the seed."""
    assert _maker is not None
    folder, seed = job
    shards.save_person(folder, seed, _maker(seed))
    return seed


def make(head_data: Path | None, out: Path, seeds: range, plan: Plan, workers: int) -> int:
    """Make what is missing; returns how many people were made. Raises `UserError` before any work."""
    from rich.progress import track

    data.load(head_data)
    out.mkdir(parents=True, exist_ok=True)
    jobs = [(out, seed) for seed in seeds if not shards.path_of(out, seed).exists()]
    if not jobs:
        return 0

    def follow(made: Iterable[int]) -> None:
        for seed in track(made, "making pairs", len(jobs)):
            log.debug("person %d", seed)

    if workers == 1:
        start_worker(head_data, plan)
        follow(map(make_person, jobs))
        return len(jobs)
    with factory.pool(workers, start_worker, (head_data, plan)) as pool:
        follow(pool.map(make_person, jobs))
    return len(jobs)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.pairs", description=__doc__)
    parser.add_argument("--head-data", type=Path, default=None, help="folder with the head data")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100, help="people")
    parser.add_argument("--first", type=int, default=0, help="seed of the first person")
    parser.add_argument("--targets", type=int, default=Plan().targets, help="pairs of each person")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--tracked", action="store_true", help="landmarks that MediaPipe finds in the rendered pictures"
    )
    parser.add_argument("--quick", action="store_true", help="fewer pixels and hairs: for renderers on a CPU")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    seeds = range(options.first, options.first + options.count)
    plan = QUICK if options.quick else Plan()
    plan = replace(plan, targets=options.targets, tracked=options.tracked)
    try:
        made = make(options.head_data, options.out, seeds, plan, options.workers)
    except UserError as error:
        log.error("%s", error)
        return 2
    log.info("%d people made, %d were there already, in %s", made, options.count - made, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
