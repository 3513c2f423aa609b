"""A fixed piece of work to hold measurements against: a busy or slower machine shows in it too."""

from __future__ import annotations

import time
from dataclasses import dataclass

import cv2
import numpy as np

from livecam.pipeline.threads import one_opencv_thread

ROUNDS = 40
BUSY = 1.25
"""Wall time over CPU time above which somebody else is using the cores."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Milliseconds for one round on one thread, mean over the rounds: wall and CPU time."""

    wall_ms: float
    cpu_ms: float

    @property
    def busy(self) -> float:
        """1 on a quiet machine; 2 where the work got half a core."""
        return self.wall_ms / max(self.cpu_ms, 1e-9)


@one_opencv_thread()
def measure(rounds: int = ROUNDS) -> Yardstick:
    """Blur a 512 x 512 picture and enlarge it to 768, on one thread."""
    picture = np.random.default_rng(0).integers(0, 256, (512, 512, 3), np.uint8)
    _work(picture)
    walls, begun = [], time.thread_time()
    for _ in range(rounds):
        start = time.perf_counter()
        _work(picture)
        walls.append(time.perf_counter() - start)
    cpu = (time.thread_time() - begun) / rounds
    return Yardstick(1e3 * float(np.mean(walls)), 1e3 * cpu)


def _work(picture: np.ndarray) -> None:
    blurred = cv2.GaussianBlur(picture, (15, 15), 3.0)
    cv2.resize(blurred, (768, 768), interpolation=cv2.INTER_LINEAR)
