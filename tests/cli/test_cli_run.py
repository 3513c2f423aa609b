"""`livecam run`: what it refuses to do in silence."""

from __future__ import annotations

import errno
import json
import os
import sys
from dataclasses import replace

import pytest

from livecam.persona import store
from livecam.sources.recording import PerformanceWriter


@pytest.fixture
def words(persona, face, tmp_path):
    """words(faces) -> a run that needs no model, from a performance of five frames."""
    store.save(replace(persona, name="eve"))

    def make(faces=True):
        recorded = tmp_path / "five.livecam"
        with PerformanceWriter(recorded) as writer:
            for index in range(5):
                writer.add(40_000_000 * index, face if faces else None, 512, 512)
        return ["run", "eve", "--size", "256", "--canvas", "256x256", "--no-refine", "--driver", recorded]

    return make


def complains(result, *words):
    code, _, err = result
    assert code == 2, err
    complaint = err.splitlines()[-1]
    assert complaint.startswith("livecam: ")
    for word in words:
        assert word in complaint


@pytest.mark.parametrize("sink", ["out.mp4", "%d.png", "null"])
def test_an_endless_film_is_refused(livecam, words, tmp_path, monkeypatch, sink):
    monkeypatch.chdir(tmp_path)
    complains(livecam(*words(), "--sink", sink, "--loop"), "--loop", "--max-frames")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["five.livecam"]


def test_a_film_is_looped_up_to_max_frames(livecam, words, tmp_path):
    pattern = tmp_path / "%d.png"
    code, out, err = livecam(*words(), "--sink", pattern, "--loop", "--max-frames", "12")
    assert code == 0, err
    assert "12 frames" in out
    assert len(list(tmp_path.glob("*.png"))) == 12


def test_a_loop_of_the_settings_can_be_left_out(livecam, words, monkeypatch):
    monkeypatch.setenv("LIVECAM_LOOP", "1")
    complains(livecam(*words(), "--sink", "null"), "--loop")
    code, out, err = livecam(*words(), "--sink", "null", "--no-loop")
    assert code == 0, err
    assert "5 frames" in out


@pytest.mark.parametrize("sink", ["out.mp4", "page"])
def test_a_performance_without_a_face_is_an_error_and_the_film_stays(livecam, words, tmp_path, sink):
    film, report = tmp_path / "film.mp4", tmp_path / "report.json"
    target = film if sink == "out.mp4" else sink
    result = livecam(*words(faces=False), "--sink", target, "--sink", "null", "--report", report)
    complains(result, "five.livecam", "no face was found", "stays")
    assert film.exists() is (sink == "out.mp4")
    assert json.loads(report.read_text())["frames"] > 0


@pytest.mark.skipif(sys.platform == "win32", reason="another error there")
@pytest.mark.parametrize(
    "options",
    [
        ["LONG.jpg"],
        ["--driver", "LONG.mp4"],
        ["--sink", "LONG.mp4"],
        ["--sink", "LONG/%d.png"],
        ["--report", "LONG.json"],
        ["--record-performance", "LONG.livecam"],
    ],
)
def test_a_name_longer_than_the_system_has_is_one_clear_line(livecam, words, tmp_path, monkeypatch, options):
    monkeypatch.chdir(tmp_path)
    options = [option.replace("LONG", 300 * "n") for option in options]
    given = [*words(), "--sink", "null"]
    if not options[0].startswith("--"):
        given.remove("eve")
    complains(livecam(*given, *options), "nnn")  # why depends on the version of Python


@pytest.mark.parametrize("option", ["portrait", "--report", "--sink"])
def test_a_folder_that_may_not_be_entered_is_one_clear_line(livecam, words, tmp_path, monkeypatch, option):
    """Made up, for an administrator may enter every folder."""
    secret = tmp_path / "secret" / "file.mp4"
    real = os.stat

    def stat(path, *rest, **options):
        if str(path).startswith(str(secret.parent)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, *rest, **options)

    given = [*words(), "--sink", "null", *([option, secret] if option != "portrait" else [])]
    if option == "portrait":
        given[1] = secret
    monkeypatch.setattr(os, "stat", stat)
    complains(livecam(*given), "secret")


def test_blank_names_are_named(livecam, words):
    complains(livecam(*words(), "--sink", "null", "--driver", " "), "driver: the name is empty")
    complains(livecam("run", " ", "--driver", words()[-1], "--sink", "null"), "portrait: the name is empty")


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="an administrator reads everything")
def test_an_unreadable_film(livecam, words, tmp_path):
    locked = tmp_path / "locked.mp4"
    locked.write_bytes(b"film")
    locked.chmod(0)
    complains(livecam(*words(), "--sink", "null", "--driver", locked), "locked.mp4", "cannot be read")


def test_a_run_says_which_files_it_wrote(livecam, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shots").mkdir()
    sinks = ["--sink", "out.mp4", "--sink", "null", "--sink", "shots/%03d.png"]
    code, _, err = livecam(
        *words(), *sinks, "--record-performance", "take.livecam", "--report", "report.json"
    )
    assert code == 0, err
    assert err == "Wrote out.mp4, shots/%03d.png, take.livecam, report.json.\n"
    code, _, err = livecam(*words(), "--sink", "null")
    assert (code, err) == (0, "")


def test_only_files_of_this_run_are_named(livecam, words, tmp_path, monkeypatch):
    """An older film of that name is not what a run wrote that failed before its first picture."""
    monkeypatch.chdir(tmp_path)
    given = words()
    (tmp_path / "out.mp4").write_bytes(b"older")
    complains(result := livecam(*given, "--sink", "out.mp4", "--canvas", "wide"), "wide")
    assert "Wrote" not in result[2]
    result = livecam(*words(faces=False), "--sink", "out.mp4")
    complains(result, "no face was found")
    assert result[2].startswith("Wrote out.mp4.\n")
