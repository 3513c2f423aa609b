"""From the camera's exposure to a picture in the caller's hands: `python -m benchmarks.glass_to_glass`.

A simulated camera gives a clip's frames at a real camera's times. The whole product runs on them in this
process; each finished picture carries its driver frame's number and capture time in a corner, drawn from the
frame's metadata, never from the driver's pixels. A separate process reads the virtual camera and decodes
them.
Linux with v4l2loopback; both ends share the monotonic clock.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from benchmarks import glass_to_glass_code as code
from benchmarks import machine
from benchmarks.glass_to_glass_figures import COLUMNS, figures, page
from benchmarks.glass_to_glass_reader import observe
from benchmarks.glass_to_glass_source import SimulatedCamera, pictures_of
from benchmarks.output import write_json
from livecam import assembly
from livecam.animator import Animator
from livecam.errors import UserError
from livecam.face.tracker import FaceTracker
from livecam.frames import OutputFrame
from livecam.persona.persona import Persona
from livecam.pipeline import LivePipeline
from livecam.render.canvas import Canvas, parse_size
from livecam.render.choose import make_renderer
from livecam.report import Report, check_writable
from livecam.settings import SIZES, Settings
from livecam.sinks.base import Sink, SinkFormat
from livecam.sinks.virtual_camera import VirtualCameraSink

log = logging.getLogger(__name__)

RATES = (24.0, 25.0, 29.97, 30.0, 50.0, 60.0)
WARM_UP_S = 5.0
"""Until the neutral frame is found and the sink ticks in step; not counted."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 for anything the user has to mend."""
    options = _parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        run(options)
    except UserError as error:
        print(f"glass_to_glass: {error}", file=sys.stderr)
        return 2
    return 0


def measure_and_print(json_path: Path | None, html_path: Path | None = None) -> None:
    """What `livecam bench --glass-to-glass` does: every rate, without load. Raises `UserError`."""
    options = _parse([])
    options.json, options.html = json_path, html_path
    run(options)


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.glass_to_glass", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--camera", default="", help="a label, a number, /dev/videoN; none: in place")
    parser.add_argument("--unpaced", action="store_true", help="ticks not in step with the pictures")
    parser.add_argument("--rates", type=float, nargs="+", default=list(RATES), help="of the simulated camera")
    parser.add_argument("--jitter", type=float, default=3.0, help="ms, deviation of its delay")
    parser.add_argument("--loads", type=int, nargs="+", default=[0], help="busy processes beside it")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured for each rate and load")
    parser.add_argument("--fps", type=float, default=30.0, help="of the virtual camera")
    parser.add_argument("--canvas", default=Settings().canvas)
    parser.add_argument("--size", type=int, default=Settings().size, choices=SIZES)
    parser.add_argument("--engine", default=Settings().engine)
    parser.add_argument("--json", type=Path, help="write the figures here")
    parser.add_argument("--html", type=Path, help="write a page with charts here")
    return parser.parse_args(arguments)


def run(options: argparse.Namespace) -> None:
    """Measure all that was asked for, print and write it."""
    for path in (options.json, options.html):
        if path is not None:
            check_writable(path)
    size = parse_size(options.canvas)
    pictures = pictures_of(assembly.bundled(assembly.BUNDLED_DRIVER))
    persona = assembly.resolve(None, options.size)
    canvas = Canvas(persona, size)
    sink: Sink = Watcher() if options.camera == "none" else VirtualCameraSink(options.camera)
    sink.open(SinkFormat(canvas.width, canvas.height, options.fps))
    result: dict[str, Any] = {"kind": "glass to glass", "machine": machine.describe(), "runs": []}
    console = Console(highlight=False)
    try:
        for load in options.loads:
            for rate in options.rates:
                camera = SimulatedCamera(pictures, rate, options.jitter)
                log.info("%g fps, load %d", rate, load)
                with busy(load):  # nothing is drawn on the terminal meanwhile: that would be load, too
                    measured = measure(camera, persona, canvas, sink, options)
                result["runs"].append({"source_fps": rate, "load": load, **measured})
    finally:
        sink.close()
    headline = (
        f"{machine.headline(result['machine'])}; jitter {options.jitter:g} ms, {options.seconds:g} s each"
    )
    console.print(headline)
    table = Table(*(Column(name, no_wrap=True) for name, _ in COLUMNS), box=None, pad_edge=False)
    for row in result["runs"]:
        table.add_row(*(cell(row) for _, cell in COLUMNS))
    console.print(table)
    if options.html is not None:
        options.html.write_text(page(result, headline), "utf-8")
    if options.json is not None:
        write_json(result, options.json)


