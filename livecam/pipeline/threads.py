"""Other libraries' threads."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import cv2


@contextlib.contextmanager
def one_opencv_thread() -> Iterator[None]:
    """Meanwhile OpenCV computes on the thread that calls it. Also a decorator.

    Its threads wait for each other by spinning, and what a frame needs of it is short. On two cores they took
    5 of 36 CPU ms a frame at 512, and no picture came sooner; the cores are for livecam's own threads, and
    for the call.
    """
    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
