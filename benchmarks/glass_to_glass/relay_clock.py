"""Bringing the guest's clock and the host's together.

The guest's monotonic clock begins at its boot, and its time of day, set once while it boots, is of no help:
it was 4 to 6 ms behind. So the two are compared as NTP does it: the host sends at t0, the guest notes its own
g when it has seen that, the host has the answer at t1. Then g happened between t0 and t1, and host minus
guest is between t0 - g and t1 - g. Of many such exchanges the narrowest bounds hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Exchange = tuple[int, int, int]
"""The host's time of sending, the guest's time of seeing it, the host's time of the answer; nanoseconds."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What host minus guest is at one moment. Nanoseconds."""

    guest_ns: int
    """That moment, on the guest's clock."""
    offset_ns: float
    uncertainty_ns: float
    """The true offset is at most so far from that."""


def compare(exchanges: Sequence[Exchange]) -> Comparison:
    """The narrowest bounds of some exchanges that follow each other closely. Raises ValueError for none."""
    if not exchanges:
        raise ValueError("the clocks were never compared")
    low = max(sent - seen for sent, seen, _ in exchanges)
    high = min(answered - seen for _, seen, answered in exchanges)
    # Low above high would be a clock that stepped meanwhile: then nothing is known any better than that.
    return Comparison(exchanges[-1][1], (low + high) / 2, abs(high - low) / 2)


@dataclass(frozen=True, slots=True)
class Clocks:
    """Two comparisons, one before and one after a measurement."""

    before: Comparison
    after: Comparison

    def on_host(self, guest_ns: int) -> int:
        """The host's monotonic time at a time of the guest's; between the comparisons on a straight line."""
        between = self.after.guest_ns - self.before.guest_ns
        share = (guest_ns - self.before.guest_ns) / between if between else 0.0
        return guest_ns + round(self.before.offset_ns + share * self._drift_ns)

    @property
    def _drift_ns(self) -> float:
        return self.after.offset_ns - self.before.offset_ns

    @property
    def drift_ms(self) -> float:
        """By how much the guest's clock fell behind from the first comparison to the second."""
        return self._drift_ns / 1e6

    @property
    def uncertainty_ms(self) -> float:
        """No time is further from the truth, provided that the clock did not step and step back between."""
        return max(self.before.uncertainty_ns, self.after.uncertainty_ns) / 1e6
