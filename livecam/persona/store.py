"""Personas on disk: one folder each, tensors as safetensors, the rest as JSON.

    personas/NAME/persona.json            what it is, for people and programs
    personas/NAME/tensors-512.safetensors the arrays for one size

Portraits that `run` enrols on the fly are kept the same way in the cache, named by content.
"""

from __future__ import annotations

import json
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
from livecam.face import landmarks as lm
from livecam.files import unwritable, write_together
from livecam.folders import CACHE_VARIABLE, DATA_VARIABLE, cache_folder, persona_folder
from livecam.frames import RGB
from livecam.generator.alignment import SIZE as SHOT
from livecam.persona.crop import MATTE_SIDE
from livecam.persona.types import Crop, Lattice, PersonaData, Shots, Style
from livecam.ranges import short_text

log = logging.getLogger(__name__)

VERSION = 16
"""Of the format: only personas of this one are loaded. Of every other the picture and the landmarks are used,
which all formats keep alike: `kept_picture`."""
CACHED = 24
"""Portraits kept in the cache; the oldest go first."""
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
    return _write(persona, root, sizes(persona.name, root))


def add_size(persona: PersonaData, root: Path | None = None) -> Path:
    """`save` the portrait that is stored already, prepared for another size. Those that are there stay,
    unless another version made them."""
    return _write(persona, root, sizes(persona.name, root) if outdated(persona.name, root) else [])


