"""How long a frame takes here: `python -m livecam.benchmarks.latency`, or `livecam bench`.

Every configuration runs in a fresh process, so that memory and caches do not mix. Wall times depend on what
else the machine does; CPU times hardly do. A fixed piece of work runs before and after each pipeline, and
the ratios to it are what to compare between machines and between busy and quiet hours.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from livecam import assets
from livecam.benchmarks import command_line, machine
from livecam.benchmarks.latency.yardstick import BUSY
from livecam.benchmarks.output import shown, write_json
from livecam.errors import UserError
from livecam.generator.weights import find_weights
from livecam.outputs import check_outputs
from livecam.report import check_writable
from livecam.settings import SIZES, Settings

FRAMES = 300
STARTS = 3
FIRST_FRAME_LIMIT_S = 60.0
ON_ONE_CORE = ("warper", "refined")
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA", "VECLIB_MAXIMUM")}


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 for anything the user has to mend."""
    return command_line.run("latency", _parse(arguments), _run)


def measure_and_print(json_path: Path | None) -> None:
    """What `livecam bench` does: everything, with the bundled portrait and clip.

    Raises:
        UserError: something is missing, or `json_path` cannot be written.
    """
    options = _parse([])
    options.json = json_path
    _run(options)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = command_line.parser("latency", __doc__)
    parser.add_argument("--driver", type=Path, help="a video (the bundled one)")
    parser.add_argument("--portrait", type=Path, help="a picture (the bundled one)")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), choices=SIZES)
    parser.add_argument(
        "--frames",
        type=command_line.count,
        default=FRAMES,
        help="frames of the driver, at most",
    )
    parser.add_argument("--canvas", default=Settings().canvas, help='WIDTHxHEIGHT, or "source"')
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--plots", type=Path, help="write a chart of the stages into this folder")
    return parser.parse_args(arguments)


def _run(options: argparse.Namespace) -> None:
    portrait = str(_input(options.portrait, assets.PORTRAIT))
    driver = str(_input(options.driver, assets.DRIVER))
    check_outputs([options.json], {"the portrait": Path(portrait), "the driver": Path(driver)})
    if options.json is not None:
        check_writable(options.json)
    if options.plots is not None:
        from livecam.benchmarks import plots

        plots.prepare(options.plots)
    console = Console(highlight=False)
    result: dict[str, Any] = {"kind": "latency", "machine": machine.describe()}
    with console.status("latency") as status:
        for name, mode in _modes():
            result[name] = []
            for size in options.sizes:
                status.update(f"{name} at {size}")
                more = ["--frames", str(options.frames), "--canvas", options.canvas]
                if mode == "pipeline":  # once unmeasured: fills the caches of portraits and of compiled code
                    worker(mode, portrait, driver, size, ["--frames", "5", "--canvas", options.canvas])
                result[name].append(worker(mode, portrait, driver, size, more))
        status.update("start-up")
        result["start"] = start_up(portrait, driver, Settings().size)
    _print(result, console)
    if options.plots is not None:
        plots.stages(result["pipeline"], options.plots / "latency-stages.png")
    if options.json is not None:
        write_json(result, options.json)


def _modes() -> list[tuple[str, str]]:
    """What is measured, and the worker's word for it. The refiner where its weights are installed."""
    modes = [("enrolment", "enroll"), ("pipeline", "pipeline"), ("warper", "warper")]
    return modes if find_weights() is None else [*modes, ("refined", "refined")]


def _input(given: Path | None, bundled: str) -> Path:
    if given is None:
        return assets.bundled_file(bundled)
    if not given.is_file():
        raise UserError(str(given), "no such file", "Check the path.")
    return given.absolute()


def worker(mode: str, portrait: str, driver: str, size: int, more: Sequence[str]) -> dict[str, Any]:
    """Run `livecam.benchmarks.latency.worker` in a fresh process and return what it measured.

    Raises:
        UserError: it failed; the reason is its last line.
    """
    command = [
        sys.executable,
        "-m",
        "livecam.benchmarks.latency.worker",
        mode,
        portrait,
        driver,
        "--size",
        str(size),
    ]
    environment = os.environ | (ONE_THREAD if mode in ON_ONE_CORE else {})
    done = subprocess.run([*command, *more], capture_output=True, text=True, env=environment, check=False)
    if done.returncode != 0:
        raise _failed(f"measuring the {mode} at {size}", done.stderr)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def start_up(portrait: str, driver: str, size: int) -> dict[str, Any]:
    """Medians of three: ms to import every command, seconds from a new process to its first frame."""
    imports = [_import_ms() for _ in range(STARTS)]
    firsts = [_first_frame_s(portrait, driver, size) for _ in range(STARTS)]
    return {
        "import_ms": round(median(imports), 1),
        "first_frame_s": round(median(firsts), 3),
        "runs": {"import_ms": [round(x, 1) for x in imports], "first_frame_s": [round(x, 3) for x in firsts]},
    }


def _import_ms() -> float:
    timed = "import livecam.cli.commands"
    code = f"import time; t = time.perf_counter(); {timed}; print(1e3 * (time.perf_counter() - t))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise _failed("importing livecam.cli.commands", done.stderr)
    return float(done.stdout)


