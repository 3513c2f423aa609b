"""The doctor, on machines that are played."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from livecam.doctor import Check, System, cameras, check, diagnose, exit_code, machine, to_json
from livecam.video_devices import CAPTURE, OUTPUT, VideoDevice

WEBCAM = VideoDevice(0, "HD Webcam")
METADATA = VideoDevice(1, "HD Webcam", secondary=True)
LOOPBACK = VideoDevice(10, "livecam", virtual=True)
VERSION = "/sys/module/v4l2loopback/version"
EXCLUSIVE = "/sys/module/v4l2loopback/parameters/exclusive_caps"


@dataclass
class Played(System):
    """A machine where all is well, unless a test says otherwise."""

    platform: str = "linux"
    python_version: tuple[int, int, int] = (3, 12, 1)
    versions: dict[str, str] = field(
        default_factory=lambda: {"mediapipe": "0.10.33", "opencv-python-headless": "5.0.0"}
    )
    import_errors: dict[str, str] = field(default_factory=dict)
    missing_libraries: tuple[str, ...] = ()
    model_problem: str | None = None
    weights: tuple[str | None, str] = ("0123456789ab", "")
    engine_list: list[tuple[str, bool, str]] = field(
        default_factory=lambda: [("cpu", True, "onnxruntime 1.31")]
    )
    free: int | None = 10**10
    core_count: int = 4
    memory: int | None = 16 * 10**9
    devices: list[VideoDevice] = field(default_factory=lambda: [WEBCAM, METADATA, LOOPBACK])
    allowed: bool = True
    bits: dict[str, int | None] = field(
        default_factory=lambda: {"/dev/video0": CAPTURE, "/dev/video10": CAPTURE | OUTPUT}
    )
    files: dict[str, bytes] = field(default_factory=lambda: {VERSION: b"0.15.0\n", EXCLUSIVE: b"Y,N,N\n"})
    modules: tuple[str, ...] = ()
    registry: tuple[str, ...] = ()
    probed: list[int] | None = None

    def package_version(self, name):
        return self.versions.get(name)

    def import_error(self, module):
        return self.import_errors.get(module)

    def library_error(self, name):
        return "not found" if name in self.missing_libraries else None

    def face_model_problem(self):
        return self.model_problem

    def refiner(self):
        return self.weights

    def engines(self):
        return self.engine_list

    def automatic_engine(self):
        return "engine cpu; not cuda: no NVIDIA driver is loaded"

    def folders(self):
        return [("cache folder", Path("/cache")), ("data folder", Path("/data"))]

    def free_bytes(self, folder):
        return self.free

    def cores(self):
        return self.core_count

    def memory_bytes(self):
        return self.memory

    def video_devices(self):
        return self.devices

    def may_use(self, path):
        return self.allowed

    def capabilities(self, path):
        return self.bits.get(path)

    def probe_cameras(self, most=6):
        assert self.probed is not None, "a camera was opened without being asked for"
        return self.probed

    def read(self, path):
        return self.files.get(path)

    def exists(self, path):
        return any(name == path or name.startswith(f"{path}/") for name in self.files)

    def kernel_module_installed(self, name):
        return name in self.modules

    def registry_key_exists(self, path):
        return path in self.registry


def by_name(system: System) -> dict[str, Check]:
    checks = diagnose(system)
    assert len({check.name for check in checks}) == len(checks), "two checks of one name"
    return {check.name: check for check in checks}


def test_a_machine_where_all_is_well():
    checks = diagnose(Played())
    assert {check.status for check in checks} == {"ok"}
    assert exit_code(checks) == 0
    assert not any(check.todo for check in checks)


@pytest.mark.parametrize(
    ("name", "system", "todo"),
    [
        ("Python", Played(python_version=(3, 14, 0)), "3.10 to 3.13"),
        ("Python", Played(python_version=(3, 9, 2)), "3.10 to 3.13"),
        ("mediapipe", Played(versions={}), "pip install"),
        ("mediapipe", Played(versions={"mediapipe": "0.10.35"}), "<0.10.35"),
        ("mediapipe", Played(versions={"mediapipe": "0.10.21"}), ">=0.10.30"),
        ("OpenCV", Played(import_errors={"cv2": "No module named 'cv2'"}), "pip install"),
        ("OpenCV", Played(import_errors={"cv2": "libGL.so.1: cannot open"}), "opencv-python-headless"),
        ("system libraries", Played(missing_libraries=("libEGL.so.1",)), "apt install libegl1"),
        (
            "system libraries",
            Played(missing_libraries=("libEGL.so.1", "libGLESv2.so.2")),
            "apt install libegl1 libgles2",
        ),
        ("face model", Played(model_problem="missing (/x/y)"), "livecam build"),
        ("refiner", Played(weights=("", "mouth.onnx: damaged")), "--no-refine"),
        ("refiner", Played(weights=("", "LIVECAM_REFINER's mouth.onnx: damaged")), "Unset LIVECAM_REFINER"),
        ("engine cpu", Played(engine_list=[("cpu", False, "onnxruntime is gone. Install it")]), "Install it"),
        ("cache folder", Played(free=None), "LIVECAM_CACHE"),
    ],
)
def test_what_stops_the_demo_fails_and_names_the_remedy(name, system, todo):
    found = by_name(system)[name]
    assert found.status == "fail"
    assert todo in found.todo
    assert exit_code(diagnose(system)) == 1


@pytest.mark.parametrize(
    ("name", "system", "todo"),
    [
        ("refiner", Played(weights=(None, "")), "Nothing to do"),
        ("data folder", Played(free=None), "LIVECAM_DATA"),
        ("cache folder", Played(free=10**6), "LIVECAM_CACHE"),
        ("processor", Played(core_count=1), "--size 256"),
        ("processor", Played(memory=10**9), "Close other programs"),
        ("camera", Played(devices=[LOOPBACK]), "--driver FILE.mp4"),
        ("camera 0", Played(allowed=False), "usermod -aG video"),
        ("camera 0", Played(bits={"/dev/video10": OUTPUT}), "Unplug"),
        ("virtual camera", Played(devices=[WEBCAM]), "modprobe -r v4l2loopback && sudo modprobe"),
        ("virtual camera 10", Played(allowed=False), "usermod -aG video"),
        ("virtual camera 10", Played(bits={"/dev/video0": CAPTURE}), "modprobe"),
        ("virtual camera 10", Played(bits={"/dev/video0": 1, "/dev/video10": CAPTURE}), "Close that program"),
        ("virtual camera 10", Played(bits={"/dev/video0": 1, "/dev/video10": 0x5200000}), "0.15.0"),
    ],
)
def test_what_does_not_stop_the_demo_warns_and_names_the_remedy(name, system, todo):
    found = by_name(system)[name]
    assert found.status == "warn"
    assert todo in found.todo


def test_engines_beside_the_cpus_are_a_choice():
    engine_list = [
        ("cpu", True, "onnxruntime 1.31"),
        ("cuda", False, "this build is for CPUs. Install the gpu extra"),
    ]
    found = by_name(Played(engine_list=engine_list))["engine cuda"]
    assert found == Check("engine cuda", "warn", "this build is for CPUs", "Install the gpu extra")


def test_what_auto_takes_is_told_with_the_reasons(monkeypatch):
    line = "engine cpu; not cuda: no NVIDIA driver is loaded"
    assert by_name(Played())["engine auto"] == Check("engine auto", "ok", line)
    monkeypatch.setattr(Played, "automatic_engine", lambda self: "")  # it has a check of its own, why
    assert "engine auto" not in by_name(Played())


def test_nodes_without_pictures_and_virtual_cameras_are_no_cameras():
    other = VideoDevice(4, "decoder")
    system = Played(
        devices=[WEBCAM, METADATA, LOOPBACK, other], bits={"/dev/video0": CAPTURE, "/dev/video4": OUTPUT}
    )
    assert [check.name for check in cameras.cameras(system)] == ["camera 0"]


class TestLoopback:
    def test_not_installed(self):
        system = Played(files={}, devices=[WEBCAM])
        [found] = cameras.virtual_cameras(system)
        assert found.status == "warn"
        assert "apt install v4l2loopback-dkms" in found.todo
        assert "exclusive_caps=1" in found.todo

    def test_installed_but_not_loaded(self):
        system = Played(files={}, devices=[WEBCAM], modules=("v4l2loopback",))
        [found] = cameras.virtual_cameras(system)
        assert found.todo.startswith("Run: sudo modprobe v4l2loopback")

    def test_secure_boot_refuses_modules_that_are_not_signed(self):
        secure = {cameras.SECURE_BOOT: b"\x06\x00\x00\x00\x01"}
        [on] = cameras.virtual_cameras(Played(files=secure, devices=[WEBCAM]))
        assert "mokutil" in on.todo
        insecure = {cameras.SECURE_BOOT: b"\x06\x00\x00\x00\x00"}
        [off] = cameras.virtual_cameras(Played(files=insecure, devices=[WEBCAM]))
        assert "mokutil" not in off.todo

    def test_who_has_none_is_told_in_one_line_what_to_do(self):
        line = cameras.how_to_get_a_virtual_camera(Played(files={}, devices=[WEBCAM]))
        assert line.startswith("Run: sudo apt install v4l2loopback-dkms")
        assert line.endswith(" (`livecam camera-setup` shows every step.)")  # the command ends before it

    @pytest.mark.parametrize("version", [b"0.12.7", b"0.12.7\n", b"0.13.2", b"0.14.0"])
    def test_an_old_one_takes_a_writer_only_once(self, version):
        found = by_name(Played(files={VERSION: version, EXCLUSIVE: b"Y,Y"}))["virtual camera"]
        assert found.status == "warn"
        assert "only once" in found.found
        assert "modprobe -r" in found.todo

    @pytest.mark.parametrize("version", [b"0.15.0", b"0.15.1-2", b"1.0"])
    def test_a_new_one_does_not(self, version):
        assert by_name(Played(files={VERSION: version, EXCLUSIVE: b"Y"}))["virtual camera"].status == "ok"

    def test_without_exclusive_caps_browsers_do_not_list_it(self):
        found = by_name(Played(files={VERSION: b"0.12.7", EXCLUSIVE: b"N,N"}))["virtual camera"]
        assert found.status == "warn"
        assert "Chromium" in found.todo

    def test_a_module_without_a_version_is_loaded_all_the_same(self):
        found = by_name(Played(files={EXCLUSIVE: b"Y"}))["virtual camera"]
        assert found.status == "ok"
        assert "version unknown" in found.found


class TestOtherSystems:
    def test_windows(self):
        none = by_name(Played(platform="win32"))["virtual camera"]
        assert none.status == "warn"
        assert "OBS" in none.todo
        keys = (cameras.OBS_ON_WINDOWS, cameras.UNITY_CAPTURE)
        found = by_name(Played(platform="win32", registry=keys))["virtual camera"]
        assert found == Check("virtual camera", "ok", "OBS Virtual Camera, UnityCapture")

    def test_macos(self):
        assert by_name(Played(platform="darwin", files={}))["virtual camera"].status == "warn"
        there = by_name(Played(platform="darwin", files={cameras.OBS_ON_MACOS: b""}))["virtual camera"]
        assert there.status == "ok"

    def test_another_one(self):
        assert "--sink page" in by_name(Played(platform="freebsd14"))["virtual camera"].todo

    @pytest.mark.parametrize("platform", ["win32", "darwin"])
    def test_no_library_and_no_camera_is_looked_for_unasked(self, platform):
        found = by_name(Played(platform=platform))
        assert "system libraries" not in found
        assert found["camera"].status == "ok"

    def test_cameras_are_probed_when_asked_for(self):
        [some] = cameras.cameras(Played(platform="darwin", probed=[0, 2]), probe=True)
        assert some == Check("camera", "ok", "2: 0, 2")
        [none] = cameras.cameras(Played(platform="darwin", probed=[]), probe=True)
        assert none.status == "warn"
        assert "privacy" in none.todo


def test_unknown_memory_is_not_said():
    assert machine.processor(Played(memory=None)) == Check("processor", "ok", "4 cores")


def test_json_holds_every_field():
    checks = [Check("a", "ok", "äh"), Check("b", "fail", "y", "z")]
    assert json.loads(to_json(checks)) == {
        "ok": False,
        "checks": [
            {"name": "a", "status": "ok", "found": "äh", "todo": ""},
            {"name": "b", "status": "fail", "found": "y", "todo": "z"},
        ],
    }
    assert check.exit_code([Check("a", "warn", "x")]) == 0


class TestThisMachine:
    """The real questions: none may raise, whatever this machine is."""

    def test_everything_can_be_asked(self):
        checks = diagnose()
        assert {"Python", "mediapipe", "OpenCV", "face model", "engine cpu"} <= {
            check.name for check in checks
        }
        assert all(check.found for check in checks)
        assert all(check.todo for check in checks if check.status == "fail")

    def test_what_is_not_there(self):
        system = System()
        assert system.package_version("no-such-package") is None
        assert "no_such_module" in system.import_error("no_such_module")
        assert system.library_error("libnosuch.so.7")
        assert system.read("/no/such/file") is None
        assert not system.exists("/no/such/file")
        assert not system.kernel_module_installed("no_such_module")
        assert not system.registry_key_exists(r"CLSID\none")
        assert system.capabilities("/no/such/device") is None
        assert system.capabilities(os.devnull) is None  # a device, but no camera
        assert not system.may_use("/no/such/device")

    def test_free_space_of_a_folder_that_is_not_there_yet(self, tmp_path):
        assert System().free_bytes(tmp_path / "a" / "b") > 0
        (tmp_path / "file").write_text("")
        assert System().free_bytes(tmp_path / "file" / "a") is None

    def test_folders_follow_the_variables(self, tmp_path, monkeypatch):
        monkeypatch.setenv("LIVECAM_CACHE", str(tmp_path / "c"))
        monkeypatch.setenv("LIVECAM_DATA", str(tmp_path / "d"))
        assert dict(System().folders()) == {"cache folder": tmp_path / "c", "data folder": tmp_path / "d"}

    def test_a_face_model_that_is_missing(self, tmp_path, monkeypatch):
        monkeypatch.setenv("LIVECAM_CACHE", str(tmp_path))
        assert System().face_model_problem().startswith("missing (")

    def test_engines_that_cannot_even_be_listed(self, monkeypatch):
        from livecam import engines

        def broken():
            raise ImportError("libonnx is broken")

        monkeypatch.setattr(engines, "available", broken)
        assert System().engines() == [("cpu", False, "cannot be looked for (libonnx is broken)")]
        assert System().automatic_engine() == ""

    def test_the_automatic_engine_is_told_even_where_it_is_the_cpu(self, monkeypatch):
        monkeypatch.delenv("LIVECAM_REFINER", raising=False)
        assert System().automatic_engine().startswith("engine ")
