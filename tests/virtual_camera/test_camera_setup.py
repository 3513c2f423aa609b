"""`livecam camera-setup` on machines that are played; nothing is run on this one."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass, field

import pytest
from typer.testing import CliRunner

from livecam.cli.commands import app
from livecam.doctor import camera_setup
from livecam.doctor.cameras import SECURE_BOOT
from livecam.errors import UserError

DEBIAN = b'NAME="Debian GNU/Linux"\nID=debian\n'
MINT = b'NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n'
FEDORA = b'NAME="Fedora Linux"\nID=fedora\n'
ARCH = b"NAME='Arch Linux'\nID=arch\n"
OTHER = b'NAME="Void"\nID=void\n'


@dataclass
class Played(camera_setup.Machine):
    platform: str = "linux"
    release: bytes = DEBIAN
    secure: bool = False
    root: bool = True
    failing: str = "nothing"
    ran: list[str] = field(default_factory=list)

    def read(self, path):
        return {"/etc/os-release": self.release, SECURE_BOOT: b"\6\0\0\0\1" if self.secure else b""}.get(
            path, b""
        )

    def kernel(self):
        return "6.1.0-40-amd64"

    def user(self):
        return "ann"

    def is_root(self):
        return self.root

    def run(self, command):
        self.ran.append(command)
        return int(self.failing in command)


LOAD = "modprobe v4l2loopback devices=1 exclusive_caps=1 max_buffers=4 card_label=livecam"


@pytest.mark.parametrize(
    ("release", "first"),
    [
        (DEBIAN, "apt-get install -y v4l2loopback-dkms linux-headers-6.1.0-40-amd64"),
        (MINT, "apt-get install -y v4l2loopback-dkms linux-headers-6.1.0-40-amd64"),
        (FEDORA, "dnf install -y akmod-v4l2loopback"),
        (ARCH, "pacman -S --needed --noconfirm v4l2loopback-dkms linux-headers"),
    ],
)
def test_each_family_installs_and_then_loads(release, first):
    machine = Played(release=release)
    camera_setup.apply(camera_setup.plan(machine), machine, lambda line: None)
    assert first in machine.ran
    assert machine.ran.index(first) < machine.ran.index(LOAD)
    assert "usermod -aG video ann" in machine.ran
    assert any(camera_setup.PARAMETERS in command for command in machine.ran)


def test_an_unknown_linux_is_told_what_is_needed():
    plan = camera_setup.plan(Played(release=OTHER))
    assert "Install the package of v4l2loopback that Void has" in plan.notes[0]
    assert LOAD in plan.commands


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_where_obs_brings_the_camera_there_are_steps_only(platform):
    machine = Played(platform=platform)
    plan = camera_setup.plan(machine)
    assert "OBS" in camera_setup.as_text(plan)
    with pytest.raises(UserError, match="nothing can be run"):
        camera_setup.apply(plan, machine, lambda line: None)
    assert machine.ran == []


def test_an_unknown_system():
    with pytest.raises(UserError, match="--sink page"):
        camera_setup.plan(Played(platform="freebsd14"))


def test_only_root_may_apply():
    machine = Played(root=False)
    with pytest.raises(UserError, match="sudo"):
        camera_setup.apply(camera_setup.plan(machine), machine, lambda line: None)
    assert machine.ran == []


def test_a_failing_command_ends_it_and_secure_boot_is_named():
    machine = Played(secure=True, failing="modprobe v4l2")
    with pytest.raises(UserError, match="mokutil --import"):
        camera_setup.apply(camera_setup.plan(machine), machine, lambda line: None)
    assert machine.ran[-1] == LOAD
    machine = Played(failing="apt-get update")
    with pytest.raises(UserError, match="Mend what it says"):
        camera_setup.apply(camera_setup.plan(machine), machine, lambda line: None)
    assert machine.ran == ["apt-get update"]


@pytest.mark.parametrize("release", [DEBIAN, FEDORA, ARCH, OTHER])
def test_what_is_printed_is_a_shell_script(release, tmp_path):
    text = camera_setup.as_text(camera_setup.plan(Played(release=release, secure=True)))
    script = tmp_path / "setup.sh"
    script.write_text(text)
    assert subprocess.run(["/bin/sh", "-n", script], check=False).returncode == 0


def test_the_command(monkeypatch):
    monkeypatch.setattr(camera_setup, "Machine", Played)
    done = CliRunner().invoke(app, ["camera-setup"])
    assert done.exit_code == 0
    assert "modprobe v4l2loopback" in done.stdout


def test_root_needs_no_group():
    class Root(Played):
        def user(self):
            return "root"

    text = camera_setup.as_text(camera_setup.plan(Root(release=DEBIAN)))
    assert "modprobe" in text
    assert "usermod" not in text
    assert "Log in again" not in text
    assert "livecam run --sink camera" in text
