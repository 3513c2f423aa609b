"""Standard input, output and error may be closed, or close meanwhile: a run goes on all the same."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from livecam.cli import progress, streams
from livecam.persona import store
from livecam.sources.recording import PerformanceWriter

posix = pytest.mark.skipif(sys.platform == "win32", reason="descriptors are closed as a shell does it")


@pytest.fixture
def words(persona, face, tmp_path):
    """A live run of eight frames that needs no face model."""
    store.save(replace(persona, name="eve"))
    recorded = tmp_path / "a.livecam"
    writer = PerformanceWriter(recorded)
    for index in range(8):
        writer.add(40_000_000 * index, face, 512, 512)
    writer.close()
    options = ["--size", "256", "--no-refine", "--driver", str(recorded), "--canvas", "256x256"]
    return [sys.executable, "-m", "livecam.cli", "run", "eve", *options]


@posix
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "</dev/null"])
def test_a_live_run_with_closed_streams(words, tmp_path, closed):
    film = tmp_path / "out.mp4"
    command = [*words, "--sink", "null", "--sink", "page", "--sink", str(film), "--max-frames", "4"]
    done = subprocess.run(["sh", "-c", f'"$@" {closed}', "sh", *command], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    from livecam.sources.video import VideoSource

    with VideoSource(film) as written:
        assert written.read() is not None


@posix
def test_an_error_goes_nowhere_else_when_standard_error_is_closed(words):
    command = [*words, "--sink", "nowhere"]
    done = subprocess.run(["sh", "-c", '"$@" 2>&-', "sh", *command], capture_output=True, timeout=300)
    assert (done.returncode, done.stdout) == (2, b"")


full = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no device that is always full")


def on_full(stream, *command):
    """(exit code, standard error) with `stream` on a full disk."""
    shell = ["sh", "-c", f'"$@" {stream}/dev/full', "sh", *map(str, command)]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stderr


@full
@pytest.mark.parametrize("word", ["--help", "--version", "personas", "doctor"])
def test_standard_output_that_takes_nothing_is_named_once(word):
    code, said = on_full(">", sys.executable, "-m", "livecam.cli", word)
    assert code == 2
    assert said.count("\n") == 1, said
    assert said.startswith("livecam: standard output cannot be written (no space left on device)")


@full
def test_a_film_is_whole_where_standard_output_is_full(words, tmp_path):
    code, said = on_full(">", *words, "--sink", tmp_path / "out.mp4")
    assert code == 2
    assert [line for line in said.splitlines() if "standard output cannot be written" in line]
    assert "unexpected" not in said
    from livecam.sources.video import VideoSource

    with VideoSource(tmp_path / "out.mp4") as film:
        assert len(list(iter(film.read, None))) == 8


@full
def test_wrong_input_keeps_its_code_where_standard_error_is_full(words):
    assert on_full("2>", *words, "--sink", "nowhere")[0] == 2


@posix
def test_the_numbers_of_closed_streams_are_taken():
    """Or else a library's words would end up in the next file that is opened."""
    code = (
        "import os; from livecam.cli import streams; streams.ensure();"
        "assert os.open(os.devnull, os.O_RDONLY) > 2"
    )
    closing = ["sh", "-c", '"$@" <&- >&- 2>&-', "sh", sys.executable, "-c", code]
    assert subprocess.run(closing, check=False, timeout=60).returncode == 0


class Hung:
    """Standard input whose terminal is gone."""

    def __iter__(self):
        raise OSError(5, "Input/output error")


@pytest.mark.parametrize("stream", [Hung(), io.StringIO("\n\n")])
def test_standard_input_that_ends_meanwhile_is_no_error(monkeypatch, stream):
    class Pipeline:
        asked = 0

        def recalibrate(self):
            self.asked += 1

    pipeline = Pipeline()
    monkeypatch.setattr("sys.stdin", stream)
    progress._recalibrate_on_enter(pipeline)
    assert pipeline.asked == (2 if isinstance(stream, io.StringIO) else 0)


def test_who_may_type(monkeypatch):
    closed = io.StringIO()
    closed.close()
    for stream in (None, closed, io.StringIO()):
        monkeypatch.setattr("sys.stdin", stream)
        assert not streams.is_terminal()


# Leads a session of its own whose terminal is another program's; the run is in its background.
IN_THE_BACKGROUND = """
import fcntl, os, subprocess, sys, termios
terminal = int(sys.argv[1])
fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
run = subprocess.Popen(sys.argv[2:], stdin=terminal, process_group=0)
_, status = os.waitpid(run.pid, os.WUNTRACED)
stopped = os.WIFSTOPPED(status)
if stopped:
    run.kill()
sys.exit(99 if stopped else os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(sys.platform == "win32" or sys.version_info < (3, 11), reason="process groups")
def test_a_run_in_the_background_of_a_terminal_goes_on(words):
    """Whoever reads from its terminal there is stopped by the system, unless it takes precautions."""
    import pty

    ours, theirs = pty.openpty()
    try:
        command = [*words, "--sink", "page", "--loop", "--max-frames", "30"]
        leader = [sys.executable, "-c", IN_THE_BACKGROUND, str(theirs), *command]
        done = subprocess.run(leader, pass_fds=[theirs], start_new_session=True, timeout=300, check=False)
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0
