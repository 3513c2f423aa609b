"""MPEG-TS in datagrams."""

from __future__ import annotations

import socket
import time

from livecam.sinks.streaming.address import Address
from livecam.sinks.streaming.carrier import SEND_SECONDS

PACKET = 188
"""Bytes of a packet of MPEG-TS (ISO/IEC 13818-1)."""
DATAGRAM = 7 * PACKET
"""As many as fit into an Ethernet frame; what every receiver of MPEG-TS over UDP expects."""
_NULL = b"\x47\x1f\xff\x10" + bytes(PACKET - 4)
"""A packet that says nothing (PID 0x1FFF): receivers throw it away."""
ANSWER_SECONDS = 0.05
"""In which a machine nearby says that nobody listens."""


class UdpCarrier:
    """UDP knows of no receiver. A machine that is there says, though, when nobody listens at a port, and that
    counts as away; from another network nothing may come back, and then it is sent in any case."""

    container = "mpegts"

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: socket.socket | None = None

    def connect(self) -> None:
        family, kind, protocol, _, target = socket.getaddrinfo(
            self._address.host, self._address.port, type=socket.SOCK_DGRAM
        )[0]
        self._socket = socket.socket(family, kind, protocol)
        self._socket.settimeout(SEND_SECONDS)
        self._socket.connect(target)
        self._socket.send(_NULL)
        time.sleep(ANSWER_SECONDS)
        self._socket.send(_NULL)  # raises what came back

    def send(self, data: bytes) -> None:
        if self._socket is None:
            raise OSError("it is closed")
        for begin in range(0, len(data), DATAGRAM):
            self._socket.send(data[begin : begin + DATAGRAM])

    def abort(self) -> None:
        """Nothing blocks for long."""

    def close(self) -> None:
        connected, self._socket = self._socket, None
        if connected is not None:
            connected.close()
