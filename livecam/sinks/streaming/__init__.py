"""Live H.264 to a receiver: `rtmp://`, `rtmps://`, `srt://` and `udp://` addresses.

`sink.py` keeps a stream going whatever the receiver does; `encoder.py` makes its bytes; one file for each way
to carry them. FFmpeg's own network code is not used: PyAV opens an output with Python's lock held, so that a
server that does not answer would stop every picture of the program.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from livecam.sinks.streaming import address

if TYPE_CHECKING:
    from collections.abc import Callable

    from livecam.sinks.streaming.address import Address
    from livecam.sinks.streaming.carrier import Carrier
    from livecam.sinks.streaming.sink import StreamSink


def open_stream(spec: str) -> StreamSink:
    """The sink for an address, not opened yet. Raises `UserError` where it is malformed."""
    where = address.parse(spec)
    from livecam.sinks.streaming.rtmp import RtmpCarrier
    from livecam.sinks.streaming.sink import StreamSink
    from livecam.sinks.streaming.srt import SrtCarrier
    from livecam.sinks.streaming.udp import UdpCarrier

    carriers: dict[str, Callable[[Address], Carrier]] = {
        "rtmp": RtmpCarrier,
        "rtmps": RtmpCarrier,
        "srt": SrtCarrier,
        "udp": UdpCarrier,
    }
    return StreamSink(where, carriers[where.scheme])
