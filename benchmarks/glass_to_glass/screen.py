"""True glass to glass, a camera looks at the screen: `python -m livecam.benchmarks.glass_to_glass.screen`.

The screen shows a clock beside what livecam makes of the camera's pictures. Into each finished picture the
number of its driver frame is drawn, so one photograph of the screen holds two times: now, and when the frame
was exposed that comes back just now. Their difference is the whole way, from the light in front of the lens
through camera, livecam, sink and display to light again. No clocks have to be set, and what the display
needs for the clock it needs for the picture as well.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import queue
import sys
import threading
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console

from livecam.benchmarks import command_line, machine
from livecam.benchmarks.glass_to_glass import busy_cores
from livecam.benchmarks.glass_to_glass import screen_panel as panel
from livecam.benchmarks.output import write_json
from livecam.errors import UserError
from livecam.frames import RGB, DriverFrame, OutputFrame
from livecam.outputs import check_outputs
from livecam.pipeline.live import LivePipeline
from livecam.report import check_writable
from livecam.settings import Settings
from livecam.sources.base import Source

log = logging.getLogger(__name__)

WAITING = 8
"""Pictures that wait to be read; more are left unread, for reading must not slow livecam down."""
SHARE = 0.75
"""Width of the panel in the finished picture."""
ENOUGH = 10


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one picture of the camera showed: the page's clock in ms, and a driver frame's number."""

    number: int
    clock: int | None
    result: int | None


def latencies_ms(sightings: Sequence[Sighting]) -> list[float]:
    """The way of each driver frame that came back: from its own clock to the clock when it was first seen.

    It came back some time between two pictures of the camera; the middle is taken.
    """
    clocks = {seen.number: seen.clock for seen in sightings if seen.clock is not None}
    found, last = [], -1
    for seen in sightings:
        if seen.result is None or seen.result <= last:
            continue
        last = seen.result
        now, before, exposed = (clocks.get(number) for number in (seen.number, seen.number - 1, last))
        if now is not None and before is not None and exposed is not None:
            found.append((now + before) / 2 - exposed)
    return found


class ReadingSource:
    """A source whose pictures are also read for panels, in a thread of its own."""

    def __init__(self, source: Source) -> None:
        self.info = source.info
        self.sightings: list[Sighting] = []
        self._source = source
        self._number = 0
        self._waiting: queue.Queue[tuple[int, RGB] | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._read_panels, name="panels", daemon=True)
        self._thread.start()

    def read(self) -> DriverFrame | None:
        frame = self._source.read()
        if frame is not None and frame.pixels is not None:
            with contextlib.suppress(queue.Full):
                self._waiting.put_nowait((self._number, frame.pixels))
            self._number += 1  # as the pipeline numbers them
        return frame

    def rewind(self) -> None:
        self._source.rewind()

    def close(self) -> None:
        """Ends the reading; `sightings` is complete then."""
        if self._thread.is_alive():
            self._waiting.put(None)
            self._thread.join()
        self._source.close()

    def __enter__(self) -> ReadingSource:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _read_panels(self) -> None:
        while (item := self._waiting.get()) is not None:
            number, pixels = item
            seen = panel.read(pixels)
            self.sightings.append(Sighting(number, seen.get(panel.CLOCK), seen.get(panel.RESULT)))


class StampedPipeline(LivePipeline):
    """Draws the driver frame's number as a panel into the lower left corner of every finished picture."""

    def finish(self, frame: OutputFrame) -> None:
        stamp(frame)


