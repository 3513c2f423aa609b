"""Promise 2: nothing phones home. The whole product runs where each attempt is written down."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import watch

from livecam import folders
from livecam.face import bundle

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
OWN_FOLDERS = (".cache/livecam", ".local/share/livecam")
"""What livecam may write below the home folder."""


def cannot(reason: str) -> None:
    (pytest.fail if os.environ.get("LIVECAM_NETWORK_MUST_RUN") else pytest.skip)(reason)


@pytest.fixture
def watched(tmp_path: Path):  # type: ignore[no-untyped-def]
    """watched(words of Python...) -> what was seen of it. Skips, or fails, where nobody can watch."""
    if reason := watch.why_not():
        cannot(reason)
    home = tmp_path / "home"
    home.mkdir()
    # Nothing else is inherited: on a build server, which it knows by its variables, a library may keep quiet.
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
        folders.CACHE_VARIABLE: str(folders.cache_folder()),
    }

    def run(*words: str) -> watch.Record:
        return watch.watch([sys.executable, *words], tmp_path / "record", environment)

    return run


WAYS = {
    "a look-up": ("socket.getaddrinfo('example.org', 443)", "look-up", "example.org"),
    "a look-up over TCP": (
        "s = socket.create_connection(('127.0.0.1', 53)); "
        "s.sendall(bytes.fromhex('001d 0001 0100 0001 0000 0000 0000')); "
        "s.sendall(b'\\7example\\3org\\0\\0\\1\\0\\1'); "
        "s.recv(2)",
        "look-up",
        "example.org",
    ),
    "a connection": ("socket.create_connection(('192.0.2.1', 443))", "packet", "tcp 192.0.2.1 port 443"),
    "a connection by IPv6": ("socket.create_connection(('2001:db8::1', 443))", "call", "2001:db8::1"),
    "a datagram": (
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))",
        "packet",
        "udp 192.0.2.1 port 9",
    ),
    "a name server of its own": (
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.53', 53))",
        "packet",
        "udp 192.0.2.53 port 53",
    ),
    "an address only looked at": (
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))",
        "call",
        "192.0.2.1",
    ),
    "a door for others": ("socket.socket().bind(('0.0.0.0', 8000))", "call", "0.0.0.0"),
    "a process of a process": (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', "
        "'import socket; socket.create_connection((\"192.0.2.1\", 443))'])",
        "packet",
        "tcp 192.0.2.1 port 443",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_the_watcher_sees(watched, way: str) -> None:  # type: ignore[no-untyped-def]
    code, kind, what = WAYS[way]
    seen = watched("-c", f"import socket\ntry: {code}\nexcept OSError: pass")
    assert [attempt for attempt in seen.attempts if attempt.startswith(kind) and what in attempt], seen


@pytest.mark.slow
def test_the_watcher_leaves_the_loopback_alone(watched) -> None:  # type: ignore[no-untyped-def]
    code = """
import socket
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
    if family == socket.AF_INET6 and not socket.has_dualstack_ipv6():
        continue
    with socket.create_server((address, 0), family=family) as server:
        with socket.create_connection(server.getsockname()[:2]) as client, server.accept()[0] as other:
            client.sendall(b"here")
            assert other.recv(4) == b"here"
assert socket.getaddrinfo("localhost", 80)
"""
    seen = watched("-c", code)
    assert seen.code == 0
    assert seen.attempts == ()


@pytest.mark.slow
def test_the_whole_product_turns_to_nobody(watched, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    if any(bundle.problem(name, bundle.model_folder()) for name in bundle.MODEL_FILES):
        cannot("the face model is not built: run `livecam build`")
    out = tmp_path / "out"
    out.mkdir()
    seen = watched(str(HERE / "product.py"), str(out))
    assert seen.code == 0, "a command failed: see above"
    assert seen.attempts == ()
    home = tmp_path / "home"
    written = [path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()]
    assert [name for name in written if not name.startswith(OWN_FOLDERS)] == []
