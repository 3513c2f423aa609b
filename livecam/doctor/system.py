"""Everything the doctor asks of the machine, in one place, so that tests can play any machine."""

from __future__ import annotations

import ctypes
import importlib
import logging
import os
import platform
import shutil
import sys
from importlib import metadata
from pathlib import Path

from livecam.video_devices import VideoDevice, capabilities, video_devices

log = logging.getLogger(__name__)


class System:
    """The machine this runs on. Nothing here raises: what cannot be found out is None, False or empty."""

    platform = sys.platform
    python_version: tuple[int, int, int] = sys.version_info[:3]

    def package_version(self, name: str) -> str | None:
        """The version of an installed package."""
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            return None

    def import_error(self, module: str) -> str | None:
        """Why a module cannot be imported; None where it can."""
        try:
            importlib.import_module(module)
        except Exception as error:  # a broken package may raise anything
            return str(error)
        return None

    def library_error(self, name: str) -> str | None:
        """Why a shared library cannot be loaded; None where it can."""
        try:
            ctypes.CDLL(name)
        except OSError as error:
            return str(error)
        return None

    def face_model_problem(self) -> str | None:
        """Which file of the face model is missing or damaged."""
        from livecam.face import bundle

        folder = bundle.model_folder()
        problems = {name: bundle.problem(name, folder) for name in bundle.MODEL_FILES}
        return next((f"{why} ({folder / name})" for name, why in problems.items() if why), None)

    def refiner(self) -> tuple[str | None, str]:
        """Name of the refiner's weights (None: there are none), and what is wrong with them ("": nothing)."""
        from livecam.errors import UserError
        from livecam.generator import weights

        try:
            found = weights.find_weights()
            if found is None:
                return None, ""
            for name in found.checksums:
                found.file(name)
        except UserError as error:
            return "", f"{error.what}: {error.why}"
        return found.name, ""

    def engines(self) -> list[tuple[str, bool, str]]:
        """Name, whether it can be used, and a version or the reason why not."""
        try:
            from livecam.engines import available

            return [(engine.name, engine.ok, engine.detail) for engine in available()]
        except Exception as error:
            log.debug("engines could not be listed", exc_info=True)
            return [("cpu", False, f"cannot be looked for ({error})")]

    def automatic_engine(self) -> str:
        """What `--engine auto` tries first at the settings' size, and why nothing faster; "": unknown."""
        try:
            from livecam import settings
            from livecam.render.choose import auto_line

            chosen = settings.load()
            return auto_line(chosen.size, chosen.refine)
        except Exception:  # the broken setting, package or weights have a check of their own
            log.debug("the automatic engine could not be told", exc_info=True)
            return ""

    def folders(self) -> list[tuple[str, Path]]:
        """What lies in which folder of the user."""
        from livecam.folders import cache_folder, data_folder

        return [("cache folder", cache_folder()), ("data folder", data_folder())]

    def free_bytes(self, folder: Path) -> int | None:
        """Free space where the folder is or would be; None where it cannot be written."""
        existing = next((path for path in (folder, *folder.parents) if path.exists()), None)
        if existing is None or not existing.is_dir() or not os.access(existing, os.W_OK):
            return None
        return shutil.disk_usage(existing).free

    def cores(self) -> int:
        """Processor cores this program may use."""
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1

    def memory_bytes(self) -> int | None:
        """Main memory."""
        try:
            return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        except (AttributeError, ValueError, OSError):
            return None

    def video_devices(self) -> list[VideoDevice]:
        """Linux: every /dev/videoN."""
        return video_devices()

    def may_use(self, path: str) -> bool:
        """Whether this user may read and write a device."""
        return os.access(path, os.R_OK | os.W_OK)

    def capabilities(self, path: str) -> int | None:
        """Linux: V4L2 capability bits of a device. Asking starts no camera."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
            try:
                return capabilities(descriptor)
            finally:
                os.close(descriptor)
        except (ImportError, OSError, AttributeError):  # Windows has no such open
            return None

    def probe_cameras(self, most: int = 6) -> list[int]:
        """Indices that OpenCV can open. Slow, and lights the cameras' lamps."""
        import cv2

        found = []
        for index in range(most):
            camera = cv2.VideoCapture(index)
            if camera.isOpened():
                found.append(index)
            camera.release()
        return found

    def read(self, path: str) -> bytes | None:
        """The content of a small file."""
        try:
            return Path(path).read_bytes()
        except OSError:
            return None

    def exists(self, path: str) -> bool:
        return Path(path).exists()

    def kernel_module_installed(self, name: str) -> bool:
        """Linux: whether a kernel module is there to be loaded."""
        index = self.read(f"/lib/modules/{platform.release()}/modules.dep")
        return index is not None and f"/{name}.ko".encode() in index

    def registry_key_exists(self, path: str) -> bool:
        """Windows: a key under HKEY_CLASSES_ROOT."""
        if sys.platform != "win32":
            return False
        import winreg

        try:
            winreg.OpenKey(winreg.HKEY_CLASSES_ROOT, path).Close()
        except OSError:
            return False
        return True
