from __future__ import annotations

import json

import numpy as np
import pytest

from livecam.errors import UserError
from livecam.persona import store


def test_what_is_saved_comes_back(persona, tmp_path):
    store.save(persona, tmp_path)
    got = store.load("drawn", 256, tmp_path)
    assert got is not None
    for name in ("landmarks", "foreground", "background", "interior", "teeth", "triangles", "picture"):
        np.testing.assert_array_equal(getattr(got, name), getattr(persona, name))
    np.testing.assert_array_equal(got.lattice.oval, persona.lattice.oval)
    assert got.crop == persona.crop
    assert got.meta["source"] == "drawn"


def test_another_size_is_not_there(persona, tmp_path):
    store.save(persona, tmp_path)
    assert store.load("drawn", 512, tmp_path) is None
    assert store.load("nobody", 256, tmp_path) is None
    assert store.sizes("drawn", tmp_path) == [256]
    assert store.names(tmp_path) == ["drawn"]
    assert store.exists("drawn", tmp_path)
    assert not store.exists("nobody", tmp_path)


DAMAGES = ["truncate", "garbage", "empty", "flip shape", "flip", "json", "list", "deep", "version", "crop"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_files_get_one_clear_line(persona, tmp_path, damage):
    folder = store.save(persona, tmp_path)
    tensors, description = store.tensor_path("drawn", 256, tmp_path), folder / "persona.json"
    whole, said = tensors.read_bytes(), json.loads(description.read_text())
    if damage == "truncate":
        tensors.write_bytes(whole[: len(whole) // 2])
    elif damage == "garbage":
        tensors.write_bytes(b"\xff" * 4096)
    elif damage == "empty":
        tensors.write_bytes(b"")
    elif damage == "flip shape":
        tensors.write_bytes(whole.replace(b"[256,256,4]", b"[128,512,4]"))
    elif damage == "flip":  # the last byte, of a picture: nothing but the checksum can tell
        tensors.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    elif damage == "json":
        description.write_text("{")
    elif damage == "list":
        description.write_text("[1]")
    elif damage == "deep":
        description.write_text("[" * 100_000)
    elif damage == "crop":
        said["crop"][0] += 1
        description.write_text(json.dumps(said))
    else:
        description.write_text(json.dumps({"version": 999}))
    with pytest.raises(UserError, match="damaged") as caught:
        store.load("drawn", 256, tmp_path)
    assert "livecam enroll" in caught.value.todo
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[1]", "7", "[" * 100_000, '{"version": 5}'])
def test_a_description_that_says_nothing_of_today_is_outdated(persona, tmp_path, text):
    """A broken one, too: the reason is given where the persona is loaded. Saving anew mends it."""
    folder = store.save(persona, tmp_path)
    assert not store.outdated("drawn", tmp_path)
    (folder / "persona.json").write_text(text)
    assert store.outdated("drawn", tmp_path)
    store.save(persona, tmp_path)
    assert not store.outdated("drawn", tmp_path)


def test_triangles_that_point_nowhere_are_refused(persona, tmp_path):
    from dataclasses import replace

    broken = persona.triangles.copy()
    broken[0, 0] = 100_000
    store.save(replace(persona, triangles=broken), tmp_path)
    with pytest.raises(UserError, match="outside the mesh"):
        store.load("drawn", 256, tmp_path)


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "a" * 65, "sp ace"])
def test_names_stay_inside_the_folder(name, tmp_path):
    with pytest.raises(UserError, match="not usable"):
        store.load(name, 256, tmp_path)
    assert not store.exists(name, tmp_path)


def test_a_folder_that_cannot_be_written(persona, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        store.save(persona, tmp_path / "file")


def test_prune_forgets_the_oldest(persona, tmp_path):
    import os
    from dataclasses import replace

    for k in range(4):
        folder = store.save(replace(persona, name=f"p{k}"), tmp_path)
        os.utime(folder, (k, k))
    store.prune(tmp_path, keep=2)
    assert store.names(tmp_path) == ["p2", "p3"]


def test_another_portrait_of_that_name_takes_the_other_sizes_away(persona, tmp_path):
    """They are of somebody else; the same portrait at another size keeps them."""
    from dataclasses import replace

    store.save(persona, tmp_path)
    names = ("foreground", "background", "interior", "teeth")
    larger = {name: getattr(persona, name).repeat(2, 0).repeat(2, 1) for name in names}
    larger_one = replace(persona, size=512, **larger)
    store.add_size(larger_one, tmp_path)
    assert store.sizes("drawn", tmp_path) == [512, 256]
    store.save(replace(persona, picture=255 - persona.picture), tmp_path)
    assert store.sizes("drawn", tmp_path) == [256]
