"""Enrolling: from one picture to a persona."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from livecam.arrays import F32
from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.face.covered import EYES, MOUTH, PARTS, with_lips_together
from livecam.frames import RGB
from livecam.persona import coverings, fill, interior, matte, store
from livecam.persona.crop import choose_crop, cut_crop
from livecam.persona.lattice import build_lattice
from livecam.persona.mouth import own_mouth
from livecam.persona.picture import digest, read_picture
from livecam.persona.types import PersonaData, Shots
from livecam.persona.whole_matte import whole_matte
from livecam.ranges import short_text

log = logging.getLogger(__name__)

SMALLEST_FACE = 48
"""Pixels from forehead to chin below which there is nothing to animate."""
RIVAL = 0.5
"""A second face this large, compared with the largest, makes the choice unclear."""

AUTO, VISIBLE, COVERED = ANSWERS = ("auto", "visible", "covered")
"""Whether a mouth or eyes are hidden: looked for, or known."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which face of a picture: by number from left to right, or inside x, y, width, height in pixels. And
    what is known of its mouth and eyes: `AUTO`, `VISIBLE` or `COVERED`."""

    face_index: int | None = None
    region: tuple[int, int, int, int] | None = None
    mouth: str = AUTO
    eyes: str = AUTO


def enroll(path: Path, name: str, size: int, choice: Choice | None = None) -> PersonaData:
    """Read a picture, find the face and prepare everything that is computed once.

    Raises:
        UserError: the picture cannot be read, or its face cannot be used.
    """
    return enroll_picture(read_picture(path), name, size, choice, str(path))


def enroll_picture(
    picture: RGB, name: str, size: int, choice: Choice | None = None, source: str = "picture"
) -> PersonaData:
    """As `enroll`, of a picture that is read already. `source`: where it came from, for messages."""
    started = time.monotonic()
    choice = choice or Choice()
    points = find_face(picture, source, choice)
    created = time.strftime("%Y-%m-%dT%H:%M:%S")
    meta = {"source": Path(source).name, "digest": digest(picture), "created": created}
    persona = build_persona(picture, points, name, size, meta | covered_parts(picture, points, choice))
    log.info("enrolled %s at %d in %.2f s", source, size, time.monotonic() - started)
    return persona


def enroll_cached(path: Path, size: int, choice: Choice | None = None) -> PersonaData:
    """`enroll`, remembered by the picture's content."""
    return cached_picture(read_picture(path), size, choice, str(path))


def cached_picture(
    picture: RGB, size: int, choice: Choice | None = None, source: str = "picture"
) -> PersonaData:
    """As `enroll_cached`, of a picture that is read already. `source`: where it came from, for messages."""
    choice = choice or Choice()
    key = f"{digest(picture)}.{choice.face_index}.{choice.region}.{choice.mouth}.{choice.eyes}".encode()
    name = f"{digest(np.frombuffer(key, np.uint8))}-v{store.VERSION}"
    root = store.cache_dir()
    try:
        persona = store.load(name, size, root)
    except UserError:
        persona = None  # a damaged cache entry is made again
    if persona is None:
        persona = enroll_picture(picture, name, size, choice, source)
        store.add_size_if_possible(persona, root)
        store.prune(root)
    return persona


def resize(persona: PersonaData, size: int) -> PersonaData:
    """The same portrait prepared for another size, from its own picture and landmarks."""
    points = persona.picture_landmarks()
    made = build_persona(persona.picture, points, persona.name, size, persona.meta, shots=persona.shots)
    return replace(made, style=persona.style)


def covered_parts(picture: RGB, points: F32, choice: Choice) -> dict[str, Any]:
    """What `Persona.meta` holds of covered parts. points: (478, 3) in the picture's pixels."""
    crop = choose_crop(points)
    own = points.astype(np.float32).copy()
    own[:, :2] -= [crop.x, crop.y]
    seem = coverings.seem_covered(cut_crop(picture, crop, coverings.SIDE), own / np.float32(crop.side))
    answers = {MOUTH: choice.mouth, EYES: choice.eyes}
    found = {part: "said" for part in PARTS if answers[part] == COVERED}
    return {"covered": found | {part: "seems" for part in PARTS if answers[part] == AUTO and part in seem}}


def with_choice(persona: PersonaData, choice: Choice | None) -> PersonaData:
    """A stored persona with other parts covered where `choice` says so; what it leaves open stays."""
    known: dict[str, str] = dict(persona.meta.get("covered", {}))
    for part, answer in ((MOUTH, choice.mouth), (EYES, choice.eyes)) if choice is not None else ():
        if answer == VISIBLE:
            known.pop(part, None)
        elif answer == COVERED:
            known[part] = "said"
    before = persona.meta.get("covered", {})
    if known == before:
        return persona
    points = persona.picture_landmarks()
    if MOUTH in before and MOUTH not in known:  # its lips were put together
        points = find_face(persona.picture, persona.name, Choice(region=_inside(persona)))
    meta = persona.meta | {"covered": known}
    made = build_persona(persona.picture, points, persona.name, persona.size, meta, shots=persona.shots)
    return replace(made, style=persona.style)


