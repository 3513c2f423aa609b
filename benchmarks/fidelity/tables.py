"""The figures as tables: for the terminal, and as Markdown for docs/benchmarks.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from livecam.benchmarks.fidelity.features import NAMES
from livecam.benchmarks.output import shown

WHOLE = (
    ("face dB", "face_psnr", 2),
    ("worst", "worst_face_psnr", 2),
    ("SSIM", "ssim", 3),
    ("points", "landmarks", 4),
    ("lips", "lips", 4),
    ("eyes", "eyes", 4),
    ("sharp", "sharpness", 2),
    ("lost", "lost", 0),
)
PARTS = (
    ("mouth dB", "mouth_psnr", 2),
    ("GMS", "mouth_gms", 3),
    ("sharp", "mouth_sharpness", 2),
    ("eyes dB", "eyes_psnr", 2),
    ("GMS", "eyes_gms", 3),
    ("sharp", "eyes_sharpness", 2),
    ("outside", "outside_max", 1),
)
FLICKER = (
    ("flicker", "flicker", 2),
    ("mouth", "flicker_mouth", 2),
    ("eyes", "flicker_eyes", 2),
    ("edge", "flicker_edge", 2),
)
CROSS_COLUMNS = (
    "mouth",
    "lids",
    "yaw",
    "pitch",
    "gaze",
    "gap",
    "n",
    "blink",
    "clip's",
    "n",
    "shut",
    "n",
    "lost",
)
Rows = Mapping[str, Mapping[str, Any]]
"""Measures by method."""


def self_table(
    clips: Mapping[str, Rows], means: Rows, size: int, columns: Sequence[Any], title: str
) -> Table:
    """A row for every clip and method, then the means."""
    table = plain_table(f"{title} at {size}", "clip", "")
    for name, _, _ in columns:
        table.add_column(name, justify="right")
    for clip, rows in clips.items():
        for k, (method, row) in enumerate(rows.items()):
            table.add_row("" if k else clip, method, *cells(row, columns))
    for k, (method, row) in enumerate(means.items()):
        table.add_row("" if k else "mean", method, *cells(row, columns), style="bold")
    return table


def cells(row: Mapping[str, Any], columns: Sequence[Any]) -> list[str]:
    """The row's values as text."""
    return [shown(row.get(name), digits) for _, name, digits in columns]


def cross_table(
    pairs: Sequence[Mapping[str, Any]], means: Mapping[str, Any], size: int, method: str
) -> Table:
    """One row a pair: correlations, then what happens where the driver shuts the mouth or blinks."""
    title = f"Cross-reenactment, {method}, at {size}: correlation with the driver; gap of shut lips; lids"
    table = plain_table(title, "portrait", "clip")
    for name in CROSS_COLUMNS:
        table.add_column(name, justify="right")
    for row in pairs:
        table.add_row(row["portrait"], row["driver"], *cross_cells(row))
    table.add_row("all", "", *cross_cells(means), style="bold")
    return table


def cross_cells(row: Mapping[str, Any]) -> list[str]:
    """The row's values as text."""
    return [
        *(shown(row["correlation"][name], 2) for name in NAMES),
        shown(row["gap_when_shut"], 3),
        str(row["shut_frames"]),
        shown(row["lids_in_blink"], 2),
        shown(row["driver_lids_in_blink"], 2),
        str(row["blink_frames"]),
        shown(row["lids_when_shut"], 2),
        str(row["shut_lids_frames"]),
        str(row["lost"]),
    ]


def worst_table(rows: Sequence[Mapping[str, Any]], method: str) -> Table:
    """Where lids or lips differ most from the driver's."""
    table = plain_table(
        f"The worst frames, {method}: lids as shares of neutral, gap in mouth widths", "portrait"
    )
    for name in ("clip", "frame", "error", "lids", "clip's", "gap", "clip's"):
        table.add_column(name, justify="right")
    for row in rows:
        numbers = [shown(row[name], 2) for name in ("error", "lids", "driver_lids", "gap", "driver_gap")]
        table.add_row(row["portrait"], row["driver"], str(row["frame"]), *numbers)
    return table


def self_worst_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Where the landmarks are furthest from the clip's."""
    table = plain_table("The worst frames by points", "clip")
    for name in ("frame", "points", "warper's"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(row["clip"], str(row["frame"]), shown(row["points"], 4), shown(row["warper"], 4))
    return table


def markdown(means: Rows, columns: Sequence[Any] | None = None) -> str:
    """The means as a Markdown table, one row a method."""
    chosen = columns or (WHOLE[0], *WHOLE[3:6], *PARTS, *FLICKER)
    heads = ["", *(_long(name, measure) for name, measure, _ in chosen)]
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * len(chosen)]
    for method, row in means.items():
        lines.append("| " + " | ".join([method, *cells(row, chosen)]) + " |")
    return "\n".join(lines)


def _long(name: str, measure: str) -> str:
    """Names that stand alone: both mouth and eyes have a GMS."""
    if name in ("GMS", "sharp") and "_" in measure:
        return f"{measure.partition('_')[0]} {name}"
    return f"{name} flicker" if measure.startswith("flicker_") else name


def plain_table(title: str, *columns: str) -> Table:
    """An empty table without lines."""
    return Table(*columns, title=title, title_justify="left", box=None, pad_edge=False, collapse_padding=True)
