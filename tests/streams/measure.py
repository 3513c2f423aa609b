"""Delay and loss of every kind of stream, and what it costs:

    python tests/streams/measure.py SECONDS [udp srt rtmp http ...]

Sends 1280x720 at 30 fps, a moving photograph with the picture's number in it as black and white blocks.
FFmpeg decodes it on this machine (RTMP: from nginx), and the number that comes out tells when it was written
to the sink. CPU is this process's alone, less what the pictures cost that are sent nowhere.
"""

from __future__ import annotations

import contextlib
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from receivers import Ffmpeg, Nginx
from streamed import free_port

from livecam import assets
from livecam.errors import SinkLost
from livecam.frames import OutputFrame
from livecam.sinks import Sink, SinkFormat, open_sink
from livecam.sinks.base import Counting
from livecam.web.motion_jpeg import MotionJpeg

WIDTH, HEIGHT, FPS = 1280, 720, 30
BITS = 16
BLOCK = WIDTH // BITS
WARM_SECONDS = 3.0
"""Left out at the beginning of what is measured."""
KINDS = ("null", "http", "udp", "srt", "rtmp")


def pictures() -> list[np.ndarray]:
    """HEIGHT x WIDTH x 3 RGB: a photograph that moves to and fro by two pixels a frame, as a head does."""
    found = cv2.imread(str(assets.bundled_file(assets.PORTRAIT)), cv2.IMREAD_COLOR)
    assert found is not None
    large = cv2.resize(cv2.cvtColor(found, cv2.COLOR_BGR2RGB), (WIDTH + 60, WIDTH + 60))
    return [np.ascontiguousarray(large[200 : 200 + HEIGHT, 2 * x : 2 * x + WIDTH]) for x in range(30)]


def numbered(pixels: np.ndarray, number: int) -> np.ndarray:
    marked = pixels.copy()
    for bit in range(BITS):
        marked[:BLOCK, bit * BLOCK : (bit + 1) * BLOCK] = 255 if number >> bit & 1 else 0
    return marked


def number_of(row: np.ndarray) -> int:
    """Of a picture that was brought down to a place for each block."""
    return sum(1 << bit for bit in range(BITS) if row[0, bit] > 127)


@contextlib.contextmanager
def opened(kind: str, folder: Path) -> Iterator[tuple[Sink, str]]:
    """The sink, and the address that FFmpeg reads."""
    with contextlib.ExitStack() as stack:
        port = free_port(socket.SOCK_STREAM if kind == "rtmp" else socket.SOCK_DGRAM)
        spec = {"http": "http:0", "null": "null"}.get(kind, f"{kind}://127.0.0.1:{port}")
        if kind == "rtmp":
            stack.enter_context(Nginx(folder, port))
            spec += "/live/key"
            time.sleep(1)
        sink = stack.enter_context(open_sink(spec))
        sink.open(SinkFormat(WIDTH, HEIGHT, FPS))
        address = spec + ("?mode=listener" if kind == "srt" else "")
        if kind == "http":
            address = stack.enter_context(MotionJpeg(sink, folder / "token")).url  # type: ignore[arg-type]
        yield sink, address


def measure(kind: str, seconds: float, folder: Path) -> tuple[list[float], int, int, float]:
    """Milliseconds from writing to seeing; pictures that were never seen, and those of them that the sink
    left out, since a newer one had come; CPU milliseconds a picture."""
    sent: dict[int, float] = {}
    seen: dict[int, float] = {}
    ready = pictures()

    def look(row: np.ndarray) -> None:
        seen.setdefault(number_of(row), time.monotonic())

    options = ["-f", "mpjpeg"] if kind == "http" else ["-analyzeduration", "300000"]
    options = ["-f", "mpegts", *options] if kind in ("udp", "srt") else options
    with opened(kind, folder) as (sink, address), contextlib.ExitStack() as stack:
        if kind != "null":
            crop = f"crop={WIDTH}:{BLOCK}:0:0,"
            stack.enter_context(Ffmpeg(folder, kind, address, *options, size=(BITS, 1), crop=crop, seen=look))
        start, count, cpu = time.monotonic() + 2, 0, 0.0
        first = before = 0
        while time.monotonic() - start < seconds + WARM_SECONDS:
            time.sleep(max(start + count / FPS - time.monotonic(), 0))
            if cpu == 0.0 and count / FPS > WARM_SECONDS:
                cpu, first, before = time.process_time(), count, left_out(sink)
            frame = OutputFrame(numbered(ready[count % 30], count + 1), count, round(count * 1e9 / FPS))
            sent[count + 1] = time.monotonic()
            with contextlib.suppress(SinkLost):
                sink.write(frame)
            count += 1
        cpu = 1e3 * (time.process_time() - cpu) / (count - first)
        time.sleep(1)
        dropped = left_out(sink) - before
    numbers = [number for number in seen if number in sent and number > first]
    delays = [1e3 * (seen[number] - sent[number]) for number in numbers]
    lost = max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0
    return delays, lost, dropped, cpu


def left_out(sink: Sink) -> int:
    """By a stream of H.264; Motion JPEG does not count."""
    return sink.counters["dropped"] if isinstance(sink, Counting) else 0


def main() -> None:
    seconds, kinds = float(sys.argv[1]), sys.argv[2:] or KINDS
    cv2.setNumThreads(1)
    nothing = 0.0
    print("kind   delay p50  p95  max ms   seen  lost  of these by the sink   CPU ms a picture")
    for kind in kinds:
        with tempfile.TemporaryDirectory() as folder:
            delays, lost, dropped, cpu = measure(kind, seconds, Path(folder))
        nothing = cpu if kind == "null" else nothing
        p50, p95, most = np.percentile(delays, [50, 95, 100]) if delays else (0, 0, 0)
        times = f"{p50:9.0f} {p95:4.0f} {most:7.0f}"
        print(f"{kind:6} {times} {len(delays):7} {lost:5} {dropped:5} {cpu - nothing:8.1f}")


if __name__ == "__main__":
    main()