def _inside(persona: PersonaData) -> tuple[int, int, int, int]:
    """What of the crop lies inside the picture: x, y, width, height."""
    rows, columns = persona.picture.shape[:2]
    crop = persona.crop
    x, y = max(round(crop.x), 0), max(round(crop.y), 0)
    right, bottom = min(round(crop.x + crop.side), columns), min(round(crop.y + crop.side), rows)
    return x, y, right - x, bottom - y


def build_persona(
    picture: RGB,
    points: F32,
    name: str,
    size: int,
    meta: dict[str, Any],
    person: F32 | None = None,
    shots: Shots | None = None,
) -> PersonaData:
    """points: (478, 3) in the picture's pixels. person: its mask, H x W in 0..1, where that is known. shots:
    more pictures of the person, which may show teeth that this one does not."""
    crop = choose_crop(points)
    image = cut_crop(picture, crop, size)
    own = points.astype(np.float32).copy()
    own[:, :2] -= [crop.x, crop.y]
    own /= np.float32(crop.side)
    covered = frozenset(meta.get("covered", ()))
    if MOUTH in covered:
        own = with_lips_together(own)

    if person is None:
        from livecam.face.segmenter import person_mask

        mask = person_mask(image)
    else:
        mask = cut_crop(person, crop, size)
    alpha, whole = whole_matte(picture, crop, own, matte.person_alpha(image, mask, own), person)
    hole = fill.hidden(alpha, size)
    background = fill.fill_background(image, hole)
    alpha = matte.with_fringe(alpha, hole)
    mouth = None if shots is None or MOUTH in covered else own_mouth(image, own, shots)
    skin, inside, teeth = interior.split_layers(
        image, own, mouth, covered, seed=int(digest(picture), 16) % 2**32
    )
    colour = matte.foreground_colour(skin, alpha, background)
    foreground = np.dstack([colour, np.round(alpha * 255).astype(np.uint8)])
    lattice, triangles = build_lattice(own)
    return PersonaData(
        name=name,
        size=size,
        crop=crop,
        landmarks=own,
        foreground=np.ascontiguousarray(foreground),
        background=background,
        interior=inside,
        teeth=teeth,
        lattice=lattice,
        triangles=triangles,
        picture=picture,
        matte=whole,
        meta=meta,
        shots=shots,
    )


def find_face(picture: RGB, what: str, choice: Choice) -> F32:
    """The chosen face's landmarks, (478, 3) in the picture's pixels.

    Raises:
        UserError: no face, several, too small, hidden, or not a human face.
    """
    from livecam.face.detector import find_faces

    x0, y0 = 0, 0
    searched = picture
    if choice.region is not None:
        x0, y0, x1, y1 = _check_region(picture, choice.region, what)
        searched = np.ascontiguousarray(picture[y0:y1, x0:x1])
    faces = sorted(find_faces(searched), key=lambda f: float(f.landmarks[:, 0].mean()))
    if not faces:
        raise UserError(
            what,
            "no face was found",
            "Use a picture whose face looks at you, or show the place with --crop x,y,width,height.",
        )
    if choice.face_index is not None:
        if not 0 <= choice.face_index < len(faces):
            raise UserError(
                what, f"there is no face {choice.face_index}", f"Use --face-index 0 to {len(faces) - 1}."
            )
        face = faces[choice.face_index]
    else:
        by_size = sorted(faces, key=lambda f: _height(f.landmarks), reverse=True)
        face = by_size[0]
        if len(faces) > 1 and _height(by_size[1].landmarks) > RIVAL * _height(face.landmarks):
            raise UserError(
                what,
                f"{len(faces)} faces were found",
                f"Choose one with --face-index 0 to {len(faces) - 1}, counted from the left.",
            )
    if _height(face.landmarks) < SMALLEST_FACE:
        raise UserError(
            what,
            f"the face is only {_height(face.landmarks):.0f} pixels high",
            f"Use a picture where it has {SMALLEST_FACE} or more.",
        )
    if not face.plausible:
        raise UserError(
            what,
            "the face is hidden, cut off or not a human one",
            "Use a picture that shows eyes, nose and mouth, or another face with --face-index.",
        )
    points = np.asarray(face.landmarks, np.float32).copy()
    points[:, :2] += [x0, y0]
    return points


def _height(points: F32) -> float:
    return float(np.linalg.norm(points[lm.CHIN, :2] - points[lm.FOREHEAD, :2]))


def _check_region(picture: RGB, region: tuple[int, int, int, int], what: str) -> tuple[int, int, int, int]:
    rows, columns = picture.shape[:2]
    x, y, width, height = region
    inside = x >= 0 and y >= 0 and x + width <= columns and y + height <= rows
    if not inside or min(width, height) < SMALLEST_FACE:
        place = ",".join(map(short_text, region))
        raise UserError(
            what,
            f"--crop {place} is not inside its {columns}x{rows} pixels, or has sides under {SMALLEST_FACE}",
            f"Give x from 0, y from 0, and a width and height that end by {columns} and {rows}.",
        )
    return x, y, x + width, y + height
