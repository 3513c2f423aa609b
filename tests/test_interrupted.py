"""Ctrl-C at any time: no trace, and the report is written as soon as a run was asked for.

The signal is real. Most of the time it comes at a place instead of a time, as a module begins to be imported,
so that the speed of the machine does not matter.
"""

from __future__ import annotations

import _thread
import json
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace

import pytest

from livecam import assembly
from livecam.persona import store
from livecam.settings import Settings
from livecam.sources.recording import PerformanceWriter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process")

# Whoever runs the tests in the background may have told their children to ignore Ctrl-C.
HEEDING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
INTERRUPTED_AT = f"""
{HEEDING}
import os, sys
from importlib.abc import MetaPathFinder

class Interrupter(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            print("now", file=sys.stdout, flush=True)
            os.kill(os.getpid(), signal.SIGINT)

MODULE = sys.argv.pop(1)
sys.meta_path.insert(0, Interrupter())
from livecam.cli import main
main()
"""
DRIVER = str(assembly.bundled(assembly.BUNDLED_DRIVER))


def interrupted_at(module, *words):
    """(exit code, what was complained about) of `livecam WORDS`, interrupted as it imports `module`."""
    command = [sys.executable, "-c", INTERRUPTED_AT, module, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.stdout.startswith("now"), done.stderr
    return done.returncode, done.stderr


@pytest.fixture
def words(persona, tmp_path):
    """A run that needs no face model before it is interrupted, and its report."""
    store.save(replace(persona, name="eve"))
    report = tmp_path / "report.json"
    return ["run", "eve", "--size", "256", "--driver", DRIVER, "--no-refine", "--report", report], report


@pytest.mark.parametrize("module", ["livecam.cli.commands", "typer", "livecam.cli.machine"])
def test_while_the_commands_are_imported(module):
    assert interrupted_at(module, "doctor") == (130, "")


def test_before_a_run_is_asked_for(words):
    code, complaint = interrupted_at("livecam.settings", *words[0], "--sink", "null")
    assert (code, complaint) == (130, "")


@pytest.mark.parametrize("module", ["livecam.render.canvas", "livecam.render.host", "livecam.animator"])
def test_while_a_run_starts(words, module):
    code, complaint = interrupted_at(module, *words[0], "--sink", "null")
    assert (code, complaint) == (130, "")
    assert json.loads(words[1].read_text())["frames"] == 0


def wait_for_pictures(page):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with urllib.request.urlopen(f"{page}api/status", timeout=60) as answer:
            if json.load(answer)["frames"] > 0:
                return
        time.sleep(0.05)
    raise AssertionError("no picture came")


@pytest.mark.parametrize("live", [False, True])
def test_the_first_picture_makes_it_the_normal_end(persona, face, tmp_path, live):
    store.save(replace(persona, name="eve"))
    report, recorded = tmp_path / "report.json", tmp_path / "a.livecam"
    with PerformanceWriter(recorded) as writer:
        for index in range(100):
            writer.add(40_000_000 * index, face, 512, 512)
    request = assembly.Request("eve", str(recorded), ("page",) if live else ("null",), report=report)
    settings = Settings(size=256, canvas="256x256", refine=False)

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assembly.run(request, settings, assembly.Hooks(started=interrupt))
    assert json.loads(report.read_text())["frames"] == 0

    if live:
        hooks = assembly.Hooks(extra_sinks=[InterruptsAtTheSecondPicture()])
    else:
        hooks = assembly.Hooks(progress=interrupt)
    measured = assembly.run(request, settings, hooks)
    assert measured.interrupted
    assert 0 < json.loads(report.read_text())["frames"] < 100


class InterruptsAtTheSecondPicture:
    """Live pictures are numbered by ticks, so the array tells; the first shows the portrait at rest."""

    name, live = "interrupter", True
    first = None

    def open(self, fmt): ...

    def write(self, frame):
        if self.first is None:
            self.first = frame.pixels
        elif frame.pixels is not self.first:
            _thread.interrupt_main()

    def close(self): ...


def test_while_it_is_live(words):
    code = f"{HEEDING}; from livecam.cli import main; main()"
    command = [sys.executable, "-c", code, *map(str, words[0]), "--sink", "page", "--loop"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        said = []
        for line in process.stderr:
            said.append(line)
            if "page at http" in line:
                break
        wait_for_pictures(said[-1].split()[-1])
        process.send_signal(signal.SIGINT)
        said += process.communicate(timeout=120)[1].splitlines(keepends=True)
    finally:
        process.kill()
    assert process.returncode == 0, said
    assert "Traceback" not in "".join(said)
    assert json.loads(words[1].read_text())["live"] is True