def _first_frame_s(portrait: str, driver: str, size: int) -> float:
    """From starting `livecam run` until its first picture lies on the disk; the caches are warm.

    File to file the neutral frame is looked for in the driver's first two seconds, which counts here.
    """
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "00000.png"
        command = [sys.executable, "-m", "livecam.cli", "run", portrait, "--driver", driver]
        command += ["--size", str(size), "--sink", f"{folder}/%05d.png"]
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            while not (first.is_file() and first.stat().st_size):
                if process.poll() is not None:
                    raise _failed("livecam run", process.stderr.read() if process.stderr else "")
                if time.perf_counter() - begun > FIRST_FRAME_LIMIT_S:
                    raise UserError("livecam run", "gave no frame in a minute", "Run it by hand with -v.")
                time.sleep(0.003)
            return time.perf_counter() - begun
        finally:
            process.kill()
            process.communicate()


def _failed(what: str, trace: str) -> UserError:
    lines = trace.strip().splitlines()
    return UserError(what, lines[-1] if lines else "it failed without a word", "See `livecam doctor`.")


def _print(result: dict[str, Any], console: Console) -> None:
    console.print(machine.headline(result["machine"]))
    console.print(stage_table(result["pipeline"]))
    console.print(size_table(result))
    start = result["start"]
    console.print(
        f"Start-up: import {start['import_ms']:.0f} ms, first frame of `livecam run` after "
        f"{start['first_frame_s']:.2f} s"
    )
    slow = max(row["yardstick"]["wall_ms"] / row["yardstick"]["cpu_ms"] for row in result["pipeline"])
    if slow > BUSY:
        console.print(
            f"The machine is busy: work takes {slow:.1f} times as long as on a free core. "
            "Trust CPU times and ratios, not wall times."
        )


def stage_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Wall milliseconds p50 / p95 / p99 and CPU milliseconds of each stage, for each size."""
    table = Table("stage", box=None, pad_edge=False, title="ms p50/p95/p99 (CPU)", title_justify="left")
    for row in rows:
        table.add_column(str(row["size"]), justify="right")
    for stage in rows[0]["stages"]:
        cells = []
        for row in rows:
            wall = [shown(row["stages"][stage][key], 1) for key in ("p50_ms", "p95_ms", "p99_ms")]
            cpu = row["cpu_ms_per_frame"] if stage == "total" else row["stage_cpu_ms"].get(stage)
            cells.append(f"{'/'.join(wall)} ({shown(cpu, 1)})")
        table.add_row(stage, *cells, style="bold" if stage == "total" else "")
    return table


def size_table(result: dict[str, Any]) -> Table:
    """Everything that has one value a size."""
    table = Table("", box=None, pad_edge=False)
    for row in result["pipeline"]:
        table.add_column(str(row["size"]), justify="right")
    lines: list[tuple[str, list[str]]] = [
        ("pipeline, CPU ms a frame", [f"{r['cpu_ms_per_frame']:.2f}" for r in result["pipeline"]]),
        ("pipeline, frames a second", [f"{r['fps']:.1f}" for r in result["pipeline"]]),
        ("pipeline / yardstick, wall", [f"{r['wall_ratio']:.2f}" for r in result["pipeline"]]),
        ("pipeline / yardstick, CPU", [f"{r['cpu_ratio']:.2f}" for r in result["pipeline"]]),
        ("pipeline, peak MB", [f"{r['peak_mb']:.0f}" for r in result["pipeline"]]),
        ("warper on one core, ms p50", [f"{r['p50_ms']:.2f}" for r in result["warper"]]),
        ("warper on one core, CPU ms", [f"{r['cpu_ms']:.2f}" for r in result["warper"]]),
        *refined_rows(result.get("refined")),
        ("enrolment, s", [f"{r['seconds']:.2f}" for r in result["enrolment"]]),
        ("enrolment, peak MB", [f"{r['peak_mb']:.0f}" for r in result["enrolment"]]),
    ]
    for name, cells in lines:
        table.add_row(name, *cells)
    return table


def refined_rows(rows: Sequence[dict[str, Any]] | None) -> list[tuple[str, list[str]]]:
    """Warper and refiner together, where the refiner was measured."""
    if rows is None:
        return []
    found = [
        ("with the refiner on one core, ms p50", [f"{r['p50_ms']:.2f}" for r in rows]),
        ("with the refiner on one core, CPU ms", [f"{r['cpu_ms']:.2f}" for r in rows]),
    ]
    for name in rows[0]["networks"]:
        told = [r["networks"][name] for r in rows]
        found += [
            (f"{name}'s network, CPU ms a run", [f"{r['run_cpu_ms']:.2f}" for r in told]),
            (f"{name}'s network, CPU ms a frame", [f"{r['cpu_ms']:.2f}" for r in told]),
            (f"{name}'s network, frames without a run", [f"{r['rested']:.0%}" for r in told]),
        ]
    return found


if __name__ == "__main__":
    sys.exit(main())
