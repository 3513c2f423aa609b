"""Films as files: from the fragments that a recording grows in to an ordinary file."""

from __future__ import annotations

import contextlib
import logging
import shutil
import struct
from pathlib import Path

import av
import av.error

from livecam.errors import UserError
from livecam.files import WRITTEN_VIDEOS, ffmpeg_name, finish, hidden_copy

log = logging.getLogger(__name__)

_SPARE = 1 << 20
"""Bytes left free beside a copy: its index, and whatever else is written meanwhile."""


def remux(part: Path, path: Path) -> bool:
    """Copy a fragmented MP4 or MOV, not encoded again, to `path` as an ordinary one with its index in front.

    False where there is no room for a copy, `part` is gone, or an older `path` cannot be replaced; that is
    then as it was.
    """
    # Hidden: it does not play until it is complete, and the part beside it does.
    copy = hidden_copy(path)
    try:
        if shutil.disk_usage(path.parent).free < part.stat().st_size + _SPARE:
            log.warning("%s: no room for a copy as an ordinary MP4, so it stays in fragments; it plays", path)
            return False
        _copy(part, copy, WRITTEN_VIDEOS[path.suffix.lower()])
        finish(copy, path)
    except (av.error.FFmpegError, OSError) as error:
        if part.exists():
            log.warning("%s: it stays in fragments (%s); it plays", path, error.strerror)
        return False
    except UserError:  # the part gets no further, but it stays
        return False
    finally:
        with contextlib.suppress(OSError):
            copy.unlink(missing_ok=True)
    return True


def _copy(part: Path, copy: Path, kind: str) -> None:
    options = {"movflags": "+faststart"}
    with av.open(ffmpeg_name(part)) as source, av.open(ffmpeg_name(copy), "w", kind, options) as target:
        taken = source.streams.video[0]
        given = target.add_stream_from_template(taken)
        given.time_base = taken.time_base
        for packet in source.demux(taken):
            if packet.dts is not None:  # the last one is empty
                packet.stream = given
                target.mux(packet)


def has_picture(path: Path) -> bool:
    """Whether there is at least one picture in a film."""
    try:
        with av.open(ffmpeg_name(path)) as film:
            return next(film.decode(video=0), None) is not None
    except (av.error.FFmpegError, OSError, IndexError):
        return False


def whole_fragments(path: Path) -> int:
    """Bytes of an MP4 up to the end of its last complete fragment; what follows was cut off by a full disk.

    A file is a row of boxes, each with its length and name in front (ISO/IEC 14496-12, 4.2); a fragment is
    `moof` and `mdat`.
    """
    size, end, whole = path.stat().st_size, 0, 0
    with path.open("rb") as file:
        while len(head := file.read(16)) >= 8:
            length, name = struct.unpack(">I4s", head[:8])
            if length == 1 and len(head) == 16:
                (length,) = struct.unpack(">Q", head[8:])
            end += length
            if length < 8 or end > size:
                break
            if name in (b"moov", b"mdat"):
                whole = end
            file.seek(end)
    return whole
