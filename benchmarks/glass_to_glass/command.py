"""From the camera to the caller's hands: `python -m livecam.benchmarks.glass_to_glass`.

A simulated camera gives a clip's frames at a real camera's times. The whole product runs on them in this
process; each finished picture carries its driver frame's number and capture time in a corner, drawn from the
frame's metadata, never from the driver's pixels. A separate process reads the virtual camera and decodes
them. Both ends share the monotonic clock.

Linux with v4l2loopback; elsewhere `--camera none` leaves the device out. `--device-in-guest` has the device
and its reader in a small virtual machine and livecam on this one; `--guest` has everything in there.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from livecam import assets
from livecam.benchmarks import command_line, machine
from livecam.benchmarks.glass_to_glass import busy_cores, guest
from livecam.benchmarks.glass_to_glass.figures import COLUMNS, page, relay_words
from livecam.benchmarks.glass_to_glass.measure import WARM_UP_S, Conditions, Watcher, measure
from livecam.benchmarks.glass_to_glass.relay_host import DeviceInGuest
from livecam.benchmarks.glass_to_glass.simulated_camera import SimulatedCamera, pictures_of
from livecam.benchmarks.output import write_json
from livecam.errors import UserError
from livecam.outputs import check_outputs
from livecam.persona.opening import open_persona
from livecam.render.canvas import make_canvas
from livecam.report import check_writable
from livecam.settings import SIZES, Settings
from livecam.sinks.base import Sink, SinkFormat
from livecam.sinks.virtual_camera import VirtualCameraSink

log = logging.getLogger(__name__)

RATES = (24.0, 25.0, 29.97, 30.0, 50.0, 60.0)
WIDTH = 130
"""Characters of the table where no terminal says how wide it is."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 something to mend, 130 interrupted."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        run(options)
    except UserError as error:
        print(f"glass_to_glass: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def measure_and_print(json_path: Path | None, html_path: Path | None = None, load: int = 0) -> None:
    """What `livecam bench --glass-to-glass` does: every rate, once more beside `load` busy processes.

    Raises:
        UserError: there is no virtual camera, or a file cannot be written.
    """
    options = _parser().parse_args([])
    options.json, options.html, options.load = json_path, html_path, load
    run(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m livecam.benchmarks.glass_to_glass", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--camera", default="", help="a label, a number, /dev/videoN; none: in place")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--guest", action="store_true", help="all of it in a virtual machine with a camera")
    where.add_argument(
        "--device-in-guest", action="store_true", help="only the camera and its reader in there"
    )
    parser.add_argument("--unpaced", action="store_true", help="ticks not in step with the pictures")
    parser.add_argument(
        "--rates",
        type=command_line.fps,
        nargs="+",
        default=list(RATES),
        help="of the simulated camera",
    )
    parser.add_argument(
        "--jitter",
        type=command_line.delay_ms,
        default=3.0,
        help="ms, deviation of its delay",
    )
    parser.add_argument(
        "--load",
        type=command_line.load,
        default=0,
        metavar="N",
        help="again beside N busy processes",
    )
    parser.add_argument(
        "--seconds",
        type=command_line.seconds,
        default=20.0,
        help="measured for each rate and load",
    )
    parser.add_argument("--fps", type=command_line.fps, default=30.0, help="of the virtual camera")
    parser.add_argument("--canvas", default=Settings().canvas)
    parser.add_argument("--size", type=int, default=Settings().size, choices=SIZES)
    parser.add_argument("--engine", default=Settings().engine)
    parser.add_argument("--no-refine", action="store_true", help="the warper alone")
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--html", type=Path, help="write a page with charts here")
    return parser


def run(options: argparse.Namespace) -> None:
    """Measure all that was asked for, print and write it."""
    check_outputs([options.json, options.html])
    for path in (options.json, options.html):
        if path is not None:
            check_writable(path)
    if options.device_in_guest and options.camera:
        raise UserError("--camera", "the guest has one of its own", "Leave it out with --device-in-guest.")
    loads = sorted({0, options.load})
    if options.guest:
        result = guest.measure(_again(options), _seconds(options, loads))
    else:
        result = _measure_all(options, loads)
    where = _where(options)
    result["where"] = where
    headline = f"{machine.headline(result.get('host', result['machine']))}; {where}; "
    headline += f"jitter {options.jitter:g} ms, {options.seconds:g} s each"
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    console.print(headline)
    table = Table(*(Column(name, no_wrap=True) for name, _ in COLUMNS), box=None, pad_edge=False)
    for row in result["runs"]:
        table.add_row(*(cell(row) for _, cell in COLUMNS))
    console.print(table)
    for words in relay_words(result["runs"]):
        console.print(words)
    if options.html is not None:
        options.html.write_text(page(result, headline), "utf-8")
    if options.json is not None:
        write_json(result, options.json)


def _where(options: argparse.Namespace) -> str:
    """What ran where, in words."""
    if options.guest:
        return "all in a guest"
    if options.device_in_guest:
        return "device in a guest, livecam on the host"
    return "no device" if options.camera == "none" else "all on this machine"


def _seconds(options: argparse.Namespace, loads: Sequence[int]) -> float:
    """How long it takes, about."""
    return float(len(options.rates) * len(loads) * (options.seconds + WARM_UP_S + 10))


def _sink(options: argparse.Namespace, loads: Sequence[int]) -> Sink:
    if options.device_in_guest:
        return DeviceInGuest(_seconds(options, loads))
    return Watcher() if options.camera == "none" else VirtualCameraSink(options.camera)


def _measure_all(options: argparse.Namespace, loads: Sequence[int]) -> dict[str, Any]:
    """Every rate under every load. The sink is opened once: its format is fixed for its life."""
    pictures = pictures_of(assets.bundled_file(assets.DRIVER))
    persona = open_persona(None, options.size)
    canvas = make_canvas(persona, options.canvas)
    asked = Conditions(
        options.seconds, options.fps, options.size, options.engine, not options.unpaced, not options.no_refine
    )
    sink = _sink(options, loads)
    sink.open(SinkFormat(canvas.width, canvas.height, options.fps))
    result: dict[str, Any] = {
        "kind": "glass to glass",
        "machine": machine.describe(),
        "load_made_by": busy_cores.kind(),
        "runs": [],
    }
    try:
        for load in loads:
            for rate in options.rates:
                camera = SimulatedCamera(pictures, rate, options.jitter)
                log.info("%g fps, load %d", rate, load)
                # Nothing is drawn on the terminal meanwhile: that would be load, too.
                before = machine.cpu_times()
                with busy_cores.busy(load):
                    measured = measure(camera, persona, options.canvas, sink, asked)
                stolen = {"stolen_percent": machine.stolen_percent(before, machine.cpu_times())}
                result["runs"].append({"source_fps": rate, "load": load, **stolen, **measured})
    finally:
        sink.close()
    return result


def _again(options: argparse.Namespace) -> list[str]:
    """The same command line without what is for the host."""
    words = []
    for name, value in vars(options).items():
        if name in ("guest", "json", "html") or value in (None, False, ""):
            continue
        words.append(f"--{name.replace('_', '-')}")
        if value is not True:
            words += [str(part) for part in (value if isinstance(value, list) else [value])]
    return words


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing is left behind
    sys.exit(main())
