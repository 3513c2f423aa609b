"""The page's server: who is let in, what the answers carry, and pictures over a real socket."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import cv2
import httpx
import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from livecam.errors import UserError
from livecam.frames import OutputFrame
from livecam.sinks import SinkFormat
from livecam.web.server import Page

PATIENCE = 60
"""Seconds for what takes a moment: the machine may be busy."""
SECOND_SITE = "http://evil.example"


@pytest.fixture
def page() -> Iterator[Page]:
    with Page(status=lambda: {"state": "no face", "latency_ms": 61.5, "portrait": "Anna"}) as served:
        served.sink.open(SinkFormat(32, 16, 30))
        yield served


@pytest.fixture
def writer(page: Page) -> Iterator[None]:
    """Somebody who writes as a run does; every picture that is taken is one level brighter than the last."""
    done = threading.Event()

    def write() -> None:
        while not done.wait(0.005):
            level = page.sink._picture.number
            page.sink.write(OutputFrame(np.full((16, 32, 3), level, np.uint8), level, 0))

    thread = threading.Thread(target=write)
    thread.start()
    yield
    done.set()
    thread.join()


def get(url: str, **options: object) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=PATIENCE, **options)


def pictures_address(page: Page) -> str:
    return page.url.replace("http:", "ws:") + "pictures"


def test_serves_the_page(page: Page) -> None:
    answer = get(page.url)
    assert answer.status_code == 200
    assert "text/html" in answer.headers["content-type"]
    assert "Synthetic picture" in answer.text
    assert get(page.url.removesuffix("/"), follow_redirects=True).text == answer.text


def test_status_comes_from_the_callback(page: Page) -> None:
    assert get(page.url + "api/status").json() == {
        "state": "no face",
        "latency_ms": 61.5,
        "portrait": "Anna",
        "viewers": 0,
        "screen_ms": None,
    }


@pytest.mark.parametrize("status", [lambda: 1 / 0, lambda: None])
def test_a_broken_callback_does_not_break_the_page(status: object) -> None:
    with Page(status=status) as page:
        answer = get(page.url + "api/status")
    assert answer.status_code == 200
    assert answer.json()["state"] == "unknown"


@pytest.mark.parametrize("path", ["", "api/status", "pictures", "nothing"])
@pytest.mark.parametrize("token", ["", "wrong", "%C3%A9", "shortened", "longer", "doubled"])
def test_nothing_without_the_token(page: Page, path: str, token: str) -> None:
    parts = urlsplit(page.url)
    right = parts.path.strip("/")
    token = {"shortened": right[:-1], "longer": right + "x", "doubled": f"x/{right}"}.get(token, token)
    answer = get(f"http://{parts.netloc}/{token}/{path}")
    assert answer.status_code == 403
    assert right not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


def test_tokens_are_long_and_new(page: Page) -> None:
    with Page() as other:
        tokens = [urlsplit(p.url).path.strip("/") for p in (page, other)]
    assert tokens[0] != tokens[1]
    assert min(map(len, tokens)) >= 32


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "192.168.0.7", ""]
)
def test_other_hosts_are_refused(page: Page, host: str) -> None:
    """DNS rebinding: another site's name that points to this computer."""
    for path in ("", "api/status"):
        assert get(page.url + path, headers={"host": host}).status_code == 400
    with pytest.raises(InvalidStatus) as error:
        open_socket(page, host=host)
    assert error.value.response.status_code == 400


def open_socket(page: Page, *, host: str | None = None, origin: str | None = None) -> object:
    """A WebSocket with the Host header of our choice: the client connects to the right place all the same."""
    address = pictures_address(page)
    parts = urlsplit(address)
    if host is None:
        return connect(address, origin=origin, proxy=None)
    raw = socket.create_connection((parts.hostname, parts.port))
    return connect(f"ws://{host or 'x'}{parts.path}", sock=raw, origin=origin, proxy=None)


def test_localhost_is_fine(page: Page) -> None:
    port = urlsplit(page.url).port
    assert get(page.url, headers={"host": f"localhost:{port}"}).status_code == 200


def test_other_sites_get_no_socket(page: Page) -> None:
    with pytest.raises(InvalidStatus) as error:
        connect(pictures_address(page), origin=SECOND_SITE, proxy=None)
    assert error.value.response.status_code == 403
    with connect(pictures_address(page), origin=f"http://{urlsplit(page.url).netloc}", proxy=None):
        pass


