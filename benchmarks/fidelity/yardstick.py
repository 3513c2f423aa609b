"""The yardstick: figures of every method over all people or clips, each with its interval.

A sample holds what was measured of each of them, so that another candidate, measured later, can be compared
person by person.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np

from livecam.benchmarks.fidelity import statistics
from livecam.benchmarks.fidelity.statistics import Array, Draws, Estimate, Kernel
from livecam.errors import UserError

Values = Mapping[str, float]
"""One measure, by person."""
DISTANCE: Final = "mouth_distance"
KERNEL, KID = "mouth_kernel", "mouth_kid"
SUMS: Final = ("counts", "found", "truth", "between", "own")
MEAN, MEDIAN, WORST = "mean", "median", "worst tenth"
DIGITS: Final = 6
"""Significant digits of a kernel's sums in a file."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One column. measure: of a person; under: where it is a ratio, what it is divided by, and 1 is best;
    up: whether more is better."""

    name: str
    measure: str
    up: bool = True
    digits: int = 2
    under: str = ""


def _of(part: str) -> tuple[Figure, ...]:
    return (
        Figure(f"{part} dB", f"{part}_psnr"),
        Figure(f"{part} GMS", f"{part}_gms", digits=3),
        Figure(f"{part} sharp", f"{part}_energy", False, under=f"{part}_true_energy"),
    )


FIGURES: Final = (
    *_of("mouth"),
    Figure("distance", DISTANCE, False, 4),
    Figure("kernel", KERNEL, False, 1),
    Figure("KID", KID, False, 1),
    *_of("eyes"),
    *_of("face"),
)
MEASURES: Final = tuple(name for one in FIGURES for name in (one.measure, one.under) if name)


@dataclass(frozen=True, slots=True)
class Sample:
    """What was measured. of: "people" or "clips". values: by method and measure, of each of them; kernels: by
    measure and method, of those named in `seen`, whose mouths could be judged."""

    of: str
    size: int
    values: Mapping[str, Mapping[str, Values]]
    seen: Sequence[str] = ()
    kernels: Mapping[str, Mapping[str, Kernel]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        kernels = {
            measure: {
                method: {part: _short(getattr(one, part)) for part in SUMS} for method, one in known.items()
            }
            for measure, known in self.kernels.items()
        }
        values = {
            method: {
                measure: {name: round(value, 5) for name, value in known.items() if math.isfinite(value)}
                for measure, known in measures.items()
            }
            for method, measures in self.values.items()
        }
        return {"of": self.of, "size": self.size, "values": values, "seen": list(self.seen)} | {
            "kernels": kernels
        }

    @classmethod
    def of_dict(cls, said: Mapping[str, Any]) -> Sample:
        """What `as_dict` made, rounded as it has it."""
        kernels = {
            measure: {
                method: Kernel(*(np.array(one[part]) for part in SUMS)) for method, one in known.items()
            }
            for measure, known in said["kernels"].items()
        }
        return cls(said["of"], said["size"], said["values"], said["seen"], kernels)

    @classmethod
    def load(cls, path: Path, of: str) -> Sample:
        """What `--json` wrote.

        Raises:
            UserError: the file cannot be read or holds no such sample.
        """
        try:
            return cls.of_dict(json.loads(path.read_text("utf-8"))["yardstick"][of])
        except (OSError, ValueError, KeyError, TypeError) as error:
            todo = "Name a file that --json wrote."
            raise UserError(str(path), f"holds no figures of {of} ({error})", todo) from error


def _short(sums: Array) -> Any:
    if sums.ndim > 1:
        return [_short(row) for row in sums]
    return [float(f"{value:.{DIGITS}g}") for value in sums]


def figures(sample: Sample, method: str) -> dict[str, dict[str, Estimate]]:
    """By figure's name: mean, median and worst tenth, those that there are."""
    found = {}
    for figure in FIGURES:
        names = _known(sample, method, figure)
        if names:
            drawn = statistics.draws(len(names))
            found[figure.name] = {
                which: statistics.estimate(values, len(names))
                for which, values in _spread(sample, method, figure, names, drawn).items()
            }
    return found


def differences(
    first: tuple[Sample, str], second: tuple[Sample, str]
) -> dict[str, dict[str, tuple[Estimate, str]]]:
    """First less second over the people that both know, with a verdict. Of ratios: how much farther from 1,
    as a logarithm."""
    found: dict[str, dict[str, tuple[Estimate, str]]] = {}
    for figure in FIGURES:
        names = sorted(set(_known(*first, figure)) & set(_known(*second, figure)))
        if not names:
            continue
        drawn = statistics.draws(len(names))
        one, other = (_spread(*which, figure, names, drawn) for which in (first, second))
        if figure.under:
            one, other = ({k: np.abs(np.log(v)) for k, v in each.items()} for each in (one, other))
        apart = {k: statistics.estimate(one[k] - other[k], len(names)) for k in one}
        found[figure.name] = {k: (each, each.verdict(figure.up)) for k, each in apart.items()}
    return found


def _known(sample: Sample, method: str, figure: Figure) -> list[str]:
    if figure.measure in (KERNEL, KID):
        known = sample.kernels.get(figure.measure, {})
        return sorted(sample.seen) if method in known and len(sample.seen) > 1 else []
    measures = sample.values.get(method, {})
    return statistics.paired(
        *(measures.get(name, {}) for name in (figure.measure, figure.under or figure.measure))
    )


def _spread(
    sample: Sample, method: str, figure: Figure, names: Sequence[str], drawn: Draws
) -> dict[str, Array]:
    """By statistic, (R + 1,) values."""
    if figure.measure in (KERNEL, KID):
        which = np.array([list(sample.seen).index(name) for name in names])
        part = sample.kernels[figure.measure][method].part(which)
        return {MEAN: statistics.kernel_distance(part, drawn, own=figure.measure == KID)}
    known = sample.values[method]
    values = np.array([known[figure.measure][name] for name in names])
    if figure.under:
        under = np.maximum([known[figure.under][name] for name in names], 1e-9)
        values = np.maximum(values, 1e-9)
        ratio = statistics.mean(values[drawn]) / statistics.mean(under[drawn])
        return {MEAN: ratio, MEDIAN: statistics.median((values / under)[drawn])}
    taken = values[drawn]
    return {
        MEAN: statistics.mean(taken),
        MEDIAN: statistics.median(taken),
        WORST: statistics.worst_tenth(taken, figure.up),
    }
