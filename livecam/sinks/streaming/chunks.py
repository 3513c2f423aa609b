"""RTMP's messages, cut into chunks ("Real-Time Messaging Protocol", Adobe, 1.0 of 2012, chapter 5)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

SET_CHUNK_SIZE, ABORT, ACKNOWLEDGEMENT, USER_CONTROL, WINDOW_SIZE, PEER_BANDWIDTH = 1, 2, 3, 4, 5, 6
AUDIO, VIDEO, DATA, COMMAND = 8, 9, 18, 20
"""Types of messages."""
USUAL_SIZE = 128
"""Bytes of a message in one chunk until a side says otherwise."""
LARGEST_MESSAGE = 1 << 20
"""Bytes; what a server says to a publisher is a few hundred."""
_LATER = 0xFFFFFF
"""A time that follows in four bytes more."""


@dataclass(frozen=True, slots=True)
class Message:
    """kind: as above. stream: 0 for the connection. milliseconds: its time."""

    kind: int
    body: bytes
    stream: int = 0
    milliseconds: int = 0


def cut(message: Message, channel: int, size: int) -> bytes:
    """A message in chunks of `size` bytes on `channel` (2 to 63)."""
    late = message.milliseconds >= _LATER
    extended = struct.pack(">I", message.milliseconds & 0xFFFFFFFF) if late else b""
    head = (
        bytes([channel])
        + (_LATER if late else message.milliseconds).to_bytes(3, "big")
        + len(message.body).to_bytes(3, "big")
        + bytes([message.kind])
        + struct.pack("<I", message.stream)
        + extended
    )
    parts = [message.body[begin : begin + size] for begin in range(0, len(message.body), size)] or [b""]
    return head + (bytes([0xC0 | channel]) + extended).join(parts)


@dataclass(slots=True)
class _Channel:
    """The last head that came on a channel, and the part of a message that is there of it."""

    length: int = 0
    kind: int = 0
    stream: int = 0
    extended: bool = False
    part: bytes = b""


class Joiner:
    """Chunks as they come, to messages, whose times are not kept. Learns the chunks' size from them."""

    def __init__(self) -> None:
        self._data = b""
        self._channels: dict[int, _Channel] = {}
        self._size = USUAL_SIZE

    def add(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete now. Raises `ValueError` where it is no RTMP."""
        self._data += data
        while True:
            message, used = self._chunk()
            if not used:
                return
            self._data = self._data[used:]
            if message is None:
                continue
            if message.kind == SET_CHUNK_SIZE and len(message.body) >= 4:
                self._size = max(struct.unpack(">I", message.body[:4])[0] & 0x7FFFFFFF, 1)
            yield message

    def _chunk(self) -> tuple[Message | None, int]:
        """The message that the next chunk completes, and the chunk's bytes; 0 where more have to come."""
        data = self._data
        if not data:
            return None, 0
        form, number, place = data[0] >> 6, data[0] & 0x3F, 1
        if number < 2:
            place = 2 + number
            if len(data) < place:
                return None, 0
            number = 64 + int.from_bytes(data[1:place], "little")
        head = (11, 7, 3, 0)[form]
        if len(data) < place + head:
            return None, 0
        if form and number not in self._channels:
            raise ValueError("a chunk whose head says nothing, and none before it")
        channel = self._channels.setdefault(number, _Channel())
        length, kind, stream, extended = channel.length, channel.kind, channel.stream, channel.extended
        if form < 3:
            extended = int.from_bytes(data[place : place + 3], "big") == _LATER
        if form < 2:
            length, kind = int.from_bytes(data[place + 3 : place + 6], "big"), data[place + 6]
        if form == 0:
            (stream,) = struct.unpack_from("<I", data, place + 7)
        if length > LARGEST_MESSAGE:
            raise ValueError(f"a message of {length} bytes")
        place += head + (4 if extended else 0)
        here = min(self._size, length - len(channel.part))
        if here < 0:
            raise ValueError("a message that is longer than it says")
        if len(data) < place + here:
            return None, 0
        channel.length, channel.kind, channel.stream, channel.extended = length, kind, stream, extended
        channel.part += data[place : place + here]
        if len(channel.part) < length:
            return None, place + here
        body, channel.part = channel.part, b""
        return Message(kind, body, stream), place + here
