"""One measurement: a simulated camera at one end, somebody who reads the finished pictures at the other."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from livecam.animator import Animator
from livecam.benchmarks.glass_to_glass import frame_code as code
from livecam.benchmarks.glass_to_glass.figures import figures
from livecam.benchmarks.glass_to_glass.reader import observe
from livecam.benchmarks.glass_to_glass.relay_host import DeviceInGuest
from livecam.benchmarks.glass_to_glass.simulated_camera import SimulatedCamera
from livecam.errors import UserError
from livecam.frames import OutputFrame
from livecam.persona.types import PersonaData
from livecam.pipeline.live import LivePipeline
from livecam.report import Report
from livecam.sinks.base import Sink, SinkFormat

WARM_UP_S = 5.0
"""Until the neutral frame is found and the sink ticks in step; not counted."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a measurement keeps to, whatever the camera."""

    seconds: float
    fps: float
    size: int
    engine: str
    paced: bool = True
    refine: bool = True


class StampedPipeline(LivePipeline):
    """Draws the driver frame's number and time into every finished picture."""

    def finish(self, frame: OutputFrame) -> None:
        stamp(frame)


class UnpacedPipeline(StampedPipeline):
    """Leaves the sinks' ticks where they happen to be."""

    def keep_step(self, captured_s: float, ready_s: float) -> None: ...


def measure(
    camera: SimulatedCamera, persona: PersonaData, canvas: str, sink: Sink, asked: Conditions
) -> dict[str, Any]:
    """One rate under one load. The sink is open already and stays so: its format is fixed for its life."""
    report = Report()
    kind = StampedPipeline if asked.paced else UnpacedPipeline
    with Animator(
        persona, engine=asked.engine, refine=asked.refine, canvas=canvas, report=report
    ) as animator:
        pipeline = kind(camera, animator, [sink], report, asked.fps)
        errors: list[BaseException] = []
        runner = threading.Thread(target=_keep_error, args=(pipeline, errors))
        runner.start()
        try:
            seconds = asked.seconds + WARM_UP_S
            if isinstance(sink, Watcher | DeviceInGuest):
                seen = sink.watch(seconds)
            else:
                seen = _read(_device_of(sink), seconds)
        finally:
            pipeline.stop()
            runner.join(30)
        if errors:
            raise errors[0]
        engine = animator.renderer.name
    measured = report.result()
    more = {name: measured[name] for name in ("stages", "cpu_ms_per_frame", "dropped", "audio_offset_ms")}
    more["skipped_at_source"], more["dropped_in_pipeline"] = camera.skipped, more.pop("dropped")
    if isinstance(sink, DeviceInGuest):
        more["relay"] = sink.figures(WARM_UP_S)
    return {"engine": engine, **figures(seen, WARM_UP_S), **more}


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
        command = [sys.executable, "-m", "livecam.benchmarks.glass_to_glass.reader", device]
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
