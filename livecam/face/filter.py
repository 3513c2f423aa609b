"""The One-Euro filter: steady when still, quick when moving. With one change: a speed that noise may have is
none.

Casiez, Roussel, Vogel, "1€ Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive
Systems", CHI 2012. Every number of the array is filtered on its own, all at once.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray


class OneEuroFilter:
    """A low-pass filter whose cutoff grows with the speed.

    `min_cutoff` (Hz): cutoff at rest. `beta`: Hz of cutoff per unit of speed (unit of the values per
    second) beyond `still`. `derivative_cutoff` (Hz): smoothing of the speed. With `still` 0 it is the paper's
    filter; then the noise of speed alone keeps the cutoff up.

    The defaults are for landmarks scaled to a face 250 units high. Measured on four clips: points of the
    stillest move .08 units from frame to frame instead of .13, the lips' gap is late by .02 of a frame at
    most and the lids' by .08.
    """

    def __init__(
        self,
        min_cutoff: float = 2.0,
        beta: float = 4.0,
        still: float = 6.0,
        derivative_cutoff: float = 5.0,
    ) -> None:
        if min_cutoff <= 0 or derivative_cutoff <= 0 or beta < 0 or still < 0:
            raise ValueError("cutoffs must be above 0, beta and still at least 0")
        self._min_cutoff, self._beta, self._still = min_cutoff, beta, still
        self._derivative_cutoff = derivative_cutoff
        self.pace = 1.0
        """Share of the cutoff that is used, above 0, at any time another. Less is steadier and later."""
        self.reset()

    def reset(self) -> None:
        """Forget the past: the next values pass unchanged."""
        self._values: NDArray[np.float64] | None = None
        self._speed: NDArray[np.float64] | None = None
        self._time = 0.0

    def __call__(self, values: ArrayLike, time_s: float) -> NDArray[np.float64]:
        """The filtered values, same shape. `time_s`: seconds; where it does not grow, the last ones stay.

        Values of a new shape start afresh.
        """
        new = np.asarray(values, np.float64)
        if self._values is None or self._speed is None or self._values.shape != new.shape:
            self._values, self._speed, self._time = new.copy(), np.zeros_like(new), time_s
            return new.copy()
        elapsed = time_s - self._time
        if elapsed > 0:
            speed = (new - self._values) / elapsed
            self._speed += _weight(self._derivative_cutoff, elapsed) * (speed - self._speed)
            moving = np.maximum(np.abs(self._speed) - self._still, 0.0)
            cutoff = self.pace * (self._min_cutoff + self._beta * moving)
            self._values = self._values + _weight(cutoff, elapsed) * (new - self._values)
            self._time = time_s
        return self._values.copy()


def _weight(cutoff: NDArray[np.float64] | float, elapsed: float) -> NDArray[np.float64]:
    """Weight of the newest value in exponential smoothing at this cutoff (equation 4 of the paper)."""
    turns = 2 * math.pi * np.asarray(cutoff, np.float64) * elapsed
    weight: NDArray[np.float64] = turns / (turns + 1)
    return weight
