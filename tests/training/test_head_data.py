"""Missing or broken head data gives one clear line."""

from __future__ import annotations

import numpy as np
import pytest

from livecam.errors import UserError
from training.heads import data


def test_no_folder_says_where_to_get_it(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="ICT-VGL/ICT-FaceKit") as caught:
        data.load()
    assert "\n" not in str(caught.value)


def test_a_folder_without_files_names_the_file(tmp_path):
    with pytest.raises(UserError, match=r"ict_head\.npz: there is no such file"):
        data.load(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not an archive", b"PK\x03\x04broken"])
def test_a_broken_file_is_told(tmp_path, content):
    (tmp_path / data.HEAD_FILE).write_bytes(content)
    with pytest.raises(UserError, match="cannot be read") as caught:
        data.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_missing_array_is_named(tmp_path):
    np.savez(tmp_path / data.HEAD_FILE, neutral=np.zeros((4, 3), np.float32))
    np.savez(tmp_path / data.LANDMARK_FILE, bary=np.zeros((478, 3), np.float32))
    with pytest.raises(UserError, match="lacks 'identity"):
        data.load(tmp_path)


def test_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / data.HEAD_FILE, neutral=np.array([{"a": 1}], dtype=object))
    (tmp_path / data.LANDMARK_FILE).write_bytes((tmp_path / data.HEAD_FILE).read_bytes())
    with pytest.raises(UserError, match="cannot be read"):
        data.load(tmp_path)
