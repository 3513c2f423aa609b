"""Ctrl-C, SIGTERM and SIGHUP at any time: no trace, files are finished, and the report is written as soon as
a run was asked for.

The signal is real. Most of the time it comes at a place instead of a time, as a module begins to be imported,
so that the speed of the machine does not matter.
"""

from __future__ import annotations

import _thread
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace

import av
import pytest

from livecam import assets, session, signals
from livecam.persona import store
from livecam.settings import Settings
from livecam.sources import open_source
from livecam.sources.recording import PerformanceWriter

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process")

INTERRUPTED_AT = """
import os, sys
from importlib.abc import MetaPathFinder

class Interrupter(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == MODULE:
            print("now", file=sys.stdout, flush=True)
            os.kill(os.getpid(), SIGNAL)

SIGNAL = int(sys.argv.pop(1))
MODULE = sys.argv.pop(1)
sys.meta_path.insert(0, Interrupter())
from livecam.cli import main
main()
"""
DRIVER = str(assets.bundled_file(assets.DRIVER))


def interrupted_at(module, *words, number=signal.SIGINT):
    """(exit code, what was complained about) of `livecam WORDS`, interrupted as it imports `module`."""
    command = [sys.executable, "-c", INTERRUPTED_AT, str(int(number)), module, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.stdout.startswith("now"), done.stderr
    return done.returncode, done.stderr


@pytest.fixture
def words(persona, tmp_path):
    """A run that needs no face model before it is interrupted, and its report."""
    store.save(replace(persona, name="eve"))
    report = tmp_path / "report.json"
    return ["run", "eve", "--size", "256", "--driver", DRIVER, "--no-refine", "--report", report], report


ENDING = [(signal.SIGTERM, 143), (getattr(signal, "SIGHUP", signal.SIGTERM), 129)]
SIGNALS = [(signal.SIGINT, 130), *ENDING]


@pytest.mark.parametrize(("number", "code"), SIGNALS)
@pytest.mark.parametrize("module", ["livecam.cli.commands", "typer", "livecam.cli.machine"])
def test_while_the_commands_are_imported(module, number, code):
    assert interrupted_at(module, "doctor", number=number) == (code, "")


@pytest.mark.parametrize(("number", "code"), SIGNALS)
def test_before_a_run_is_asked_for(words, number, code):
    assert interrupted_at("livecam.settings", *words[0], "--sink", "null", number=number) == (code, "")


@pytest.mark.parametrize(
    "module", ["livecam.render.canvas", "livecam.render.cpu.renderer", "livecam.animator"]
)
def test_while_a_run_starts(words, module):
    code, complaint = interrupted_at(module, *words[0], "--sink", "null")
    assert (code, complaint) == (130, "")
    assert json.loads(words[1].read_text())["frames"] == 0


@pytest.mark.parametrize(("number", "code"), ENDING)
@pytest.mark.parametrize("module", ["livecam.render.canvas", "livecam.animator"])
def test_another_signal_while_a_run_starts(words, module, number, code):
    assert interrupted_at(module, *words[0], "--sink", "null", number=number) == (code, "")
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
    request = session.Request("eve", str(recorded), ("page",) if live else ("null",), report=report)
    settings = Settings(size=256, canvas="256x256", refine=False)

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        session.run(request, settings, session.Hooks(started=interrupt))
    assert json.loads(report.read_text())["frames"] == 0

    if live:
        hooks = session.Hooks(extra_sinks=[InterruptsAtTheSecondPicture()])
    else:
        hooks = session.Hooks(progress=interrupt)
    measured = session.run(request, settings, hooks)
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


LIVE = "from livecam.cli import main; main()"


def running_live(words, code=LIVE, **options):
    """A started `livecam WORDS --sink page --loop` that is live, and what it said so far."""
    command = [sys.executable, "-c", code, *map(str, words), "--sink", "page", "--loop"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options
    )
    said = []
    for line in process.stderr:
        said.append(line)
        if "page at http" in line:
            break
    return process, said


def interrupted_live(words, *code):
    """What `running_live` said in all, ended by Ctrl-C once pictures have come: its normal end."""
    process, said = running_live(words, *code)
    try:
        wait_for_pictures(said[-1].split()[-1])
        process.send_signal(signal.SIGINT)
        said += process.communicate(timeout=600)[1].splitlines(keepends=True)
    finally:
        process.kill()
    assert process.returncode == 0, said
    return said


def test_while_it_is_live(words):
    said = interrupted_live(words[0])
    assert "Traceback" not in "".join(said)
    assert f"Wrote {words[1]}.\n" in said
    assert json.loads(words[1].read_text())["live"] is True


def test_ctrl_c_again_as_the_interpreter_exits(words):
    code = f"import atexit, signal; atexit.register(signal.raise_signal, signal.SIGINT); {LIVE}"
    said = interrupted_live(words[0], code)
    assert "KeyboardInterrupt" not in "".join(said)


def grown(path, size):
    """Wait until `path` has so many bytes."""
    deadline = time.monotonic() + 120
    while not (path.exists() and path.stat().st_size >= size):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    "numbers", [[signal.SIGTERM], [ENDING[1][0]], [signal.SIGTERM] * 3 + [signal.SIGINT]]
)
def test_while_it_records(words, tmp_path, numbers):
    """Film, performance and report are there, and nothing else; further signals change nothing."""
    film, played = tmp_path / "out.mp4", tmp_path / "out.livecam"
    more = ["--sink", film, "--record-performance", played]
    process, said = running_live([*words[0], *more])
    try:
        grown(tmp_path / "out.part.mp4", 20_000)
        for number in numbers:
            process.send_signal(number)
        said += process.communicate(timeout=120)[1].splitlines(keepends=True)
    finally:
        process.kill()
    assert process.returncode == 128 + numbers[0], said
    assert "Traceback" not in "".join(said)
    assert "".join(said).count(f"Wrote {film}, {played}, {words[1]}.\n") == 1
    with av.open(str(film)) as container:
        assert next(container.decode(video=0)) is not None
    assert b"moof" not in film.read_bytes()
    with open_source(str(played)) as source:
        assert source.info.frames > 0
    assert json.loads(words[1].read_text())["frames"] > 0
    assert {path.name for path in tmp_path.iterdir()} == {"out.mp4", "out.livecam", "report.json"}


