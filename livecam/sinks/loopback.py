"""What is known of a v4l2loopback device before it is opened for good.

pyvirtualcam leaks a descriptor for every failed open, prints a failed write instead of raising it, and takes
a device of another size without a word. So the device is looked at first.

With exclusive_caps=0 v4l2loopback lets several programs write and mixes their pictures. So livecam claims its
device: a lock on the device's entry in /sys, which every user can see, which goes with the device, and which
the kernel takes back from a process that is killed.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path
from typing import Literal

from livecam.video_devices import CAPTURE, OUTPUT, SYSFS, capabilities

Fault = Literal[
    "", "missing", "no device", "permission", "busy", "silent", "sending", "claimed", "stuck", "size"
]
"""Why a device takes no frames:

missing     there is no such file            permission  this user may not open it
no device   the file is no video device      busy        too many programs have it open
sending     another program sends to it (seen with exclusive_caps=1 only)
claimed     another livecam sends to it
stuck       neither camera nor output: v4l2loopback before 0.15 with exclusive_caps=1, after its first writer
size        a program holds it at another size
silent      it does not answer
"""


def sending_fault(path: str, width: int, height: int, sysfs: Path = SYSFS) -> Fault:
    """Why frames of this size cannot be sent there; "" where they can. Leaves nothing open."""
    try:
        if not stat.S_ISCHR(os.stat(path).st_mode):
            return "no device"
        descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    except OSError as error:
        return _of_error(error)
    try:
        able = capabilities(descriptor)
    except OSError as error:
        return "no device" if error.errno in (errno.ENOTTY, errno.EINVAL) else "silent"
    finally:
        os.close(descriptor)
    if not able & OUTPUT:
        return "sending" if able & CAPTURE else "stuck"
    held = held_size(path, sysfs)
    return "size" if held not in (None, (width, height)) else ""


class Claim:
    """That a device is ours, until `release` or the end of the process."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Twice does no harm."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def claim(path: str, sysfs: Path = SYSFS) -> Claim | None:
    """Claim the device; None where another livecam has. Where the system cannot tell it counts as free."""
    try:
        import fcntl

        descriptor = os.open(sysfs / Path(path).name / "name", os.O_RDONLY)
    except (ImportError, OSError):
        return Claim(None)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        return Claim(None)
    return Claim(descriptor)


def identity(path: str) -> tuple[int, int] | None:
    """Tells one device from another at the same path; None where it is gone."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_rdev, found.st_ino


def held_size(path: str, sysfs: Path = SYSFS) -> tuple[int, int] | None:
    """Width and height that the device is fixed to while any program has it open; None while it is free."""
    try:
        text = (sysfs / Path(path).name / "format").read_text("ascii", errors="replace")  # YU12:640x480@30
    except OSError:
        return None
    found = re.search(r":(\d+)x(\d+)@", text)
    return (int(found[1]), int(found[2])) if found else None


def _of_error(error: OSError) -> Fault:
    if error.errno in (errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR):
        return "missing"
    if error.errno in (errno.EACCES, errno.EPERM):
        return "permission"
    return "busy" if error.errno == errno.EBUSY else "silent"
