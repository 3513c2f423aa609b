"""Sinks that are turned on and off while a run goes on: the virtual camera, a stream, a film."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from livecam.control import Registry
from livecam.errors import UserError
from livecam.files import make_folder
from livecam.folders import FILMS_VARIABLE, films_folder
from livecam.pipeline.fanout import Fanout
from livecam.sinks import open_sink
from livecam.sinks.base import Sink, SinkFormat
from livecam.sinks.http import HttpSink
from livecam.sinks.streaming.sink import StreamSink
from livecam.web.motion_jpeg import MotionJpeg


class Outlets:
    """One sink a control; each is opened when its control is turned on, and told off if it breaks."""

    def __init__(
        self,
        registry: Registry,
        fanout: Fanout,
        fmt: SinkFormat,
        advice: Callable[[], str],
        notice: Callable[[str, str], None],
    ) -> None:
        """advice: what to do where there is no virtual camera. notice: says a sentence to whoever watches."""
        self._registry, self._fanout, self._format = registry, fanout, fmt
        self._advice, self._notice = advice, notice
        self._going: dict[str, Sink] = {}
        self._servers: dict[str, MotionJpeg] = {}
        self._film: Path | None = None
        self._recording_since: float | None = None
        fanout.ended = self._ended
        registry.handle("camera-out", lambda on: self._switch("camera-out", on, lambda: "camera"))
        registry.handle("stream", lambda on: self._switch("stream", on, self._address))
        registry.handle("stream-address", self._change_address)
        registry.handle("record", lambda on: self._switch("record", on, self._new_film))

    def adopt(self, control: str, sink: Sink) -> None:
        """A sink that the run began with."""
        self._going[control] = sink
        self._registry.told(control, True)

    @property
    def recording(self) -> float | None:
        """Seconds of the film that is being made; None while there is none."""
        since = self._recording_since
        return None if since is None else time.monotonic() - since

    @property
    def film(self) -> Path | None:
        """The film that is being made, or the last one."""
        return self._film

    def describe(self) -> list[dict[str, Any]]:
        """The sinks that go on, in plain values."""
        return [
            {"name": control, "ok": not self._fanout.waits(sink), "text": self._text(control, sink)}
            for control, sink in list(self._going.items())
        ]

    def close(self) -> None:
        """End them all; films are finished."""
        for control in list(self._going):
            self._switch(control, False, lambda: "")

    def _switch(self, control: str, on: bool, spec: Callable[[], str | Path]) -> None:
        if not on:
            sink = self._going.pop(control, None)
            if (server := self._servers.pop(control, None)) is not None:
                server.stop()
            if sink is not None:
                self._fanout.remove(sink)
            if control == "record":
                self._recording_since = None
            return
        sink = open_sink(spec(), advice=self._advice)
        try:
            sink.open(self._format)
            if isinstance(sink, HttpSink):
                self._servers[control] = MotionJpeg(sink)
                self._servers[control].start()
        except BaseException:
            sink.close()
            raise
        self._going[control] = sink
        if control == "record":
            self._recording_since = time.monotonic()
        self._fanout.add(sink)

    def _address(self, address: str | None = None) -> str:
        address = self._registry.value("stream-address") if address is None else address
        if not isinstance(open_sink(address), (HttpSink, StreamSink)):  # which checks it, and opens nothing
            todo = "Write http, or an address that begins with rtmp://, srt:// or udp://."
            raise UserError(f"address {address}", "no stream goes there", todo)
        return str(address)

    def _text(self, control: str, sink: Sink) -> str:
        server = self._servers.get(control)
        return sink.name if server is None else server.url

    def _change_address(self, address: str) -> None:
        self._address(address)
        if "stream" in self._going:
            self._switch("stream", False, lambda: address)
            self._switch("stream", True, lambda: address)

    def _new_film(self) -> Path:
        folder = films_folder()
        make_folder(folder, FILMS_VARIABLE)
        stem = time.strftime("livecam %Y-%m-%d %H.%M.%S")
        number, path = 1, folder / f"{stem}.mp4"
        while path.exists():
            number += 1
            path = folder / f"{stem} {number}.mp4"
        self._film = path
        return path

    def _ended(self, sink: Sink, error: Exception) -> None:
        """It broke and is closed already."""
        told = str(error) if isinstance(error, UserError) else f"{sink.name}: {error}"
        self._notice(told, "bad")
        for control, going in list(self._going.items()):
            if going is sink:
                self._going.pop(control, None)
                if control == "record":
                    self._recording_since = None
                self._registry.told(control, False)
