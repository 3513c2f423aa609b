"""No output overwrites what is read, by whatever name, and none is written twice."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

from livecam import assets
from livecam.errors import UserError
from livecam.outputs import _folds_case, check_outputs
from livecam.persona import store


@pytest.fixture
def clip(tmp_path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"a clip")
    return path


def linked(kind, path):
    """Another name of the same file."""
    other = path.parent / "elsewhere" / f"other{path.suffix}"
    other.parent.mkdir()
    if kind == "symbolic":
        other.symlink_to(path)
    elif kind == "hard":
        os.link(path, other)
    elif kind == "folder":
        (path.parent / "linked").symlink_to(path.parent)
        other = path.parent / "linked" / path.name
    elif kind == "dots":
        other = path.parent / "elsewhere" / ".." / path.name
    elif kind == "relative":
        other = path.relative_to(path.parent)
    return other


KINDS = ["symbolic", "hard", "folder", "dots", "relative"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("turned", [False, True])
def test_the_same_file_by_another_name(clip, monkeypatch, kind, turned):
    monkeypatch.chdir(clip.parent)
    names = (clip, linked(kind, clip))
    output, source = reversed(names) if turned else names
    with pytest.raises(UserError, match="would overwrite the driver") as error:
        check_outputs([output], {"the driver": source})
    assert str(output) in error.value.what


def test_other_files_may_be_written(clip, tmp_path):
    check_outputs(
        [tmp_path / "b.mp4", None, tmp_path / "%05d.png"], {"the driver": clip, "the portrait": None}
    )
    check_outputs([tmp_path / "b.mp4"], {"the clips": tmp_path})


def test_a_copy_is_another_file(clip, tmp_path):
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(clip.read_bytes())
    check_outputs([copy], {"the driver": clip})


def test_numbered_pictures_over_the_portrait(tmp_path):
    portrait = tmp_path / "00017.png"
    portrait.write_bytes(b"a portrait")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "00003.png").symlink_to(portrait)
    for folder in (tmp_path, tmp_path / "elsewhere"):
        with pytest.raises(UserError, match="would overwrite the portrait"):
            check_outputs([folder / "%05d.png"], {"the portrait": portrait})
    for other in ("%03d.png", "f%05d.png", "%05d.jpg"):
        check_outputs([tmp_path / other], {"the portrait": portrait})


def test_a_folder_that_is_read(clip, tmp_path):
    for output in (clip, tmp_path):
        with pytest.raises(UserError, match="would overwrite the clips"):
            check_outputs([output], {"the clips": tmp_path})
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "one.mp4").symlink_to(clip)
    with pytest.raises(UserError, match="would overwrite the clips"):
        check_outputs([clip], {"the clips": tmp_path / "links"})


def test_what_livecam_reads_itself(tmp_path, monkeypatch, persona):
    settings = tmp_path / "settings.toml"
    settings.write_text("")
    monkeypatch.setenv("LIVECAM_SETTINGS", str(settings))
    graph = tmp_path / "graphs" / "generator-256.onnx"
    graph.parent.mkdir()
    graph.touch()
    monkeypatch.setenv("LIVECAM_GRAPHS", str(graph.parent))
    folder = store.save(persona)
    for path in (graph, assets.bundled_file(assets.DRIVER), settings, folder / "persona.json"):
        with pytest.raises(UserError, match="would overwrite"):
            check_outputs([path])
    check_outputs([folder / "persona.json"], own=False)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("out.mp4", "out.mp4"),
        ("out.mp4", "linked/out.mp4"),
        ("out.mp4", "dangling.mp4"),
        ("out.mp4", "out.part.mp4"),
        ("out.mp4", "out.part2.mp4"),
        ("out.part17.mp4", "out.mp4"),
        ("out.mp4", "linked/out.part2.mp4"),
        ("%05d.png", "linked/%05d.png"),
        ("%05d.png", "%d.png"),
        ("%05d.png", "00017.png"),
        ("00017.png", "%05d.png"),
        ("100%%-%d.png", "100%-17.png"),
    ],
)
def test_two_outputs_to_one_file(tmp_path, one, other):
    """None of which is there yet."""
    (tmp_path / "linked").symlink_to(tmp_path)
    (tmp_path / "dangling.mp4").symlink_to(tmp_path / "out.mp4")
    with pytest.raises(UserError, match="written twice"):
        check_outputs([tmp_path / one, tmp_path / other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("out.mp4", "out.mkv"),
        ("out.mp4", "out.part2.mkv"),
        ("out.mp4", "out.parts.mp4"),
        ("out.mp4", "other.part2.mp4"),
        ("%05d.png", "a%05d.png"),
        ("%05d.png", "17.png"),
        ("%05d.png", "report.json"),
        ("%5d.mp4", "17.mp4"),
    ],
)
def test_two_outputs_to_two_files(tmp_path, one, other):
    check_outputs([tmp_path / one, tmp_path / other])


def test_names_that_differ_in_case_alone(tmp_path):
    outputs = [tmp_path / "out.mp4", tmp_path / "OUT.mp4"]
    (tmp_path / "probe").write_text("")
    if (tmp_path / "PROBE").exists():
        with pytest.raises(UserError, match="written twice"):
            check_outputs(outputs)
    else:
        check_outputs(outputs)


def test_where_case_does_not_matter(tmp_path, monkeypatch):
    monkeypatch.setattr("livecam.outputs._folds_case", lambda folder: True)
    with pytest.raises(UserError, match="written twice"):
        check_outputs([tmp_path / "out.mp4", tmp_path / "OUT.mp4"])


def test_whether_case_matters_is_seen_at_the_folder(tmp_path):
    folder = tmp_path / "Folder"
    folder.mkdir()
    assert _folds_case(folder) == (tmp_path / "fOLDER").exists()
    if not _folds_case(folder):
        (tmp_path / "fOLDER").symlink_to(folder)  # what such a system answers
        assert _folds_case(folder)


@pytest.mark.skipif(sys.platform == "win32", reason="/dev")
def test_a_device_may_be_written_twice():
    check_outputs([Path("/dev/null"), Path("/dev/null")])


@pytest.fixture
def in_memory():
    """A folder below /dev that holds ordinary files."""
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("no /dev/shm here")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


def test_an_ordinary_file_below_dev(in_memory):
    clip = in_memory / "a.mp4"
    clip.write_bytes(b"a clip")
    with pytest.raises(UserError, match="would overwrite the driver"):
        check_outputs([clip], {"the driver": clip})
    with pytest.raises(UserError, match="written twice"):
        check_outputs([in_memory / "b.mp4", in_memory / "b.mp4"])


@pytest.mark.skipif(not os.path.exists("/proc/self/cwd"), reason="no /proc")
def test_an_ordinary_file_by_way_of_proc(clip, monkeypatch):
    monkeypatch.chdir(clip.parent)
    for output in (Path("/proc/self/cwd/a.mp4"), Path(f"/proc/self/root{clip}")):
        with pytest.raises(UserError, match="would overwrite the driver"):
            check_outputs([output], {"the driver": clip})


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="no /dev/fd")
def test_an_open_file_by_its_descriptor(clip):
    with clip.open("r+b") as file:
        output = Path(f"/dev/fd/{file.fileno()}")
        with pytest.raises(UserError, match="would overwrite the driver"):
            check_outputs([output], {"the driver": clip})
        with pytest.raises(UserError, match="written twice"):
            check_outputs([clip, output])
        check_outputs([output], {"the driver": clip.with_name("b.mp4")})


@pytest.mark.skipif(not os.path.exists("/dev/fd"), reason="no /dev/fd")
def test_a_pipe_by_its_descriptor_may_be_written_twice():
    reading, writing = os.pipe()
    try:
        check_outputs([Path(f"/dev/fd/{writing}")] * 2)
    finally:
        os.close(reading)
        os.close(writing)


DRIVER = str(assets.bundled_file(assets.DRIVER))


@pytest.fixture
def files(tmp_path):
    """A driver and a portrait of the user's own."""
    kept = {}
    for name, source in {"a.mp4": DRIVER, "p.jpg": assets.bundled_file(assets.PORTRAIT)}.items():
        shutil.copyfile(source, tmp_path / name)
        kept[tmp_path / name] = (tmp_path / name).read_bytes()
    return kept


