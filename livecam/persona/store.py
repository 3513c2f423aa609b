"""Personas on disk: one folder each, tensors as safetensors, the rest as JSON.

    personas/NAME/persona.json                     what it is, for people and programs
    personas/NAME/tensors-512-3f9a01bc.safetensors the arrays for one size

`livecam.persona.manifest` writes and names those files, `livecam.persona.schema` says what may be in them.
Portraits that `run` enrols on the fly are kept the same way in the cache, named by content.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.assets import bundled_portraits
from livecam.errors import UserError
from livecam.files import unwritable
from livecam.folders import CACHE_VARIABLE, DATA_VARIABLE, cache_folder, persona_folder
from livecam.frames import RGB
from livecam.persona import manifest, schema
from livecam.persona.picture import digest
from livecam.persona.types import Crop, Lattice, PersonaData, Shots, Style
from livecam.ranges import short_text

log = logging.getLogger(__name__)

VERSION = 17
"""Of the format: only personas of this one are loaded. Of every other the picture and the landmarks are used,
which all formats keep alike: `kept_picture`."""
CACHED = 24
"""Portraits kept in the cache; the oldest go first."""
LONGEST_WHY = 200
"""Characters of what is wrong with a file: it may quote from there."""
ADDED = ("version", "name", "crop", "picture", "portrait", "tensors", "checksum")
"""What persona.json says beside `PersonaData.meta`."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def cache_dir() -> Path:
    """Where portraits enrolled on the fly are kept."""
    return cache_folder() / "personas"


def check_name(name: str) -> str:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        todo = "Use letters, digits, dot, dash, underscore; at most 64."
        raise UserError(f"name {short_text(repr(name))}", "not usable", todo)
    return name


def check_new_name(name: str) -> str:
    """`name` itself, where a user may keep a portrait under it. Raises `UserError`."""
    if check_name(name) in bundled_portraits():
        raise UserError(f"name {name}", "a portrait that comes with livecam has it", "Choose another name.")
    return name


def save(persona: PersonaData, root: Path | None = None) -> Path:
    """Write a persona; an older one of that name is replaced in one step.

    Its other sizes are forgotten, which may be of another portrait: they are made anew from the picture when
    asked for.

    Raises:
        UserError: the folder cannot be written; it names the variable that moves it.
    """
    return _write(persona, root, {})


def add_size(persona: PersonaData, root: Path | None = None) -> Path:
    """`save` the portrait that is stored already, prepared for another size. Those that are there stay,
    unless another version made them, or they are of another portrait that was saved meanwhile."""
    folder = (root or persona_folder()) / check_name(persona.name)
    try:
        said = manifest.read(folder)
        manifest.check_signed(said)
    except (OSError, ValueError):
        said = {}
    same = said.get("version") == VERSION and said.get("portrait") == _portrait(persona)
    return _write(persona, root, said["tensors"] if same else {})


def _write(persona: PersonaData, root: Path | None, beside: dict[str, Any]) -> Path:
    import safetensors.numpy

    folder = (root or persona_folder()) / check_name(persona.name)
    cached = root == cache_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Not `save_file`, which hides what the system said in an error of its own.
        tensors = safetensors.numpy.save(_tensors(persona), {"version": str(VERSION)})
        manifest.write(folder, persona.size, tensors, _describe(persona), beside, durable=not cached)
    except OSError as error:
        raise unwritable(folder, error, CACHE_VARIABLE if cached else DATA_VARIABLE) from error
    return folder


