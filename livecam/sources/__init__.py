"""Sources: what the driver's frames come from. `open_source` picks one by what the user wrote."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from livecam.errors import UserError
from livecam.files import expanded, spec_of
from livecam.frames import DriverFrame
from livecam.sources.base import Source, SourceInfo

# Set here, because OpenCV may read them as soon as it is loaded.
# Media Foundation otherwise takes ten seconds and more to open some cameras.
os.environ.setdefault("OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS", "0")
# Seconds until a V4L2 camera that says nothing counts as lost, instead of ten.
os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", "3")

__all__ = ["Source", "SourceInfo", "file_of", "open_source"]


def file_of(driver: str) -> Path | None:
    """The file that `--driver` names; None for a camera."""
    return None if driver.partition(":")[0] == "camera" else expanded(driver)


def open_source(
    driver: str | Path, *, fps: float | None = None, size: tuple[int, int] | None = None
) -> Source:
    """Open what `--driver` names: `camera`, `camera:0`, `camera:NAME`, a video or a recorded performance.
    A `Path` is always a file.

    `fps` and `size` (width, height) are asked of a camera, which may give something else; files have
    their own. Raises `UserError` where nothing can be read from it.
    """
    driver = spec_of("driver", driver)
    name, separator, which = driver.partition(":")
    # A file called "camera" would need "./camera"; a word that works everywhere is worth more.
    if name == "camera":
        if separator and not which.strip():
            raise UserError(driver, "no camera follows the colon", "Write camera, camera:0 or camera:NAME.")
        from livecam.sources.camera import CameraSource

        return CameraSource(which.strip(), fps=fps, size=size)
    path = check_file(driver)
    from livecam.sources.recording import PerformanceSource, looks_like_performance

    if looks_like_performance(path):
        return PerformanceSource(path)
    from livecam.sources.video import VideoSource

    return VideoSource(path)


def check_file(driver: str) -> Path:
    """The absolute path of a readable, non-empty, ordinary file; `UserError` for anything else."""
    if not driver.strip():
        raise UserError("driver", "the name is empty", "Write camera, or the path of a video file.")
    path = expanded(driver)
    try:
        status = path.stat()
    except FileNotFoundError:
        raise UserError(
            driver, "there is no such file", "Check the path, or use --driver camera for your webcam."
        ) from None
    except (OSError, ValueError) as error:
        raise UserError(
            driver, f"it cannot be looked up ({error})", "Check the path and its folders' permissions."
        ) from None
    if stat.S_ISCHR(status.st_mode):
        raise UserError(driver, "it is a device, not a file", "For a webcam use --driver camera:NUMBER.")
    if stat.S_ISDIR(status.st_mode):
        raise UserError(driver, "it is a folder", "Name one video file.")
    if not stat.S_ISREG(status.st_mode):
        raise UserError(driver, "it is not an ordinary file", "Name a video file on disk.")
    if status.st_size == 0:
        raise UserError(driver, "the file is empty (0 bytes)", "Record or copy it again.")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise UserError(
            driver,
            f"it cannot be read ({error.strerror})",
            "Give yourself read permission, for example chmod u+r.",
        ) from None
    return path.absolute()


def read_frames(path: Path, limit: int | None = None) -> Iterator[DriverFrame]:
    """The first `limit` frames of a video, with pixels."""
    with open_source(str(path)) as source:
        yield from islice(iter(source.read, None), limit)
