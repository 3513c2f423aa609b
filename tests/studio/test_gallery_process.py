"""The gallery with the process that it really has."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from livecam.assets import bundled_portraits
from livecam.errors import UserError
from livecam.folders import persona_folder
from livecam.persona import store
from livecam.studio.gallery import Gallery
from livecam.studio.worker import Worker

SECONDS = 200
"""For all jobs of a test: never reached."""


@pytest.fixture
def gallery(heard):
    made = Gallery(heard, size=lambda: 256)
    yield made
    made.close()


def enrol(gallery, *files, name=""):
    ids = []
    for called, content in files:
        with gallery.uploads.begin(called) as incoming:
            incoming.write(content)
            ids.append(incoming.finish())
    gallery.enrol(name, ids)
    assert gallery.wait(SECONDS)
    return gallery.jobs()[-1]


def encoded(picture, kind="PNG"):
    memory = io.BytesIO()
    Image.fromarray(picture).save(memory, kind)
    return memory.getvalue()


def bomb(side):
    """A PNG of a few kB that says it has side x side pixels."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1_000_000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def test_a_page_named_like_a_picture_has_its_own_line(gallery):
    job = enrol(gallery, ("Über.png", b"<html><script>alert(1)</script></html>"))
    assert job["state"] == "failed"
    assert job["error"]["what"] == "Über.png"
    assert job["error"]["why"] == "not a picture that can be read"
    assert "\n" not in job["error"]["todo"]


@pytest.mark.slow
def test_a_portrait_is_enrolled_with_what_was_left_out(gallery, heard):
    path = bundled_portraits()["photograph"]
    grey = encoded(np.full((300, 300, 3), 90, np.uint8))
    job = enrol(gallery, ("Me at home.jpg", path.read_bytes()), ("wall.png", grey))
    assert (job["state"], job["name"], job["error"]) == ("done", "Me-at-home", None)
    assert job["notes"] == ["left out: wall.png: no face was found"]
    phases = list(dict.fromkeys(told["phase"] for told in heard.jobs()))
    assert phases == ["waiting", "reading", "finding the face", "preparing"]
    mine = gallery.described()[0]
    assert (mine["name"], mine["source"], mine["sizes"]) == ("Me-at-home", "Me-at-home.jpg", [256])
    persona = store.load("Me-at-home", 256)
    assert persona is not None
    np.testing.assert_array_equal(persona.picture, np.asarray(Image.open(path).convert("RGB")))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "why"),
    [
        (lambda: b"\xff\xd8\xff\xe0" + b"JFIF" * 500, "decoded"),
        (lambda: bundled_portraits()["oil"].read_bytes()[:20_000], "decoded"),
        (lambda: bomb(60_000), "limit"),
        (lambda: bomb(9_000), "decoded"),
        (lambda: encoded(np.full((32, 32, 3), 90, np.uint8)), "too few"),
        (lambda: encoded(np.full((300, 300, 3), 90, np.uint8)), "no face"),
        (lambda: os.urandom(1_000_000), "not a picture"),
        (lambda: b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not a picture"),
        (lambda: b"\x00", "not a picture"),
    ],
)
def test_hostile_pictures_have_one_clear_line_each(gallery, content, why):
    job = enrol(gallery, ("evil\u202egnp.png", content()))
    assert job["state"] == "failed"
    line = "{what}: {why}. {todo}".format(**job["error"])
    assert line.startswith("evil gnp.png: ")
    assert why in line
    assert len(line) < 400
    assert "\n" not in line
    assert str(gallery.uploads.folder) not in line
    assert store.names() == []


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("phase", ["waiting", "reading", "finding the face", "preparing"])
def test_a_kill_at_any_moment_leaves_nothing_half_made(gallery, heard, phase):
    with gallery.uploads.begin("a.jpg") as incoming:
        incoming.write(bundled_portraits()["oil"].read_bytes())
        id = incoming.finish()
    gallery.enrol("eve", [id])
    heard.wait_for(lambda news: news.get("job", {}).get("phase") == phase)
    running = gallery._jobs._running
    with contextlib.suppress(AttributeError, ProcessLookupError):  # not begun yet
        os.kill(running.worker._process.pid, signal.SIGKILL)
        assert gallery.wait(SECONDS)
        assert "signal 9" in gallery.jobs()[-1]["error"]["why"]
        assert store.names() == []
    gallery.close()
    assert list((persona_folder() / ".new").iterdir()) == []


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
def test_the_process_ends_with_a_livecam_that_is_killed(tmp_path):
    """It is killed as soon as its process lives; that one sees its standard input end."""
    program = f"""if True:
        from pathlib import Path
        from livecam.studio import worker
        worker.PROGRAM = "import time; from livecam.cli.telling import JsonLines; " \\
            "t = JsonLines(); t.__enter__(); t.phase('up', 0, 0); time.sleep(600)"
        one = worker.Worker([], "x", 600, Path({str(tmp_path)!r}))
        one.run(lambda said: print(one._process.pid, flush=True))
    """
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    there = Path(f"/proc/{child}")
    assert "sleep" in (there / "cmdline").read_text()
    assert (there / "oom_score_adj").read_text().strip() == "1000", "the first to go without memory"
    parent.kill()
    parent.wait()
    until = time.monotonic() + 30
    with contextlib.suppress(OSError):  # it is gone
        while (there / "stat").read_text().split()[2] != "Z":
            assert time.monotonic() < until, "it lives on"
            time.sleep(0.05)


