"""What a persona's files may hold: shapes, types and ranges. All is asked before anything is computed of it,
so that what is wrong, by accident or on purpose, is refused here and not in the middle of a call."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.face.covered import PARTS
from livecam.generator.alignment import SIZE as SHOT
from livecam.persona.crop import MATTE_SIDE
from livecam.persona.person_shots import MOST_SHOTS
from livecam.persona.picture import check_size
from livecam.persona.types import Crop

# Ranges, each with what enrolling gives: by construction, or measured on 31 portraits, which is told. They
# refuse what no portrait is, and leave room for the ones that nobody has tried.
NEAR: Final = (-1.0, 2.0)
"""Places in sides of the crop, across and down. The landmarks are in 0..1, the lattice in -.3..1.3."""
DEEP: Final = (-2.0, 2.0)
"""The same of depth; measured -.10 to .40."""
SHARE: Final = (-1e-3, 1 + 1e-3)
"""Shares, with what rounding may do."""
SHOT_PLACES: Final = (-10.0, 10.0)
"""Places in sides of a shot, which is little larger than mouth and eyes: a face is about two of them."""
LEAST_SPAN: Final = 0.2
"""The longer side of a face's box; the crop is made 2.2 of them wide, so it is .45 there."""
LEAST_FACE: Final = 0.05
"""Between forehead and chin, by which a picture is framed; measured .45, and shorter on a head that nods."""
LEAST_SIDE: Final = 8.0
"""Pixels of the crop: faces are a dozen pixels wide at least."""
MOST_SIDE: Final = 6.0
"""Longer sides of the picture: a face that fills it makes the crop 2.2 of them wide, and one of which the
picture cuts off half, 4.4."""
MOST_POINTS, MOST_TRIANGLES = 5_000, 20_000
"""Of the lattice, which has 1441 to 1460, and of the mesh, which has 3660 to 3698."""
MOST_STYLE: Final = 1_000_000
"""Numbers of a style; it has some hundreds."""
STYLE: Final = (-1e4, 1e4)
"""What a style multiplies and adds: features of a network, which half floats have to hold."""
MOST_STEPS: Final = 1_000_000_000
LONGEST_NAME: Final = 200
"""Bytes of the name of weights."""
MOST_ITEMS, LONGEST_TEXT = 100, 10_000
"""Of persona.json: members of an object in it, characters of a text."""


def check_description(said: Mapping[str, Any]) -> Crop:
    """The crop that persona.json names. Raises ValueError for anything that it does not say so."""
    if len(said) > MOST_ITEMS:
        raise ValueError("persona.json says too much")
    for name in ("source", "digest", "created"):
        if not isinstance(said.get(name, ""), str) or len(said.get(name, "")) > LONGEST_TEXT:
            raise ValueError(f"{name} is no text")
    covered = said.get("covered", {})
    if not isinstance(covered, Mapping) or not set(covered) <= set(PARTS):
        raise ValueError("covered names no parts of a face")
    if not all(isinstance(how, str) for how in covered.values()):
        raise ValueError("covered does not say how")
    for name, value in said.items():
        if not _is_plain(value):
            raise ValueError(f"{name[:40]} is nested too deeply, or too long")
    return check_crop(said.get("crop"), said.get("picture"))


def check_crop(crop: Any, picture: Any) -> Crop:
    """crop: left, top and side in the picture's pixels. picture: its width and height. Raises ValueError for
    anything else."""
    if not isinstance(crop, list) or len(crop) != 3:
        raise ValueError("crop is not three numbers")
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in crop):
        raise ValueError("crop is not three numbers")
    try:
        x, y, side = (float(one) for one in crop)
    except OverflowError:
        raise ValueError("crop is not finite") from None
    if not (math.isfinite(x) and math.isfinite(y) and math.isfinite(side)):
        raise ValueError("crop is not finite")
    width, height = _picture_size(picture)
    there = -side < x < width and -side < y < height
    if not there or not LEAST_SIDE <= side <= MOST_SIDE * max(width, height):
        raise ValueError(f"crop {x:g}, {y:g}, {side:g} is not of a {width}x{height} picture")
    return Crop(x, y, side)


def _picture_size(size: Any) -> tuple[int, int]:
    whole = isinstance(size, list) and all(type(one) is int for one in size)
    if not whole or len(size) != 2:
        raise ValueError("picture is not two whole numbers")
    _check_picture_size(*size)
    return size[0], size[1]


def _check_picture_size(width: int, height: int) -> None:
    try:
        check_size("picture", width, height)
    except UserError as error:
        raise ValueError(f"picture has {error.why}") from None


