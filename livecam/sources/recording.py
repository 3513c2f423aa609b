"""A recorded performance: the driver's landmarks over time in one small file, without a single pixel.

The file is a safetensors file with the suffix `.livecam`, N frames long:

    points   int16    N x 478 x 3   landmark = origin + step * points, in pixels of the driver's frame
    origin   float32  N x 3         middle of the face's box
    step     float32  N             half the box's longest side / 32767, so the error is at most step / 2
    present  uint8    N             0 where no face was found; points, origin and step are 0 there
    times    int64    N             nanoseconds since the first frame, growing
    sizes    int32    N x 2         width and height of the driver's frame in pixels

Its metadata holds `format`, `version`, `fps` and `mirror` as strings. Points lie where the driver's frame had
them; `mirror` is 1 where the portrait moved as in a mirror at the recording, as a replay then does too. While
it is recorded it is a file of rows (`livecam.sources.performance_rows`), which can be replayed, too.
"""

from __future__ import annotations

import contextlib
import logging
import struct
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError
from livecam.face.landmarks import COUNT
from livecam.files import GrowingFile, gone, keep_cut_short, unwritable, write_whole
from livecam.frames import DriverFrame, Landmarks
from livecam.sources import performance_rows
from livecam.sources.base import SourceInfo
from livecam.sources.performance_rows import FIELDS

log = logging.getLogger(__name__)

SUFFIX = ".livecam"
FORMAT = "livecam performance"
VERSION = 1
MAX_SIDE = 32_768
MAX_REACH = 100
"""Longest sides of the frame from its corner within which the box of a face lies. Faces that count lie within
4; this leaves room for others that were recorded, and keeps every sum finite."""
LONGEST_NS = 100 * 365 * 86_400 * 10**9
"""From the first frame to the last: a century. Added to the time of day it still is a number of 64 bits."""
_LEVELS = 32_767
_FALLBACK_FPS = 30.0


def looks_like_performance(path: Path) -> bool:
    """By the suffix, or by how the file begins: safetensors with the header's length and an opening brace."""
    if path.suffix.lower() == SUFFIX or performance_rows.looks_like_rows(path):
        return True
    with path.open("rb") as file:
        start = file.read(9)
    # 100 MB is the longest header that the format allows.
    return len(start) == 9 and start[8:] == b"{" and 2 <= struct.unpack("<Q", start[:8])[0] <= 100_000_000


class PerformanceWriter:
    """Writes landmarks frame by frame to `NAME.part.livecam` and, on `close`, the file under its final name.

    The part can be replayed as it is: a killed run loses nothing of it. `close` takes 2.9 kB a frame of
    memory and of disk for a moment (5.2 MB a minute at 30 frames per second). A context manager that saves on
    errors too, so that an interrupted recording is kept.

    Raises `UserError` at once where the folder cannot be written; `add` and `close` raise it for a full disk,
    with the name of what was recorded until then.
    """

    def __init__(self, path: Path, *, mirror: bool = False) -> None:
        """`mirror`: whether the portrait moves as in a mirror, for replays to do the same."""
        self._path = path
        self._first_ns: int | None = None
        self._last_ns = -1
        self._file: GrowingFile | None = GrowingFile(path)
        try:
            self._file.write(performance_rows.first_line(mirror))
        except OSError as error:
            self._file.discard()
            raise unwritable(path, error) from None

    def __enter__(self) -> PerformanceWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def add(self, capture_ns: int, landmarks: Landmarks | None, width: int, height: int) -> None:
        """One frame: landmarks 478 x 3 in pixels of a `width` x `height` frame, or None without a face.

        Frames whose time does not grow, or that come after the end, are left out. Raises ValueError for a
        wrong shape or values that are not finite.
        """
        file = self._file
        if file is None:
            return
        if self._first_ns is None:
            self._first_ns = capture_ns
        time = capture_ns - self._first_ns
        if time <= self._last_ns:
            return
        points, origin, step = _quantise(landmarks)
        row = {
            "points": points,
            "origin": origin,
            "step": step,
            "present": landmarks is not None,
            "times": time,
            "sizes": (width, height),
        }
        try:
            file.write(performance_rows.row(row))
        except OSError as error:
            self._file = None
            raise self._cut_short(file, error) from None
        self._last_ns = time

    def close(self) -> None:
        """Write the file. Does nothing the second time, or where no frame was added."""
        file, self._file = self._file, None
        if file is None:
            return
        if self._last_ns < 0:
            log.warning("%s: no frame was recorded, so no file was written", self._path)
            file.discard()
            return
        file.close()
        try:
            write_whole(self._path, _packed(file.part))
        except OSError as error:
            if not file.part.exists():
                raise gone(self._path) from None
            todo = f"What was recorded is {file.part}, which livecam replays as it is."
            raise unwritable(self._path, error, todo=todo) from None
        file.discard()

    def _cut_short(self, file: GrowingFile, error: OSError) -> UserError:
        with contextlib.suppress(OSError):
            file.truncate(performance_rows.whole_rows(file.part))
        file.close()
        todo = "Free space or choose another folder."
        if self._last_ns < 0:
            file.discard()
        elif file.part.exists():
            where = keep_cut_short(file.part, self._path)
            todo = f"What was recorded until then is {where} and can be replayed. {todo}"
        return unwritable(self._path, error, todo=todo)


