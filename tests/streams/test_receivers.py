"""One run sends to everybody at once: FFmpeg over UDP and SRT, nginx's RTMP server, and a reader of Motion
JPEG. All see the portrait move; each goes away and comes back, and no other notices."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from receivers import Ffmpeg, Nginx, why_no_nginx
from streamed import Product, free_port, why_no

PATIENCE = 120
"""Seconds for what takes a few: the machine may be busy."""
BACKGROUND = np.s_[:, :8]
FACE = np.s_[6:33, 22:42]
"""Of 64 x 36 places: a strip at the edge, where nothing moves, and where the face is."""
COUNT = 60
"""Pictures, of which some are from the seconds in which an encoder begins."""


def check_moves(pictures: list[np.ndarray]) -> None:
    """The face moves, and more than what is still; and it is no noise, nor black."""
    stack = np.array(pictures[COUNT // 3 :], np.float32)
    assert stack.mean() > 20
    assert stack.std(0)[FACE].mean() > 3 * stack.std(0)[BACKGROUND].mean()
    assert stack.std(0)[FACE].mean() > 0.5


@pytest.mark.slow
def test_everybody_at_once_and_each_goes_away_and_comes_back(
    product: Callable[..., Product], need: Callable[[str, str], None], tmp_path: Path
) -> None:
    need("LIVECAM_STREAMS_MUST_RUN", why_no("ffmpeg", "nginx") or why_no_nginx())
    port = {"udp": free_port(socket.SOCK_DGRAM), "srt": free_port(socket.SOCK_DGRAM), "rtmp": free_port()}
    told = {name: f"{name}://127.0.0.1:{port[name]}" for name in port}
    """As livecam names them."""
    sent = {**told, "rtmp": f"{told['rtmp']}/live/key"}
    read = {**sent, "srt": f"{told['srt']}?mode=listener"}

    def receiver(name: str) -> contextlib.ExitStack:
        with contextlib.ExitStack() as stack:
            if name == "rtmp":
                stack.enter_context(Nginx(tmp_path, port["rtmp"]))
            seeing[name] = stack.enter_context(Ffmpeg(tmp_path, name, read[name]))
            return stack.pop_all()

    seeing: dict[str, Ffmpeg] = {}
    with (
        product([*sent.values(), "http:0"], "--canvas", "640x360") as livecam,
        contextlib.ExitStack() as all_,
    ):
        for name in port:  # nobody is there at the start: said once, and no end
            livecam.wait_for(f"{told[name]}: ")
        seeing["http"] = all_.enter_context(Ffmpeg(tmp_path, "http", livecam.address, "-f", "mpjpeg"))
        there = {name: receiver(name) for name in port}
        for stack in there.values():
            all_.callback(stack.close)
        for one in seeing.values():
            check_moves(one.wait_for(COUNT, PATIENCE))
        for name in port:
            assert livecam.said.count(f"{told[name]}: ") == 1
            there[name].close()
            livecam.wait_for(f"{told[name]}: ", 2)
            for other, one in seeing.items():
                if other != name:  # they go on as if nothing had been
                    one.wait_for(len(one.pictures) + COUNT // 2, PATIENCE)
            there[name] = receiver(name)
            all_.callback(there[name].close)
            check_moves(seeing[name].wait_for(COUNT, PATIENCE))
            livecam.wait_for(f"{told[name]} is back")
    assert livecam.code == 0
    streams = json.loads(livecam.report.read_text())["streams"]
    assert {name: streams[told[name]]["reconnects"] >= 1 for name in port} == dict.fromkeys(port, True)
    assert all(streams[told[name]]["sent"] > COUNT for name in port)
