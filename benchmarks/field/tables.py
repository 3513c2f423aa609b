"""The figures as tables, a row a portrait; what misses its target is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.table import Table

from livecam.benchmarks.fidelity.tables import plain_table
from livecam.benchmarks.output import shown

COLUMNS: Final = (
    ("offset", "offset", 3),
    ("size", "size", 3),
    ("neck", "neck_least", 2),
    ("to", "neck_most", 2),
    ("step", "step", 2),
    ("lips", "lips_step", 2),
    ("bare", "uncovered", 0),
    ("ghosts", "ghost_frames", 0),
    ("area", "ghost", 3),
    ("edge", "edge", 0),
    ("lost", "lost", 0),
)
TARGETS: Final = {
    "offset": (0.0, 0.05),
    "size": (0.95, 1.05),
    "neck_least": (0.9, 1.1),
    "neck_most": (0.9, 1.1),
    "step": (0.0, 1.0),
    "lips_step": (0.0, 1.3),
    "uncovered": (0, 0),
    "ghost_frames": (0, 0),
    "edge": (-255.0, 12.0),
    "lost": (0, 0),
}
"""From and to. Heads, necks and lips by what viewers were seen to mind; a portrait's lips may move more than
the driver's by what their mouths differ (`MOUTH_SCALE_LIMITS` of `livecam.motion.lips`); a step of 12
levels is a line on plain ground, by eye."""
MARK: Final = "!"

Row = Mapping[str, Any]


def missed(row: Row) -> list[str]:
    """Names of the figures that miss their targets; one that is not known misses none."""
    return [
        name
        for name, (low, high) in TARGETS.items()
        if row.get(name) is not None and not low <= row[name] <= high
    ]


def worst(rows: Sequence[Row]) -> dict[str, Any]:
    """Of every figure the value farthest from its target's middle, or the largest; None where none is
    known."""
    found: dict[str, Any] = {}
    for _, name, _ in COLUMNS:
        known = [row[name] for row in rows if row[name] is not None]
        low, high = TARGETS.get(name, (0.0, 0.0))
        middle = (low + high) / 2 if name in ("size", "neck_least", "neck_most") else -255.0
        found[name] = max(known, key=lambda value: abs(value - middle), default=None)
    return found


def clip_table(clip: str, driver: Row, rows: Mapping[str, Row], size: int) -> Table:
    """A row a portrait, then the worst of each column. driver: offset and size of the clip's own head."""
    own = f"driver's head at the end {shown(driver['offset'], 2)} away, size {shown(driver['size'], 2)}"
    title = f"{clip} at {size}, {MARK} misses its target; {own}"
    table = plain_table(title, "portrait")
    for head, _, _ in COLUMNS:
        table.add_column(head, justify="right")
    for portrait, row in rows.items():
        table.add_row(portrait, *cells(row))
    if len(rows) > 1:
        table.add_row("worst", *cells(worst(list(rows.values()))), style="bold")
    return table


def cells(row: Row) -> list[str]:
    """The row's values as text, red and with `MARK` where they miss their target."""
    bad = missed(row)
    return [
        f"[red]{shown(row[name], digits)}{MARK}[/red]" if name in bad else shown(row[name], digits)
        for _, name, digits in COLUMNS
    ]