def measure(
    camera: SimulatedCamera, persona: Persona, canvas: Canvas, sink: Sink, options: argparse.Namespace
) -> dict[str, Any]:
    """One rate under one load. The sink is open already and stays so: its format is fixed for its life."""
    report = Report()
    with contextlib.ExitStack() as stack:
        renderer = make_renderer(persona, options.engine)
        stack.callback(renderer.close)
        tracker = stack.enter_context(FaceTracker())
        settings = Settings(size=options.size, engine=options.engine)
        animator = Animator(persona, renderer, canvas, tracker, settings, False, report)
        pipeline = LivePipeline(
            camera, animator, [sink], report, options.fps, stamp=stamp, in_step=not options.unpaced
        )
        errors: list[BaseException] = []
        runner = threading.Thread(target=_keep_error, args=(pipeline, errors))
        runner.start()
        try:
            seconds = options.seconds + WARM_UP_S
            seen = sink.watch(seconds) if isinstance(sink, Watcher) else _read(_device_of(sink), seconds)
        finally:
            pipeline.stop()
            runner.join(30)
        if errors:
            raise errors[0]
    measured = report.result()
    more = {name: measured[name] for name in ("stages", "cpu_ms_per_frame", "dropped", "audio_offset_ms")}
    more["skipped_at_source"], more["dropped_in_pipeline"] = camera.skipped, more.pop("dropped")
    return {"engine": renderer.name, **figures(seen, WARM_UP_S), **more}


class Watcher:
    """In the virtual camera's place where there is none: notes what a reader would, device aside."""

    name = "none"
    live = True

    def __init__(self) -> None:
        self._seen: list[dict[str, Any]] = []

    def open(self, fmt: SinkFormat) -> None: ...

    def write(self, frame: OutputFrame) -> None:
        self._seen += observe(iter([frame.pixels]), 0)

    def watch(self, seconds: float) -> list[dict[str, Any]]:
        """What was written during the next `seconds`."""
        self._seen = []
        time.sleep(seconds)
        return list(self._seen)  # what comes after that is the portrait at rest

    def close(self) -> None: ...


def stamp(frame: OutputFrame) -> None:
    """The driver frame's number and time, drawn into the finished picture."""
    code.draw(frame.pixels, frame.index, frame.capture_ns)


def _keep_error(pipeline: LivePipeline, errors: list[BaseException]) -> None:
    try:
        pipeline.run()
    except BaseException as error:  # raised again in the main thread
        errors.append(error)


def _device_of(sink: Sink) -> str:
    device = sink.name.rpartition(" ")[2]
    if not device.startswith("/dev/"):
        raise UserError(sink.name, "it has no device file to read from", "This works on Linux only.")
    return device


def _read(device: str, seconds: float) -> list[dict[str, Any]]:
    """What a separate process sees on the device."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "seen.json"
        command = [sys.executable, "-m", "benchmarks.glass_to_glass_reader", device]
        done = subprocess.run(
            [*command, "--seconds", str(seconds), "--out", str(out)],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + 60,
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines()
            raise UserError(device, f"cannot be read ({lines[-1] if lines else 'no pictures'})", "Try again.")
        seen: list[dict[str, Any]] = json.loads(out.read_text("utf-8"))
        return seen


@contextlib.contextmanager
def busy(count: int) -> Iterator[None]:
    """So many processes that do nothing but use a core each."""
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_spin, daemon=True) for _ in range(count)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.kill()
            worker.join()


def _spin() -> None:
    end = time.monotonic() + 3600
    while time.monotonic() < end:
        pass


if __name__ == "__main__":
    sys.exit(main())
