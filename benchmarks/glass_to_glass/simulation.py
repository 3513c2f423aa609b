"""Pacing without a clock: what camera, tracker, drawing and sink do to each other, in made-up time.

python -m livecam.benchmarks.glass_to_glass.simulation

Every duration is drawn from a distribution with a fixed seed, so a run takes no load, is the same on every
machine, and an hour passes in seconds. The sink's ticks are those of the real
`livecam.pipeline.pacing.Pacer`; the figures are those of the real measurement.
"""

from __future__ import annotations

import argparse
import bisect
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from livecam.benchmarks import command_line
from livecam.benchmarks.glass_to_glass.figures import COUNTED, figures
from livecam.benchmarks.output import write_json
from livecam.pipeline.pacing import Pacer, Rhythm

Seconds = NDArray[np.float64]

RATES = (24.0, 25.0, 29.97, 30.0, 50.0, 60.0)
WARM_UP_S = 6.0
"""Until the ticks are in step; not counted."""


@dataclass(frozen=True, slots=True)
class Work:
    """How long a stage takes: log-normal, median and 95th percentile in ms; now and then it stalls."""

    median: float
    p95: float

    def draw(self, random: np.random.Generator, count: int) -> Seconds:
        spread = math.log(self.p95 / self.median) / 1.645  # the normal distribution's 95th percentile
        return np.asarray(self.median * np.exp(random.normal(0, spread, count)) / 1e3)


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as `docs/latency.md` measured it."""

    name: str
    track: Work
    draw: Work
    """Motion, generator and canvas."""
    wake: Work = Work(0.1, 0.3)
    """From a time that is due to the thread that runs."""
    stall_ms: float = 20.0
    stalls: float = 0.003
    """Share of pictures that something else on the machine delays by `stall_ms`."""


MACHINES = (
    Machine("two cores", Work(5.2, 8.8), Work(6.4, 8.8)),
    Machine("busy", Work(15.3, 26.3), Work(21.0, 33.0), Work(1.0, 4.0), 30.0, 0.02),
    Machine("unsteady", Work(14.0, 39.0), Work(9.0, 16.0), Work(1.0, 4.0), 30.0, 0.02),
)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Finished pictures in order: the number, time of exposure and time of completion of each."""

    numbers: Sequence[int]
    exposed: Seconds
    ready: Seconds


def pictures(
    rate: float,
    machine: Machine,
    seconds: float,
    *,
    jitter_ms: float = 3.0,
    offset: float = 0.0,
    seed: int = 1,
    threads: int = 1,
) -> Pictures:
    """What comes out of tracker and drawing for a camera of that rate that starts at `offset` seconds.

    threads: 1 where one does both, 2 where the next frame is tracked while the last is drawn. Stages meet in
    latest-frame slots.
    """
    random = np.random.default_rng(seed)
    count = int(seconds * rate)
    exposed = offset + np.arange(count) / rate
    given = np.maximum.accumulate(exposed + np.abs(random.normal(0, jitter_ms / 1e3, count)))
    track, draw = machine.track.draw(random, count), machine.draw.draw(random, count)
    draw += np.where(random.random(count) < machine.stalls, machine.stall_ms / 1e3, 0.0)
    if threads == 1:
        kept, ready = through(range(count), given, track + draw)
    else:
        kept, tracked = through(range(count), given, track)
        kept, ready = through(kept, tracked, draw)
    return Pictures(kept, exposed[list(kept)], ready)


def through(numbers: Sequence[int], given: Seconds, cost: Seconds) -> tuple[list[int], Seconds]:
    """Latest-frame slot and one thread: numbers of the frames that got through, and when each was done.

    given: a time for each of `numbers`; cost: seconds for each frame there is.
    """
    kept: list[int] = []
    done: list[float] = []
    free, position = -math.inf, 0
    while position < len(numbers):
        position = max(position, bisect.bisect_right(given, free) - 1)  # the newest that has come
        free = max(free, float(given[position])) + float(cost[numbers[position]])
        kept.append(numbers[position])
        done.append(free)
        position += 1
    return kept, np.array(done)


