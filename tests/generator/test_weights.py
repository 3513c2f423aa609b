"""What ships is found, checked, and named where it is damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from livecam.errors import UserError
from livecam.generator import weights

STYLES = {"mouth": 1600, "eye": 900}
FILES = ("mouth.onnx", "eye.onnx", weights.EMBEDDER, weights.PAINTER)
MOUTH, SMALL = "mouth.onnx", "eye-int8.onnx"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_bytes(name.encode() * 3)
    weights.write_manifest(tmp_path, 160, STYLES, {"seed": 0})
    return tmp_path


def find(folder: Path) -> weights.Weights | None:
    return weights.find_weights({weights.VARIABLE: str(folder)})


def test_what_was_written_is_found(folder: Path) -> None:
    found = find(folder)
    assert found is not None
    assert (found.size, found.style, found.folder) == (160, 2500, folder)
    assert list(found.styles.items()) == list(STYLES.items())  # in this order a style holds them
    for name in FILES:
        assert found.file(name) == folder / name


def test_other_weights_have_another_name(folder: Path) -> None:
    before = find(folder)
    (folder / weights.PAINTER).write_bytes(b"others")
    after = weights.write_manifest(folder, 160, STYLES, {})
    assert before is not None
    assert before.name != after.name


@pytest.mark.parametrize("damage", ["one bit", "truncated", "gone"])
def test_a_damaged_file_is_named_with_a_way_out(folder: Path, damage: str) -> None:
    path = folder / MOUTH
    content = bytearray(path.read_bytes())
    if damage == "one bit":
        content[5] ^= 1
        path.write_bytes(content)
    elif damage == "truncated":
        path.write_bytes(content[:-1])
    else:
        path.unlink()
    found = find(folder)
    assert found is not None
    with pytest.raises(UserError, match=r"mouth\.onnx") as caught:
        found.file(MOUTH)
    assert "--no-refine" in caught.value.todo
    assert found.file(weights.EMBEDDER)


@pytest.mark.parametrize("text", ["{", "[]", "{}", json.dumps({"format": 99})])
def test_a_damaged_manifest_is_named(folder: Path, text: str) -> None:
    (folder / weights.MANIFEST).write_text(text)
    with pytest.raises(UserError, match="not a manifest") as caught:
        find(folder)
    assert weights.VARIABLE in caught.value.what
    assert "Unset it" in caught.value.todo  # to install again would not help


@pytest.mark.parametrize("styles", [{}, {"nose": 100}, {"mouth": "many"}, [1600], None])
def test_a_manifest_of_unknown_networks_is_refused(folder: Path, styles: object) -> None:
    said = json.loads((folder / weights.MANIFEST).read_text()) | {"styles": styles}
    (folder / weights.MANIFEST).write_text(json.dumps(said))
    with pytest.raises(UserError, match="not a manifest"):
        find(folder)


def test_a_named_folder_must_hold_weights(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no manifest\.json"):
        find(tmp_path)


def test_the_shipped_weights_are_whole_if_there_are_any() -> None:
    found = weights.find_weights({})
    if found is None:
        pytest.skip("no weights ship yet")
    total = sum(found.file(name).stat().st_size for name in found.checksums)
    assert total < 25e6  # the most that a download may grow by
    assert (found.folder / weights.CARD).is_file()


def test_a_graph_in_int8_may_come_and_go(folder: Path) -> None:
    environ = {weights.VARIABLE: str(folder)}
    before = find(folder)
    assert before is not None
    assert SMALL not in before
    (folder / SMALL).write_bytes(b"small")
    weights.renew_manifest(environ)
    after = find(folder)
    assert after is not None
    assert after.file(SMALL) == folder / SMALL
    assert after.name == before.name  # styles stay good
    assert json.loads((folder / weights.MANIFEST).read_text())["seed"] == 0  # and so do the notes
    (folder / SMALL).unlink()
    weights.renew_manifest(environ)
    assert SMALL not in (find(folder) or ())