def _packed(part: Path) -> bytes:
    """The safetensors file of a recording in rows."""
    import safetensors.numpy

    tensors, mirror = performance_rows.read(part)
    metadata = {
        "format": FORMAT,
        "version": str(VERSION),
        "fps": f"{_typical_rate(tensors['times']):.6g}",
        "mirror": "1" if mirror else "0",
    }
    return bytes(safetensors.numpy.save(dict(tensors), metadata))


class PerformanceSource:
    """Replays a recorded performance: frames with landmarks and no pixels.

    A frame without landmarks means that no face was found. Raises `UserError` where the file is damaged,
    of a newer version, or not a performance at all.
    """

    def __init__(self, path: Path) -> None:
        self._name = path.name
        self._index = 0
        self._tensors, metadata = self._load(path)
        present, sizes = self._tensors["present"], self._tensors["sizes"]
        absent = int((present == 0).sum())
        self.info = SourceInfo(
            name=path.name,
            width=int(sizes[0, 0]),
            height=int(sizes[0, 1]),
            fps=_number(metadata.get("fps")) or _typical_rate(self._tensors["times"]),
            live=False,
            frames=len(present),
            mirror=metadata.get("mirror") == "1",
            detail=f"recorded performance, {absent} of {len(present)} frames without a face",
        )

    def __enter__(self) -> PerformanceSource:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def read(self) -> DriverFrame | None:
        index, tensors = self._index, self._tensors
        if not tensors or index >= len(tensors["times"]):
            return None
        self._index += 1
        landmarks = None
        if tensors["present"][index]:
            landmarks = (tensors["origin"][index] + tensors["step"][index] * tensors["points"][index]).astype(
                np.float32
            )
        return DriverFrame(
            index=index,
            capture_ns=int(tensors["times"][index]),
            width=int(tensors["sizes"][index, 0]),
            height=int(tensors["sizes"][index, 1]),
            landmarks=landmarks,
        )

    def rewind(self) -> None:
        self._index = 0

    def close(self) -> None:
        self._tensors = {}

    def _load(self, path: Path) -> tuple[dict[str, NDArray[np.generic]], dict[str, str]]:
        import safetensors

        if performance_rows.looks_like_rows(path):
            tensors, mirror = performance_rows.read(path)
            self._check(tensors)
            return tensors, {"mirror": "1" if mirror else "0"}
        try:
            with safetensors.safe_open(path, framework="numpy") as file:
                metadata = dict(file.metadata() or {})
                if metadata.get("format") != FORMAT:
                    raise self._broken("it is not a recorded performance")
                if metadata.get("version") != str(VERSION):
                    raise self._broken(
                        f"it is of version {metadata.get('version')}, this program reads {VERSION}"
                    )
                tensors = {name: file.get_tensor(name) for name in FIELDS if name in file.keys()}  # noqa: SIM118
        except (safetensors.SafetensorError, OSError, TypeError, ValueError) as error:
            raise self._broken(f"it is damaged or cut short ({' '.join(str(error).split())[:200]})") from None
        self._check(tensors)
        return tensors, metadata

    def _check(self, tensors: Mapping[str, NDArray[np.generic]]) -> None:
        """Raises `UserError` for anything that was not recorded so."""
        count = len(tensors["times"]) if "times" in tensors and tensors["times"].ndim else 0
        for name, (dtype, shape) in FIELDS.items():
            if name not in tensors or tensors[name].dtype != dtype or tensors[name].shape != (count, *shape):
                raise self._broken(f"its {name} are missing or of the wrong shape")
        if not count:
            raise self._broken("it holds no frame")
        if not (np.isfinite(tensors["origin"]).all() and np.isfinite(tensors["step"]).all()):
            raise self._broken("its landmarks are not finite")
        times = tensors["times"].astype(np.int64)
        # Compared, not subtracted: a difference of such numbers may not be one.
        if times[0] != 0 or (times[1:] <= times[:-1]).any():
            raise self._broken("its times do not grow")
        if times[-1] > LONGEST_NS:
            raise self._broken("its times are impossible")
        if not np.isin(tensors["present"], (0, 1)).all():
            raise self._broken("it does not say where a face was found")
        if (tensors["step"].astype(np.float64)[tensors["present"].astype(np.bool_)] <= 0).any():
            raise self._broken("its landmarks lie in one place")
        if tensors["sizes"].min() < 1 or tensors["sizes"].max() > MAX_SIDE:
            raise self._broken("its frame sizes are impossible")
        reach = MAX_REACH * tensors["sizes"].max(axis=1).astype(np.float64)
        origin = np.abs(tensors["origin"].astype(np.float64)).max(axis=1)
        half = tensors["step"].astype(np.float64) * _LEVELS
        if (half < 0).any() or (np.maximum(origin, half) > reach).any():
            raise self._broken("its landmarks lie far outside the frame")

    def _broken(self, why: str) -> UserError:
        return UserError(self._name, why, "Record the performance again.")


