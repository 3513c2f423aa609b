"""From what the reader saw to figures, and from figures to a page."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from typing import Any

import numpy as np

from livecam.benchmarks.glass_to_glass import frame_code as code
from livecam.benchmarks.output import rounded, shown
from livecam.report import STAGES

BLACK = 24
"""Brightness below which a picture counts as black; YUV's own black is 16."""
COUNTED = ("repeated", "dropped", "reordered", "unreadable", "black")
"""The figures that are numbers of pictures."""


def figures(seen: Sequence[dict[str, Any]], skip_s: float = 0.0) -> dict[str, Any]:
    """What `glass_to_glass_reader` wrote, from `skip_s` after its first picture on.

    latency: milliseconds from capture until a picture was first there, for each driver's frame that was seen.
    dropped: numbers missing between those seen; repeated: the same number again; cadence: of all pictures.
    """
    if seen:
        begun = seen[0]["seen_ns"] + skip_s * 1e9
        seen = [entry for entry in seen if entry["seen_ns"] >= begun]
    coded = [entry for entry in seen if entry["index"] is not None]
    fresh = [b for a, b in zip([None, *coded], coded, strict=False) if a is None or a["index"] != b["index"]]
    steps = np.diff([entry["index"] for entry in fresh])
    gaps = np.diff([entry["seen_ns"] for entry in seen]) / 1e6
    ages = [code.age_ms(entry["capture_us"], entry["seen_ns"]) for entry in fresh[1:]]
    return {
        "pictures": len(seen),
        "frames": len(fresh),
        "fps": rounded(1e3 / gaps.mean(), 2) if len(gaps) else None,
        "latency_ms": spread(ages),
        "cadence_ms": {
            "deviation": rounded(gaps.std(), 2) if len(gaps) else None,
            "p1": rounded(float(np.percentile(gaps, 1)), 1) if len(gaps) else None,
            "p99": rounded(float(np.percentile(gaps, 99)), 1) if len(gaps) else None,
            "longest": rounded(gaps.max(), 1) if len(gaps) else None,
        },
        "repeated": len(coded) - len(fresh),
        "dropped": int((steps[steps > 1] - 1).sum()),
        "reordered": int((steps < 0).sum()),
        "unreadable": len(seen) - len(coded),
        "black": sum(entry["mean"] < BLACK for entry in seen),
        "latencies_ms": [round(age, 1) for age in ages],
    }


def spread(values: Sequence[float]) -> dict[str, float | None]:
    """Percentiles; None where there are no values."""
    if not values:
        return {"p50": None, "p95": None, "p99": None, "longest": None}
    p50, p95, p99 = np.percentile(values, [50, 95, 99])
    return {
        "p50": rounded(p50, 1),
        "p95": rounded(p95, 1),
        "p99": rounded(p99, 1),
        "longest": rounded(max(values), 1),
    }


COLUMNS = (
    ("source fps", lambda row: f"{row['source_fps']:g}"),
    ("load", lambda row: str(row["load"])),
    ("engine", lambda row: row["engine"]),
    ("p50 ms", lambda row: shown(row["latency_ms"]["p50"], 1)),
    ("p95 ms", lambda row: shown(row["latency_ms"]["p95"], 1)),
    ("p99 ms", lambda row: shown(row["latency_ms"]["p99"], 1)),
    ("fps", lambda row: shown(row["fps"], 2)),
    ("gap ±ms", lambda row: shown(row["cadence_ms"]["deviation"], 1)),
    ("repeated", lambda row: str(row["repeated"])),
    ("dropped", lambda row: str(row["dropped"])),
    ("reordered", lambda row: str(row["reordered"])),
    ("unreadable", lambda row: str(row["unreadable"])),
    ("black", lambda row: str(row["black"])),
    ("stolen %", lambda row: shown(row.get("stolen_percent"), 1)),
)
"""Name and cell of each column of the table."""


def relay_words(rows: Sequence[dict[str, Any]]) -> list[str]:
    """For each run with the device in a guest: what of its latency is the way there, and the clocks."""
    words = []
    for row in rows:
        if (relay := row.get("relay")) is None:
            continue
        parts = {"into the guest": "pickup_ms", "read": "read_ms", "into the device": "device_ms"}
        shown_parts = [f"{name} {_pair(relay[key])}" for name, key in parts.items()]
        words.append(
            f"{row['source_fps']:g} fps, load {row['load']}: relay {_pair(relay['whole_ms'])} ms p50 / p95"
            f" of the above ({', '.join(shown_parts)}), {relay['skipped']} pictures skipped by it;"
            f" soonest {shown(relay['smallest_pickup_ms'], 2)} ms, clocks known to"
            f" ±{shown(relay['clock_uncertainty_ms'], 2)} ms, drift {shown(relay['clock_drift_ms'], 3)} ms"
        )
    return words


def _pair(times: dict[str, float | None]) -> str:
    return f"{shown(times['p50'], 1)} / {shown(times['p95'], 1)}"


def page(result: dict[str, Any], headline: str) -> str:
    """One HTML file with nothing outside it: table, distribution and course of the latency, stages."""
    rows = result["runs"]
    parts = [
        "<!doctype html><meta charset='utf-8'><title>livecam: glass to glass</title>",
        "<style>body{font:15px sans-serif;max-width:1100px;margin:2em auto}td,th{padding:.2em .7em;",
        "text-align:right}svg{max-width:100%;height:auto}</style><h1>From capture to consumer</h1>",
        f"<p>{html.escape(headline)}</p>",
        _table([name for name, _ in COLUMNS], [[cell(row) for _, cell in COLUMNS] for row in rows]),
        *(f"<p>{html.escape(words)}</p>" for words in relay_words(rows)),
        _charts(rows),
        "<h2>Stages, ms p50 / p95</h2>",
        _table(["source fps", "load", *STAGES], [_stage_cells(row) for row in rows]),
    ]
    return "\n".join(parts)


def _stage_cells(row: dict[str, Any]) -> list[str]:
    cells = [f"{row['source_fps']:g}", str(row["load"])]
    for stage in STAGES:
        times = row["stages"].get(stage)
        cells.append("-" if times is None else f"{times['p50_ms']:.1f} / {times['p95_ms']:.1f}")
    return cells


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["".join(f"<th>{html.escape(cell)}</th>" for cell in head)]
    lines += ["".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows]
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _charts(rows: Sequence[dict[str, Any]]) -> str:
    """SVG: how often the latency is below a value, and how it went."""
    from livecam.benchmarks.plots import _pyplot

    plt = _pyplot()
    figure, (spread, course) = plt.subplots(2, 1, figsize=(10, 7), layout="constrained")
    for row in rows:
        ages = np.array(row["latencies_ms"])
        if not len(ages):
            continue
        label = f"{row['source_fps']:g} fps" + (f", load {row['load']}" if row["load"] else "")
        spread.plot(np.sort(ages), np.linspace(0, 100, len(ages)), label=label)
        course.plot(ages, linewidth=0.8, label=label)
    spread.set_xlabel("capture to consumer, ms")
    spread.set_ylabel("% of frames at most")
    course.set_xlabel("frame")
    course.set_ylabel("ms")
    spread.legend(fontsize=8)
    text = io.StringIO()
    figure.savefig(text, format="svg")
    plt.close(figure)
    return text.getvalue()[text.getvalue().index("<svg") :]
