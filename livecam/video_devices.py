"""The cameras, real and virtual, that Linux shows under /sys/class/video4linux."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MODULE = "v4l2loopback"
LABEL = "livecam"
MODULE_OPTIONS = f"devices=1 exclusive_caps=1 max_buffers=4 card_label={LABEL}"
"""How v4l2loopback should be loaded: Chromium lists it only with exclusive_caps=1; with its usual two buffers
a slow reader sees pictures that are being written anew."""
LOAD = f"sudo modprobe {MODULE} {MODULE_OPTIONS}"
RELOAD = f"sudo modprobe -r {MODULE} && {LOAD}"
SYSFS = Path("/sys/class/video4linux")

# Of linux/videodev2.h.
QUERY_CAPABILITIES = 0x80685600
"""VIDIOC_QUERYCAP: `CAPABILITY_BYTES` are read."""
CAPABILITY_BYTES, CAPABILITIES_AT = 104, 84
"""struct v4l2_capability: capabilities of the hardware at byte 84, device_caps of this node alone at 88."""
CAPTURE = 0x1 | 0x1000
"""V4L2_CAP_VIDEO_CAPTURE, ..._MPLANE: a camera."""
OUTPUT = 0x2 | 0x2000
"""V4L2_CAP_VIDEO_OUTPUT, ..._MPLANE: takes frames."""


@dataclass(frozen=True, slots=True)
class VideoDevice:
    """One /dev/videoN."""

    number: int
    label: str
    """The name that programs show, "HD Webcam: HD Webcam"."""
    virtual: bool = False
    """Made by a driver such as v4l2loopback, with no hardware behind it."""
    secondary: bool = False
    """A further node of the same hardware; a webcam's second one carries metadata, no pictures."""

    @property
    def path(self) -> str:
        return f"/dev/video{self.number}"


def video_devices(sysfs: Path = SYSFS) -> list[VideoDevice]:
    """All of them, by number; an empty list where there are none, or no Linux."""
    found = []
    for node in sysfs.glob("video*"):
        digits = node.name.removeprefix("video")
        if not digits.isdecimal():
            continue
        found.append(
            VideoDevice(
                number=int(digits),
                label=_line(node / "name"),
                virtual="/devices/virtual/" in node.resolve().as_posix(),
                secondary=_line(node / "index") not in ("", "0"),
            )
        )
    return sorted(found, key=lambda device: device.number)


def capabilities(descriptor: int) -> int:
    """Linux: the capability bits of an open device. Asking starts no camera.

    Raises:
        ImportError: no Linux.
        OSError: it does not answer, or is no video device.
    """
    import fcntl

    answer = bytearray(CAPABILITY_BYTES)
    fcntl.ioctl(descriptor, QUERY_CAPABILITIES, answer)
    of_hardware, of_node = struct.unpack_from("<II", answer, CAPABILITIES_AT)
    return int(of_node or of_hardware)


def by_label(devices: Sequence[VideoDevice], label: str) -> VideoDevice | None:
    """The device called `label`; failing that, the first whose name contains it. Case does not matter."""
    wanted = label.casefold()
    exact = [device for device in devices if device.label.casefold() == wanted]
    partial = [device for device in devices if wanted in device.label.casefold()]
    candidates = sorted(exact or partial, key=lambda device: (device.secondary, device.number))
    return candidates[0] if candidates else None


def describe(devices: Sequence[VideoDevice]) -> str:
    """One line for messages: `0 (HD Webcam), 10 (livecam)`."""
    return ", ".join(f"{device.number} ({device.label})" for device in devices if not device.secondary)


def _line(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""
