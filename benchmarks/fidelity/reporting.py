"""One measurement's yardstick: opens the perceptual judge, prints the tables, gathers what is written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from livecam.benchmarks.fidelity import comparing, perceptual, yardstick
from livecam.benchmarks.fidelity.methods import BOUND
from livecam.benchmarks.fidelity.perceptual import PerceptualJudge
from livecam.benchmarks.fidelity.yardstick import Sample

WIDTH = 120
"""Characters of a table, wherever it is printed: broken lines cannot be read."""


class Reporter:
    """judge: None where its packages are missing, which is said in one line. results: for the file, by what
    the samples are of."""

    def __init__(self, other: Path | None, of: Sequence[str], console: Console) -> None:
        """other: a file of figures to hold these against, with some `of` each ("people", "clips").

        Raises:
            UserError: it cannot be used.
        """
        self.console = console
        self._wide = Console(highlight=False, width=max(WIDTH, console.width))
        self.results: dict[str, Any] = {}
        self._other = other
        if other is not None:
            for one in of:
                Sample.load(other, one)
        lacking = perceptual.lacking()
        self.judge = None if lacking else PerceptualJudge()
        if lacking:
            console.print(lacking, soft_wrap=True)

    def add(self, sample: Sample) -> None:
        """Print the sample's figures and what they are against others, and keep both."""
        sample = Sample.of_dict(sample.as_dict())  # rounded as the other one is
        other = None if self._other is None else Sample.load(self._other, sample.of)
        methods = [name for name in sample.values if name != BOUND]
        found = {method: yardstick.figures(sample, method) for method in methods}
        self._wide.print(comparing.figures_table(found, sample))
        apart = {}
        for title, (first, second) in comparing.comparisons(sample, other).items():
            apart[title] = yardstick.differences(first, second)
            table = comparing.differences_table(apart[title], sample.of, title)
            self._wide.print(table)
        self.results[sample.of] = sample.as_dict() | {
            "figures": {method: comparing.figures_dict(row) for method, row in found.items()},
            "differences": {title: comparing.differences_dict(row) for title, row in apart.items()},
        }
