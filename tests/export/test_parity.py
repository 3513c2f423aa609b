"""Several frames as one row of the report."""

from __future__ import annotations

from livecam.export.parity import Parity, worst


def test_the_worst_of_every_figure_is_told() -> None:
    rows = [Parity("a", 0.5, 0.02, 60.0), Parity("a", 0.25, 0.04, 40.0, frames=2)]
    assert worst("all", rows) == Parity("all", 0.5, 0.03, 40.0, frames=3)
