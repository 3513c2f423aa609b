"""Running the product's path from memory to memory."""

from __future__ import annotations

import numpy as np
import pytest
from faces import with_lip_gap

from livecam.benchmarks.fidelity import metrics
from livecam.errors import UserError
from livecam.frames import DriverFrame
from livecam.motion import transfer
from livecam.render.cpu.renderer import HostRenderer
from livecam.replay import CropCanvas, FrameSource, animate, files_in, spread
from livecam.settings import Settings

PLAIN = Settings(size=256, refine=False)
"""The warper alone, whether a refiner is installed or not: what is tested is the way, not the picture."""


def frames_of(points):
    return [
        DriverFrame(k, k * 33_333_333, 512, 512, landmarks=None if p is None else p.astype(np.float32))
        for k, p in enumerate(points)
    ]


def test_a_still_driver_leaves_the_portrait_at_rest(persona, face):
    rendered = animate(FrameSource(frames_of([face] * 4), 30), persona, None, PLAIN)
    resting = HostRenderer(persona).render(transfer.rest(persona.landmarks))
    assert sorted(rendered.pictures) == [0, 1, 2, 3]
    # 62 dB measured: the drawn lips, half a pixel apart, are brought together. Any motion costs 20 dB.
    assert metrics.psnr(rendered.pictures[3], resting) > 50
    assert rendered.neutral is not None


def test_only_the_wanted_frames_are_kept_and_they_move(persona, face):
    points = [with_lip_gap(face, 0.4 * (k % 2)) for k in range(6)]
    rendered = animate(FrameSource(frames_of(points), 30), persona, None, PLAIN, wanted=[0, 5])
    assert sorted(rendered.pictures) == [0, 5]
    assert np.abs(rendered.pictures[5].astype(int) - rendered.pictures[0]).max() > 50


def test_the_settings_say_whether_to_refine(persona, face, monkeypatch):
    from livecam import replay

    asked = []

    def make_renderer(persona, engine, refine):
        asked.append(refine)
        return HostRenderer(persona)

    monkeypatch.setattr(replay, "make_renderer", make_renderer)
    for settings in (PLAIN, None):
        animate(FrameSource(frames_of([face]), 30), persona, None, settings)
    assert asked == [False, True]


def test_the_limit_ends_the_run(persona, face):
    assert len(animate(FrameSource(frames_of([face] * 9), 30), persona, None, PLAIN, limit=4).pictures) == 4


def test_without_a_face_there_is_no_neutral(persona):
    assert animate(FrameSource(frames_of([None, None]), 30), persona, None, PLAIN).neutral is None


def test_the_crop_canvas_hands_on_what_it_gets():
    picture = np.zeros((8, 8, 3), np.uint8)
    canvas = CropCanvas(8)
    assert (canvas.width, canvas.height) == (8, 8)
    assert canvas.place(picture) is picture


@pytest.mark.parametrize(
    ("count", "wanted", "first", "expected"),
    [(10, 3, 0, [0, 4, 9]), (5, 40, 3, [3, 4]), (3, 4, 3, []), (1, 5, 0, [0])],
)
def test_spread(count, wanted, first, expected):
    assert spread(count, wanted, first) == expected


def test_files_in_a_folder(tmp_path):
    for name in ("b.mp4", "a.MOV", "notes.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in files_in(tmp_path, (".mp4", ".mov"), "video")] == ["a.MOV", "b.mp4"]
    assert files_in(tmp_path / "b.mp4", (".mp4",), "video") == [tmp_path / "b.mp4"]
    with pytest.raises(UserError, match="holds no picture"):
        files_in(tmp_path, (".png",), "picture")
    with pytest.raises(UserError, match="holds no video"):
        files_in(tmp_path / "nowhere", (".mp4",), "video")
