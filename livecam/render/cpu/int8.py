"""FP32 or INT8: the refiner's graph that is quicker on this processor, if both draw alike.

What INT8 brings depends on the processor: a fifth to a third where it multiplies bytes by itself (VNNI), a
loss elsewhere, and on some old ones sums that overflow. So it is tried, on the portrait, when it is opened.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.engines.base import Engine
from livecam.engines.psnr import psnr_db

log = logging.getLogger(__name__)
Feeds = Mapping[str, NDArray[Any]]

ROUNDS: Final = 5
"""Runs of each: enough for one that nothing else on the machine delays."""
WORTH: Final = 0.95
"""Share of FP32's time that INT8 may take at most; nearer it is noise."""
ALIKE_DB: Final = 45.0
"""Least PSNR between both, where there is a correction: what FP16 has to reach as well."""
TOUCHED: Final = 0.5 / 255
"""Least change of a colour, 0..1, that a pixel of 8 bits can show."""


def faster_engine(full: Engine, small: Engine, feeds: Feeds, output: str = "correction") -> Engine:
    """`small` if it is quicker than `full` and gives nearly the same for `feeds`, else `full`. The other is
    closed.

    Raises:
        EngineError: one of them cannot run.
    """
    results, least = {}, {"full": math.inf, "small": math.inf}
    for _ in range(ROUNDS):  # in turns, and the least of each: what else runs delays both
        for name, engine in (("full", full), ("small", small)):
            begun = time.perf_counter()
            results[name] = engine.run(feeds)[output]
            least[name] = min(least[name], time.perf_counter() - begun)
    alike, ratio = (
        correction_psnr_db(results["full"], results["small"]),
        least["small"] / max(least["full"], 1e-9),
    )
    taken = small if alike >= ALIKE_DB and ratio <= WORTH else full
    word = "INT8" if taken is small else "FP32"
    log.debug("refiner in %s: INT8 takes %.2f of FP32's time, %.0f dB apart", word, ratio, alike)
    (full if taken is small else small).close()
    return taken


def correction_psnr_db(full: NDArray[np.float32], small: NDArray[np.float32]) -> float:
    """PSNR of two corrections, (N, 3, C, C) in 0..1, where the first one is visible; infinite where it is
    nowhere. Over all pixels, most of which neither touches, it would flatter."""
    error = (small - full)[corrected_pixels(full)].astype(np.float64)
    return psnr_db(float((error**2).mean()) if error.size else 0.0)


def corrected_pixels(correction: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N, 3, C, C) -> the same: where it changes a pixel by half of one of 255 steps, in any colour."""
    changed = np.abs(correction).max(1, keepdims=True) > TOUCHED
    return np.broadcast_to(changed, correction.shape)
