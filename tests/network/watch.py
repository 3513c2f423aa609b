"""Runs a command where there is no network but a record of every attempt to use one.

The command gets network and mount namespaces of its own. There, every address in the world leads back to the
loopback, where nobody answers but a name server that writes down what it is asked and knows no name. Two
witnesses look on: a packet socket, which sees all that leaves a program whatever library sent it, and strace,
which sees addresses that a program only turned to. Needs unshare, mount, ip and strace, and root or a system
that lets users make namespaces.

    python tests/network/watch.py FOLDER COMMAND...     the record goes to FOLDER
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

TOOLS = ("unshare", "mount", "ip", "strace")
CALLS = "connect,bind,sendto,sendmsg,sendmmsg"
LOOKUPS, PACKETS, TRACE = "lookups.txt", "packets.txt", "strace.txt"
SBIN = "/usr/sbin:/sbin"
"""Where Debian keeps `ip`; not on every user's path."""

ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 0x0003, 0x0800, 0x86DD  # linux/if_ether.h
PACKET_OUTGOING = 4  # linux/if_packet.h; on the loopback each packet is seen going and coming
SOL_PACKET, PACKET_STATISTICS = 263, 6  # linux/socket.h, linux/if_packet.h
NXDOMAIN = 3  # RFC 1035, 4.1.1


@dataclass(frozen=True)
class Record:
    """What was seen of one command. Times are seconds since it started."""

    code: int
    lookups: tuple[str, ...]
    """ "12.3 name" for each question to the name server."""
    packets: tuple[str, ...]
    """ "12.3 tcp 1.2.3.4 port 443" for each packet to an address that is not the loopback's."""
    calls: tuple[str, ...]
    """Lines of strace with such an address."""

    @property
    def attempts(self) -> tuple[str, ...]:
        """Everything that a program without a network has no business with. Empty is good."""
        return (
            *(f"look-up {line}" for line in self.lookups),
            *(f"packet {line}" for line in self.packets),
            *(f"call {line}" for line in self.calls),
        )


def why_not() -> str:
    """What this machine lacks; "" where `watch` works."""
    if sys.platform != "linux":
        return "namespaces are Linux's"
    missing = [tool for tool in TOOLS if shutil.which(tool, path=_path()) is None]
    if missing:
        return f"needs {', '.join(missing)}: apt-get install util-linux iproute2 strace"
    made = subprocess.run(
        [*_apart(), "strace", "-o", os.devnull, "true"],
        capture_output=True,
        text=True,
        env=_environment(),
        check=False,
    )
    return "" if made.returncode == 0 else f"no namespace can be made or watched: {made.stderr.strip()}"


def watch(
    command: Sequence[str], folder: Path, environment: dict[str, str] | None = None, seconds: float = 900
) -> Record:
    """Runs `command` apart from the network and returns what it tried. `folder` keeps the whole record.

    Raises:
        RuntimeError: the watcher itself failed, or missed a packet.
        subprocess.TimeoutExpired: the command takes longer than `seconds`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in (LOOKUPS, PACKETS, TRACE):
        (folder / name).write_text("")
    inner = [
        *_apart(),
        sys.executable,
        str(Path(__file__).resolve()),
        "--inside",
        str(folder.resolve()),
        *command,
    ]
    done = subprocess.run(inner, env=_environment(environment), check=False, timeout=seconds)
    if not (folder / "complete").exists():
        raise RuntimeError(f"the watcher failed, exit code {done.returncode}")
    lookups, packets = (tuple((folder / name).read_text().splitlines()) for name in (LOOKUPS, PACKETS))
    return Record(done.returncode, lookups, packets, _outward(folder / TRACE))


def _apart() -> list[str]:
    user = [] if os.geteuid() == 0 else ["-r"]
    return ["unshare", *user, "--net", "--mount"]


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:{SBIN}"


def _environment(environment: dict[str, str] | None = None) -> dict[str, str]:
    return (dict(os.environ) if environment is None else environment) | {"PATH": _path()}


def _outward(trace: Path) -> tuple[str, ...]:
    """The calls that name an address other than the loopback's. Unix sockets have none and stay here."""
    address = re.compile(r'inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"')
    with trace.open(errors="replace") as lines:
        return tuple(
            line.strip() for line in lines if any(not _is_loopback(a or b) for a, b in address.findall(line))
        )


def _is_loopback(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback


# From here on: inside the namespaces.


def _inside(folder: Path, command: Sequence[str]) -> int:
    _separate(folder)
    start = time.monotonic()

    def note(name: str, what: str) -> None:
        with (folder / name).open("a") as out:
            out.write(f"{time.monotonic() - start:.1f} {what}\n")

    sniffer = _Sniffer(lambda what: note(PACKETS, what))
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        _serve_names(kind, lambda name: note(LOOKUPS, name))
    strace = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "signal=none", "-e", f"trace={CALLS}", "-s", "64"]
    code = subprocess.run([*strace, "-o", str(folder / TRACE), *command], check=False).returncode
    missed = sniffer.stop()
    if missed:
        print(f"{missed} packets were missed", file=sys.stderr)
        return 1
    (folder / "complete").touch()
    return code


