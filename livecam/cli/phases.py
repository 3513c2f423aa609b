"""Bars for work in phases, one below the other: what TensorRT does while it builds."""

from __future__ import annotations

from typing import Any


class Phases:
    """A bar a phase, for as long as it lasts; quiet where no terminal is attached."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        console = Console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._bars = Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Phases:
        self._bars.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._bars.stop()

    def tell(self, phase: str, done: int, steps: int) -> None:
        """A phase's progress; a phase that is done disappears. May be called from any thread."""
        if phase not in self._tasks:
            self._tasks[phase] = self._bars.add_task(phase, total=steps)
        self._bars.update(self._tasks[phase], completed=done, total=steps)
        if done >= steps:
            self._bars.remove_task(self._tasks.pop(phase))
