"""MPEG-TS in datagrams, on the loopback."""

from __future__ import annotations

import socket

import pytest
from streamed import free_port

from livecam.sinks.streaming.address import Address
from livecam.sinks.streaming.udp import DATAGRAM, PACKET, UdpCarrier


def test_datagrams_hold_whole_packets_in_order() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(30)
        carrier = UdpCarrier(Address("udp", "127.0.0.1", receiver.getsockname()[1]))
        carrier.connect()
        for _ in range(2):  # packets that say nothing, to see whether somebody listens
            assert receiver.recv(4096)[:3] == b"\x47\x1f\xff"
        data = b"".join(bytes([0x47, number]) + bytes(PACKET - 2) for number in range(16))
        carrier.send(data)
        got = [receiver.recv(4096) for _ in range(3)]
        carrier.close()
    assert b"".join(got) == data
    assert [len(one) for one in got] == [DATAGRAM, DATAGRAM, 2 * PACKET]


def test_nobody_listens() -> None:
    carrier = UdpCarrier(Address("udp", "127.0.0.1", free_port(socket.SOCK_DGRAM)))
    with pytest.raises(ConnectionRefusedError):
        carrier.connect()
    carrier.close()


def test_a_receiver_that_goes_away_is_noticed() -> None:
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    carrier = UdpCarrier(Address("udp", "127.0.0.1", receiver.getsockname()[1]))
    carrier.connect()
    receiver.close()
    with pytest.raises(ConnectionRefusedError):
        carrier.send(bytes(1000 * PACKET))
    carrier.close()


def test_a_name_that_nobody_knows_is_no_end() -> None:
    carrier = UdpCarrier(Address("udp", "nobody.invalid", 5000))
    with pytest.raises(OSError):  # noqa: PT011 - the system's words
        carrier.connect()
    carrier.close()