@pytest.mark.parametrize(
    "words",
    [
        ["--sink", "a.mp4"],
        ["--sink", "null", "--report", "p.jpg"],
        ["--sink", "null", "--report", "a.mp4"],
        ["--sink", "null", "--record-performance", "a.mp4"],
        ["--sink", "page", "--sink", "linked.mp4"],
        ["--sink", "b.mp4", "--sink", "b.mp4"],
        ["--sink", "null", "--report", "b.json", "--record-performance", "b.json"],
    ],
)
def test_a_run_refuses_before_anything_is_opened(livecam, files, tmp_path, monkeypatch, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "linked.mp4").symlink_to(tmp_path / "a.mp4")
    opened = []
    monkeypatch.setattr("livecam.sources.open_source", lambda *words, **more: opened.append(words))
    code, _, complaint = livecam("run", "p.jpg", "--driver", "a.mp4", *words)
    assert (code, opened) == (2, [])
    assert complaint.count("\n") == 1
    assert "would" in complaint
    assert {path: path.read_bytes() for path in files} == files
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4", "p.jpg", "linked.mp4"}


@pytest.mark.parametrize("words", [["demo", "--no-page", "--out"], ["bench", "--json"]])
def test_other_commands_refuse_too(livecam, tmp_path, words):
    link = tmp_path / "link.mp4"
    link.symlink_to(DRIVER)
    before = Path(DRIVER).read_bytes()
    code, _, complaint = livecam(*words, link)
    assert code == 2
    assert "would overwrite" in complaint
    assert link.is_symlink()
    assert Path(DRIVER).read_bytes() == before


def test_bench_refuses_two_outputs_to_one_file(livecam, tmp_path):
    same = tmp_path / "x.json"
    code, _, complaint = livecam("bench", "--glass-to-glass", "--json", same, "--html", same)
    assert (code, same.exists()) == (2, False)
    assert "written twice" in complaint


def test_enroll_refuses_its_own_files(livecam, persona, tmp_path):
    folder = store.save(persona)
    picture = tmp_path / "picture.jpg"
    os.link(folder / "persona.json", picture)
    code, _, complaint = livecam("enroll", picture, "--name", persona.name)
    assert code == 2
    assert "would overwrite picture 1" in complaint


@pytest.mark.parametrize(
    "words",
    [
        ["run", "~nobody.jpg", "--driver", DRIVER, "--sink", "null"],
        ["run", "--driver", "~nobody.livecam", "--sink", "null"],
        ["run", "--driver", "nowhere.mp4", "--sink", "~nobody.mp4"],
        ["run", "--driver", "nowhere.mp4", "--sink", "null", "--report", "~nobody.json"],
        ["enroll", "~nobody.jpg", "--name", "nobody"],
    ],
)
def test_names_that_begin_with_a_tilde(livecam, tmp_path, monkeypatch, words):
    """A file of that name is not there; the driver is not there where an output bears it."""
    monkeypatch.chdir(tmp_path)
    code, _, complaint = livecam(*words)
    assert code == 2
    assert complaint.count("\n") == 1
    assert ("nowhere.mp4" if "nowhere.mp4" in words else "~nobody") in complaint
