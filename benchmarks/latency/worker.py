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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from livecam import session
from livecam.benchmarks.latency import yardstick
from livecam.errors import UserError
from livecam.generator.weights import find_weights
from livecam.persona.opening import open_persona
from livecam.report import Report, peak_memory_mb
from livecam.settings import Settings

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
    from livecam.render.choose import make_renderer
    from livecam.sources import open_source

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    persona = open_persona(options.portrait, options.size)
    with open_source(options.driver) as source, Animator(persona) as animator:
        moved = [step.motion for step in frame_motions(source, animator, MOTIONS)]
    renderer = make_renderer(persona, "cpu", refine)
    for motion in moved[:10]:
        renderer.render(motion)
    walls, cpus = [], []
    for _ in range(ROUNDS):
        for motion in moved:
            wall, cpu = time.perf_counter(), time.process_time()
            renderer.render(motion)
            walls.append(1e3 * (time.perf_counter() - wall))
            cpus.append(1e3 * (time.process_time() - cpu))
    p50, p95, p99 = np.percentile(walls, [50, 95, 99])
    return {
        "size": options.size,
        "p50_ms": round(float(p50), 3),
        "p95_ms": round(float(p95), 3),
        "p99_ms": round(float(p99), 3),
        "cpu_ms": round(float(np.mean(cpus)), 3),
    }


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
