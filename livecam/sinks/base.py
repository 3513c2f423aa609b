"""What every sink is: something that takes finished frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Protocol, TypeVar, runtime_checkable

from livecam.frames import OutputFrame
from livecam.ranges import Range, check_fields

SIDE = Range(1, 16_384, whole=True)
"""Pixels of a frame's width and of its height: as large as a portrait may be, and as H.264 can store."""
RATE = Range(0.001, 1000)
"""Frames per second."""

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class SinkFormat:
    """Size in pixels and nominal rate, fixed for the life of the sink.

    Raises:
        UserError: a number outside its range.
    """

    width: Annotated[int, SIDE]
    height: Annotated[int, SIDE]
    fps: Annotated[float, RATE]

    def __post_init__(self) -> None:
        check_fields(self)


class Sink(Protocol):
    """Takes frames of one fixed size. `open` once, `write` many, `close` once (twice does no harm)."""

    name: str
    """For messages: "virtual camera /dev/video10", "out.mp4"."""
    live: bool
    """True where somebody watches now: the sink then ticks at a constant rate."""

    def open(self, fmt: SinkFormat) -> None:
        """Raises `UserError` where the target cannot be used (no device, folder not writable, odd size)."""
        ...

    def write(self, frame: OutputFrame) -> None:
        """Raises `SinkLost` where a device vanished; the next `write` tries to reopen it."""
        ...

    def close(self) -> None: ...


@runtime_checkable
class Counting(Protocol):
    """A sink that tells how it went: for `streams` in the report."""

    @property
    def counters(self) -> dict[str, int]: ...


class ClosingSink(Sink, Protocol):
    """A sink that the end of `with` closes: what `open_sink` gives."""

    def __enter__(self: S) -> S:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
