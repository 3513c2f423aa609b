"""What `--sink rtmp://…`, `srt://…` and `udp://…` name, checked before a run begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from livecam.errors import UserError

SCHEMES = ("rtmp", "rtmps", "srt", "udp")
_PORTS = {"rtmp": 1935, "rtmps": 443}
"""Usual ports, where an address may leave it away."""
_EXAMPLES = {
    "rtmp": "rtmp://HOST/APP/KEY",
    "rtmps": "rtmps://HOST/APP/KEY",
    "srt": "srt://HOST:PORT",
    "udp": "udp://HOST:PORT",
}
_SRT_OPTIONS = ("latency", "mode", "passphrase", "streamid")
LATENCY_US = 5_000_000
"""More delay than anybody watches live with; also, as FFmpeg and OBS write it in microseconds, a check of the
unit."""
PASSPHRASE = range(10, 80)
"""Bytes of a passphrase of SRT (srt.h, SRTO_PASSPHRASE)."""
STREAM_ID = 512
"""Bytes of a stream's name of SRT, at most (API-socket-options.md, SRTO_STREAMID)."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a stream goes. app and key: of RTMP. options: of SRT, checked.

    key and options may hold secrets; they are in no `repr`, and `name` has neither.
    """

    scheme: str
    host: str
    port: int
    app: str = ""
    key: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """For messages."""
        return f"{self.scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


def is_address(spec: str) -> bool:
    """Whether `--sink` names a receiver, rightly written or not."""
    return "://" in spec


def parse(spec: str) -> Address:
    """Raises `UserError` for anything that cannot be an address of a receiver."""
    scheme = spec.partition("://")[0].lower()
    if scheme in ("http", "https"):
        todo = "Write http, or http:PORT; the address to open is then printed."
        raise UserError(f"sink {scheme}://", "livecam sends nothing there, it serves", todo)
    if scheme not in SCHEMES:
        todo = f"Use {', '.join(f'{name}://' for name in SCHEMES)}."
        raise UserError(f"sink {scheme}://", "nothing is sent that way", todo)
    if any(character.isspace() or not character.isprintable() for character in spec):
        raise _wrong(scheme, "there is a space or a control character in it")
    try:
        parts = urlsplit(spec)
        host, port = parts.hostname or "", parts.port or _PORTS.get(scheme, 0)
    except ValueError as error:  # a port that is no number or too large, half an IPv6 address
        raise _wrong(scheme, str(error).lower()) from None
    if parts.username is not None or parts.password is not None:
        raise _wrong(scheme, "a name or a password before @ is not sent")
    try:
        host.encode("idna")
    except UnicodeError:
        raise _wrong(scheme, "no host has such a name") from None
    if not host:
        raise _wrong(scheme, "no host is named")
    if not port:
        raise _wrong(scheme, "no port is named")
    if parts.fragment:
        raise _wrong(scheme, "what follows # is not sent")
    if scheme in ("rtmp", "rtmps"):
        app, _, key = parts.path.strip("/").rpartition("/")
        if not app or not key:
            raise _wrong(scheme, "it names no app or no key")
        return Address(scheme, host, port, app, key + (f"?{parts.query}" if parts.query else ""))
    if parts.path.strip("/"):
        raise _wrong(scheme, "nothing may follow the port but ?options")
    if scheme == "udp" and parts.query:
        raise _wrong(scheme, "it takes no options")
    return Address(scheme, host, port, options=_srt_options(parts.query))


def _srt_options(query: str) -> dict[str, str]:
    pairs = parse_qsl(query, keep_blank_values=True)
    options = dict(pairs)
    unknown = [name for name in options if name not in _SRT_OPTIONS]
    if unknown:
        raise _wrong("srt", f"{unknown[0]!r} is no option; it knows {', '.join(_SRT_OPTIONS)}")
    if len(options) < len(pairs):
        raise _wrong("srt", "an option stands there twice")
    if options.pop("mode", "caller") != "caller":
        raise _wrong("srt", "livecam is the caller; the receiver has to be the listener")
    latency = options.get("latency", "0")
    if not latency.isascii() or not latency.isdigit() or int(latency) > LATENCY_US:
        raise _wrong("srt", f"latency is 0 to {LATENCY_US} microseconds")
    if "passphrase" in options and len(options["passphrase"].encode()) not in PASSPHRASE:
        raise _wrong("srt", f"a passphrase has {PASSPHRASE[0]} to {PASSPHRASE[-1]} bytes")
    if len(options.get("streamid", "").encode()) > STREAM_ID:
        raise _wrong("srt", f"a streamid has {STREAM_ID} bytes at most")
    return options


def _wrong(scheme: str, why: str) -> UserError:
    return UserError(f"sink {scheme}://", why, f"Write it as {_EXAMPLES[scheme]}.")