def check_source(tensors: Mapping[str, NDArray[Any]], crop: Any) -> Crop:
    """What every format keeps: the picture, and the landmarks in its crop. Raises ValueError."""
    picture, landmarks = get(tensors, "picture"), get(tensors, "landmarks")
    if picture.ndim != 3:
        raise ValueError(f"picture is {picture.dtype} {picture.shape}")
    _check("picture", picture, (*picture.shape[:2], 3), np.uint8)
    height, width = picture.shape[:2]
    _check_picture_size(width, height)
    _check("landmarks", landmarks, (lm.COUNT, 3), np.float32)
    check_face(landmarks)
    return check_crop(crop, [width, height])


def check_tensors(size: int, t: Mapping[str, NDArray[Any]]) -> None:
    """Raises ValueError for anything that enrolling at that size does not give."""
    count, triangles = len(np.atleast_1d(get(t, "lattice.depth"))), get(t, "triangles")
    expected: dict[str, tuple[tuple[int, ...], Any]] = {
        "foreground": ((size, size, 4), np.uint8),
        "background": ((size, size, 3), np.uint8),
        "interior": ((size, size, 12), np.uint8),
        "teeth": ((size, size, 8), np.uint8),
        "lattice.points": ((count, 2), np.float32),
        "lattice.depth": ((count,), np.float32),
        "lattice.head": ((count,), np.float32),
        "lattice.body": ((count,), np.float32),
        "lattice.oval": ((count, len(lm.FACE_OVAL)), np.float32),
        "triangles": ((len(np.atleast_1d(triangles)), 3), np.int32),
        "matte": ((MATTE_SIDE, MATTE_SIDE), np.uint8),
    }
    ranges = {"lattice.points": NEAR, "lattice.depth": DEEP, "shots.landmarks": SHOT_PLACES, "style": STYLE}
    ranges |= dict.fromkeys(("lattice.head", "lattice.body", "lattice.oval"), SHARE)
    if "shots.pictures" in t:
        shots = len(np.atleast_1d(t["shots.pictures"]))
        if not 1 <= shots <= MOST_SHOTS:
            raise ValueError(f"there are {shots} shots")
        expected["shots.pictures"] = ((shots, SHOT, SHOT, 3), np.uint8)
        expected["shots.landmarks"] = ((shots, lm.COUNT, 3), np.float32)
    if "style" in t:
        weights = get(t, "style.weights").size
        if not 1 <= t["style"].size <= MOST_STYLE or not 1 <= weights <= LONGEST_NAME:
            raise ValueError("style is of no network")
        expected["style"] = ((1, t["style"].size), np.float32)
        expected["style.weights"] = ((weights,), np.uint8)
        expected["style.steps"] = ((1,), np.int32)
    for key, (shape, dtype) in expected.items():
        _check(key, get(t, key), shape, dtype)
        if key in ranges:
            _check_range(key, t[key], *ranges[key])
    if not 1 <= count <= MOST_POINTS or not 1 <= len(triangles) <= MOST_TRIANGLES:
        raise ValueError("the mesh is none of a portrait")
    if triangles.min() < 0 or triangles.max() >= lm.MESH_COUNT + count:
        raise ValueError("triangles point outside the mesh")
    if "style" in t and not 0 <= int(t["style.steps"][0]) <= MOST_STEPS:
        raise ValueError("style.steps is no number of steps")


def check_face(landmarks: F32) -> None:
    """(478, 3) in 0..1 of the crop. Raises ValueError where they are no face there."""
    _check_range("landmarks", landmarks[:, :2], *NEAR)
    _check_range("landmarks", landmarks[:, 2], *DEEP)
    tall = float(np.linalg.norm(landmarks[lm.CHIN, :2] - landmarks[lm.FOREHEAD, :2]))
    if np.ptp(landmarks[:, :2], axis=0).max() < LEAST_SPAN or tall < LEAST_FACE:
        raise ValueError("landmarks are no face")


def get(tensors: Mapping[str, NDArray[Any]], key: str) -> NDArray[Any]:
    """Raises ValueError where there is none of that name."""
    if key not in tensors:
        raise ValueError(f"{key} is missing")
    return tensors[key]


def _check(key: str, array: NDArray[Any], shape: tuple[int, ...], dtype: Any) -> None:
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{key} is {array.dtype} {array.shape}")


def _check_range(key: str, array: NDArray[Any], low: float, high: float) -> None:
    if not np.isfinite(array).all():
        raise ValueError(f"{key} is not finite")
    if array.size and not low <= array.min() <= array.max() <= high:
        raise ValueError(f"{key} is out of range")


def _is_plain(value: Any, depth: int = 3) -> bool:
    """Whether it is a text, a number, or a few of those, nested no deeper."""
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list):
        return depth > 0 and len(value) <= 2 * MOST_ITEMS and all(_is_plain(one, depth - 1) for one in value)
    return not isinstance(value, str) or len(value) <= LONGEST_TEXT