def load(name: str, size: int, root: Path | None = None) -> PersonaData | None:
    """The persona for one size; None where it was never made for that size. Beside somebody who saves it, it
    is the one before or the one after.

    Raises:
        UserError: the files are there but damaged.
    """
    folder = (root or persona_folder()) / check_name(name)
    said: dict[str, Any] | None = None
    while os.path.isfile(folder / manifest.DESCRIPTION):  # this says no where one may not look
        try:
            before, said = said, manifest.read(folder)
            if said.get("version") != VERSION:
                raise ValueError("made by another version")
            manifest.check_signed(said)
            crop = schema.check_description(said)
            path = manifest.files(folder, said).get(size)
            if path is not None:
                manifest.check_file(path, said)
                return _assemble(name, size, _read(path), crop, said)
        except FileNotFoundError:
            pass  # replaced this moment
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise damaged(name, str(error)) from error
        if said == before or size not in _named(said or {}):
            return None
    return None


def _named(said: dict[str, Any]) -> list[int]:
    """Sizes that persona.json names, whether the files are there or were replaced meanwhile."""
    tensors = said.get("tensors")
    return [int(size) for size in tensors if str(size).isdigit()] if isinstance(tensors, dict) else []


def outdated(name: str, root: Path | None = None) -> bool:
    """Whether another version of livecam made the persona, or nobody can tell."""
    try:
        return bool(describe(name, root).get("version") != VERSION)
    except UserError:
        return True


