"""A stream that goes on whatever its receiver does, and that delays nobody."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from livecam.errors import SinkLost, UserError
from livecam.frames import OutputFrame
from livecam.sinks.base import ClosingSink, SinkFormat
from livecam.sinks.streaming.address import Address
from livecam.sinks.streaming.carrier import Carrier, reason
from livecam.sinks.streaming.encoder import Encoder

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 10.0
"""A receiver that is away is tried again after so long, then after twice as long, and so on up to the
second."""
HELD_SECONDS = 10.0
"""A connection that held for so long was a good one: after it the tries begin anew."""
MOST_PIXELS = 4096 * 2304
FASTEST = 120.0
"""The largest picture of H.264's level 5.2 (36,864 macroblocks), and as many a second as receivers take."""
SLOWEST = 1.0
"""Frames per second under which a receiver takes a stream for broken."""
CLOSE_SECONDS = 1.0
"""How long `close` waits for the last picture to be sent; then what is stuck is cut off."""


class StreamSink(ClosingSink):
    """Encodes and sends in a thread of its own. `write` hands it the newest picture and comes back at once.

    `write` raises `SinkLost` while the receiver is away, `open` never does: a receiver may come later.
    `counters` tells how it went. carrier: makes a connection, a new one for each try.
    """

    live = True

    def __init__(self, address: Address, carrier: Callable[[Address], Carrier]) -> None:
        self.name = address.name
        self._address, self._new_carrier = address, carrier
        self._changed = threading.Condition()
        self._format: SinkFormat | None = None
        self._thread: threading.Thread | None = None
        self._newest: OutputFrame | None = None
        self._carrier: Carrier | None = None
        self._closing = self._connected = False
        self._away = ""
        self._error: Exception | None = None
        self._connections = self._sent = self._dropped = 0

    @property
    def counters(self) -> dict[str, int]:
        """sent: pictures. dropped: pictures for which a newer one came before they were sent. reconnects: how
        often the receiver came back."""
        with self._changed:
            return {
                "sent": self._sent,
                "dropped": self._dropped,
                "reconnects": max(self._connections - 1, 0),
            }

    def open(self, fmt: SinkFormat) -> None:
        if fmt.width % 2 or fmt.height % 2:
            why = f"{fmt.width}x{fmt.height} has an odd side, which H.264 cannot store"
            raise UserError(self.name, why, "Choose an even size, for example --canvas 1280x720.")
        if fmt.width * fmt.height > MOST_PIXELS:
            why = f"{fmt.width}x{fmt.height} is more than receivers take (4096x2304)"
            raise UserError(self.name, why, "Choose a smaller size, for example --canvas 1280x720.")
        if not SLOWEST <= fmt.fps <= FASTEST:
            why = f"receivers take {SLOWEST:g} to {FASTEST:g} frames per second, not {fmt.fps:g}"
            raise UserError(self.name, why, "Choose another rate, for example --fps 30.")
        self._new_carrier(self._address).close()  # says what is missing on this machine
        self._format, self._closing, self._away, self._error = fmt, False, "", None
        self._connections = self._sent = self._dropped = 0
        self._connected = False
        self._thread = threading.Thread(
            target=self._run, args=(fmt,), name=f"stream {self.name}", daemon=True
        )
        self._thread.start()

    def write(self, frame: OutputFrame) -> None:
        with self._changed:
            if self._format is None or self._closing:
                raise ValueError("the sink is not open")
            if self._error is not None:
                raise self._error
            if self._away:
                raise SinkLost(f"{self.name}: {self._away}")
            self._dropped += self._newest is not None
            self._newest = frame
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            if self._thread is None:
                return
            self._closing = True
            self._changed.notify_all()
            connected, carrier = self._connected, self._carrier
            thread, self._thread = self._thread, None
        if connected:
            thread.join(CLOSE_SECONDS)
        if thread.is_alive():
            if carrier is not None:
                carrier.abort()
            thread.join(CLOSE_SECONDS)
        if thread.is_alive():  # a look-up of a name, which nothing ends; the thread ends with the program
            log.debug("%s: its thread is stuck", self.name)
        self._format = None

    def _run(self, fmt: SinkFormat) -> None:
        wait = FIRST_RETRY_SECONDS
        while not self._closing:
            begun = time.monotonic()
            self._carrier = self._new_carrier(self._address)
            try:
                self._carrier.connect()
                self._begin()
                begun = time.monotonic()
                self._send_all(fmt, self._carrier)
            except OSError as error:
                if time.monotonic() - begun >= HELD_SECONDS:
                    wait = FIRST_RETRY_SECONDS
                self._lost(reason(error))
            except Exception as error:  # told by the next `write`
                with self._changed:
                    self._error = error
                return
            finally:
                self._carrier.close()
            with self._changed:
                self._changed.wait_for(lambda: self._closing, wait)
            wait = min(2 * wait, LONGEST_RETRY_SECONDS)

    def _send_all(self, fmt: SinkFormat, carrier: Carrier) -> None:
        """Until the sink is closed. A picture that came before is sent first."""
        encoder = Encoder(fmt, carrier.container)
        while (frame := self._take()) is not None:
            carrier.send(encoder.encode(frame))
            with self._changed:
                self._sent += 1
        carrier.send(encoder.finish())

    def _take(self) -> OutputFrame | None:
        """The newest picture, as soon as there is one; None once the sink is closed and it was taken."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None or self._closing)
            frame, self._newest = self._newest, None
            return frame

    def _begin(self) -> None:
        with self._changed:
            self._connected = True
            was_away, self._away = self._away, ""
            self._connections += 1
            again = self._connections > 1
        if was_away:
            # As loud as that it was away: who read that wants to know.
            log.warning("%s is %s", self.name, "back" if again else "there")

    def _lost(self, why: str) -> None:
        with self._changed:
            self._away, self._newest, self._connected = why, None, False
        log.debug("%s: %s", self.name, why)
