"""H.264 to an RTMP server, as a publisher ("Real-Time Messaging Protocol", Adobe, 1.0 of 2012).

`chunks.py` and `amf.py` say how messages and commands are written; what is in the pictures' messages is what
FFmpeg writes into an FLV.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import struct
import time
from collections import deque
from collections.abc import Iterator

from livecam.sinks.streaming import amf, chunks
from livecam.sinks.streaming.address import Address
from livecam.sinks.streaming.carrier import CONNECT_SECONDS, SEND_BUFFER, SEND_SECONDS
from livecam.sinks.streaming.chunks import Joiner, Message

VERSION = 3
HANDSHAKE = 1536
"""Bytes (5.2.1 to 5.2.4)."""
CHUNK = 4096
"""Bytes of a message in a chunk, told to the server first of all: fewer heads than with the usual 128."""
CONTROL, COMMANDS, MEDIA = 2, 3, 6
"""Channels, in the specification "chunk streams"; the first is prescribed."""
PING, PONG = 6, 7
"""Events of user control (7.1.7)."""
_FLV_HEAD, _TAG_HEAD, _TAG_TAIL = 9 + 4, 11, 4
"""Bytes before the first tag, before a tag's body, and behind it ("Adobe Flash Video File Format" 10.1)."""


class RtmpCarrier:
    """`connect` comes back once the server lets this stream be published."""

    container = "flv"

    def __init__(self, address: Address) -> None:
        self._address = address
        self._socket: socket.socket | None = None
        self._joiner = Joiner()
        self._said: deque[list[amf.Value]] = deque()
        self._heard = self._told = self._window = self._stream = 0
        self._flv, self._skip = b"", _FLV_HEAD

    def connect(self) -> None:
        address, deadline = self._address, time.monotonic() + CONNECT_SECONDS
        connected = socket.create_connection((address.host, address.port), CONNECT_SECONDS)
        self._socket = connected
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if address.scheme == "rtmps":
            context = ssl.create_default_context()
            self._socket = context.wrap_socket(connected, server_hostname=address.host)
        with _rtmp_expected():
            self._shake_hands(deadline)
            self._publish(deadline)

    def send(self, data: bytes) -> None:
        """Every tag of the FLV that is complete, as a message."""
        with _rtmp_expected():
            self._listen()
        self._flv += data
        messages = b""
        while True:
            if self._skip:
                if len(self._flv) < self._skip:
                    break
                self._flv, self._skip = self._flv[self._skip :], 0
            length = _TAG_HEAD + int.from_bytes(self._flv[1:4], "big")
            if len(self._flv) < length + _TAG_TAIL:
                break
            messages += self._message(self._flv[:length])
            self._flv = self._flv[length + _TAG_TAIL :]
        self._write(messages)

    def abort(self) -> None:
        connected = self._socket
        if connected is not None:
            with contextlib.suppress(OSError):
                connected.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        connected, self._socket = self._socket, None
        if connected is not None:
            connected.close()

    def _message(self, tag: bytes) -> bytes:
        kind, milliseconds = tag[0] & 0x1F, int.from_bytes(tag[7:8] + tag[4:7], "big")
        body = tag[_TAG_HEAD:]
        if kind == chunks.DATA:  # what the film is like: a server hands it on to those who come later
            body = amf.pack("@setDataFrame") + body
        return chunks.cut(Message(kind, body, self._stream, milliseconds), MEDIA, CHUNK)

    def _shake_hands(self, deadline: float) -> None:
        self._write(bytes([VERSION]) + bytes(8) + os.urandom(HANDSHAKE - 8))
        answer = b""
        while len(answer) < 1 + 2 * HANDSHAKE:
            had = len(answer)
            answer += self._read(1 + 2 * HANDSHAKE - had, deadline)
            if answer[0] != VERSION:
                raise ValueError(f"version {answer[0]}")
            if had < 1 + HANDSHAKE <= len(answer):
                self._write(answer[1 : 1 + HANDSHAKE])

    def _publish(self, deadline: float) -> None:
        address = self._address
        self._write(chunks.cut(Message(chunks.SET_CHUNK_SIZE, struct.pack(">I", CHUNK)), CONTROL, CHUNK))
        about = {
            "app": address.app,
            "type": "nonprivate",
            "flashVer": "FMLE/3.0 (compatible; livecam)",
            "tcUrl": f"{address.name}/{address.app}",
        }
        self._command(0, "connect", 1.0, about)
        self._answer(1.0, deadline)
        self._command(0, "releaseStream", 2.0, None, address.key)
        self._command(0, "FCPublish", 3.0, None, address.key)
        self._command(0, "createStream", 4.0, None)
        answer = self._answer(4.0, deadline)
        number = answer[3] if len(answer) > 3 else None
        if not isinstance(number, float) or not 0 <= number < 1 << 32:
            raise ValueError("no stream was made")
        self._stream = int(number)
        self._command(self._stream, "publish", 5.0, None, address.key, "live")
        while self._next(deadline)[0] != "onStatus":
            pass

    def _command(self, stream: int, *values: amf.Value) -> None:
        message = Message(chunks.COMMAND, amf.pack(*values), stream)
        self._write(chunks.cut(message, COMMANDS, CHUNK))

    def _answer(self, number: float, deadline: float) -> list[amf.Value]:
        """The server's answer to the command of that number."""
        while True:
            said = self._next(deadline)
            if said[0] == "_result" and said[1:2] == [number]:
                return said

    def _next(self, deadline: float) -> list[amf.Value]:
        """The next command of the server."""
        while not self._said:
            self._hear(self._read(4096, deadline))
        return self._said.popleft()

    def _listen(self) -> None:
        """What the server has said meanwhile; it says little."""
        with contextlib.suppress(BlockingIOError, ssl.SSLWantReadError, TimeoutError):
            while True:
                self._hear(self._read(4096, 0.0))
        self._said.clear()

    def _hear(self, data: bytes) -> None:
        """Take what came in, and answer what has to be answered."""
        self._heard += len(data)
        for message in self._joiner.add(data):
            if message.kind == chunks.WINDOW_SIZE:
                self._window = int.from_bytes(message.body[:4], "big")
            elif message.kind == chunks.USER_CONTROL and message.body[:2] == struct.pack(">H", PING):
                pong = Message(chunks.USER_CONTROL, struct.pack(">H", PONG) + message.body[2:6])
                self._write(chunks.cut(pong, CONTROL, CHUNK))
            elif message.kind == chunks.COMMAND:
                said = amf.unpack(message.body)
                if said:
                    _check(said)
                    self._said.append(said)
        if self._window and self._heard - self._told >= self._window:
            self._told = self._heard
            heard = Message(chunks.ACKNOWLEDGEMENT, struct.pack(">I", self._heard & 0xFFFFFFFF))
            self._write(chunks.cut(heard, CONTROL, CHUNK))

    def _read(self, most: int, deadline: float) -> bytes:
        """At least one byte; deadline: as a monotonic time in seconds, in the past for what is there now."""
        connected = self._open()
        connected.settimeout(max(deadline - time.monotonic(), 0.0))
        try:
            data = connected.recv(most)
        except BlockingIOError:
            if deadline:
                raise TimeoutError from None
            raise
        if not data:
            raise OSError("it closed the connection")
        return data

    def _write(self, data: bytes) -> None:
        connected = self._open()
        connected.settimeout(SEND_SECONDS)
        connected.sendall(data)

    def _open(self) -> socket.socket:
        if self._socket is None:
            raise OSError("it is closed")
        return self._socket


@contextlib.contextmanager
def _rtmp_expected() -> Iterator[None]:
    """What cannot be read is the other side's fault, and no reason to end."""
    try:
        yield
    except ValueError as error:
        raise OSError(f"it does not speak RTMP: {error}") from None


def _check(said: list[amf.Value]) -> None:
    """Raises `OSError` where the server says no. "releaseStream" and "FCPublish" do not count: many servers
    do not know them."""
    about = next((value for value in said[2:] if isinstance(value, dict) and "code" in value), {})
    refused = said[0] == "_error" and said[1:2] not in ([2.0], [3.0])
    if refused or (said[0] == "onStatus" and about.get("level") == "error"):
        why = about.get("description") or about.get("code") or "it does not say why"
        raise OSError(f"it refuses the stream ({''.join(c for c in str(why)[:80] if c.isprintable())})")
