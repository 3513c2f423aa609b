"""Training pairs from films of people: `python -m training.videos --videos ROOT --out DIR`.

ROOT is laid out as VoxCeleb2 is (dev/mp4/idXXXXX/VIDEO/UTTERANCE.mp4), or as PERSON/.../FILE.mp4. Of each
person one film is used: its calmest frame is enrolled, and the product moves it to the frames that differ
most from it. People that are there already are kept, so a broken run goes on where it stopped.

What films do not tell is missing in the pairs: materials, expressions and identities are zeros, and the true
landmarks are the tracker's. Weights that are trained on them are no longer made from rendered heads only.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam import geometry as geo
from livecam.arrays import F32
from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.face.neutrality import unrest_of_picture
from livecam.files import VIDEO_SUFFIXES
from livecam.finetune.own_pairs import FARTHEST
from livecam.frames import RGB
from livecam.generator.alignment import face_square
from livecam.persona import enroll
from livecam.persona.crop import choose_crop
from livecam.persona.enroll import Choice
from training import shards
from training.moved_portrait import MovedPortrait, crop_coordinates, person_shot
from training.shards import Arrays

log = logging.getLogger(__name__)

MADE: Final = "films of people"
"""What the files say of themselves."""
PERSON: Final = re.compile(r"id\d{5,}")
"""The folders of VoxCeleb's people, at whatever depth they lie."""
FIRST, PEOPLE = 10_000_000, 90_000_000
"""Numbers of people have eight digits: above the seeds of rendered ones, so that a folder may hold both."""
EXPRESSIONS, IDENTITIES = 55, 100
"""Zeros in place of coefficients, as many as rendered people have."""
LOOKS: Final = 48
"""Frames of a film that are looked at."""
STRIDE: Final = 10
"""Frames from one to the next, where a film does not say how long it is."""
LONGEST: Final = 1500
"""Frames of a film, a minute: what comes later is in another light, perhaps."""
MOST_FILMS: Final = 5
"""Films of a person that are tried."""
LEAST: Final = 3
"""Frames with a face that a film must have."""
SIZES: Final = (0.6, 1.6)
"""The face in a target, in sizes of the portrait's."""
EYES: Final = 3.0
"""Weight of lids and gaze beside lips: they move less and matter as much."""

_LIPS = list(lm.OUTER_LIPS + lm.MOUTH)
_EYES = [*lm.LEFT_EYE, *lm.RIGHT_EYE, *lm.LEFT_IRIS, *lm.RIGHT_IRIS]
_STABLE = list(lm.STABLE)


@dataclass(frozen=True, slots=True)
class Plan:
    """`persona`: pixels of the enrolled crop. `several`: share of people enrolled with a second frame, of an
    open mouth, as rendered people are."""

    targets: int = 8
    persona: int = 512
    several: float = 0.4


@dataclass(frozen=True, slots=True)
class Person:
    """`number`: in the files' names. `films`: in the order in which they are tried."""

    name: str
    number: int
    films: Sequence[Path]


def people(root: Path) -> list[Person]:
    """Everybody under `root`, by name. Of two whose numbers are the same the second is left out.

    Raises:
        UserError: there is no film in any person's folder.
    """
    films: dict[str, list[Path]] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() not in VIDEO_SUFFIXES or path.name.startswith(".") or not path.is_file():
            continue
        folders = path.relative_to(root).parts[:-1]
        named = [part for part in (root.name, *folders) if PERSON.fullmatch(part)]
        if not named and not folders:
            log.warning("left out: %s: it lies in no person's folder", path)
            continue
        films.setdefault(named[0] if named else folders[0], []).append(path)
    if not films:
        todo = "Name a folder that holds idXXXXX/VIDEO/FILE.mp4 as VoxCeleb2 does, or PERSON/FILE.mp4."
        raise UserError(str(root), "holds no films in people's folders", todo)
    found: dict[int, Person] = {}
    for name, several in sorted(films.items()):
        person = Person(name, number_of(name), several)
        if found.setdefault(person.number, person) is not person:
            log.warning("left out: %s has the number of %s", name, found[person.number].name)
    return list(found.values())


def number_of(name: str) -> int:
    """The same for the same folder's name, everywhere and always; one in `shards.HELD_OUT` is held out."""
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
    return FIRST + int.from_bytes(digest[:8], "big") % PEOPLE


class FilmPairs:
    """Makes the pairs of a film. Holds a face finder: one for each process."""

    def __init__(self, plan: Plan) -> None:
        """Raises `UserError` where the face model is missing."""
        from livecam.face.detector import FaceFinder

        self.plan, self._finder = plan, FaceFinder()

    def __call__(self, film: Path, number: int) -> Arrays:
        """The arrays of `training.shards`.

        Raises:
            UserError: the film cannot be read or shows no usable face.
        """
        looks = {
            index: points for index, picture in frames(film) if (points := self._see(picture)) is not None
        }
        if len(looks) < LEAST:
            raise UserError(str(film), f"shows a face in {len(looks)} of {LOOKS} frames", "Take another.")
        portrait, targets = choose(looks, self.plan.targets)
        if not targets:
            raise UserError(str(film), "the head never stays where the portrait's is", "Take another.")
        pictures = dict(frames(film, {portrait, *targets}))
        enroll.find_face(
            pictures[portrait], f"{film}, frame {portrait}", Choice()
        )  # one, whole, large enough
        rng = np.random.default_rng([shards.FORMAT, number])
        shots = None
        if rng.random() < self.plan.several:
            widest = max(targets, key=lambda index: _gap(looks[index]))
            shots = person_shot(pictures[widest], looks[widest])
        size = self.plan.persona
        persona = enroll.build_persona(pictures[portrait], looks[portrait], "filmed", size, {}, shots=shots)
        moved = MovedPortrait(persona, looks[portrait], rng)
        for index in targets:
            points = looks[index]
            moved.add(pictures[index], points, points, np.zeros(EXPRESSIONS, np.float32))
        return moved.arrays(number, np.zeros(IDENTITIES, np.float32))

    def _see(self, picture: RGB) -> F32 | None:
        found = self._finder.settled_face(picture)
        return None if found is None else np.asarray(found, np.float32)


