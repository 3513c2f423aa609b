"""Programs that look at a virtual camera, as a caller's would."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from pathlib import Path

import cv2
import numpy as np

from livecam.benchmarks.glass_to_glass import frame_code as code

BLACK = 8
"""Mean value below which a picture counts as black."""


def wait_for_format(device: str, seconds: float = 180.0) -> None:
    """Until a writer has fixed the device's format."""
    path = Path("/sys/class/video4linux", Path(device).name, "format")
    end = time.monotonic() + seconds
    while not path.read_text().strip():
        if time.monotonic() > end:
            raise TimeoutError(f"nobody sends to {device}")
        time.sleep(0.05)


def returning(device: str, opens: int = 3) -> Iterator[np.ndarray]:
    """`with_opencv`, opened anew when it gets no more pictures, as a caller's program may be: beside other
    readers and other work it has once stood still after 26 pictures, while the others went on."""
    for _ in range(opens):
        yield from with_opencv(device)


def with_opencv(device: str) -> Generator[np.ndarray, None, None]:
    """RGB pictures; ends when the device gives none for OpenCV's own time limit (see conftest)."""
    capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
    try:
        if not capture.isOpened():
            raise RuntimeError(f"OpenCV cannot open {device}")
        while True:
            ok, picture = capture.read()
            if not ok:
                return
            yield picture[..., ::-1]
    finally:
        capture.release()


def with_ffmpeg(device: str) -> Iterator[np.ndarray]:
    """RGB pictures through FFmpeg's v4l2 input."""
    import av

    with av.open(device, format="v4l2") as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def summary(pictures: Iterator[np.ndarray], count: int, expected: np.ndarray | None = None) -> dict:
    """What a reader saw in `count` pictures: rate, order, black ones, the largest error of colour."""
    from pattern import largest_error

    times, numbers, ages, black, error, unread = [], [], [], 0, 0, 0
    shape: tuple[int, ...] = ()
    for picture in pictures:
        now = time.monotonic_ns()
        times.append(now / 1e9)
        shape = picture.shape
        black += int(picture[::8, ::8].mean() < BLACK)
        found = code.read(picture)
        if found is None:
            unread += 1
        else:
            numbers.append(found[0])
            ages.append(code.age_ms(found[1], now))
        if expected is not None and len(times) % 30 == 1:
            error = max(error, largest_error(picture, expected))
        if len(times) >= count:
            break
    steps = np.diff(numbers)
    return {
        "shape": list(shape),
        "frames": len(times),
        "fps": (len(times) - 1) / max(times[-1] - times[0], 1e-9) if times else 0.0,
        "unread": unread,
        "black": black,
        "backwards": int((steps < 0).sum()),
        "repeated": int((steps == 0).sum()),
        "skipped": int((steps[steps > 1] - 1).sum()),
        "first": numbers[0] if numbers else None,
        "last": numbers[-1] if numbers else None,
        "error": error,
        "age_p95_ms": float(np.percentile(ages, 95)) if ages else None,
    }