def _quantise(landmarks: Landmarks | None) -> tuple[NDArray[np.int16], NDArray[np.float32], np.float32]:
    """Points, origin and step as described at the top of the file."""
    if landmarks is None:
        return np.zeros((COUNT, 3), np.int16), np.zeros(3, np.float32), np.float32(0)
    if landmarks.shape != (COUNT, 3):
        raise ValueError(f"landmarks are {landmarks.shape}, not ({COUNT}, 3)")
    exact = landmarks.astype(np.float64)
    if not np.isfinite(exact).all():
        raise ValueError("landmarks are not finite")
    low, high = exact.min(axis=0), exact.max(axis=0)
    origin = ((low + high) / 2).astype(np.float32)
    # From the rounded origin, so that no point falls outside the range; 1e-6 keeps a point-like face legal.
    step = np.float32(max(float(np.abs(exact - origin).max()), 1e-6) / _LEVELS)
    points = np.clip(np.rint((exact - origin) / step), -_LEVELS, _LEVELS).astype(np.int16)
    return points, origin, step


def _typical_rate(times: NDArray[np.generic]) -> float:
    """Frames per second from the middle one of the distances, which a pause does not disturb."""
    if len(times) < 2:
        return _FALLBACK_FPS
    return 1e9 / float(np.median(np.diff(times.astype(np.int64))))


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if 0 < value < 1000 else None