def frames(film: Path, wanted: Collection[int] | None = None) -> Iterator[tuple[int, RGB]]:
    """(number, picture) of some frames; without `wanted` up to `LOOKS`, evenly spread. Raises `UserError`."""
    from livecam.sources.video import VideoSource

    with VideoSource(film) as source:
        count = min(source.info.frames or STRIDE * LOOKS, LONGEST)
        chosen = range(0, count, max(1, -(-count // LOOKS))) if wanted is None else wanted
        last = max(chosen, default=-1)
        while (frame := source.read()) is not None and frame.index <= last:
            if frame.index in chosen and frame.pixels is not None:
                yield frame.index, frame.pixels


def choose(looks: dict[int, F32], count: int) -> tuple[int, list[int]]:
    """The calmest frame, and at most `count` others: each as far in expression from the portrait and from
    those before it as any (farthest-first: Gonzalez 1985). Heads turned too far, of another size or outside
    the portrait's crop are not among them.

    looks: (478, 3) in pixels, by frame.
    """
    portrait = min(looks, key=lambda index: unrest_of_picture(looks[index]))
    rest = looks[portrait]
    crop = choose_crop(rest)
    faces = {}
    for index, points in looks.items():
        scale, rotation, shift = geo.similarity(
            rest[_STABLE].astype(np.float64), points[_STABLE].astype(np.float64)
        )
        turn = np.arccos(np.clip((np.trace(rotation) - 1) / 2, -1, 1))
        square = face_square(crop_coordinates(points, crop))
        corners = np.array([square.to_picture(x, y) for x in (0, 1) for y in (0, 1)])
        inside = corners.min() >= 0 and corners.max() <= 1
        if index == portrait or (turn < FARTHEST and SIZES[0] < scale < SIZES[1] and inside):
            faces[index] = _expression((points - shift) @ rotation / scale)
    distance = dict.fromkeys(faces, np.inf)
    chosen = [portrait]
    while len(chosen) <= count:
        del distance[chosen[-1]]
        if not distance:
            break
        for index, known in distance.items():
            distance[index] = min(known, float(np.linalg.norm(faces[index] - faces[chosen[-1]])))
        chosen.append(max(distance, key=lambda index: distance[index]))
    return portrait, chosen[1:]


def _expression(face: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lips, lids and irises of a face (478, 3) without its pose."""
    return np.concatenate([face[_LIPS, :2].ravel(), EYES * face[_EYES, :2].ravel()])


def _gap(points: F32) -> float:
    return float(cv2.contourArea(np.ascontiguousarray(points[list(lm.MOUTH), :2])))


_maker: FilmPairs | None = None


def start_worker(plan: Plan) -> None:
    """Gives this process a face finder."""
    global _maker
    cv2.setNumThreads(1)
    _maker = FilmPairs(plan)


def make_person(job: tuple[Path, Person]) -> tuple[str, bool, list[str]]:
    """Makes and saves one person of the first film that will do. Returns the name, whether there was one, and
    what is to be said of the others."""
    assert _maker is not None
    folder, person = job
    said = []
    for film in person.films[:MOST_FILMS]:
        try:
            arrays = _maker(film, person.number)
        except UserError as error:
            said.append(f"left out: {error.what}: {error.why}")
            continue
        except Exception as error:  # one film of a million must not end the run, whatever is wrong with it
            said.append(f"left out: {film}: {type(error).__name__}: {error}")
            continue
        shards.save_person(folder, person.number, arrays, MADE)
        return person.name, True, said
    return person.name, False, said


def make(root: Path, out: Path, plan: Plan, workers: int) -> tuple[int, int, int]:
    """Make what is missing; how many people were made, were there already, and have no film that will do.

    Raises:
        UserError: there are no films, or no face models.
    """
    from rich.progress import track

    from livecam.face.bundle import face_landmarker_path, segmenter_path

    everybody = people(root)
    for needed in (face_landmarker_path, segmenter_path):
        needed()
    out.mkdir(parents=True, exist_ok=True)
    jobs = [(out, person) for person in everybody if not shards.path_of(out, person.number).exists()]
    made = 0

    def follow(done: Iterator[tuple[str, bool, list[str]]]) -> None:
        nonlocal made
        for name, usable, said in track(done, "making pairs", len(jobs)):
            for line in said:
                log.warning("%s", line)
            if not usable:
                log.warning("left out: %s has no film that will do", name)
            made += usable

    if jobs and workers == 1:
        start_worker(plan)
        follow(map(make_person, jobs))
    elif jobs:
        from training.heads import factory

        with factory.pool(workers, start_worker, (plan,)) as pool:
            follow(pool.map(make_person, jobs))
    return made, len(everybody) - len(jobs), len(jobs) - made


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.videos", description=__doc__)
    parser.add_argument(
        "--videos", type=Path, required=True, help="folder with a folder of films for each person"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--targets", type=int, default=Plan().targets, help="pairs of each person, at most")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        counts = make(options.videos, options.out, Plan(targets=options.targets), options.workers)
    except UserError as error:
        log.error("%s", error)
        return 2
    log.info("%d people made, %d were there already, %d left out, in %s", *counts, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
