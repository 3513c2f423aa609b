"""What a caller's program gives, checked where it comes in: one clear error instead of a wrong picture."""

from __future__ import annotations

import math
import time
from numbers import Integral
from typing import Any

import numpy as np

from livecam.errors import UserError
from livecam.face import landmarks as lm
from livecam.frames import RGB, Landmarks
from livecam.ranges import number_text, short_text

SMALLEST_SPAN = 2.0
"""Pixels of width and height under which landmarks are taken for shares of the frame: those span at most 1 in
it, little more where a face reaches out of it, and no tracker finds a face of so few pixels."""
LATEST = 9e9
"""Seconds, before and after 0: in nanoseconds, 64 bits hold no more. 285 years, so the time of day is one."""


def check_picture(what: str, value: object) -> RGB:
    """`value` itself, where it is a picture: H x W x 3 uint8, not empty. `what` names it in the error.

    Raises:
        UserError: anything else, with what turns it into one.
    """
    if not isinstance(value, np.ndarray):
        raise UserError(what, f"it is a {type(value).__name__}", "Give a NumPy array, H x W x 3 uint8 RGB.")
    if value.dtype == np.uint8 and value.ndim == 3 and value.shape[2] == 3 and value.size:
        return value
    if value.size and value.ndim in (2, 3) and value.shape[2:] in ((), (1,), (3,), (4,)):
        if value.dtype != np.uint8:
            todo = "Convert it to uint8, 0 to 255."
        elif value.shape[2:] == (4,):
            todo = "Leave the fourth channel out: picture[..., :3]."
        else:
            todo = "Repeat the grey channel: np.dstack([grey, grey, grey])."
    else:
        todo = "Give H x W x 3 uint8 RGB."
    shape = " x ".join(map(str, value.shape)) or "a single value"
    raise UserError(what, f"it is {shape} {value.dtype}, not H x W x 3 uint8", todo)


def check_landmarks(what: str, value: object) -> Landmarks:
    """`value` as float32, where it may be a face: (478, 3) finite numbers, not all in one place. `what` names
    it in the error.

    Raises:
        UserError: anything else.
    """
    todo = "Give MediaPipe's 478 points as x, y, z in pixels; None without a face."
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "fiu":
        kind = f"{value.dtype} array" if isinstance(value, np.ndarray) else type(value).__name__
        raise UserError(what, f"it is a {kind}, not an array of numbers", todo)
    if value.shape != (lm.COUNT, 3):
        raise UserError(what, f"its shape is {value.shape}, not ({lm.COUNT}, 3)", todo)
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and refused
        points = value.astype(np.float32)
    if not np.isfinite(points).all():
        raise UserError(what, "not all of them are finite numbers", todo)
    if np.ptp(points[:, :2], axis=0).min() == 0:
        raise UserError(what, "they have no width or no height", todo)
    if np.ptp(points[:, :2], axis=0).max() < SMALLEST_SPAN:
        raise UserError(what, "they look like shares of the frame", "Multiply by its width and height.")
    return points


def check_region(value: Any) -> tuple[int, int, int, int]:
    """`value` as x, y, width, height, where it is four whole numbers; where they lie is not looked at.

    Raises:
        UserError: anything else.
    """
    numbers = value.tolist() if isinstance(value, np.ndarray) else value
    whole = isinstance(numbers, tuple | list) and all(
        isinstance(one, Integral) and not isinstance(one, bool) for one in numbers
    )
    if not whole or len(numbers) != 4:
        todo = "Give x, y, width, height in pixels."
        raise UserError(f"region {short_text(numbers)}", "not four whole numbers", todo)
    x, y, width, height = map(int, numbers)
    return x, y, width, height


def check_time(time_s: float | None, last_s: float, last_given: bool) -> float:
    """`time_s` in seconds, where it is a time that may follow `last_s`; now, where it is None.

    last_given: whether the caller gave that last one.

    Raises:
        UserError: it is none, or it goes back.
    """
    what = f"time_s {number_text(time_s)}"
    given = time.monotonic() if time_s is None else time_s
    number = isinstance(given, int | float | np.floating | np.integer) and not isinstance(given, bool)
    try:
        seconds = float(given) if number else math.nan
    except OverflowError:  # Python's integers have no end
        seconds = math.inf
    if not math.isfinite(seconds):
        raise UserError(what, "not a finite number", "Give seconds, or None for now.")
    if abs(seconds) > LATEST:
        todo = f"Use {-LATEST:.0e} to {LATEST:.0e} seconds, from any start."
        raise UserError(what, "out of range", todo)
    if seconds < last_s and last_given != (time_s is not None):
        todo = "Give every frame its time, or leave all of them away."
        raise UserError(what, "times must all be given, or none", todo)
    if seconds < last_s:
        why = f"it goes back: the last was {short_text(last_s)}"
        raise UserError(what, why, "Make another animator for another film.")
    return seconds
