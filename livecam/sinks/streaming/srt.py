"""MPEG-TS over SRT, through libsrt (Haivision, MPL 2.0).

The FFmpeg that comes with PyAV has no SRT, so the system's libsrt is used, if it is there: the few calls
below. All of them let other threads run meanwhile.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import math
import socket
import struct
import sys
import time
from collections.abc import Mapping
from typing import Any, Final

from livecam.errors import UserError
from livecam.sinks.streaming.address import Address
from livecam.sinks.streaming.carrier import CONNECT_SECONDS, SEND_SECONDS
from livecam.sinks.streaming.udp import DATAGRAM

_FILES: Final = ("libsrt-gnutls.so.1.5", "libsrt.so.1.5", "libsrt.so.1")
"""The library on Linux; the first two are Debian's, by what they encrypt with."""
_NAME: Final = "srt"
"""By which other systems find it."""
_ADVICE: Final = {
    "linux": "Install it: sudo apt install libsrt1.5-gnutls (Debian, Ubuntu), or your system's libsrt.",
    "darwin": "Install it: brew install srt.",
}

# srt.h of libsrt 1.5. SRT_SOCKOPT:
_RCVSYN, _LINGER, _SNDTIMEO, _PASSPHRASE, _CONNTIMEO = 2, 7, 13, 26, 36
_PEERLATENCY, _STREAMID, _PEERIDLETIMEO = 44, 46, 55
_LOG_CRIT: Final = 2
"""What the library prints by itself: nothing short of its own end."""
_INVALID: Final = -1
_CONNECTING: Final = 4
_CONNECTED: Final = 5
"""SRT_SOCKSTATUS."""
_UNKNOWN: Final = 0
_TIMEOUT: Final = 16
"""SRT_REJECT_REASON: nobody listens there, and no answer came."""
_LOOK_SECONDS: Final = 0.02
"""Between two looks whether the receiver has answered. `srt_connect` that waits by itself cannot be ended,
and a program that ends meanwhile crashes."""


class SrtCarrier:
    """The caller; the receiver has to be the listener. Pictures that come too late for the receiver's latency
    are dropped by the library.

    Raises `UserError` as soon as it is made where no libsrt is on this machine.
    """

    container = "mpegts"

    def __init__(self, address: Address) -> None:
        self._address, self._library = address, _library()
        self._socket = _INVALID
        self._aborted = False

    def connect(self) -> None:
        family, _, _, _, target = socket.getaddrinfo(
            self._address.host, self._address.port, type=socket.SOCK_DGRAM
        )[0]
        self._socket = self._library.srt_create_socket()
        if self._socket == _INVALID:
            raise self._failed()
        for option, value in _options(self._address.options):
            if self._library.srt_setsockflag(self._socket, option, value, len(value)) == _INVALID:
                raise self._failed()
        name = _sockaddr(family, target)
        if self._library.srt_connect(self._socket, name, len(name)) == _INVALID:
            raise self._failed()
        deadline = time.monotonic() + CONNECT_SECONDS
        while (state := self._library.srt_getsockstate(self._socket)) != _CONNECTED:
            if self._aborted:
                raise OSError("it was given up")
            if state != _CONNECTING:
                raise self._refused()
            if time.monotonic() > deadline:
                raise TimeoutError
            time.sleep(_LOOK_SECONDS)

    def send(self, data: bytes) -> None:
        for begin in range(0, len(data), DATAGRAM):
            part = data[begin : begin + DATAGRAM]
            if self._library.srt_sendmsg(self._socket, part, len(part), -1, 1) == _INVALID:
                raise self._failed()

    def abort(self) -> None:
        self._aborted = True
        if self._socket != _INVALID and self._library.srt_getsockstate(self._socket) == _CONNECTED:
            self.close()

    def close(self) -> None:
        closed, self._socket = self._socket, _INVALID
        if closed != _INVALID:
            self._library.srt_close(closed)

    def _refused(self) -> OSError:
        number = self._library.srt_getrejectreason(self._socket)
        if number in (_UNKNOWN, _TIMEOUT):
            return TimeoutError()
        why = self._library.srt_rejectreason_str(number).decode("utf-8", "replace").rpartition(":")[2]
        return OSError(f"it refuses ({why})")

    def _failed(self) -> OSError:
        text = self._library.srt_getlasterror_str().decode("utf-8", "replace").strip().rstrip(".")
        # "Connection setup failure: connection timed out": of the two the second says why.
        return OSError(0, text.rpartition(": ")[2] or "it does not answer")


def _options(given: Mapping[str, str]) -> list[tuple[int, bytes]]:
    """Options of a socket and their values as the library takes them."""
    milliseconds = math.ceil(int(given.get("latency", "0")) / 1000)
    options = [
        (_RCVSYN, struct.pack("=i", 0)),  # `srt_connect` does not wait
        (_CONNTIMEO, struct.pack("=i", round(1000 * CONNECT_SECONDS))),
        (_SNDTIMEO, struct.pack("=i", round(1000 * SEND_SECONDS))),
        (_PEERIDLETIMEO, struct.pack("=i", round(1000 * CONNECT_SECONDS))),
        (_LINGER, struct.pack("=ii", 0, 0)),
        # The larger of both sides' is used: with 0 the receiver says.
        (_PEERLATENCY, struct.pack("=i", milliseconds)),
    ]
    if "streamid" in given:
        options.append((_STREAMID, given["streamid"].encode()))
    if "passphrase" in given:
        options.append((_PASSPHRASE, given["passphrase"].encode()))
    return options


def _sockaddr(family: int, target: Any) -> bytes:
    """The system's `sockaddr_in` or `sockaddr_in6`."""
    # BSD's have their length in the first byte, and the family in the second.
    if sys.platform == "darwin":
        head = struct.pack("=BB", 16 if family == socket.AF_INET else 28, family)
    else:
        head = struct.pack("=H", family)
    port = struct.pack("!H", target[1])
    if family == socket.AF_INET:
        return head + port + socket.inet_pton(family, target[0]) + bytes(8)
    host, scope = target[0].partition("%")[0], target[3]
    return head + port + bytes(4) + socket.inet_pton(socket.AF_INET6, host) + struct.pack("=I", scope)


@functools.cache
def _library() -> Any:
    """libsrt, started. Raises `UserError` where there is none."""
    for name in (*_FILES, ctypes.util.find_library(_NAME)):
        try:
            library = ctypes.CDLL(name or "")
        except OSError:
            continue
        if not hasattr(library, "srt_startup"):  # no name at all is this program itself
            continue
        library.srt_sendmsg.argtypes = [ctypes.c_int, ctypes.c_char_p, *[ctypes.c_int] * 3]
        library.srt_setsockflag.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        library.srt_connect.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int]
        library.srt_close.argtypes = [ctypes.c_int]
        library.srt_getlasterror_str.restype = ctypes.c_char_p
        library.srt_getsockstate.argtypes = library.srt_getrejectreason.argtypes = [ctypes.c_int]
        library.srt_rejectreason_str.argtypes = [ctypes.c_int]
        library.srt_rejectreason_str.restype = ctypes.c_char_p
        library.srt_setloglevel(_LOG_CRIT)
        library.srt_startup()
        return library
    advice = _ADVICE.get(sys.platform, "Put libsrt where this system finds libraries.")
    raise UserError("sink srt://", "libsrt is not on this machine", f"{advice} Or use udp:// or rtmp://.")
