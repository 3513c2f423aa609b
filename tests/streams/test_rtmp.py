"""RTMP against a server that says what a test wants; a real one is met in test_receivers.py."""

from __future__ import annotations

import io
import shutil
import socket
import ssl
import struct
import subprocess
import threading
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rtmp_server import Server, accept

from livecam.frames import OutputFrame
from livecam.sinks import SinkFormat
from livecam.sinks.streaming import amf, chunks
from livecam.sinks.streaming.address import Address
from livecam.sinks.streaming.carrier import reason
from livecam.sinks.streaming.chunks import Joiner, Message
from livecam.sinks.streaming.encoder import Encoder
from livecam.sinks.streaming.rtmp import RtmpCarrier

plain = st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=9)
values = plain | st.dictionaries(st.sampled_from("abc"), plain | st.just({"x": {"y": 1.0}}), max_size=3)


@given(st.lists(values, max_size=3))
def test_amf_comes_back_as_it_went(given_values: list[amf.Value]) -> None:
    assert amf.unpack(amf.pack(*given_values)) == given_values


@given(st.binary(max_size=60))
def test_amf_from_anybody_is_read_or_refused(data: bytes) -> None:
    try:
        amf.unpack(data)
    except ValueError:
        return


@given(
    st.lists(
        st.builds(
            Message,
            kind=st.sampled_from([chunks.AUDIO, chunks.VIDEO, chunks.COMMAND]),
            body=st.binary(max_size=700),
            stream=st.integers(0, 2**32 - 1),
            milliseconds=st.sampled_from([0, 40, 0xFFFFFE, 0xFFFFFF, 0x1000000, 2**32 - 1]),
        ),
        max_size=4,
    ),
    st.integers(1, 300),
    st.integers(1, 900),
)
def test_chunks_come_back_as_messages(messages: list[Message], size: int, step: int) -> None:
    data = chunks.cut(Message(chunks.SET_CHUNK_SIZE, struct.pack(">I", size)), 2, 128)
    data += b"".join(chunks.cut(message, 5, size) for message in messages)
    joiner = Joiner()
    back = [
        message for begin in range(0, len(data), step) for message in joiner.add(data[begin : begin + step])
    ]
    assert [(one.kind, one.body, one.stream) for one in back[1:]] == [
        (one.kind, one.body, one.stream) for one in messages
    ]


@given(st.binary(max_size=200))
def test_chunks_from_anybody_are_read_or_refused(data: bytes) -> None:
    try:
        list(Joiner().add(data))
    except ValueError:
        return


def test_chunks_with_short_heads_and_large_numbers() -> None:
    """As servers write them, though we do not: the time alone, nothing at all, channels from 64 on."""
    first = b"\x00\x05" + b"\0\0\1" + b"\0\0\2" + b"\x09" + struct.pack("<I", 3) + b"ab"  # channel 69
    rest = b"\x40\x05" + b"\0\0\1" + b"\0\0\3" + b"\x08" + b"cde"
    rest += b"\x80\x05" + b"\0\0\1" + b"fgh" + b"\xc1\x05\x00" + b"ijk"
    assert [(m.kind, m.body, m.stream) for m in Joiner().add(first + rest)] == [
        (9, b"ab", 3),
        (8, b"cde", 3),
        (8, b"fgh", 3),
        (8, b"ijk", 3),
    ]


def address(port: int) -> Address:
    return Address("rtmp", "127.0.0.1", port, "live", "key?a=b")


def picture(number: int) -> OutputFrame:
    return OutputFrame(np.full((96, 160, 3), 20 + 5 * number, np.uint8), number, round(number * 1e8))


def test_a_stream_is_published_and_can_be_played() -> None:
    with Server() as server:
        carrier = RtmpCarrier(address(server.port))
        carrier.connect()
        encoder = Encoder(SinkFormat(160, 96, 10), carrier.container)
        for number in range(12):
            carrier.send(encoder.encode(picture(number)))
        carrier.send(encoder.finish())
        server.wait_for(
            lambda: len(server.of_kind(chunks.VIDEO)) >= 13
        )  # with the one that says how to decode
        carrier.close()
    assert server.commands[0][2] == {
        "app": "live",
        "type": "nonprivate",
        "flashVer": "FMLE/3.0 (compatible; livecam)",
        "tcUrl": f"rtmp://127.0.0.1:{server.port}/live",
    }
    assert server.commands[-1] == ["publish", 5.0, None, "key?a=b", "live"]
    media = [message for message in server.messages if message.kind in (chunks.VIDEO, chunks.DATA)]
    assert {message.stream for message in media} == {7}
    assert amf.unpack(media[0].body)[:2] == ["@setDataFrame", "onMetaData"]
    flv = b"FLV\1\1\0\0\0\x09" + bytes(4)
    for message in server.of_kind(chunks.VIDEO):
        head = bytes([message.kind]) + len(message.body).to_bytes(3, "big") + bytes(7)
        flv += head + message.body + struct.pack(">I", 11 + len(message.body))
    with av.open(io.BytesIO(flv)) as film:
        shown = [frame.to_ndarray(format="rgb24").mean() for frame in film.decode(video=0)]
    assert shown == pytest.approx([20 + 5 * number for number in range(12)], abs=2)


