"""What is asked of libsrt; a receiver is met in test_receivers.py."""

from __future__ import annotations

import ctypes
import socket
import struct

import pytest

from livecam.errors import UserError
from livecam.sinks import SinkFormat, open_sink
from livecam.sinks.streaming import srt


def test_without_the_library_the_sink_says_so_before_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", nothing)
    srt._library.cache_clear()
    with pytest.raises(UserError, match=r"libsrt is not on this machine.*udp"):
        open_sink("srt://127.0.0.1:9000").open(SinkFormat(64, 48, 30))
    srt._library.cache_clear()


def test_latency_is_given_in_microseconds_and_taken_in_milliseconds() -> None:
    options = dict(srt._options({"latency": "20500", "streamid": "a", "passphrase": "0123456789"}))
    assert struct.unpack("=i", options[44]) == (21,)
    assert options[46] == b"a"
    assert options[26] == b"0123456789"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_addresses_as_the_system_has_them(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = srt._sockaddr(family, (host, 9000, 0, 3) if ":" in host else (host, 9000))
    if family == socket.AF_INET:
        assert made == struct.pack("=H", family) + b"\x23\x28\x7f\x00\x00\x01" + bytes(8)
    else:
        assert made == struct.pack("=H", family) + b"\x23\x28" + bytes(4 + 15) + b"\1" + struct.pack("=I", 3)
