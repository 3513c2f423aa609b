"""Peak signal to noise ratio: how near one set of numbers is to another, in dB."""

from __future__ import annotations

import math


def psnr_db(squared_error: float, peak: float = 1.0) -> float:
    """Of a mean squared error, where `peak` is the largest value there can be: 1, or 255.

    Infinite where there is no error, -infinite where it is no finite number.
    """
    if not math.isfinite(squared_error):
        return -math.inf
    return math.inf if squared_error == 0 else -10 * math.log10(squared_error / peak**2)
