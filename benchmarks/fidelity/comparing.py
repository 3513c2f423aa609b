"""The yardstick's tables: figures with intervals, and two candidates person by person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from livecam.benchmarks.fidelity.methods import REFINED, WARPER
from livecam.benchmarks.fidelity.statistics import COVERAGE, Estimate
from livecam.benchmarks.fidelity.tables import plain_table
from livecam.benchmarks.fidelity.yardstick import FIGURES, MEAN, MEDIAN, WORST, Figure, Sample
from livecam.benchmarks.output import rounded, shown

STATISTICS = (MEAN, MEDIAN, WORST)
Found = Mapping[str, Mapping[str, Estimate]]
"""By figure and statistic."""
Differences = Mapping[str, Mapping[str, tuple[Estimate, str]]]
"""With what each says: "better", "worse", "no difference shown"."""
Side = tuple[Sample, str]
"""A sample and one of its methods."""


def figures_table(found: Mapping[str, Found], sample: Sample) -> Table:
    """A row for every figure and method: `found` by method."""
    title = f"All {sample.of} at {sample.size}, with intervals of {COVERAGE:.0f} % over {sample.of}"
    table = plain_table(title, "figure", "")
    table.add_column("n", justify="right")
    for name in STATISTICS:
        table.add_column(name, justify="right")
        table.add_column("", justify="left")
    for figure in FIGURES:
        rows = [(method, each[figure.name]) for method, each in found.items() if figure.name in each]
        for k, (method, row) in enumerate(rows):
            count = str(row[MEAN].count)
            table.add_row(figure.name if not k else "", method, count, *_cells(row, figure))
    return table


def _cells(row: Mapping[str, Estimate], figure: Figure) -> list[str]:
    cells = []
    for name in STATISTICS:
        one = row.get(name)
        cells += ["-", ""] if one is None else [shown(one.value, figure.digits), _ends(one, figure.digits)]
    return cells


def _ends(one: Estimate, digits: int) -> str:
    return f"[{shown(one.low, digits)}, {shown(one.high, digits)}]"


def comparisons(sample: Sample, other: Sample | None) -> dict[str, tuple[Side, Side]]:
    """What is held against what: refined against the warper, and both against those of `other`."""
    found: dict[str, tuple[Side, Side]] = {}
    if REFINED in sample.values and WARPER in sample.values:
        found["refined against the warper"] = ((sample, REFINED), (sample, WARPER))
    for one, against in ((REFINED, REFINED), (REFINED, WARPER), (WARPER, WARPER)) if other else ():
        assert other is not None
        if one in sample.values and against in other.values:
            found[f"{one} against the other's {against}"] = ((sample, one), (other, against))
    return found


def differences_table(found: Differences, of: str, title: str) -> Table:
    """A row for every figure and statistic: the difference, its interval, and what it says."""
    table = plain_table(
        f"{title}, differences over the same {of} with intervals of {COVERAGE:.0f} %", "figure"
    )
    table.add_column("")
    for name in ("n", "difference"):
        table.add_column(name, justify="right")
    table.add_column("interval")
    table.add_column("")
    for figure in FIGURES:
        for k, (name, (one, verdict)) in enumerate(found.get(figure.name, {}).items()):
            digits = max(figure.digits, 3 if figure.under else 0)
            cells = [str(one.count), f"{one.value:+.{digits}f}", _ends(one, digits), verdict]
            label = f"{figure.name}, from 1" if figure.under else figure.name
            table.add_row("" if k else label, name, *cells, style="bold" if verdict == "worse" else None)
    return table


def figures_dict(found: Found) -> dict[str, Any]:
    """Plain values for JSON: value, both ends of its interval, number of people."""
    return {figure: {name: plain(one) for name, one in row.items()} for figure, row in found.items()}


def differences_dict(found: Differences) -> dict[str, Any]:
    """The same, and the verdict."""
    return {
        figure: {name: [*plain(one), verdict] for name, (one, verdict) in row.items()}
        for figure, row in found.items()
    }


def plain(one: Estimate) -> list[float | int | None]:
    """Value, both ends of its interval, and of how many it is."""
    return [rounded(one.value), rounded(one.low), rounded(one.high), one.count]