def _write(persona: PersonaData, root: Path | None, stale: list[int]) -> Path:
    import safetensors.numpy

    folder = (root or persona_folder()) / check_name(persona.name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Not `save_file`, which hides what the system said in an error of its own.
        tensors = safetensors.numpy.save(_tensors(persona), {"version": str(VERSION)})
        description = json.dumps(_describe(persona), indent=1).encode()
        files = {folder / _tensor_file(persona.size): tensors, folder / "persona.json": description}
        write_together(files, durable=False)
        for size in stale:
            if size != persona.size:
                (folder / _tensor_file(size)).unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(folder, error, CACHE_VARIABLE if root == cache_dir() else DATA_VARIABLE) from error
    return folder


def load(name: str, size: int, root: Path | None = None) -> PersonaData | None:
    """The persona for one size; None where it was never made for that size.

    Raises:
        UserError: the files are there but damaged.
    """
    folder = (root or persona_folder()) / check_name(name)
    path = folder / _tensor_file(size)
    if not os.path.isfile(path):  # unlike a path's own, this says no where one may not look
        return None
    try:
        meta = json.loads((folder / "persona.json").read_text("utf-8"))
        if not isinstance(meta, dict) or meta.get("version") != VERSION:
            raise ValueError("made by another version")
        return _assemble(name, size, _read(path), meta)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise damaged(name, str(error)) from error


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
    meta = describe(name, root)
    try:
        size = sizes(name, root)[0]
        tensors = _read((root or persona_folder()) / name / _tensor_file(size))
        picture, landmarks = tensors["picture"], tensors["landmarks"]
        _check("picture", picture, (*picture.shape[:2], 3), np.uint8)
        _check("landmarks", landmarks, (lm.COUNT, 3), np.float32)
        x, y, side = (float(v) for v in meta["crop"])
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        raise damaged(name, str(error) or type(error).__name__) from error
    return picture, Crop(x, y, side).to_picture(landmarks), _said(meta)


def damaged(name: str, why: str) -> UserError:
    return UserError(
        f"persona {name}",
        f"its files are damaged ({why})",
        f"Enrol it again: livecam enroll IMAGE --name {name}",
    )


def exists(name: str, root: Path | None = None) -> bool:
    return NAME.fullmatch(name) is not None and os.path.isfile(
        (root or persona_folder()) / name / "persona.json"
    )


def sizes(name: str, root: Path | None = None) -> list[int]:
    """The sizes a persona was made for, largest first."""
    found = ((root or persona_folder()) / check_name(name)).glob("tensors-*.safetensors")
    return sorted((int(p.stem.removeprefix("tensors-")) for p in found if p.stem[8:].isdigit()), reverse=True)


def names(root: Path | None = None) -> list[str]:
    """The personas that can be asked for, whatever is in their files."""
    return [name for name in _folders(root) if NAME.fullmatch(name)]


def misnamed(root: Path | None = None) -> list[str]:
    """Folders of personas that no name reaches: somebody renamed or copied them."""
    return [name for name in _folders(root) if not NAME.fullmatch(name)]


def _folders(root: Path | None) -> list[str]:
    folder = root or persona_folder()
    return sorted(p.parent.name for p in folder.glob("*/persona.json")) if os.path.isdir(folder) else []


def describe(name: str, root: Path | None = None) -> dict[str, Any]:
    """What persona.json says."""
    try:
        text = ((root or persona_folder()) / check_name(name) / "persona.json").read_text("utf-8")
        return dict(json.loads(text))
    except (OSError, ValueError, TypeError, RecursionError) as error:
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
    """The file of a persona's arrays for one size."""
    return (root or persona_folder()) / check_name(name) / _tensor_file(size)


def _tensor_file(size: int) -> str:
    return f"tensors-{size}.safetensors"


def _describe(persona: PersonaData) -> dict[str, Any]:
    crop = persona.crop
    height, width = persona.picture.shape[:2]
    return {
        **persona.meta,
        "version": VERSION,
        "name": persona.name,
        "crop": [crop.x, crop.y, crop.side],
        "picture": [width, height],
    }


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


def _assemble(name: str, size: int, t: dict[str, NDArray[Any]], meta: dict[str, Any]) -> PersonaData:
    """Check every shape and dtype, so that a damaged file fails here and not in the middle of a call."""
    points, triangles = t["lattice.points"], t["triangles"]
    count = len(points)
    expected: dict[str, tuple[tuple[int, ...], Any]] = {
        "landmarks": ((lm.COUNT, 3), np.float32),
        "foreground": ((size, size, 4), np.uint8),
        "background": ((size, size, 3), np.uint8),
        "interior": ((size, size, 12), np.uint8),
        "teeth": ((size, size, 8), np.uint8),
        "lattice.points": ((count, 2), np.float32),
        "lattice.depth": ((count,), np.float32),
        "lattice.head": ((count,), np.float32),
        "lattice.body": ((count,), np.float32),
        "lattice.oval": ((count, len(lm.FACE_OVAL)), np.float32),
        "triangles": ((len(triangles), 3), np.int32),
        "picture": ((*t["picture"].shape[:2], 3), np.uint8),
        "matte": ((MATTE_SIDE, MATTE_SIDE), np.uint8),
    }
    if "shots.pictures" in t:
        shots = len(t["shots.pictures"])
        expected["shots.pictures"] = ((shots, SHOT, SHOT, 3), np.uint8)
        expected["shots.landmarks"] = ((shots, lm.COUNT, 3), np.float32)
    if "style" in t:
        expected["style"] = ((1, t["style"].size), np.float32)
        expected["style.weights"] = ((t["style.weights"].size,), np.uint8)
        expected["style.steps"] = ((1,), np.int32)
    for key, (shape, dtype) in expected.items():
        _check(key, t[key], shape, dtype)
    if len(triangles) == 0 or triangles.min() < 0 or triangles.max() >= lm.MESH_COUNT + count:
        raise ValueError("triangles point outside the mesh")
    x, y, side = (float(v) for v in meta["crop"])
    lattice = Lattice(points, t["lattice.depth"], t["lattice.head"], t["lattice.body"], t["lattice.oval"])
    return PersonaData(
        name=name,
        size=size,
        crop=Crop(x, y, side),
        landmarks=t["landmarks"],
        foreground=t["foreground"],
        background=t["background"],
        interior=t["interior"],
        teeth=t["teeth"],
        lattice=lattice,
        triangles=triangles,
        picture=t["picture"],
        matte=t["matte"],
        meta=_said(meta),
        shots=Shots(t["shots.pictures"], t["shots.landmarks"]) if "shots.pictures" in t else None,
        style=_style(t) if "style" in t else None,
    )


def _check(key: str, array: NDArray[Any], shape: tuple[int, ...], dtype: Any) -> None:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{key} is {array.dtype} {array.shape}")
    if array.dtype == np.float32 and not np.isfinite(array).all():
        raise ValueError(f"{key} is not finite")


def _said(meta: dict[str, Any]) -> dict[str, Any]:
    """persona.json without what `_describe` adds."""
    return {k: v for k, v in meta.items() if k not in ("version", "name", "crop", "picture")}


def _style(t: dict[str, NDArray[Any]]) -> Style:
    return Style(t["style"], t["style.weights"].tobytes().decode(), int(t["style.steps"][0]))
