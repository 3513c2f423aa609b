"""What a person at the terminal sees of a run: a bar or a line while it lasts, the stages at the end."""

from __future__ import annotations

import contextlib
import sys
import threading
import webbrowser
from typing import TYPE_CHECKING, Any

from livecam.cli import streams

if TYPE_CHECKING:
    from livecam.pipeline.live import LivePipeline
    from livecam.report import Report
    from livecam.session import Hooks, Started

OFFSET_AFTER = 10.0
"""Seconds of a live run after which its delay is known well enough to be told."""
ASK_AGAIN_AFTER = 1.0
"""Seconds until the next try where there was no frame yet."""


class Progress:
    """A progress bar for files, a line for live runs; quiet where no terminal is attached."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("livecam"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: Any = None
        self._ended = threading.Event()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *error: object) -> None:
        self._bar.stop()
        self._ended.set()

    def hooks(self) -> Hooks:
        from livecam.session import Hooks

        return Hooks(started=self._started, progress=self._progress)

    def _started(self, run: Started) -> None:
        pipeline = run.pipeline
        if pipeline is not None:
            source, size, sinks = run.source, run.format, ", ".join(run.sinks)
            self._console.print(
                f"livecam: live from {source.name} ({source.detail or f'{source.width}x{source.height}'}) "
                f"to {sinks} at {size.width}x{size.height}, {size.fps:g} fps. Ctrl-C ends it.",
                highlight=False,
            )
            if streams.is_terminal():
                self._console.print("livecam: Enter takes your next two seconds as the neutral face.")
                threading.Thread(target=_recalibrate_on_enter, args=(pipeline,), daemon=True).start()
            threading.Thread(target=self._tell_offset, args=(pipeline,), daemon=True).start()
            for url in run.pages:
                kind = "page" if url.endswith("/") else "stream"
                self._console.print(f"livecam: {kind} at {url}", highlight=False, soft_wrap=True)
                if self._console.is_terminal and kind == "page":
                    webbrowser.open(url)
        else:
            self._bar.start()

    def _tell_offset(self, pipeline: LivePipeline) -> None:
        """Once; a camera that gives its first picture late is waited for."""
        wait = OFFSET_AFTER
        while not self._ended.wait(wait):
            offset = pipeline.audio_offset_ms()
            if offset is not None:
                self._console.print(f"livecam: set your microphone's sync offset in OBS to {offset} ms.")
                return
            wait = ASK_AGAIN_AFTER

    def _progress(self, done: int, total: int | None) -> None:
        if self._task is None:
            self._task = self._bar.add_task("", total=total)
        self._bar.update(self._task, completed=done, total=total)


def _recalibrate_on_enter(pipeline: LivePipeline) -> None:
    with contextlib.suppress(OSError, ValueError):  # the terminal is gone, or somebody closed the stream
        for _ in sys.stdin:
            pipeline.recalibrate()


def print_stages(report: Report) -> None:
    from rich.console import Console
    from rich.table import Table

    result = report.result()
    table = Table("stage", "p50 ms", "p95 ms", "p99 ms", box=None, pad_edge=False)
    for stage, times in result["stages"].items():
        table.add_row(stage, *(f"{times[k]:.2f}" for k in ("p50_ms", "p95_ms", "p99_ms")))
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{result['frames']} frames, {result['dropped']} dropped, {result['fps']} fps, "
        f"{result['cpu_ms_per_frame']} CPU ms a frame, {result['rss_mb']:.0f} MB, engine {result['engine']}"
    )
    offset = result.get("audio_offset_ms")
    if offset is not None and result.get("live"):
        console.print(f"Set your microphone's sync offset in OBS to {offset} ms.")
