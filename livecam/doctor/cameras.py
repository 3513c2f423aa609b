"""Checks of cameras, real and virtual. None of them stops `livecam demo`, so none fails."""

from __future__ import annotations

import re
from collections.abc import Sequence

from livecam.doctor.check import Check
from livecam.doctor.system import System
from livecam.video_devices import CAPTURE, LOAD, MODULE, OUTPUT, RELOAD, VideoDevice

JOIN_GROUP = "Run: sudo usermod -aG video $USER, then log in again."
REOPEN_MENDED = (0, 15, 0)

SECURE_BOOT = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

# Class ids that the installers register, as pyvirtualcam looks for them.
OBS_ON_WINDOWS = r"CLSID\{A3FCE0F5-3493-419F-958A-ABA1250EC20B}"
UNITY_CAPTURE = r"CLSID\{5C2CD55C-92AD-4999-8666-912BD3E70010}"
OBS_ON_MACOS = "/Applications/OBS.app"


def cameras(system: System, probe: bool = False) -> list[Check]:
    """The cameras that can drive a portrait, one check each."""
    if not system.platform.startswith("linux"):
        return [_probed_cameras(system, probe)]
    checks = [_camera(system, device) for device in system.video_devices() if _may_be_camera(system, device)]
    return checks or [Check("camera", "warn", "none", "Connect one, or use a video: --driver FILE.mp4")]


def _may_be_camera(system: System, device: VideoDevice) -> bool:
    if device.virtual or device.secondary:
        return False
    capabilities = system.capabilities(device.path)
    return capabilities is None or bool(capabilities & CAPTURE)


def _camera(system: System, device: VideoDevice) -> Check:
    name = f"camera {device.number}"
    if not system.may_use(device.path):
        return Check(name, "warn", f"{device.label} ({device.path}), no permission", JOIN_GROUP)
    if system.capabilities(device.path) is None:
        todo = "Unplug it and plug it in again."
        return Check(name, "warn", f"{device.label} ({device.path}), does not answer", todo)
    return Check(name, "ok", f"{device.label} ({device.path})")


def _probed_cameras(system: System, probe: bool) -> Check:
    if not probe:
        return Check("camera", "ok", "not looked for, so that none is switched on")
    found = system.probe_cameras()
    if found:
        return Check("camera", "ok", f"{len(found)}: {', '.join(map(str, found))}")
    todo = "Connect one, allow camera access in the system's privacy settings, or use --driver FILE.mp4"
    return Check("camera", "warn", "none", todo)


def virtual_cameras(system: System) -> list[Check]:
    """What other programs need to see livecam as a camera."""
    if system.platform.startswith("linux"):
        return _loopback(system)
    if system.platform == "win32":
        return [_windows(system)]
    if system.platform == "darwin":
        return [_macos(system)]
    return [Check("virtual camera", "warn", f"none on {system.platform}", "Use --sink page.")]


def how_to_get_a_virtual_camera(system: System | None = None) -> str:
    """One line for a user without any; the checks know of packages and of Secure Boot."""
    todos = [check.todo for check in virtual_cameras(system or System()) if check.todo]
    return f"{todos[0] if todos else f'Run: {LOAD}'} (`livecam camera-setup` shows every step.)"


def _loopback(system: System) -> list[Check]:
    """v4l2loopback: loaded, of what version, with which devices."""
    version = system.read(f"/sys/module/{MODULE}/version")
    devices = [device for device in system.video_devices() if device.virtual]
    if version is None and not system.exists(f"/sys/module/{MODULE}"):
        return [_not_loaded(system)]
    text = version.decode(errors="replace").strip() if version else "version unknown"
    if not devices:
        found = f"{MODULE} {text} is loaded without a device"
        return [Check("virtual camera", "warn", found, f"Run: {RELOAD}")]
    return [_module(system, text), *(_output(system, device) for device in devices)]


def _not_loaded(system: System) -> Check:
    if not system.kernel_module_installed(MODULE):
        todo = f"Run: sudo apt install {MODULE}-dkms (or your system's package of it), then: {LOAD}"
        return Check("virtual camera", "warn", f"{MODULE} is not installed", _signing(system, todo))
    return Check("virtual camera", "warn", f"{MODULE} is not loaded", _signing(system, f"Run: {LOAD}"))


def _signing(system: System, todo: str) -> str:
    """The same advice, with what Secure Boot asks for on top where it is on."""
    content = system.read(SECURE_BOOT)
    if not content or content[-1] != 1:  # four bytes of attributes, then the value
        return todo
    return (
        f"{todo}. Secure Boot is on and refuses modules that are not signed: if that fails, enrol "
        "the key that signed it (sudo mokutil --import /var/lib/dkms/mok.pub) and reboot."
    )


def _module(system: System, version: str) -> Check:
    """Before 0.15.0 a device with exclusive_caps=1 cannot be opened by a second writer."""
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    exclusive = (system.read(f"/sys/module/{MODULE}/parameters/exclusive_caps") or b"").decode(
        errors="replace"
    )
    found = f"{MODULE} {version}"
    if not exclusive.startswith(("Y", "1")):
        todo = f"Chromium and others list it only with exclusive_caps=1. Run: {RELOAD}"
        return Check("virtual camera", "warn", f"{found}, without exclusive_caps", todo)
    if numbers and numbers < REOPEN_MENDED:
        todo = f"If a second start finds no output device, run: {RELOAD}. Version 0.15.0 and later need not."
        return Check("virtual camera", "warn", f"{found}, takes a writer only once", todo)
    return Check("virtual camera", "ok", found)


def _output(system: System, device: VideoDevice) -> Check:
    name = f"virtual camera {device.number}"
    found = f"{device.label} ({device.path})"
    if not system.may_use(device.path):
        return Check(name, "warn", f"{found}, no permission", JOIN_GROUP)
    capabilities = system.capabilities(device.path)
    if capabilities is None:
        return Check(name, "warn", f"{found}, does not answer", f"Run: {RELOAD}")
    if capabilities & OUTPUT:
        return Check(name, "ok", found)
    if capabilities & CAPTURE:  # with exclusive_caps it is a camera as long as somebody sends
        return Check(name, "warn", f"{found}, a program sends to it", "Close that program to use it here.")
    # Seen with 0.12.7: once the first writer has closed it, it is neither a camera nor an output.
    todo = f"Run: {RELOAD}. Version 0.15.0 of {MODULE} mended it."
    return Check(name, "warn", f"{found}, stuck after its last writer", todo)


def _windows(system: System) -> Check:
    known: Sequence[tuple[str, str]] = (
        ("OBS Virtual Camera", OBS_ON_WINDOWS),
        ("UnityCapture", UNITY_CAPTURE),
    )
    found = [name for name, key in known if system.registry_key_exists(key)]
    if found:
        return Check("virtual camera", "ok", ", ".join(found))
    return Check("virtual camera", "warn", "none", "Install OBS Studio (26 or later), which brings one.")


def _macos(system: System) -> Check:
    if system.exists(OBS_ON_MACOS):
        todo = "Start its virtual camera once, stop it, and close OBS."
        return Check("virtual camera", "ok", "OBS is installed", todo)
    return Check("virtual camera", "warn", "none", "Install OBS Studio and start its virtual camera once.")
