"""`livecam doctor`: what this machine has, what is missing, and the command that mends it."""

from __future__ import annotations

from livecam.doctor.check import Check, exit_code, to_json
from livecam.doctor.system import System

__all__ = ["Check", "System", "diagnose", "exit_code", "to_json"]


def diagnose(system: System | None = None, probe: bool = False) -> list[Check]:
    """All checks, the essential ones first.

    `probe`: where the system does not list its cameras (Windows, macOS), open them one by one to count
    them, which takes seconds and lights their lamps.
    """
    from livecam.doctor import cameras, machine

    system = system or System()
    return [
        machine.python(system),
        *machine.packages(system),
        *machine.libraries(system),
        machine.face_model(system),
        machine.refiner(system),
        *machine.engines(system),
        *machine.folders(system),
        machine.processor(system),
        *cameras.cameras(system, probe),
        *cameras.virtual_cameras(system),
    ]
