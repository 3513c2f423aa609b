"""The far end of the measurement, in a process of its own, as a call would be.

python -m livecam.benchmarks.glass_to_glass.reader /dev/video10 --seconds 20 --out seen.json

Reads the camera through V4L2 and writes, for every picture: the number and capture time read from its pixels
(null where there is no code), the time at which it was there, and its mean brightness.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.benchmarks.glass_to_glass import frame_code as code


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m livecam.benchmarks.glass_to_glass.reader")
    parser.add_argument("device")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    seen = observe(brightness_planes(options.device), options.seconds)
    options.out.write_text(json.dumps(seen), "utf-8")
    return 0 if seen else 1


def observe(pictures: Iterator[NDArray[np.uint8]], seconds: float) -> list[dict[str, Any]]:
    """One entry a picture: index, capture_us, seen_ns, mean."""
    found: list[dict[str, Any]] = []
    for picture in pictures:
        now = time.monotonic_ns()
        index, capture_us = code.read(picture) or (None, None)
        mean = round(float(picture[::16, ::16].mean()), 1)
        found.append({"index": index, "capture_us": capture_us, "seen_ns": now, "mean": mean})
        if now - found[0]["seen_ns"] >= seconds * 1e9:
            break
    return found


def brightness_planes(device: str) -> Iterator[NDArray[np.uint8]]:
    """height x width of each picture: the Y of YUV 4:2:0 as it lies in the device, without conversion."""
    capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    try:
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
        width = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        while True:
            ok, raw = capture.read()
            if not ok:
                return
            yield np.asarray(raw).reshape(-1)[: width * height].reshape(height, width)
    finally:
        capture.release()


if __name__ == "__main__":
    sys.exit(main())
