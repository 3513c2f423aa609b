"""Which addresses of receivers are taken, and what is said about the others."""

from __future__ import annotations

import pytest

from livecam.errors import UserError
from livecam.sinks import file_of, open_sink
from livecam.sinks.streaming.address import Address, parse
from livecam.sinks.streaming.sink import StreamSink

SECRET = "s3cret-key"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("rtmp://host/live/key", Address("rtmp", "host", 1935, "live", "key")),
        ("RTMP://Host:1936/a/b/key?x=1", Address("rtmp", "host", 1936, "a/b", "key?x=1")),
        ("rtmps://host/app/key", Address("rtmps", "host", 443, "app", "key")),
        ("udp://127.0.0.1:5000", Address("udp", "127.0.0.1", 5000)),
        ("udp://[::1]:5000", Address("udp", "::1", 5000)),
        ("srt://host:9000", Address("srt", "host", 9000)),
        (
            "srt://host:9000?mode=caller&latency=20000",
            Address("srt", "host", 9000, options={"latency": "20000"}),
        ),
        (
            "srt://host:9000?streamid=%23!::r=live&passphrase=0123456789",
            Address("srt", "host", 9000, options={"streamid": "#!::r=live", "passphrase": "0123456789"}),
        ),
    ],
)
def test_taken(spec: str, expected: Address) -> None:
    assert parse(spec) == expected
    sink = open_sink(spec)
    assert isinstance(sink, StreamSink)
    assert sink.live
    assert sink.name == expected.name
    assert file_of(spec) is None


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("rtmp://", "no host"),
        ("rtmp://host", "no app or no key"),
        ("rtmp://host/live", "no app or no key"),
        ("rtmp://host:70000/live/key", "port"),
        ("rtmp://host:x/live/key", "port"),
        (f"rtmp://me:{SECRET}@host/live/{SECRET}", "before @"),
        (f"rtmp://host/live/{SECRET}#x", "#"),
        (f"rtmp://host/live/{SECRET} ", "space"),
        (f"rtmp://host/live/{SECRET}\x1b[2J", "control"),
        ("udp://host", "no port"),
        ("udp://host:0", "no port"),
        ("udp://:5000", "no host"),
        ("udp://@:5000", "before @"),
        (f"udp://{'x' * 64}:5000", "no host has such a name"),
        ("udp://a..b:5000", "no host has such a name"),
        ("udp://host:5000/x", "follow the port"),
        ("udp://host:5000?pkt_size=1316", "no options"),
        ("udp://[::1:5000", "udp://HOST:PORT"),
        ("srt://host", "no port"),
        ("srt://host:9000?mode=listener", "caller"),
        ("srt://host:9000?latency=20ms", "microseconds"),
        ("srt://host:9000?latency=99999999", "microseconds"),
        ("srt://host:9000?passphrase=short", "10 to 79"),
        (f"srt://host:9000?streamid={'x' * 513}", "512"),
        ("srt://host:9000?latency=1&latency=2", "twice"),
        (f"srt://host:9000?pass={SECRET}", "passphrase, streamid"),
        ("http://127.0.0.1:8080/", "http:PORT"),
        ("ftp://host/x", "rtmp://"),
        ("://x", "rtmp://"),
        ("http:", "no port"),
        ("http:x", "no port"),
        ("http:70000", "no port"),
        ("http:-1", "no port"),
    ],
)
def test_refused_in_one_line(spec: str, expected: str) -> None:
    with pytest.raises(UserError) as error:
        open_sink(spec)
    said = str(error.value)
    assert expected in said
    assert said.isprintable()
    assert SECRET not in said


def test_exit_code_and_one_line(livecam) -> None:  # type: ignore[no-untyped-def]
    code, _, complaint = livecam("run", "--driver", "nothing.mp4", "--sink", "srt://host")
    assert code == 2
    assert "no port is named" in complaint


def test_no_secret_in_what_is_shown() -> None:
    for spec in (f"rtmp://host/live/{SECRET}", f"srt://host:9000?streamid={SECRET}&passphrase={SECRET}"):
        assert SECRET not in repr(parse(spec))
        assert SECRET not in open_sink(spec).name
