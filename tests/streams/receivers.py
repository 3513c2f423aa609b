"""What livecam sends to in these tests: FFmpeg's own program, and nginx with its RTMP module."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

WIDTH, HEIGHT = 64, 36
"""Of the pictures that are kept, in grey."""
NGINX_MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
"""Where Debian puts it."""
LOW_DELAY = ("-fflags", "nobuffer", "-flags", "low_delay")


def why_no_nginx() -> str:
    """What is missing of it; "" where all is there."""
    return "" if NGINX_MODULE.exists() else "nginx has no RTMP module"


class Ffmpeg:
    """`ffmpeg` reads an address and keeps what it sees in `pictures`. A context manager.

    A server that has nothing yet ends it; then it is started anew. size: of the pictures, width and height.
    crop: a filter before they are made small. seen: called with each of them as it comes.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        address: str,
        *options: str,
        size: tuple[int, int] = (WIDTH, HEIGHT),
        crop: str = "",
        seen: Callable[[np.ndarray], None] | None = None,
    ) -> None:
        self._log, self._size, self._seen = folder / f"{name}.log", size, seen
        self._words = ["ffmpeg", "-hide_banner", "-loglevel", "warning", *LOW_DELAY, *options, "-i", address]
        self._words += ["-vf", f"{crop}scale={size[0]}:{size[1]}:flags=area", "-pix_fmt", "gray"]
        self._words += ["-fps_mode", "passthrough", "-f", "rawvideo", "-"]
        self.changed = threading.Condition()
        self.pictures: list[np.ndarray] = []

    def __enter__(self) -> Ffmpeg:
        self._ended = False
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended = True
        process = self._process
        if process is not None:
            process.kill()
        self._thread.join(30)

    def _read(self) -> None:
        width, height = self._size
        while not self._ended:
            with self._log.open("ab") as log:
                self._process = process = subprocess.Popen(
                    self._words, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL
                )
            if self._ended:
                process.kill()
            assert process.stdout is not None
            while len(data := process.stdout.read(width * height)) == width * height:
                picture = np.frombuffer(data, np.uint8).reshape(height, width)
                if self._seen is not None:
                    self._seen(picture)
                with self.changed:
                    self.pictures.append(picture)
                    self.changed.notify_all()
            process.stdout.close()
            process.wait()
            time.sleep(0.2)

    def wait_for(self, count: int, seconds: float) -> list[np.ndarray]:
        """The last `count` pictures, once so many have come. Raises AssertionError."""
        with self.changed:
            if not self.changed.wait_for(lambda: len(self.pictures) >= count, seconds):
                raise AssertionError(f"{len(self.pictures)} pictures; {self._log.read_text()[-1000:]}")
            return self.pictures[-count:]


class Nginx:
    """An RTMP server on `port`, with the app `live`. A context manager."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._config = folder, folder / "nginx.conf"
        user = "user root;" if os.getuid() == 0 else ""
        self._config.write_text(
            f"load_module {NGINX_MODULE};\n{user}\ndaemon off;\nworker_processes 1;\n"
            f"pid {folder}/nginx.pid;\nerror_log {folder}/nginx.log warn;\nevents {{ }}\n"
            f"rtmp {{ server {{ listen 127.0.0.1:{port}; application live {{ live on; }} }} }}\n"
        )

    def __enter__(self) -> Nginx:
        log = str(self._folder / "nginx.log")
        self._process = subprocess.Popen(
            ["nginx", "-p", str(self._folder), "-e", log, "-c", str(self._config)],
            stdin=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait(30)
