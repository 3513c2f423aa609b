"""Personas with corrupt files, by accident or on purpose, are refused with a clear line, or drawn. None takes
the process down, none makes it hang, and none that changed by accident is drawn as if it were whole."""

from __future__ import annotations

import json
from pathlib import Path

import child
import corrupt
import numpy as np
import pytest

from livecam.errors import UserError
from livecam.persona import store

RANGES = [
    ("landmarks", np.nan, "finite"),
    ("landmarks", 1e30, "out of range"),
    ("lattice.points", -np.inf, "finite"),
    ("lattice.points", 1e9, "out of range"),
    ("lattice.depth", 1e30, "out of range"),
    ("lattice.head", 2.0, "out of range"),
    ("lattice.oval", -1.0, "out of range"),
    ("triangles", -1, "outside the mesh"),
    ("triangles", 2**31 - 1, "outside the mesh"),
]
DESCRIPTIONS = [
    ("crop", [0, 0, 0]),
    ("crop", [0, 0, -400]),
    ("crop", [0, 0, 1e9]),
    ("crop", [float("nan"), 0, 400]),
    ("crop", [10**400, 0, 400]),
    ("crop", [1e30, 0, 400]),
    ("crop", [True, 0, 400]),
    ("crop", "abc"),
    ("crop", None),
    ("picture", [0, 0]),
    ("picture", [512, 511]),
    ("picture", [1e9, 1e9]),
    ("covered", 7),
    ("covered", {"nose": "said"}),
    ("covered", {"mouth": 1}),
    ("source", 7),
    ("tensors", None),
    ("tensors", {"256": {"file": "../drawn/persona.json", "sha256": ""}}),
    ("more", [[[[[1]]]]]),
]


@pytest.fixture
def folder(persona, tmp_path):
    return store.save(persona, tmp_path)


@pytest.mark.parametrize(("name", "value", "why"), RANGES)
def test_a_number_that_no_portrait_has_is_refused(folder, tmp_path, name, value, why):
    """Whatever its checksum says."""
    path = store.tensor_path("drawn", 256, tmp_path)
    tensors = corrupt.tensors_of(path)
    tensors[name].flat[5] = value
    corrupt.keep(path, tensors)
    with pytest.raises(UserError, match="checksum"):
        store.load("drawn", 256, tmp_path)
    corrupt.seal(folder)
    with pytest.raises(UserError, match=f"damaged .*{name.partition('.')[0]}.*{why}"):
        store.load("drawn", 256, tmp_path)


@pytest.mark.parametrize("value", [0.0, 0.5])
def test_a_face_without_an_extent_is_refused(folder, tmp_path, value):
    path = store.tensor_path("drawn", 256, tmp_path)
    tensors = corrupt.tensors_of(path)
    tensors["landmarks"][...] = value
    corrupt.keep(path, tensors)
    corrupt.seal(folder)
    with pytest.raises(UserError, match="landmarks are no face"):
        store.load("drawn", 256, tmp_path)


@pytest.mark.parametrize(
    "name", ["landmarks", "lattice.depth", "triangles", "picture", "matte", "foreground"]
)
def test_a_tensor_that_is_missing_is_named(folder, tmp_path, name):
    path = store.tensor_path("drawn", 256, tmp_path)
    tensors = corrupt.tensors_of(path)
    del tensors[name]
    corrupt.keep(path, tensors)
    corrupt.seal(folder)
    with pytest.raises(UserError, match=f"{name} is missing"):
        store.load("drawn", 256, tmp_path)


@pytest.mark.parametrize(("name", "value"), DESCRIPTIONS)
def test_a_description_of_no_portrait_is_refused(folder, tmp_path, name, value):
    """Whatever its checksum says."""
    said = json.loads((folder / "persona.json").read_text())
    (folder / "persona.json").write_text(json.dumps(said | {name: value}))
    with pytest.raises(UserError, match="damaged"):
        store.load("drawn", 256, tmp_path)
    corrupt.seal(folder)
    if name == "tensors":
        assert store.load("drawn", 256, tmp_path) is None
    else:
        with pytest.raises(UserError, match="damaged") as caught:
            store.load("drawn", 256, tmp_path)
        assert "checksum" not in str(caught.value)


PROGRAM = Path(corrupt.__file__)


def check(found):
    child.check(found)
    # With an old checksum nothing is drawn but what no checksum covers: the name.
    silent = {n: one for n, one in found.items() if " sealed " not in one[0] and one[1].startswith("other")}
    assert not silent


@pytest.fixture
def whole(persona, tmp_path):
    store.save(persona, tmp_path / "whole")
    return tmp_path


def test_ten_corrupt_personas(whole):
    found = child.outcomes(PROGRAM, whole, 0, 10)
    assert len(found) == 10
    check(found)


@pytest.mark.slow
def test_eight_hundred_corrupt_personas(whole):
    found = child.outcomes(PROGRAM, whole, 10, 810)
    assert len(found) == 800
    check(found)


def test_a_crash_and_a_hang_would_be_seen(whole, tmp_path):
    program = tmp_path / "corrupt.py"
    program.write_text(
        "import os, sys, time\nfor n in range(int(sys.argv[2]), int(sys.argv[3])):\n"
        "    print(n, 'kind', flush=True)\n    if n == 1: os.abort()\n    if n == 2: time.sleep(1000)\n"
        "    print(n, 'same', flush=True)\nprint('done', flush=True)\n"
    )
    found = child.outcomes(program, whole, 0, 4, seconds=2.0)
    assert {n: outcome for n, (_, outcome) in found.items()} == {0: "same", 1: "crash", 2: "hang", 3: "same"}
    with pytest.raises(AssertionError):
        check(found)