def stamp(frame: OutputFrame) -> None:
    """The driver frame's number as a panel in the lower left corner of the picture."""
    width = round(SHARE * frame.pixels.shape[1])
    height = round(width * panel.HEIGHT / panel.WIDTH)
    if height > frame.pixels.shape[0]:
        raise UserError("the canvas", "it is too low for the code", "Choose 1280x720.")
    drawn = panel.draw(frame.index, panel.RESULT)
    frame.pixels[-height:, :width] = cv2.resize(drawn, (width, height), interpolation=cv2.INTER_AREA)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 0 done, 2 for anything the user has to mend."""
    parser = argparse.ArgumentParser(
        prog="python -m livecam.benchmarks.glass_to_glass.screen", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument(
        "--driver", default="camera", help="the camera that sees the screen; as for livecam run"
    )
    parser.add_argument("--sink", help="also send to this; its viewer beside the page must be seen, too")
    parser.add_argument("--seconds", type=command_line.seconds, default=60.0)
    parser.add_argument(
        "--load",
        type=command_line.load,
        default=0,
        metavar="N",
        help="beside N busy processes",
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        measure_and_print(options.driver, options.sink, options.seconds, options.json, options.load)
    except UserError as error:
        print(f"glass_to_glass_screen: {error}", file=sys.stderr)
        return 2
    return 0


def measure_and_print(
    driver: str = "camera",
    sink: str | None = None,
    seconds: float = 60.0,
    json_path: Path | None = None,
    load: int = 0,
) -> None:
    """What `livecam bench --screen` does. Raises `UserError`, also where too little could be read."""
    from livecam import sinks, sources

    sent = None if sink is None else sinks.file_of(sink)
    check_outputs([json_path, sent], {"the driver": sources.file_of(driver)})
    if json_path is not None:
        check_writable(json_path)
    source = sources.open_source(driver, fps=30.0)
    with busy_cores.busy(load):
        result = {**measure(source, sink, seconds, webbrowser.open), "load": load}
    console = Console(highlight=False)
    console.print(machine.headline(result["machine"]))
    way = result["latency_ms"]
    console.print(
        f"glass to glass: p50 {way['p50']:.0f} ms, p95 {way['p95']:.0f} ms, of {result['frames']} frames; "
        f"of it in livecam, from the camera's hands to the sink: p50 {result['inside_ms']} ms."
    )
    if json_path is not None:
        write_json(result, json_path)


def measure(source: Source, sink: str | None, seconds: float, show: Any) -> dict[str, Any]:
    """Runs livecam on `source` for a while. `show` is given the page's address."""
    from livecam import assets
    from livecam.animator import Animator
    from livecam.benchmarks.glass_to_glass.screen_page import ScreenPage
    from livecam.persona.opening import open_persona
    from livecam.report import Report
    from livecam.sinks import open_sink
    from livecam.sinks.base import Sink, SinkFormat
    from livecam.sinks.page import PageSink

    settings, report, shown = Settings(), Report(), PageSink()
    sinks: list[Sink] = [shown] + ([open_sink(sink)] if sink else [])
    with contextlib.ExitStack() as stack:
        reading = stack.enter_context(ReadingSource(source))
        persona = open_persona(None, settings.size)
        animator = stack.enter_context(Animator(persona, canvas=settings.canvas, report=report))
        for one in sinks:
            one.open(SinkFormat(animator.width, animator.height, 30.0))
            stack.callback(one.close)
        page = ScreenPage(shown, assets.bundled_file(assets.DRIVER))
        address = page.start()
        stack.callback(page.stop)
        log.info("Point the camera at this page, so that it sees all of it: %s", address)
        show(address)
        pipeline = StampedPipeline(reading, animator, sinks, report, 30.0)
        timer = threading.Timer(seconds, pipeline.stop)
        timer.start()
        stack.callback(timer.cancel)
        pipeline.run()
    found = latencies_ms(reading.sightings)
    clocks = sum(seen.clock is not None for seen in reading.sightings)
    results = sum(seen.result is not None for seen in reading.sightings)
    if len(found) < ENOUGH:
        raise UserError(
            "the camera's pictures",
            f"of {len(reading.sightings)} {clocks} showed the clock and {results} a number of livecam",
            "Let it see the whole screen, nearer and sharp, with the room's light low and no reflections.",
        )
    p50, p95, p99 = np.percentile(found, [50, 95, 99]).round(1).tolist()
    return {
        "kind": "true glass to glass",
        "machine": machine.describe(),
        "camera": reading.info.name,
        "seconds": seconds,
        "pictures": len(reading.sightings),
        "frames": len(found),
        "latency_ms": {"p50": p50, "p95": p95, "p99": p99},
        "inside_ms": report.extra.get("audio_offset_ms"),
        "latencies_ms": found,
    }


if __name__ == "__main__":
    sys.exit(main())