def test_a_closed_terminal(words, tmp_path):
    """The kernel sends SIGHUP, and nothing can be printed any more."""
    import pty

    film = tmp_path / "out.mp4"
    child, terminal = pty.fork()
    if child == 0:
        code = "from livecam.cli import main; main()"
        more = ["--sink", str(film), "--sink", "page", "--loop"]
        os.environ["BROWSER"] = "true"  # at a terminal the page is opened: with the command that does nothing
        os.execv(sys.executable, [sys.executable, "-c", code, *map(str, words[0]), *more])
    grown(tmp_path / "out.part.mp4", 20_000)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    with av.open(str(film)) as container:
        assert next(container.decode(video=0)) is not None
    assert json.loads(words[1].read_text())["frames"] > 0


def test_nohup_stays_nohup(words):
    process, said = running_live(words[0], preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    try:
        process.send_signal(signal.SIGHUP)
        process.send_signal(signal.SIGTERM)
        said += process.communicate(timeout=120)[1].splitlines(keepends=True)
    finally:
        process.kill()
    assert process.returncode == 143, said


def raised(number):
    try:
        signal.raise_signal(number)
    except KeyboardInterrupt as error:
        return type(error)
    return None


def test_while_files_are_finished_no_signal_is_raised_and_the_code_tells():
    with signals.signals_heeded():
        signals.begin_finishing()
        assert raised(signal.SIGINT) is None
        assert signals.exit_code(0) == 0
        assert raised(signal.SIGTERM) is None
        with pytest.raises(signals.EndedBySignal):
            signals.end_finishing()
        assert (signals.exit_code(0), signals.exit_code(2)) == (143, 2)


def test_a_second_signal_is_not_raised():
    with signals.signals_heeded():
        assert raised(signal.SIGTERM) is signals.EndedBySignal
        assert raised(signal.SIGTERM) is None
        assert raised(signal.SIGINT) is None
        assert signals.exit_code(1) == 143


def test_ctrl_c_again_after_the_run_is_not_raised_but_another_signal_is():
    """Files are whole and the program is about to end."""
    with signals.signals_heeded():
        assert raised(signal.SIGINT) is KeyboardInterrupt
        signals.begin_finishing()
        signals.end_finishing()
        assert raised(signal.SIGINT) is None
        signals.raise_pending()
        assert signals.exit_code(0) == 0
        assert raised(signal.SIGTERM) is signals.EndedBySignal


def test_ctrl_c_after_the_last_word_is_ignored():
    before = signal.getsignal(signal.SIGINT)
    try:
        with signals.signals_heeded():
            signals.last_words()
        assert signal.getsignal(signal.SIGINT) == before  # nobody asked for the end
        with signals.signals_heeded():
            assert raised(signal.SIGINT) is KeyboardInterrupt
            signals.last_words()
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_signal_that_a_destructor_swallowed_is_raised_again():
    class Loud:
        def __del__(self):
            signal.raise_signal(signal.SIGTERM)

    with signals.signals_heeded(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "unraisablehook", lambda _: None)
        Loud()
        with pytest.raises(signals.EndedBySignal):
            signals.raise_pending()


def test_handlers_of_others_stay():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with signals.signals_heeded():
        assert signal.getsignal(signal.SIGTERM) != before[0]
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


def test_impatient_ctrl_c_leaves_at_once():
    code = """
import signal
from livecam import signals
signals.PATIENCE_SECONDS = -1
with signals.signals_heeded():
    signals.begin_finishing()
    signal.raise_signal(signal.SIGINT)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 130