def _separate(folder: Path) -> None:
    def do(*words: str) -> None:
        subprocess.run(words, check=True)

    do("ip", "link", "set", "lo", "up")
    for family, everywhere in (("-4", "0.0.0.0/0"), ("-6", "::/0")):
        # Where IPv6 is switched off there is no way out by it either.
        subprocess.run(["ip", family, "route", "add", "local", everywhere, "dev", "lo"], check=family == "-4")
    for name, text in (("resolv.conf", "nameserver 127.0.0.1\n"), ("nsswitch.conf", "hosts: files dns\n")):
        target = Path("/etc", name).resolve()
        if target.exists():
            (folder / name).write_text(text)
            do("mount", "--bind", str(folder / name), str(target))
    for answers_elsewhere in ("/run/nscd", "/run/systemd/resolve", "/run/dbus"):
        # A Unix socket leads out of a network namespace: services that look names up for others are hidden.
        if Path(answers_elsewhere).is_dir():
            do("mount", "-t", "tmpfs", "tmpfs", answers_elsewhere)


class _Sniffer:
    """Notes each packet to an address that is not the loopback's."""

    def __init__(self, note) -> None:  # type: ignore[no-untyped-def]
        self._note = note
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 26)
        self._socket.settimeout(0.2)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def stop(self) -> int:
        """How many packets there was no time for."""
        self._end.set()
        self._thread.join()
        _, dropped = struct.unpack("II", self._socket.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        return dropped

    def _look(self) -> None:
        while True:
            try:
                content, (_, protocol, direction, *_rest) = self._socket.recvfrom(128)
            except TimeoutError:
                if self._end.is_set():
                    return
                continue
            if direction == PACKET_OUTGOING and (seen := _destination(protocol, content)):
                self._note(seen)


def _destination(protocol: int, packet: bytes) -> str:
    """ "tcp 1.2.3.4 port 443"; "" for a packet to the loopback."""
    if protocol == ETH_P_IP:
        target = socket.inet_ntop(socket.AF_INET, packet[16:20])
        kind, ports = packet[9], packet[4 * (packet[0] & 15) :]
    elif protocol == ETH_P_IPV6:
        target = socket.inet_ntop(socket.AF_INET6, packet[24:40])
        kind, ports = packet[6], packet[40:]
    else:
        return f"protocol {protocol:#06x}"
    if _is_loopback(target):
        return ""
    names = {socket.IPPROTO_TCP: "tcp", socket.IPPROTO_UDP: "udp"}
    port = f" port {struct.unpack('!H', ports[2:4])[0]}" if kind in names else ""
    return f"{names.get(kind, f'protocol {kind}')} {target}{port}"


def _serve_names(kind: socket.SocketKind, note) -> None:  # type: ignore[no-untyped-def]
    """A name server that writes down the names it is asked for and says that there are none."""
    server = socket.socket(socket.AF_INET, kind)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", 53))

    def answer(question: bytes) -> bytes:
        name, at = [], 12
        while at < len(question) and question[at]:
            name.append(question[at + 1 : at + 1 + question[at]].decode("ascii", "replace"))
            at += 1 + question[at]
        note(".".join(name))
        end = at + 5  # the root's zero, the type, the class
        flags = 0x8180 | NXDOMAIN  # an answer; recursion was asked for and is there
        return question[:2] + struct.pack("!HHHHH", flags, 1, 0, 0, 0) + question[12:end]

    def datagrams() -> None:
        while True:
            question, asker = server.recvfrom(4096)
            server.sendto(answer(question), asker)

    def streams() -> None:
        server.listen()
        while True:
            with server.accept()[0] as asker:
                size = int.from_bytes(asker.recv(2, socket.MSG_WAITALL), "big")
                told = answer(asker.recv(size, socket.MSG_WAITALL))
                asker.sendall(len(told).to_bytes(2, "big") + told)

    threading.Thread(target=datagrams if kind == socket.SOCK_DGRAM else streams, daemon=True).start()


if __name__ == "__main__":
    if sys.argv[1] == "--inside":
        sys.exit(_inside(Path(sys.argv[2]), sys.argv[3:]))
    record = watch(sys.argv[2:], Path(sys.argv[1]), seconds=1e6)
    print(
        "\n".join(record.attempts) or "no look-up, no packet and no call to an outside address",
        file=sys.stderr,
    )
    sys.exit(record.code)
