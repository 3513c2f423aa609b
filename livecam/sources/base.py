"""What every source is: something that gives driver frames, one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from livecam.frames import DriverFrame


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What was really negotiated, not what was asked for."""

    name: str
    width: int
    height: int
    fps: float
    live: bool
    """True for a device, whose frames come in real time and cannot be rewound."""
    frames: int | None = None
    """Number of frames, where the container says so (an estimate); None when unknown or endless."""
    mirror: bool = False
    """Whether a person expects to see it mirrored: webcams yes, films no, performances as they were."""
    detail: str = ""
    """One line for people: backend, pixel format, codec."""


class Source(Protocol):
    """Gives frames until `read` returns None. A context manager; `close` may be called twice."""

    info: SourceInfo

    def read(self) -> DriverFrame | None:
        """The next frame, waiting for it where the source is live; None at the end of a file.

        Raises:
            SourceLost: a device stopped answering. `read` may be called again; it tries to reopen.
        """
        ...

    def rewind(self) -> None:
        """Start again at the first frame. Only files can; a device does nothing."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Source: ...

    def __exit__(self, *exc: object) -> None: ...
