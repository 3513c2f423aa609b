"""One measured configuration in a process of its own; `livecam bench` starts it and reads its last line.

python -m livecam.benchmarks.latency.worker pipeline PORTRAIT DRIVER --size 512 --frames 300
python -m livecam.benchmarks.latency.worker warper PORTRAIT DRIVER --size 512
python -m livecam.benchmarks.latency.worker refined PORTRAIT DRIVER --size 512
python -m livecam.benchmarks.latency.worker enroll PORTRAIT DRIVER --size 512
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam import session
from livecam.benchmarks.latency import yardstick
from livecam.errors import UserError
from livecam.generator.weights import find_weights
from livecam.persona.opening import open_persona
from livecam.report import Report, peak_memory_mb
from livecam.settings import Settings

if TYPE_CHECKING:
    from livecam.engines import Engine
    from livecam.persona.types import PersonaData
    from livecam.render.cpu.renderer import CpuRenderer

MOTIONS = 120
ROUNDS = 3


class CpuReport(Report):
    """Also adds up the CPU time of all threads in each stage; file to file the stages do not overlap."""

    def __init__(self) -> None:
        super().__init__()
        self.cpu_seconds: dict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.process_time()
        try:
            with super().stage(name):
                yield
        finally:
            self.cpu_seconds[name] += time.process_time() - begun


def pipeline(options: argparse.Namespace) -> dict[str, Any]:
    """The whole product from a file to nowhere, with the yardstick before and after."""
    before = yardstick.measure()
    settings = Settings(size=options.size, canvas=options.canvas, max_frames=options.frames)
    request = session.Request(portrait=options.portrait, driver=options.driver, sinks=("null",))
    report = CpuReport()
    session.run(request, settings, report=report)
    result = report.result()
    after = yardstick.measure()
    beside = yardstick.Yardstick((before.wall_ms + after.wall_ms) / 2, (before.cpu_ms + after.cpu_ms) / 2)
    return {
        "size": options.size,
        "canvas": options.canvas,
        "refined": settings.refine and find_weights() is not None,
        **{name: result[name] for name in ("frames", "fps", "cpu_ms_per_frame", "engine", "stages")},
        "peak_mb": result["rss_mb"],
        "stage_cpu_ms": {
            name: round(1e3 * seconds / max(report.frames, 1), 3)
            for name, seconds in report.cpu_seconds.items()
        },
        "yardstick": {name: round(value, 3) for name, value in asdict(beside).items()},
        "wall_ratio": round(result["stages"]["total"]["p50_ms"] / beside.wall_ms, 2),
        "cpu_ratio": round(result["cpu_ms_per_frame"] / beside.cpu_ms, 2),
    }


def warper(options: argparse.Namespace) -> dict[str, Any]:
    """The host's warper alone, on one core, with motions of the driver."""
    return _drawing(options, refine=False)


def refined(options: argparse.Namespace) -> dict[str, Any]:
    """The same with the refiner. Raises `UserError` where no weights are installed."""
    if find_weights() is None:
        raise UserError("the refiner", "no weights are installed", "Measure the warper.")
    return _drawing(options, refine=True)


def _drawing(options: argparse.Namespace, refine: bool) -> dict[str, Any]:
    from livecam.animator import Animator
    from livecam.pipeline.lossless import frame_motions
    from livecam.sources import open_source

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    persona = open_persona(options.portrait, options.size)
    with open_source(options.driver) as source, Animator(persona) as animator:
        moved = [step.motion for step in frame_motions(source, animator, options.frames or MOTIONS)]
    renderer, networks = _renderer(persona, refine)
    for motion in moved[:10]:
        renderer.render(motion)
    for network in networks.values():
        network.forget()
    walls, cpus = [], []
    for _ in range(ROUNDS):
        for motion in moved:
            wall, cpu = time.perf_counter(), time.process_time()
            renderer.render(motion)
            walls.append(1e3 * (time.perf_counter() - wall))
            cpus.append(1e3 * (time.process_time() - cpu))
            for network in networks.values():
                network.end_frame()
    p50, p95, p99 = np.percentile(walls, [50, 95, 99])
    return {
        "size": options.size,
        "p50_ms": round(float(p50), 3),
        "p95_ms": round(float(p95), 3),
        "p99_ms": round(float(p99), 3),
        "cpu_ms": round(float(np.mean(cpus)), 3),
        "networks": {name: network.told() for name, network in networks.items()},
    }


def _renderer(persona: PersonaData, refine: bool) -> tuple[CpuRenderer, dict[str, WatchedEngine]]:
    """The host's, and the networks of its refiner by their names."""
    from livecam.render.cpu.renderer import CpuRenderer
    from livecam.render.refiner_setup import cpu_refiner, weights_for

    weights = weights_for(refine)
    if weights is None:
        return CpuRenderer(persona), {}
    refiner = cpu_refiner(persona, weights)
    watched = {name: WatchedEngine(engine) for name, engine in refiner.engines.items()}
    refiner.engines.update(watched)
    return CpuRenderer(persona, refiner), watched


class WatchedEngine:
    """Runs another engine, and knows how often and how long it ran."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name, self.inputs, self.outputs = engine.name, engine.inputs, engine.outputs
        self.forget()

    def forget(self) -> None:
        """Begins anew."""
        self._seconds: list[float] = []
        self._frames = self._rested = self._seen = 0

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        begun = time.process_time()
        found = self._engine.run(feeds)
        self._seconds.append(time.process_time() - begun)
        return found

    def end_frame(self) -> None:
        """A picture is done, with or without runs."""
        self._frames += 1
        self._rested += len(self._seconds) == self._seen
        self._seen = len(self._seconds)

    def told(self) -> dict[str, float]:
        """run_cpu_ms: of a run; cpu_ms: of a frame, on the average; rested: share of frames without a run."""
        frames = max(self._frames, 1)
        return {
            "run_cpu_ms": round(1e3 * float(np.median(self._seconds or [0])), 3),
            "cpu_ms": round(1e3 * sum(self._seconds) / frames, 3),
            "rested": round(self._rested / frames, 3),
        }

    def close(self) -> None:
        """Closes the engine."""
        self._engine.close()


def enroll_portrait(options: argparse.Namespace) -> dict[str, Any]:
    """A portrait that was never seen before, from its file to a persona."""
    from livecam.persona import enroll

    begun = time.perf_counter()
    enroll.enroll(Path(options.portrait), "benchmark", options.size)
    return {
        "size": options.size,
        "seconds": round(time.perf_counter() - begun, 3),
        "peak_mb": round(peak_memory_mb(), 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the result as one line of JSON. Exit code 2 where something has to be mended."""
    modes = {"pipeline": pipeline, "warper": warper, "refined": refined, "enroll": enroll_portrait}
    parser = argparse.ArgumentParser(prog="python -m livecam.benchmarks.latency.worker")
    parser.add_argument("mode", choices=modes)
    parser.add_argument("portrait")
    parser.add_argument("driver")
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--frames", type=int)
    parser.add_argument("--canvas", default=Settings().canvas)
    options = parser.parse_args(arguments)
    try:
        result = modes[options.mode](options)
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
