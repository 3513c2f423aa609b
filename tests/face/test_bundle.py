"""Finding the face models and refusing damaged ones."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from livecam import folders
from livecam.errors import UserError
from livecam.face import bundle


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A cache of our own with a complete, if meaningless, bundle in it."""
    monkeypatch.setenv("LIVECAM_CACHE", str(tmp_path))
    folder = bundle.model_folder()
    folder.mkdir(parents=True)
    files = {}
    for name in bundle.MODEL_FILES:
        content = f"the content of {name}".encode()
        (folder / name).write_bytes(content)
        files[name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (folder / bundle.MANIFEST).write_text(json.dumps({"files": files}))
    return folder


def test_the_variable_moves_the_cache(folder, tmp_path):
    assert folder == tmp_path / "models" / bundle.MODEL_VERSION
    assert bundle.face_landmarker_path() == folder / "face_landmarker.task"
    assert bundle.segmenter_path() == folder / "selfie_segmentation.tflite"


def test_an_empty_variable_means_the_users_cache(monkeypatch):
    monkeypatch.setenv("LIVECAM_CACHE", "")
    assert folders.cache_folder().is_absolute()
    assert folders.cache_folder().name.lower() in ("livecam", "cache")  # Windows adds a folder "Cache"


@pytest.mark.parametrize("name", [*bundle.MODEL_FILES, bundle.MANIFEST])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    path = bundle.segmenter_path if name == bundle.SEGMENTER else bundle.face_landmarker_path
    with pytest.raises(UserError, match=r"missing.*livecam build"):
        path()


def test_one_changed_byte_is_noticed(folder):
    path = folder / bundle.FACE_LANDMARKER
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)
    with pytest.raises(UserError, match="corrupt"):
        bundle.face_landmarker_path()
    assert bundle.segmenter_path().exists()  # the other one is not blamed


def test_a_cut_file_is_noticed(folder):
    path = folder / bundle.SEGMENTER
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(UserError, match="corrupt"):
        bundle.segmenter_path()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"files": {"face_landmarker.task": 3}}'])
def test_a_damaged_manifest_is_noticed(folder, content):
    (folder / bundle.MANIFEST).write_text(content)
    assert bundle.problem(bundle.FACE_LANDMARKER, folder) == "corrupt"


def test_a_folder_in_the_place_of_a_file_is_not_readable(folder):
    path = folder / bundle.FACE_LANDMARKER
    path.unlink()
    path.mkdir()
    assert bundle.problem(bundle.FACE_LANDMARKER, folder) == "not readable"