def kept_picture(name: str, root: Path | None = None) -> tuple[RGB, F32, dict[str, Any]]:
    """What a persona of any format was made of: its picture, H x W x 3 uint8; the landmarks, (478, 3) float32
    in the picture's pixels; and what is said of both.

    Raises:
        UserError: the files are damaged.
    """
    said = describe(name, root)
    folder = (root or persona_folder()) / name
    try:
        path = next(iter(manifest.files(folder, said).values()), None)
        if path is None:
            raise ValueError("no tensors")
        manifest.check_file(path, said)
        tensors = _read(path)
        crop = schema.check_source(tensors, said.get("crop"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(name, str(error) or type(error).__name__) from error
    return tensors["picture"], crop.to_picture(tensors["landmarks"]), _said(said)


def damaged(name: str, why: str) -> UserError:
    return UserError(
        f"persona {name}",
        f"its files are damaged ({short_text(why, LONGEST_WHY)})",
        f"Enrol it again: livecam enroll IMAGE --name {name}",
    )


def exists(name: str, root: Path | None = None) -> bool:
    return NAME.fullmatch(name) is not None and os.path.isfile(
        (root or persona_folder()) / name / "persona.json"
    )


def sizes(name: str, root: Path | None = None) -> list[int]:
    """The sizes a persona was made for, largest first; none where nobody can tell."""
    folder = (root or persona_folder()) / check_name(name)
    try:
        return list(manifest.files(folder, manifest.read(folder)))
    except (OSError, ValueError):
        return []


def names(root: Path | None = None) -> list[str]:
    """The personas that can be asked for, whatever is in their files."""
    return [name for name in _folders(root) if NAME.fullmatch(name)]


def misnamed(root: Path | None = None) -> list[str]:
    """Folders of personas that no name reaches: somebody renamed or copied them."""
    return [name for name in _folders(root) if not NAME.fullmatch(name)]


def _folders(root: Path | None) -> list[str]:
    """Without hidden ones, which are scratch."""
    folder = root or persona_folder()
    found = (path.parent.name for path in folder.glob("*/persona.json")) if os.path.isdir(folder) else ()
    return sorted(name for name in found if not name.startswith("."))


def describe(name: str, root: Path | None = None) -> dict[str, Any]:
    """What persona.json says."""
    try:
        return manifest.read((root or persona_folder()) / check_name(name))
    except (OSError, ValueError, TypeError) as error:
        raise damaged(name, str(error)) from error


def add_size_if_possible(persona: PersonaData, root: Path | None = None) -> None:
    """`add_size` of what can be made again: where that fails there is a warning, and the run goes on."""
    try:
        add_size(persona, root)
    except UserError as error:
        log.warning("%s The portrait is prepared anew each time until then.", error)


def prune(root: Path, keep: int = CACHED) -> None:
    """Remove the oldest cached portraits beyond `keep`."""
    try:
        found = [p for p in root.glob("*") if p.is_dir()]
        folders = sorted(found, key=lambda p: p.stat().st_mtime, reverse=True)
    except OSError:
        return  # not there, not to be read, or another run forgets them this moment
    for folder in folders[keep:]:
        log.debug("forgetting cached portrait %s", folder.name)
        shutil.rmtree(folder, ignore_errors=True)


def tensor_path(name: str, size: int, root: Path | None = None) -> Path:
    """The file of a persona's arrays for one size; what is in it is not looked at.

    Raises:
        UserError: there is none.
    """
    path = manifest.files((root or persona_folder()) / check_name(name), describe(name, root)).get(size)
    if path is None:
        raise damaged(name, f"no tensors of {size} pixels")
    return path


def _describe(persona: PersonaData) -> dict[str, Any]:
    crop = persona.crop
    height, width = persona.picture.shape[:2]
    return {
        **persona.meta,
        "version": VERSION,
        "name": persona.name,
        "crop": [crop.x, crop.y, crop.side],
        "picture": [width, height],
        "portrait": _portrait(persona),
    }


def _portrait(persona: PersonaData) -> str:
    """Alike for all sizes of one portrait: what they are made of."""
    crop, covered = persona.crop, sorted(persona.covered)
    made_of = f"{digest(persona.picture)} {crop.x} {crop.y} {crop.side} {covered}"
    return hashlib.sha256(made_of.encode()).hexdigest()


def _tensors(persona: PersonaData) -> dict[str, NDArray[Any]]:
    lattice = persona.lattice
    tensors: dict[str, NDArray[Any]] = {
        "landmarks": persona.landmarks,
        "foreground": persona.foreground,
        "background": persona.background,
        "interior": persona.interior,
        "teeth": persona.teeth,
        "lattice.points": lattice.points,
        "lattice.depth": lattice.depth,
        "lattice.head": lattice.head,
        "lattice.body": lattice.body,
        "lattice.oval": lattice.oval,
        "triangles": persona.triangles,
        "picture": persona.picture,
        "matte": persona.matte,
    }
    if persona.shots is not None:
        tensors |= {"shots.pictures": persona.shots.pictures, "shots.landmarks": persona.shots.landmarks}
    if persona.style is not None:
        tensors["style"] = persona.style.values
        tensors["style.weights"] = np.frombuffer(persona.style.weights.encode(), np.uint8)
        tensors["style.steps"] = np.array([persona.style.steps], np.int32)
    return {k: np.ascontiguousarray(v) for k, v in tensors.items()}


def _read(path: Path) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(path))
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _assemble(
    name: str, size: int, t: dict[str, NDArray[Any]], crop: Crop, said: dict[str, Any]
) -> PersonaData:
    """Raises ValueError for what is no persona of that size."""
    schema.check_source(t, said["crop"])
    schema.check_tensors(size, t)
    if list(t["picture"].shape[1::-1]) != said["picture"]:
        raise ValueError("picture is of another size than persona.json says")
    lattice = Lattice(
        t["lattice.points"], t["lattice.depth"], t["lattice.head"], t["lattice.body"], t["lattice.oval"]
    )
    return PersonaData(
        name=name,
        size=size,
        crop=crop,
        landmarks=t["landmarks"],
        foreground=t["foreground"],
        background=t["background"],
        interior=t["interior"],
        teeth=t["teeth"],
        lattice=lattice,
        triangles=t["triangles"],
        picture=t["picture"],
        matte=t["matte"],
        meta=_said(said),
        shots=Shots(t["shots.pictures"], t["shots.landmarks"]) if "shots.pictures" in t else None,
        style=_style(t) if "style" in t else None,
    )


def _said(said: dict[str, Any]) -> dict[str, Any]:
    """persona.json without what is added when it is written."""
    return {k: v for k, v in said.items() if k not in ADDED}


def _style(t: dict[str, NDArray[Any]]) -> Style:
    return Style(t["style"], t["style.weights"].tobytes().decode(), int(t["style.steps"][0]))