def test_no_socket_without_the_token(page: Page) -> None:
    with pytest.raises(InvalidStatus) as error:
        connect(f"ws://{urlsplit(page.url).netloc}/wrong/pictures", proxy=None)
    assert error.value.response.status_code == 403


def test_headers_shut_everything_else_out(page: Page) -> None:
    for path in ("", "api/status", "nothing"):
        headers = get(page.url + path, headers={"origin": SECOND_SITE}).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert not [name for name in headers if name.startswith("access-control")]
        assert "server" not in headers


def test_policy_lets_in_the_page_s_own_files_alone(page: Page) -> None:
    policy = dict(part.split(" ", 1) for part in get(page.url).headers["content-security-policy"].split("; "))
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert policy["img-src"] == "'self' blob: data:"  # thumbnails, and what the page itself makes
    port = urlsplit(page.url).port
    assert policy["connect-src"] == f"'self' ws://127.0.0.1:{port} ws://localhost:{port}"


def test_methods_other_than_reading_are_refused(page: Page) -> None:
    assert httpx.post(page.url + "api/status", trust_env=False).status_code == 405


@pytest.mark.usefixtures("writer")
def test_pictures_come_in_order_and_only_on_demand(page: Page) -> None:
    with connect(pictures_address(page), proxy=None) as viewer:
        levels = []
        for _ in range(5):
            data = viewer.recv(timeout=PATIENCE)
            levels.append(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR).mean())
            viewer.send("drawn")
        assert levels == sorted(set(levels))
        assert page.sink.viewers == 1
        assert get(page.url + "api/status").json()["screen_ms"] > 0
        viewer.recv(timeout=PATIENCE)
        with pytest.raises(TimeoutError):
            viewer.recv(timeout=0.1)
    until(lambda: page.sink.viewers == 0)


def until(condition: object, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.mark.usefixtures("writer")
def test_large_messages_end_the_connection(page: Page) -> None:
    with connect(pictures_address(page), proxy=None) as viewer:
        viewer.recv(timeout=PATIENCE)
        viewer.send("x" * 100_000)
        with pytest.raises(ConnectionClosed):
            viewer.recv(timeout=PATIENCE)


def test_stop_ends_viewers_and_frees_the_port() -> None:
    page = Page()
    url = page.start()
    port = urlsplit(url).port
    with connect(url.replace("http:", "ws:") + "pictures", proxy=None) as viewer:
        page.stop()
        with pytest.raises(ConnectionClosed):
            viewer.recv(timeout=PATIENCE)
    page.stop()
    again = Page(port)
    assert urlsplit(again.start()).port == port
    again.stop()


def test_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError) as error:
            Page(port).start()
    assert error.value.what == f"port {port}"
    assert "in use" in error.value.why


def test_impossible_port() -> None:
    with pytest.raises(UserError, match="port 70000"):
        Page(70_000).start()


def test_only_this_computer(page: Page) -> None:
    assert urlsplit(page.url).hostname == "127.0.0.1"
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in others - {"127.0.0.1"}:
        if not address.startswith("127."):
            with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
                socket.create_connection((address, urlsplit(page.url).port), timeout=1)


def test_status_is_plain_json(page: Page) -> None:
    assert json.loads(get(page.url + "api/status").content)["portrait"] == "Anna"


@pytest.mark.parametrize("asked", ["OPTIONS *", "CONNECT a:1", "GET x"])
def test_a_path_that_is_none_is_refused(page: Page, asked: str, caplog: pytest.LogCaptureFixture) -> None:
    parts = urlsplit(page.url)
    with socket.create_connection((parts.hostname, parts.port)) as plain:
        plain.sendall(f"{asked} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode())
        answer = plain.makefile("rb").readline()
    assert answer.split()[1] in (b"400", b"403")
    assert "Traceback" not in caplog.text


def test_a_binary_frame_ends_its_viewer_alone(
    page: Page, writer: None, caplog: pytest.LogCaptureFixture
) -> None:
    with connect(pictures_address(page), proxy=None) as watching:
        watching.recv(timeout=PATIENCE)
        watching.send(b"binary")
        with contextlib.suppress(ConnectionClosed):
            while True:
                watching.recv(timeout=PATIENCE)
    with connect(pictures_address(page), proxy=None) as another:
        assert another.recv(timeout=PATIENCE)
    assert "Traceback" not in caplog.text