def watch(
    made: Pictures, machine: Machine, fps: float, seconds: float, *, paced: bool = True, seed: int = 2
) -> list[dict[str, Any]]:
    """What a reader of the sink sees, as `glass_to_glass_reader` would write it."""
    delays = machine.wake.draw(np.random.default_rng(seed), int(seconds * fps) + 1)
    rhythm = Rhythm()
    pacer = Pacer(1 / fps, 0.0, rhythm)
    seen: list[dict[str, Any]] = []
    known, shown = 0, -1
    while pacer.due < seconds:
        now = pacer.due + float(delays[len(seen) % len(delays)])
        newest = bisect.bisect_right(made.ready, now) - 1
        if newest <= shown and pacer.patience:
            coming = float(made.ready[newest + 1]) if newest + 1 < len(made.ready) else math.inf
            now = max(now, min(coming, pacer.due + pacer.patience))
            newest = bisect.bisect_right(made.ready, now) - 1
        for finished in range(known, newest + 1 if paced else 0):
            rhythm.add(float(made.exposed[finished]), float(made.ready[finished]))
        known, shown = newest + 1, max(shown, newest)
        index = made.numbers[newest] if newest >= 0 else None
        capture_us = round(1e6 * float(made.exposed[newest])) if newest >= 0 else None
        seen.append({"index": index, "capture_us": capture_us, "seen_ns": round(now * 1e9), "mean": 99})
        pacer.advance(now)
    return seen


def simulate(
    rate: float,
    machine: Machine,
    *,
    paced: bool = True,
    fps: float = 30.0,
    seconds: float = 120.0,
    phases: int = 4,
    threads: int = 1,
    jitter_ms: float = 3.0,
) -> dict[str, Any]:
    """Figures of all runs together, one for each phase between camera and sink; counts are per 1000 ticks.

    `forced`: repeated and dropped frames per 1000 ticks that the two rates alone cost.
    """
    parts = []
    for phase in range(phases):
        made = pictures(
            rate,
            machine,
            seconds,
            jitter_ms=jitter_ms,
            offset=phase / phases / fps,
            seed=phase + 1,
            threads=threads,
        )
        seen = watch(made, machine, fps, seconds - 1, paced=paced)
        parts.append(figures(seen, WARM_UP_S))
    ticks = sum(part["pictures"] for part in parts)
    ages = [age for part in parts for age in part["latencies_ms"]]
    return {
        **dict(zip(("p50", "p95", "p99"), np.percentile(ages, [50, 95, 99]).round(1).tolist(), strict=True)),
        "fps": round(float(np.mean([part["fps"] for part in parts])), 2),
        "deviation": round(float(np.mean([part["cadence_ms"]["deviation"] for part in parts])), 2),
        **{name: round(1000 * sum(part[name] for part in parts) / ticks, 1) for name in COUNTED},
        "forced": {
            "repeated": round(1000 * max(0.0, 1 - rate / fps), 1),
            "dropped": round(1000 * max(0.0, rate / fps - 1), 1),
        },
    }


WAYS: dict[str, dict[str, Any]] = {
    "by chance": {"paced": False, "threads": 1},
    "paced": {"paced": True, "threads": 1},
    "paced, two threads": {"paced": True, "threads": 2},
}
"""Ticks wherever they happen to be; in step and patient; tracking and drawing in a thread each as well."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line: one row for each machine, rate and way."""
    parser = argparse.ArgumentParser(
        prog="python -m livecam.benchmarks.glass_to_glass.simulation",
        description=(__doc__ or "").split("\n")[0],
    )
    names = [machine.name for machine in MACHINES]
    parser.add_argument(
        "--rates",
        type=command_line.fps,
        nargs="+",
        default=list(RATES),
        help="of the camera",
    )
    parser.add_argument("--machines", nargs="+", default=names, choices=names)
    parser.add_argument(
        "--seconds",
        type=command_line.seconds,
        default=120.0,
        help="of made-up time, for each of 4 phases",
    )
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args(arguments)
    rows: list[dict[str, Any]] = []
    for machine in MACHINES:
        for rate in options.rates if machine.name in options.machines else ():
            for way, how in WAYS.items():
                found = simulate(rate, machine, seconds=options.seconds, **how)
                rows.append({"machine": machine.name, "source_fps": rate, "way": way, **found})
    table = Table("machine", "source fps", "way", "p50", "p95", "p99", "fps", "gap ±", "repeated", "dropped")
    for row in rows:
        counts = (f"{row[name]} ({row['forced'][name]} forced)" for name in ("repeated", "dropped"))
        times = (str(row[name]) for name in ("p50", "p95", "p99", "fps", "deviation"))
        table.add_row(row["machine"], f"{row['source_fps']:g}", row["way"], *times, *counts)
    Console(highlight=False, width=None if sys.stdout.isatty() else 140).print(table)
    if options.json is not None:
        write_json({"kind": "simulated pacing", "per": "1000 ticks", "runs": rows}, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
