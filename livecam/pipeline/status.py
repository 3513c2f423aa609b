"""What a live run tells about itself while it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class State(Enum):
    """What a live run is doing; the values are what the page shows."""

    STARTING = "starting"
    LIVE = "live"
    NO_FACE = "no face"
    CAMERA_LOST = "camera lost"
    STALLED = "stalled"
    """No new picture comes, or a step hangs: the portrait rests."""
    RECOVERING = "recovering"
    """Tracking or drawing failed and is begun anew."""
    FROZEN = "frozen"
    HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Status:
    """A live run at one moment. frames: drawn so far. latency_ms: of the newest, from camera to sink; None
    before the first."""

    state: State = State.STARTING
    frames: int = 0
    latency_ms: float | None = None

    def as_json(self) -> dict[str, object]:
        """Plain values, as the page's `/api/status` gives them."""
        return {"state": self.state.value, "frames": self.frames, "latency_ms": self.latency_ms}
