"""The list of cameras, read from a made-up /sys/class/video4linux."""

from __future__ import annotations

from pathlib import Path

from livecam.video_devices import VideoDevice, by_label, describe, video_devices


def plug(root: Path, number: int, label: str, *, virtual: bool = False, index: int = 0) -> None:
    parent = (
        root / "devices" / ("virtual" if virtual else "pci0000:00/usb1") / "video4linux" / f"video{number}"
    )
    parent.mkdir(parents=True)
    (parent / "name").write_text(label + "\n")
    (parent / "index").write_text(f"{index}\n")
    folder = root / "class" / "video4linux"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"video{number}").symlink_to(parent)


def test_lists_by_number(tmp_path: Path) -> None:
    plug(tmp_path, 10, "livecam", virtual=True)
    plug(tmp_path, 2, "HD Webcam: HD Webcam")
    plug(tmp_path, 3, "HD Webcam: HD Webcam", index=1)
    devices = video_devices(tmp_path / "class" / "video4linux")
    assert devices == [
        VideoDevice(2, "HD Webcam: HD Webcam"),
        VideoDevice(3, "HD Webcam: HD Webcam", secondary=True),
        VideoDevice(10, "livecam", virtual=True),
    ]
    assert devices[2].path == "/dev/video10"
    assert describe(devices) == "2 (HD Webcam: HD Webcam), 10 (livecam)"


def test_none_without_the_folder(tmp_path: Path) -> None:
    assert video_devices(tmp_path / "missing") == []


def test_by_label_prefers_the_whole_name_and_the_first_node() -> None:
    devices = [
        VideoDevice(0, "OBS livecam copy"),
        VideoDevice(1, "HD Webcam", secondary=True),
        VideoDevice(2, "HD Webcam"),
        VideoDevice(7, "LiveCam"),
    ]
    assert by_label(devices, "livecam") == devices[3]
    assert by_label(devices, "webcam") == devices[2]
    assert by_label(devices, "nothing") is None
