"""As much of an RTMP server as a publisher meets; it does as a test tells it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable

from livecam.sinks.streaming import amf, chunks
from livecam.sinks.streaming.chunks import Joiner, Message

HANDSHAKE = 1536


class Server:
    """Listens on `port` and serves one publisher after the other. A context manager.

    answer: what it says to a command, as values of AMF0; by itself it lets everything through.
    context: for TLS.
    """

    def __init__(
        self,
        answer: Callable[[list[amf.Value]], list[amf.Value] | None] | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._answer, self._context = answer or accept, context
        self.commands: list[list[amf.Value]] = []
        self.messages: list[Message] = []
        self.changed = threading.Condition()
        self.say: list[bytes] = []
        """Sent once the stream is published."""

    def __enter__(self) -> Server:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._ended, self._connection = False, None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._ended = True
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self.hang_up()
        self._listening.close()
        self._thread.join(30)

    def hang_up(self) -> None:
        """End the publisher's connection, if there is one."""
        connection = self._connection
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def wait_for(self, what: Callable[[], bool], seconds: float = 60) -> None:
        with self.changed:
            assert self.changed.wait_for(what, seconds)

    def of_kind(self, kind: int) -> list[Message]:
        return [message for message in self.messages if message.kind == kind]

    def _serve(self) -> None:
        while not self._ended:
            with contextlib.suppress(OSError, EOFError), self._listening.accept()[0] as connection:
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
                self._connection = connection
                self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        hello = _exactly(connection, 1 + HANDSHAKE)
        connection.sendall(hello[:1] + bytes(HANDSHAKE) + hello[1:])
        assert _exactly(connection, HANDSHAKE) == bytes(HANDSHAKE)
        joiner = Joiner()
        connection.sendall(chunks.cut(Message(chunks.WINDOW_SIZE, struct.pack(">I", 100)), 2, 128))
        connection.sendall(chunks.cut(Message(chunks.SET_CHUNK_SIZE, struct.pack(">I", 64)), 2, 128))
        while data := connection.recv(65536):
            for message in joiner.add(data):
                self._hear(connection, message)

    def _hear(self, connection: socket.socket, message: Message) -> None:
        if message.kind == chunks.COMMAND:
            said = amf.unpack(message.body)
            self.commands.append(said)
            answer = self._answer(said)
            if answer is not None:
                body = Message(chunks.COMMAND, amf.pack(*answer), message.stream)
                connection.sendall(chunks.cut(body, 3, 64))
            if said[0] == "publish":
                connection.sendall(b"".join(self.say))
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()


def accept(said: list[amf.Value]) -> list[amf.Value] | None:
    """What a server says that takes every stream."""
    if said[0] == "connect":
        info: amf.Value = {"code": "NetConnection.Connect.Success", "level": "status", "x" * 200: True}
        return ["_result", said[1], {"fmsVer": "test"}, info]
    if said[0] in ("releaseStream", "FCPublish"):
        return ["_error", said[1], None, {"code": "NetConnection.Call.Failed", "level": "error"}]
    if said[0] == "createStream":
        return ["_result", said[1], None, 7.0]
    if said[0] == "publish":
        return ["onStatus", 0.0, None, {"code": "NetStream.Publish.Start", "level": "status"}]
    return None


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data