def test_the_server_is_answered() -> None:
    """A server that hears no answer to its ping, or no acknowledgement, ends the connection."""
    ping = Message(chunks.USER_CONTROL, struct.pack(">HI", 6, 1234))
    with Server() as server:
        server.say = [chunks.cut(ping, 2, 64)]
        carrier = RtmpCarrier(address(server.port))
        carrier.connect()
        waiting = threading.Event()
        for _ in range(6000):
            carrier.send(b"")
            if server.of_kind(chunks.USER_CONTROL):
                break
            waiting.wait(0.01)
        carrier.close()
    assert server.of_kind(chunks.USER_CONTROL)[0].body == struct.pack(">HI", 7, 1234)
    assert server.of_kind(chunks.ACKNOWLEDGEMENT)  # it asked for one every 100 bytes


def refuse(command: str, said: list[amf.Value]) -> list[amf.Value] | None:
    if said[0] != command:
        return accept(said)
    info: amf.Value = {"level": "error", "code": "x", "description": "no such\x1b[2J key"}
    return ["onStatus", 0.0, None, info] if command == "publish" else ["_error", said[1], None, info]


@pytest.mark.parametrize("command", ["connect", "createStream", "publish"])
def test_a_refusal_is_told(command: str) -> None:
    with Server(partial(refuse, command)) as server:
        carrier = RtmpCarrier(address(server.port))
        with pytest.raises(OSError, match="refuses") as error:
            carrier.connect()
        carrier.close()
    assert reason(error.value) == "it refuses the stream (no such[2j key)"


@pytest.mark.parametrize("said", [b"\xff" * 40, b"\x03" + bytes(3) + b"\0\0\1\x14" + bytes(4) + b"\x0f"])
def test_what_cannot_be_read_is_no_end_of_the_run(said: bytes) -> None:
    with Server() as server:
        server.say = [said]
        carrier = RtmpCarrier(address(server.port))
        with pytest.raises(OSError, match=r"does not speak RTMP|closed"):
            connect_and_send(carrier)
        carrier.close()


def connect_and_send(carrier: RtmpCarrier) -> None:
    waiting = threading.Event()
    carrier.connect()
    for _ in range(6000):
        carrier.send(b"")
        waiting.wait(0.01)


def send_often(carrier: RtmpCarrier) -> None:
    for _ in range(1000):
        carrier.send(bytes(13))


def test_an_end_of_the_connection_is_noticed() -> None:
    with Server() as server:
        carrier = RtmpCarrier(address(server.port))
        carrier.connect()
        server.hang_up()
        with pytest.raises(OSError):  # noqa: PT011 - the system's words
            send_often(carrier)
        carrier.close()


def test_something_else_at_that_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def talk() -> None:
            with listening.accept()[0] as connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.recv(4096)

        thread = threading.Thread(target=talk)
        thread.start()
        carrier = RtmpCarrier(address(listening.getsockname()[1]))
        with pytest.raises(OSError, match="does not speak RTMP"):
            carrier.connect()
        carrier.close()
        thread.join(30)


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("livecam.sinks.streaming.rtmp.CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listening:  # nobody accepts; the system does
        carrier = RtmpCarrier(address(listening.getsockname()[1]))
        with pytest.raises(TimeoutError) as error:
            carrier.connect()
        carrier.close()
    assert reason(error.value) == "it does not answer"


def test_abort_ends_what_blocks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        carrier = RtmpCarrier(address(listening.getsockname()[1]))
        failed: list[OSError] = []

        def connect() -> None:
            try:
                carrier.connect()
            except OSError as error:
                failed.append(error)

        thread = threading.Thread(target=connect)
        thread.start()
        with listening.accept()[0] as connection:
            connection.recv(1)  # it is in the middle of the handshake
            carrier.abort()
            thread.join(30)
            carrier.close()
    assert failed
    assert "closed" in reason(failed[0])  # not a time-out


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl not found")
def test_rtmps_checks_the_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    subprocess.run(
        [*words.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Server(context=context) as server:
        where = Address("rtmps", "127.0.0.1", server.port, "live", "key")
        carrier = RtmpCarrier(where)
        with pytest.raises(ssl.SSLCertVerificationError):
            carrier.connect()
        carrier.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        carrier = RtmpCarrier(where)
        carrier.connect()
        encoder = Encoder(SinkFormat(160, 96, 10), carrier.container)
        for number in range(3):
            carrier.send(encoder.encode(picture(number)))
        server.wait_for(lambda: len(server.of_kind(chunks.VIDEO)) >= 4)
        carrier.close()
