"""A persona is replaced in one step, whoever reads it, writes it or is killed meanwhile."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from livecam.persona import listing, manifest, store


@pytest.fixture
def light(persona):
    """Another portrait: all its layers and its landmarks are others."""
    changed = {name: 255 - getattr(persona, name) for name in ("picture", "background", "interior")}
    return replace(persona, landmarks=persona.landmarks + np.float32(0.01), **changed)


def is_whole(got, persona):
    parts = ("picture", "landmarks", "background", "interior")
    return [np.array_equal(getattr(got, name), getattr(persona, name)) for name in parts]


def larger(persona):
    names = ("foreground", "background", "interior", "teeth")
    return replace(
        persona, size=512, **{name: getattr(persona, name).repeat(2, 0).repeat(2, 1) for name in names}
    )


def tensors_in(folder):
    return sorted(path.name for path in folder.glob("*.safetensors"))


def test_whoever_reads_while_another_is_saved_gets_the_new_one(persona, light, tmp_path, monkeypatch):
    """Saved at the worst moment: persona.json is read, its tensors are not."""
    store.save(persona, tmp_path)
    check, calls = manifest.check_file, []

    def check_late(path, said):
        if not calls:
            calls.append(path)
            store.save(light, tmp_path)
        check(path, said)

    monkeypatch.setattr(manifest, "check_file", check_late)
    got = store.load("drawn", 256, tmp_path)
    assert calls
    assert all(is_whole(got, light))


def test_beside_a_writer_every_reader_has_one_of_both(persona, light, tmp_path):
    store.save(persona, tmp_path)
    stop = threading.Event()

    def write():
        while not stop.is_set():
            store.save(light, tmp_path)
            store.save(persona, tmp_path)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(40):
            got = store.load("drawn", 256, tmp_path)
            assert got is not None
            same = is_whole(got, persona)
            assert all(same) or all(is_whole(got, light))
    finally:
        stop.set()
        writer.join()
    assert len(tensors_in(tmp_path / "drawn")) == 1


@pytest.mark.parametrize("step", ["write_whole", "sync"])
def test_what_ends_before_the_last_step_changes_nothing(persona, light, tmp_path, monkeypatch, step):
    folder = store.save(persona, tmp_path)
    before = sorted(path.name for path in folder.iterdir())

    def end(*args, **how):
        raise KeyboardInterrupt

    monkeypatch.setattr(manifest, step, end)
    with pytest.raises(KeyboardInterrupt):
        store.save(light, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == before
    assert all(is_whole(store.load("drawn", 256, tmp_path), persona))


def test_what_a_killed_process_left_is_no_size_and_goes(persona, tmp_path):
    """Not at once: another process may be about to name it."""
    folder = store.save(persona, tmp_path)
    left = [folder / "tensors-512-00000000.safetensors", folder / ".persona.json.0123abcd.tmp"]
    own = folder / "notes.txt"
    for path in (*left, own):
        path.write_bytes(b"half")
    assert store.sizes("drawn", tmp_path) == [256]
    assert store.load("drawn", 512, tmp_path) is None
    store.save(persona, tmp_path)
    assert all(path.exists() for path in left)
    for path in (*left, own):
        os.utime(path, times=(time.time() - 2 * manifest.LEFT_SECONDS,) * 2)
    store.save(persona, tmp_path)
    assert not any(path.exists() for path in left)
    assert own.exists()
    assert len(tensors_in(folder)) == 1


def test_a_new_folder_is_no_persona_before_it_is_one(persona, tmp_path, monkeypatch):
    seen = []
    whole = manifest.write_whole

    def look(path, data, durable=True):
        seen.append((store.names(tmp_path), store.exists("drawn", tmp_path), store.sizes("drawn", tmp_path)))
        whole(path, data, durable)

    monkeypatch.setattr(manifest, "write_whole", look)
    store.save(persona, tmp_path)
    assert seen == [([], False, [])]


def test_scratch_is_no_persona(persona, tmp_path):
    store.save(persona, tmp_path)
    (tmp_path / ".drawn.12ab.tmp").mkdir()
    (tmp_path / ".drawn.12ab.tmp" / "persona.json").write_text("{}")
    (tmp_path / "Anna M").mkdir()
    (tmp_path / "Anna M" / "persona.json").write_text("{}")
    assert store.names(tmp_path) == ["drawn"]
    assert store.misnamed(tmp_path) == ["Anna M"]


def test_a_size_of_another_portrait_takes_its_place_alone(persona, light, tmp_path):
    """Somebody saved another portrait under the name while this size was being prepared."""
    store.save(persona, tmp_path)
    store.add_size(larger(persona), tmp_path)
    assert store.sizes("drawn", tmp_path) == [512, 256]
    store.add_size(larger(light), tmp_path)
    assert store.sizes("drawn", tmp_path) == [512]


def test_a_size_whose_file_is_gone_was_never_made(persona, tmp_path):
    store.save(persona, tmp_path)
    store.add_size(larger(persona), tmp_path)
    store.tensor_path("drawn", 512, tmp_path).unlink()
    assert store.sizes("drawn", tmp_path) == [256]
    assert store.load("drawn", 512, tmp_path) is None
    assert store.load("drawn", 256, tmp_path) is not None


def test_another_name_for_the_folder_leaves_it_whole(persona, tmp_path):
    folder = store.save(persona, tmp_path)
    moved = folder.rename(tmp_path / "eve")
    manifest.sign(moved, "eve")
    assert store.describe("eve", tmp_path)["name"] == "eve"
    assert store.load("eve", 256, tmp_path) is not None


def test_files_are_no_business_of_a_list(persona):
    store.save(persona)
    assert listing.described("drawn")["sizes"] == [256]
    assert not {"tensors", "checksum", "portrait"} & set(listing.described("drawn"))


@pytest.mark.parametrize("refusals", [0, 3, 1000])
def test_windows_is_asked_again(monkeypatch, refusals):
    """There a file cannot be replaced while somebody reads it. Elsewhere a refusal is final."""
    asked = []

    def replace_it():
        asked.append(1)
        if len(asked) <= refusals:
            raise PermissionError("in use")
        return "done"

    monkeypatch.setattr(manifest.time, "sleep", lambda seconds: None)
    for system, least in (("nt", manifest.TRIES), ("posix", 0)):
        asked.clear()
        monkeypatch.setattr(manifest, "SYSTEM", system)
        if refusals <= least:
            assert manifest._patiently(replace_it) == "done"
        else:
            with pytest.raises(PermissionError):
                manifest._patiently(replace_it)
            assert len(asked) == least + 1
