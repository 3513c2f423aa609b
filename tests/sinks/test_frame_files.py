"""Numbered pictures."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import numpy as np
import pytest

from livecam.errors import UserError
from livecam.frames import OutputFrame
from livecam.outputs import check_outputs
from livecam.sinks import SinkFormat
from livecam.sinks.frame_files import FrameFilesSink

FORMAT = SinkFormat(31, 17, 25)


def a_picture(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (17, 31, 3), np.uint8)


def test_png_is_exact_and_numbered_as_the_driver_s_frames(tmp_path: Path) -> None:
    sink = FrameFilesSink(tmp_path / "out" / "%05d.png")
    sink.open(FORMAT)
    for index in (0, 1, 7):
        sink.write(OutputFrame(a_picture(index), index, 0))
    sink.close()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "00000.png",
        "00001.png",
        "00007.png",
    ]
    back = cv2.imread(str(tmp_path / "out" / "00007.png"))[..., ::-1]
    assert np.array_equal(back, a_picture(7))


def test_jpeg_keeps_colours(tmp_path: Path) -> None:
    sink = FrameFilesSink(tmp_path / "a-%d.JPG")
    sink.open(FORMAT)
    picture = np.full((17, 31, 3), (200, 120, 90), np.uint8)
    sink.write(OutputFrame(picture, 3, 0))
    back = cv2.imread(str(tmp_path / "a-3.JPG"))[..., ::-1]
    # JPEG's own rounding; swapped red and blue would be 110 off.
    assert np.abs(back.astype(int) - picture).max() <= 3


def test_only_the_last_folder_is_made(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="mkdir -p"):
        FrameFilesSink(tmp_path / "a" / "b" / "%d.png").open(FORMAT)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_folder_s_place(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(UserError, match="folder"):
        FrameFilesSink(tmp_path / "out" / "%d.png").open(FORMAT)


def test_earlier_pictures_are_mentioned(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("00000.png", "00001.png", "other.png", "00002.png.bak"):
        (tmp_path / name).write_text("")
    with caplog.at_level(logging.WARNING):
        FrameFilesSink(tmp_path / "%05d.png").open(FORMAT)
    assert "2 pictures of an earlier run" in caplog.text


def test_disk_error(tmp_path: Path) -> None:
    sink = FrameFilesSink(tmp_path / "out" / "%d.png")
    sink.open(FORMAT)
    (tmp_path / "out").rmdir()
    with pytest.raises(UserError, match="cannot be written"):
        sink.write(OutputFrame(a_picture(0), 0, 0))


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        ("100%%-%03d.png", "100%-007.png"),
        ("%%d%d%%.png", "%d7%.png"),
        ("50% off/%d.png", "50% off/7.png"),
        ("-a b/ä %d.png", "-a b/ä 7.png"),
    ],
)
def test_percent_signs_are_legal_in_names(tmp_path: Path, caplog, pattern: str, written: str) -> None:
    for warned in (False, True):
        sink = FrameFilesSink(tmp_path / pattern)
        sink.open(FORMAT)
        sink.write(OutputFrame(a_picture(7), 7, 0))
        assert (tmp_path / written).is_file()
        assert ("pictures of an earlier run" in caplog.text) is warned


@pytest.mark.parametrize("name", ["%100d.png", "%0999999999d.png", f"a%{'9' * 30}d.jpg"])
def test_a_number_has_two_digits_of_width_at_most(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="the number is too wide"):
        FrameFilesSink(tmp_path / name)
    check_outputs([tmp_path / name, tmp_path / "%05d.png"], {"the driver": tmp_path / "a.mp4"})


def test_the_widest_number(tmp_path: Path) -> None:
    sink = FrameFilesSink(tmp_path / "%099d.png")
    sink.open(FORMAT)
    sink.write(OutputFrame(a_picture(7), 7, 0))
    assert [path.name for path in tmp_path.iterdir()] == [f"{7:099d}.png"]
