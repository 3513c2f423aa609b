"""`livecam camera-setup`: the exact commands that make a virtual camera on the system this is."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from livecam.doctor.cameras import SECURE_BOOT
from livecam.errors import UserError
from livecam.video_devices import MODULE_OPTIONS

AT_START = "/etc/modules-load.d/livecam.conf"
PARAMETERS = "/etc/modprobe.d/livecam.conf"
RPM_FUSION = "https://mirrors.rpmfusion.org/free/fedora/rpmfusion-free-release-$(rpm -E %fedora).noarch.rpm"


class Machine:
    """What is asked of the machine, and done to it; tests play another one."""

    platform = sys.platform

    def read(self, path: str) -> bytes:
        """A file's content; nothing where it cannot be read."""
        try:
            return Path(path).read_bytes()
        except OSError:
            return b""

    def kernel(self) -> str:
        return platform.release()

    def user(self) -> str:
        """Whose camera it is to be: who called sudo, or who runs this."""
        name = os.environ.get("SUDO_USER") or os.environ.get("USER")
        return name or ("root" if self.is_root() else "$USER")

    def is_root(self) -> bool:
        return hasattr(os, "geteuid") and os.geteuid() == 0

    def run(self, command: str) -> int:
        """Exit code of a shell command; its output goes to the terminal."""
        return subprocess.run(["/bin/sh", "-c", command], check=False).returncode


@dataclass(frozen=True, slots=True)
class Plan:
    """Commands for root, or steps for a person; `notes` are read, not run."""

    system: str
    commands: Sequence[str] = ()
    steps: Sequence[str] = ()
    notes: Sequence[str] = ()


def plan(machine: Machine) -> Plan:
    """What to do on this system."""
    steps: tuple[str, ...]
    if machine.platform == "darwin":
        steps = (
            "Install OBS Studio 30 or later: brew install --cask obs (or from its own site)",
            "Open OBS, click Start Virtual Camera, and allow the extension in System Settings",
            "Click Stop Virtual Camera and close OBS",
        )
        return Plan("macOS", steps=steps)
    if machine.platform == "win32":
        steps = (
            "Install OBS Studio 26 or later: winget install OBSProject.OBSStudio (or from its own site)",
            "Open OBS once, click Start Virtual Camera, then Stop, and close OBS",
        )
        return Plan("Windows", steps=steps)
    if not machine.platform.startswith("linux"):
        raise UserError(machine.platform, "no virtual camera is known for it", "Use --sink page.")
    return _linux(machine)


def _linux(machine: Machine) -> Plan:
    name, family = _distribution(machine)
    install = {
        "debian": ("apt-get update", f"apt-get install -y v4l2loopback-dkms {_debian_headers(machine)}"),
        "fedora": (f"dnf install -y {RPM_FUSION}", "dnf install -y akmod-v4l2loopback", "akmods --force"),
        "arch": ("pacman -S --needed --noconfirm v4l2loopback-dkms linux-headers",),
    }.get(family)
    notes = []
    if install is None:
        install = ()
        notes.append(f"Install the package of v4l2loopback that {name} has; then:")
    if family == "arch":
        notes.append(
            "With another kernel than linux, take its headers: linux-lts-headers, linux-zen-headers."
        )
    secure = machine.read(SECURE_BOOT)
    if secure and secure[-1] == 1:  # four bytes of attributes, then the value
        notes.append(
            "Secure Boot is on: if modprobe says that the key was rejected, run "
            "`mokutil --import /var/lib/dkms/mok.pub` as root, reboot, and enrol the key when asked."
        )
    user = machine.user()
    again = "" if user == "root" else "Log in again if you were not in the group video before. "
    notes.append(f"{again}Then: livecam run --sink camera")
    commands = (
        *install,
        f"echo v4l2loopback > {AT_START}",
        f"echo 'options v4l2loopback {MODULE_OPTIONS}' > {PARAMETERS}",
        f"modprobe v4l2loopback {MODULE_OPTIONS}",
        *(() if user == "root" else (f"usermod -aG video {_word(user)}",)),  # root may open every device
    )
    return Plan(name, commands, notes=tuple(notes))


def _distribution(machine: Machine) -> tuple[str, str]:
    """(name for people, family by its packages: debian, fedora, arch or "")."""
    entries = {}
    for line in machine.read("/etc/os-release").decode(errors="replace").splitlines():
        key, separator, value = line.partition("=")
        if separator:
            entries[key.strip()] = value.strip().strip("\"'")
    names = [entries.get("ID", ""), *entries.get("ID_LIKE", "").split()]
    known = {"debian": "debian", "ubuntu": "debian", "fedora": "fedora", "rhel": "fedora", "arch": "arch"}
    family = next((known[name] for name in names if name in known), "")
    return entries.get("NAME") or "this Linux", family


def _debian_headers(machine: Machine) -> str:
    """The package with the headers of the kernel that runs."""
    return f"linux-headers-{_word(machine.kernel())}"


def _word(text: str) -> str:
    return text if text.startswith("$") else shlex.quote(text)


def as_text(plan: Plan) -> str:
    """For people, and for a shell: everything that is no command is a comment."""
    lines = [f"# A virtual camera on {plan.system}"]
    if plan.commands:
        lines.append("# Run these, or all of them with: sudo livecam camera-setup --apply")
        lines += [_for_sudo(command) for command in plan.commands]
    lines += [f"# {number}. {step}" for number, step in enumerate(plan.steps, 1)]
    lines += [f"# {note}" for note in plan.notes]
    return "\n".join(lines)


def _for_sudo(command: str) -> str:
    """A redirection has to be root's as well."""
    return f'sudo sh -c "{command}"' if ">" in command else f"sudo {command}"


def apply(plan: Plan, machine: Machine, tell: Callable[[str], None]) -> None:
    """Run the commands, one after the other.

    Raises:
        UserError: there is nothing to run here, this is not root, or a command failed.
    """
    if not plan.commands:
        raise UserError("camera-setup --apply", f"nothing can be run on {plan.system}", as_text(plan))
    if not machine.is_root():
        raise UserError(
            "camera-setup --apply", "this is not root", f"Run: sudo {sys.argv[0]} camera-setup --apply"
        )
    for command in plan.commands:
        tell(f"+ {command}")
        code = machine.run(command)
        if code:
            todo = "Mend what it says and run this again."
            if "modprobe" in command and any("Secure Boot" in note for note in plan.notes):
                todo = next(note for note in plan.notes if "Secure Boot" in note)
            raise UserError(command, f"ended with code {code}", todo)
    for note in plan.notes:
        tell(note)