@pytest.mark.slow
def test_too_much_memory_ends_with_a_reason(tmp_path, monkeypatch):
    program = (
        "from livecam.cli import telling; telling.MOST_MEMORY_MB = 1; import time\n"
        "with telling.telling(True): time.sleep(600)"
    )
    monkeypatch.setattr("livecam.studio.worker.PROGRAM", program)
    with pytest.raises(UserError, match="take too much of it"):
        Worker([], "x", SECONDS, tmp_path).run(lambda said: None)


@pytest.mark.slow
def test_a_disk_that_is_full_is_said_and_what_was_there_stays(tmp_path, monkeypatch, heard, persona):
    from dataclasses import replace

    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("root on Linux may mount a tmpfs")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine mounts nothing")
    try:
        monkeypatch.setenv("LIVECAM_DATA", str(disk))
        (disk / "personas").mkdir()
        (disk / "settings").write_bytes(bytes(3_000_000))
        with pytest.raises(UserError):
            store.save(replace(persona, name="eve"))
        (disk / "settings").unlink()
        store.save(replace(persona, name="eve"))
        gallery = Gallery(heard, size=lambda: 512)
        job = enrol(gallery, ("oil.jpg", bundled_portraits()["oil"].read_bytes()), name="new")
        assert "no space left" in job["error"]["why"]
        assert "LIVECAM_DATA" in job["error"]["todo"]
        assert job["error"]["what"] == "portrait new", "no path of ours"
        gallery.close()
        assert store.names() == ["eve"]
        assert store.load("eve", 256) is not None
        assert list((persona_folder() / ".new").iterdir()) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_fine_tuning_keeps_what_is_better(gallery, heard):
    pytest.importorskip("torch")
    portraits = bundled_portraits()
    assert enrol(gallery, ("eve.jpg", portraits["photograph"].read_bytes()))["state"] == "done"
    gallery.tune("eve", 4)
    assert gallery.wait(SECONDS)
    job = gallery.jobs()[-1]
    assert (job["state"], job["phase"], job["error"]) == ("done", "fine-tuning", None)
    assert job["done"] == job["total"] >= 4
    assert "uned" in job["notes"][-1] or "no better" in job["notes"][-1]
    assert gallery.described()[0]["tuned"] == (4 if "nearer" in job["notes"][-1] else 0)
