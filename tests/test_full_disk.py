"""A disk that fills up under a run: what was recorded stays and plays, and the rest goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace

import av
import pytest

from livecam import assets
from livecam.persona import store
from livecam.sources import open_source

DRIVER = str(assets.bundled_file(assets.DRIVER))


@pytest.fixture
def disk(tmp_path):
    """A folder on a disk of 300 kB."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("root on Linux may mount a tmpfs")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts nothing")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def eve(persona, face):
    """Words of a run that needs no face model: a performance drives her, again and again if asked for."""
    store.save(replace(persona, name="eve"))
    return ["run", "eve", "--size", "256", "--no-refine"]


@pytest.fixture
def performance(tmp_path, face):
    from livecam.sources.recording import PerformanceWriter

    path = tmp_path / "driver.livecam"
    with PerformanceWriter(path) as writer:
        for index in range(400):
            writer.add(index * 33_333_333, face + 3 * (index % 5), 512, 512)
    return path


def frames(path):
    with av.open(str(path)) as film:
        return sum(1 for _ in film.decode(video=0))


def program(*words):
    command = [sys.executable, "-m", "livecam.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=500)


def complaints(done):
    """What was said, but for the files that were written."""
    return [line for line in done.stderr.splitlines() if not line.startswith("Wrote ")]


def test_the_film_alone(eve, performance, disk, tmp_path):
    report = tmp_path / "report.json"
    done = program(*eve, "--driver", performance, "--sink", disk / "out.mp4", "--report", report)
    assert done.returncode == 2
    (line,) = complaints(done)
    assert "no space left on device" in line
    assert f"What was recorded until then is {disk / 'out.mp4'} and plays" in line
    assert [path.name for path in disk.iterdir()] == ["out.mp4"]
    assert 0 < frames(disk / "out.mp4") < 400
    assert json.loads(report.read_text())["frames"] > 0


def test_pictures_that_fit_are_whole(eve, performance, disk):
    done = program(*eve, "--driver", performance, "--sink", disk / "%05d.jpg")
    assert done.returncode == 2
    assert "no space left on device" in done.stderr
    names = sorted(path.name for path in disk.iterdir())
    assert names == [f"{index:05d}.jpg" for index in range(len(names))]
    for name in names:
        assert (disk / name).read_bytes()[-2:] == b"\xff\xd9"  # a JPEG's end


def test_a_performance_and_a_report(eve, performance, disk):
    """Films elsewhere are finished, one line says where the performance lies, one that there is no report."""
    film, played, report = disk.parent / "out.mp4", disk / "out.livecam", disk / "report.json"
    words = ["--sink", film, "--record-performance", played, "--report", report]
    done = program(*eve, "--driver", performance, *words)
    assert done.returncode == 2
    missing, line = complaints(done)
    assert f"{report}: cannot be written (No space left on device)" in missing
    assert f"What was recorded until then is {played} and can be replayed" in line
    assert not report.exists()
    assert frames(film) == 400
    with open_source(str(played)) as source:
        assert 50 < source.info.frames < 400  # of 2.9 kB each


def test_the_page_goes_on(eve, performance, disk):
    """Ends by SIGTERM, some time after the film was given up."""
    words = ["--driver", performance, "--loop", "--sink", "page", "--sink", disk / "out.mp4"]
    command = [sys.executable, "-m", "livecam.cli", *map(str, [*eve, *words])]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "goes on without it" in line:
                break
        process.terminate()
        said += process.communicate(timeout=120)[1].splitlines()
    finally:
        process.kill()
    assert process.returncode == 143, said
    assert sum("no space left" in line for line in said) == 1
    assert frames(disk / "out.mp4") > 0
