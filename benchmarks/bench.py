"""What `livecam bench` runs: all that the command line knows of the benchmarks.

Each is imported when it is asked for.
"""

from __future__ import annotations

from pathlib import Path

from livecam.benchmarks.command_line import LOAD, SECONDS

__all__ = ["LOAD", "SECONDS", "glass_to_glass", "latency", "screen"]


def latency(json: Path | None) -> None:
    """Latency by stage, CPU time and memory, printed; the figures also go to the file `json`.

    Raises:
        UserError: it cannot be measured here, or the file cannot be written.
    """
    from livecam.benchmarks.latency import command

    command.measure_and_print(json)


def glass_to_glass(json: Path | None, html: Path | None, load: int) -> None:
    """From capture to a reader of the virtual camera. `html`: a page with charts; `load`: busy processes
    beside it, for a second measurement where it is not 0.

    Raises:
        UserError: it cannot be measured here, or a file cannot be written.
    """
    from livecam.benchmarks.glass_to_glass import command

    command.measure_and_print(json, html, load)


def screen(driver: str, sink: str | None, seconds: float, json: Path | None, load: int) -> None:
    """From light to light: the camera `driver` looks at this screen. `sink`: another one to send to.

    Raises:
        UserError: it cannot be measured here, or the file cannot be written.
    """
    from livecam.benchmarks.glass_to_glass.screen import measure_and_print

    measure_and_print(driver, sink, seconds, json, load)
