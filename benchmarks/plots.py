"""Pictures of the figures: charts with matplotlib, contact sheets with OpenCV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from livecam.benchmarks.fidelity.cross_reenactment import Driver, Likeness
from livecam.benchmarks.fidelity.features import LIDS, MOUTH, NAMES
from livecam.benchmarks.fidelity.methods import REFINED, STATIC, WARPER
from livecam.benchmarks.fidelity.self_reenactment import Comparison
from livecam.errors import UserError
from livecam.frames import RGB

OURS, GREY = "#2f6fb0", "#b8b8b8"
TILE = 192
SHOWN = 8
"""Frames in one contact sheet."""


def prepare(folder: Path) -> None:
    """Make the folder and see that charts can be drawn, before anything is measured.

    Raises:
        UserError: matplotlib is missing, or the folder cannot be made.
    """
    _pyplot()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(str(folder), f"cannot be made ({error.strerror})", "Name another folder.") from error


def _pyplot() -> Any:
    try:
        import matplotlib
    except ImportError as error:
        raise UserError(
            "matplotlib", "not installed", "Run `pip install matplotlib`, or leave --plots out."
        ) from error
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt


def self_reenactment(comparisons: Sequence[Comparison], folder: Path) -> list[Path]:
    """Bars per clip against the static portrait, and curves per frame."""
    return [
        _bars(comparisons, folder / "self-clips.png"),
        _curves(comparisons, folder / "self-frames.png"),
    ]


def _best(comparison: Comparison) -> str:
    """Refined if there is a refiner."""
    return REFINED if REFINED in comparison.rows else WARPER


def _bars(comparisons: Sequence[Comparison], path: Path) -> Path:
    plt = _pyplot()
    shown = (
        ("face_psnr", "face PSNR, dB"),
        ("ssim", "SSIM"),
        ("landmarks", "landmark error / eye distance"),
        ("lips", "lips"),
        ("eyes", "eyes"),
    )
    figure, axes = plt.subplots(1, len(shown), figsize=(3.2 * len(shown), 3.2), layout="constrained")
    place = np.arange(len(comparisons))
    for axis, (name, title) in zip(axes, shown, strict=True):
        static = [c.means(STATIC)[name] for c in comparisons]
        ours = [c.means(_best(c))[name] for c in comparisons]
        axis.bar(place - 0.2, static, 0.4, label="static", color=GREY)
        axis.bar(place + 0.2, ours, 0.4, label=_best(comparisons[0]), color=OURS)
        axis.set_xticks(place, [c.name for c in comparisons], rotation=45)
        axis.set_title(title, fontsize=10)
    axes[0].legend(fontsize=8)
    return _save(plt, figure, path)


def _curves(comparisons: Sequence[Comparison], path: Path) -> Path:
    plt = _pyplot()
    figure, axes = plt.subplots(
        len(comparisons), 2, figsize=(11, 2.2 * len(comparisons)), layout="constrained", squeeze=False
    )
    for row, comparison in zip(axes, comparisons, strict=True):
        best = _best(comparison)
        row[0].plot(comparison.frames, comparison.series(STATIC, "face_psnr"), color=GREY, label="static")
        row[0].plot(comparison.frames, comparison.series(best, "face_psnr"), color=OURS, label=best)
        row[0].set_ylabel(f"{comparison.name}\nface PSNR, dB")
        for name, style in (("landmarks", "-"), ("lips", "--"), ("eyes", ":")):
            row[1].plot(comparison.frames, comparison.series(best, name), style, color=OURS, label=name)
        row[1].set_ylabel("error / eye distance")
        row[1].set_ylim(bottom=0)
    for axis in axes[0]:
        axis.legend(fontsize=8)
    for axis in axes[-1]:
        axis.set_xlabel("frame")
    return _save(plt, figure, path)


def worst_frames(comparison: Comparison, path: Path) -> Path:
    """Truth above, output below, the largest landmark error first."""
    known = [pair for pair in comparison.pairs if np.isfinite(pair.error)]
    unknown = [pair for pair in comparison.pairs if not np.isfinite(pair.error)]
    pairs = (unknown + sorted(known, key=lambda pair: -pair.error))[:SHOWN]
    columns = [(pair.truth, pair.output, f"{pair.index}: {pair.error:.3f}") for pair in pairs]
    return _sheet(columns, path)


def cross_frames(likenesses: Sequence[Likeness], drivers: Sequence[Driver], folder: Path) -> None:
    """Mouth and lids over time, and a strip of frames, driver above and output below, of each pair."""
    pictures = {driver.name: driver.pictures for driver in drivers}
    for one in likenesses:
        name = f"{one.portrait}-{one.driver_name}.png"
        _traces(one, folder / f"cross-traces-{name}")
        chosen = [one.frames[k] for k in np.linspace(0, len(one.frames) - 1, SHOWN).astype(int)]
        columns = [(_square(pictures[one.driver_name][k]), one.outputs[k], str(k)) for k in chosen]
        _sheet(columns, folder / f"cross-frames-{name}")


def cross_correlation(likenesses: Sequence[Likeness], folder: Path) -> Path:
    """Correlations of every pair."""
    plt = _pyplot()
    rows = [one.summary()["correlation"] for one in likenesses]
    values = np.array([[np.nan if row[n] is None else row[n] for n in NAMES] for row in rows])
    figure, axis = plt.subplots(figsize=(5, 1 + 0.3 * len(rows)), layout="constrained")
    image = axis.imshow(values, vmin=0, vmax=1, cmap="viridis", aspect="auto")
    axis.set_xticks(range(len(NAMES)), NAMES)
    axis.set_yticks(range(len(rows)), [f"{one.portrait} < {one.driver_name}" for one in likenesses])
    for (y, x), value in np.ndenumerate(values):
        axis.text(
            x,
            y,
            f"{value:.2f}",
            ha="center",
            va="center",
            fontsize=7,
            color="white" if value < 0.7 else "black",
        )
    figure.colorbar(image, label="correlation with the driver")
    return _save(plt, figure, folder / "cross-correlation.png")


def _traces(one: Likeness, path: Path) -> Path:
    plt = _pyplot()
    figure, axes = plt.subplots(2, 1, figsize=(9, 4), sharex=True, layout="constrained")
    for axis, column in zip(axes, (MOUTH, LIDS), strict=True):
        axis.plot(one.frames, one.driver[:, column], color=GREY, label="driver")
        axis.plot(one.frames, one.output[:, column], color=OURS, label="output")
        axis.set_ylabel(NAMES[column])
    axes[0].legend(fontsize=8)
    axes[1].set_xlabel("frame")
    return _save(plt, figure, path)


def stages(rows: Sequence[dict[str, Any]], path: Path) -> Path:
    """Stacked bars: median milliseconds of every stage for each size."""
    plt = _pyplot()
    figure, axis = plt.subplots(figsize=(7, 1.2 + 0.7 * len(rows)), layout="constrained")
    labels = [f"{row['size']}" for row in rows]
    left = np.zeros(len(rows))
    for name in ("capture", "track", "motion", "generate", "canvas", "sink"):
        values = np.array([row["stages"].get(name, {"p50_ms": 0.0})["p50_ms"] for row in rows])
        axis.barh(labels, values, left=left, label=name)
        left += values
    axis.set_xlabel("median ms a frame")
    axis.set_ylabel("size")
    axis.legend(fontsize=8, ncols=6, loc="upper center", bbox_to_anchor=(0.5, 1.25))
    return _save(plt, figure, path)


def _save(plt: Any, figure: Any, path: Path) -> Path:
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path


def _sheet(columns: Sequence[tuple[RGB, RGB, str]], path: Path) -> Path:
    """One column for each (above, below, caption)."""
    strips = []
    for above, below, caption in columns:
        label = np.full((18, TILE, 3), 255, np.uint8)
        cv2.putText(label, caption, (4, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
        strips.append(np.vstack([_tile(above), _tile(below), label]))
    sheet = cv2.cvtColor(np.hstack(strips), cv2.COLOR_RGB2BGR)
    path.write_bytes(cv2.imencode(".png", sheet)[1].tobytes())
    return path


def _tile(picture: RGB) -> RGB:
    return np.asarray(cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA), np.uint8)


def _square(picture: RGB) -> RGB:
    """The middle square of a picture."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]
