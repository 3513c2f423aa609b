"""The picture that the tests send through a real device: colour bars with the benchmark's frame code."""

from __future__ import annotations

import itertools
import signal
import sys
import time

import cv2
import numpy as np

from livecam.benchmarks.glass_to_glass import frame_code as code

BARS = (
    (255, 255, 255),
    (200, 200, 30),
    (30, 200, 200),
    (30, 180, 30),
    (180, 30, 180),
    (200, 30, 30),
    (30, 30, 200),
    (90, 90, 90),
)


def bars(width: int, height: int) -> np.ndarray:
    """height x width x 3 uint8 RGB; every bar begins at a whole block of 16 pixels."""
    picture = np.empty((height, width, 3), np.uint8)
    edges = [round(k * width / len(BARS)) // 16 * 16 for k in range(len(BARS))] + [width]
    for k, colour in enumerate(BARS):
        picture[:, edges[k] : edges[k + 1]] = colour
    return picture


def largest_error(received: np.ndarray, expected: np.ndarray) -> int:
    """Largest difference of any channel outside the code, for two RGB pictures."""
    difference = cv2.absdiff(np.ascontiguousarray(received), expected)
    difference[-code.HEIGHT - 2 :, : code.WIDTH + 2] = 0
    return int(difference.max())


def write(device: str, width: int, height: int, fps: float, first: int) -> None:
    """Send numbered bars with livecam's own sink until SIGTERM; says "sending" after the first."""
    from livecam.frames import OutputFrame
    from livecam.sinks.base import SinkFormat
    from livecam.sinks.virtual_camera import VirtualCameraSink

    ended: list[int] = []  # not an Event: its lock may be held by the very thread that the handler interrupts
    signal.signal(signal.SIGTERM, lambda number, _: ended.append(number))
    sink = VirtualCameraSink(device)
    sink.open(SinkFormat(width, height, fps))
    picture = bars(width, height)
    begun = time.monotonic()
    for tick in itertools.count():
        time.sleep(max(begun + tick / fps - time.monotonic(), 0))
        if ended:
            break
        now = time.monotonic_ns()
        code.draw(picture, first + tick, now)
        sink.write(OutputFrame(picture, first + tick, now))
        if tick == 0:
            print("sending", flush=True)
    sink.close()


if __name__ == "__main__":
    device, width, height, fps, first = sys.argv[1:]
    write(device, int(width), int(height), float(fps), int(first))
