"""Sinks: where finished frames go. `open_sink` picks one by what the user wrote.

Sinks know `OutputFrame` and nothing of sources: a driver's picture has no way in.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from livecam.errors import UserError
from livecam.files import WRITTEN_PICTURES, WRITTEN_VIDEOS, expanded, spec_of
from livecam.sinks.base import ClosingSink, Sink, SinkFormat
from livecam.sinks.streaming import address

__all__ = ["ClosingSink", "Sink", "SinkFormat", "file_of", "open_sink"]


def file_of(spec: str) -> Path | None:
    """The file, or the pattern of pictures, that `--sink` names; None for what is no file."""
    if spec.partition(":")[0] in ("camera", "http") or spec in ("page", "null") or address.is_address(spec):
        return None
    return expanded(spec)


def open_sink(spec: str | Path, *, advice: Callable[[], str] | None = None) -> ClosingSink:
    """The sink that `--sink` names, not opened yet. `with` closes it.

    `camera`, `camera:LABEL`, `camera:/dev/videoN`, `page`, `http`, `http:PORT`, `rtmp://HOST/APP/KEY`,
    `srt://HOST:PORT`, `udp://HOST:PORT`, `null`, a video file (.mp4, .mkv, .mov) or numbered pictures
    (`DIR/%05d.png`, `.jpg`). A `Path` is always a file. `advice` is asked what to do where a virtual camera
    is named and none is there.

    Raises:
        UserError: anything else is named.
    """
    spec = spec_of("sink", spec)
    name, separator, which = spec.partition(":")
    if name == "camera":
        if separator and not which.strip():
            raise UserError(spec, "no camera follows the colon", "Write camera, or camera:/dev/video10.")
        from livecam.sinks.virtual_camera import VirtualCameraSink

        return VirtualCameraSink(which.strip(), advice=advice)
    if spec == "page":
        from livecam.sinks.page import PageSink

        return PageSink()
    if name == "http" and not which.startswith("//"):
        from livecam.sinks.http import HttpSink, port_of

        return HttpSink(port_of(which) if separator else None)
    if address.is_address(spec):
        from livecam.sinks.streaming import open_stream

        return open_stream(spec)
    if spec == "null":
        from livecam.sinks.null import NullSink

        return NullSink()
    path = expanded(spec)
    suffix = path.suffix.lower()
    if suffix in WRITTEN_VIDEOS:
        from livecam.sinks.video_file import VideoFileSink

        return VideoFileSink(path)
    if suffix in WRITTEN_PICTURES:
        from livecam.sinks.frame_files import FrameFilesSink

        return FrameFilesSink(path)
    raise UserError(
        f"sink {spec!r}",
        f"{suffix} ends no film or picture that can be written" if suffix else "unknown",
        f"Use camera, page, http, rtmp://, srt://, udp://, null, a video "
        f"(out{', '.join(WRITTEN_VIDEOS)}) or numbered pictures (out/%05d{', '.join(WRITTEN_PICTURES)}).",
    )
