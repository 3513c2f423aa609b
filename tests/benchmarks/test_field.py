"""One portrait moved by a clip that is known, and the program around it."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from faces import turned
from synthetic_clip import HEAD, needs_models, write_clip

from livecam.benchmarks.field import command, drivers, sheets, tables
from livecam.benchmarks.field.drivers import LAST, SHOWN, Driver, track_driver
from livecam.benchmarks.field.head import face_height
from livecam.benchmarks.field.pair import Bench, measure
from livecam.errors import UserError
from livecam.frames import DriverFrame
from livecam.render.cpu.renderer import CpuRenderer

COUNT = 54
FEW = 5


def clip(face, shift=0.0, gone=()):
    """A driver that sits still and then goes aside by `shift` face heights for good."""
    frames = []
    for k in range(COUNT):
        points = turned(face, yaw=2 * np.sin(k)) + np.array([shift * face_height(face) * (k > 26), 0, 0])
        seen = None if k in gone else points.astype(np.float32)
        frames.append(DriverFrame(k, k * 40_000_000, 1024, 512, landmarks=seen))
    pictures = {k: np.full((512, 1024, 3), k, np.uint8) for k in (0, COUNT - 1)}
    return Driver("aside", 25.0, frames, pictures)


class Judge:
    """Sees the resting face, shifted as told, from the `first` picture of a clip on; None: no face at all."""

    def __init__(self, face, shift=0.0):
        self._face, self.shift = face, shift

    def __call__(self, picture):
        if self.shift is None:
            return None
        return self._face + np.array([self.shift * face_height(self._face), 0, 0], np.float32)


@pytest.fixture
def judge(face):
    return Judge(face)


@pytest.fixture(scope="module")
def made(persona, face):
    return Bench(persona, CpuRenderer(persona), Judge(face))


@pytest.fixture
def bench(made, judge, monkeypatch):
    """Fewer frames are looked at than in a second."""
    monkeypatch.setattr(drivers, "LAST", FEW)
    made.judge = judge
    return made


def test_a_still_driver_leaves_a_portrait_as_it_should_be(bench, face):
    pair = measure(bench, clip(face), every=20)
    row = pair.as_dict()
    assert (row["offset"], row["size"], row["lost"]) == (0, 1, 0)
    # Multiples of 20, and the last ones; the two that a sheet shows are among them.
    assert row["judged"] == 3 + FEW
    assert sorted(pair.pictures) == [0, COUNT - 1]
    assert pair.pictures[0].shape == (720, 1280, 3)
    assert (row["uncovered"], row["ghost_frames"]) == (0, 0)
    assert 0.95 < row["neck_least"] <= row["neck_most"] < 1.05
    assert 0.1 < row["step"] < 1.5  # it moves as the driver does
    assert set(tables.TARGETS) <= set(row)


def test_what_the_judge_sees_at_the_end_is_what_counts(bench, judge, face):
    judge.shift = 0.25
    assert measure(bench, clip(face), every=60).offset == pytest.approx(0.25, abs=1e-3)


def test_a_face_that_is_lost_in_the_picture_counts_while_the_driver_has_one(bench, judge, face):
    judge.shift = None
    pair = measure(bench, clip(face, gone=range(COUNT - 2, COUNT)), every=60)
    assert (pair.lost, pair.judged) == (1 + FEW - 2, 1 + FEW)
    assert pair.as_dict()["offset"] is None


def test_a_portrait_that_the_judge_cannot_read_is_refused(persona, judge):
    judge.shift = None
    with pytest.raises(UserError, match="no face in the resting portrait"):
        Bench(persona, CpuRenderer(persona), judge)


def test_the_drivers_own_way_stands_beside_it(face):
    offset, size = clip(face, shift=0.5).away()
    assert (offset, size) == (pytest.approx(0.5, abs=0.02), pytest.approx(1, abs=0.01))
    assert clip(face, shift=0.5).steps()[0] == pytest.approx(0.5, abs=0.05)
    assert np.isnan(clip(face, gone=range(COUNT - LAST, COUNT)).away()).all()


ROW = {
    "offset": 0.01, "size": 1.0, "neck_least": 0.97, "neck_most": 1.05, "step": 0.8, "lips_step": 1.0,
    "uncovered": 0, "ghost_frames": 0, "ghost": 0.0, "edge": 3.0, "lost": 0,
}  # fmt: skip


def test_what_misses_its_target_is_marked():
    assert tables.missed(ROW) == []
    bad = ROW | {"offset": 0.06, "size": 0.9, "neck_most": 1.2, "uncovered": 3, "edge": None}
    assert tables.missed(bad) == ["offset", "size", "neck_most", "uncovered"]
    marked = [cell for cell in tables.cells(bad) if tables.MARK in cell]
    assert [cell.replace("[red]", "").replace("![/red]", "") for cell in marked] == [
        "0.060", "0.900", "1.20", "3",
    ]  # fmt: skip


def test_the_worst_is_the_farthest_from_what_it_should_be():
    rows = [ROW | {"size": 0.8, "neck_least": 0.7}, ROW | {"size": 1.1, "offset": 0.2, "edge": None}]
    found = tables.worst(rows)
    assert (found["size"], found["neck_least"], found["offset"], found["edge"]) == (0.8, 0.7, 0.2, 3.0)
    assert tables.worst([ROW | {"edge": None}])["edge"] is None


def test_a_sheet_shows_the_driver_above_the_portraits(bench, face, tmp_path):
    driver = clip(face)
    pair = measure(bench, driver, every=60)
    assert set(pair.pictures) == set(driver.pictures)
    sheet = cv2.imread(str(sheets.clip_sheet(driver, [pair, pair], tmp_path)))
    assert sheet.shape == (3 * sheets.TILE, 3 * sheets.TILE, 3)  # two frames, and the worst
    middles = sheet[sheets.TILE // 2, sheets.TILE // 2 :: sheets.TILE, 0]
    assert middles.tolist() == [
        0,
        COUNT - 1,
        sheets.GREY,
    ]  # the driver's pictures have the colour of their number


def test_a_clip_in_which_nobody_is_seen_is_named(tmp_path):
    write_clip(tmp_path / "swing.mp4")

    class Blind:
        def track(self, image, capture_ns):
            return None

    with pytest.raises(UserError, match=r"swing\.mp4"):
        track_driver(tmp_path / "swing.mp4", Blind())


def test_portraits_may_be_files_folders_and_names(tmp_path, persona):
    picture = tmp_path / "somebody.png"
    cv2.imwrite(str(picture), persona.picture)
    assert command._pictures(picture) == command._pictures(tmp_path) == [picture]
    assert [path.name for path in command._pictures(command.Path("charcoal"))] == ["charcoal.jpg"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--clips", "{nothing}", "--portraits", "charcoal"], "holds no video"),
        (["--clips", "{clip}", "--portraits", "nobody"], "holds no picture"),
        (["--clips", "{clip}", "--portraits", "charcoal", "--json", "{clip}"], "would overwrite"),
        (["--clips", "{clip}", "--portraits", "charcoal", "--json", "{nothing}/no/out.json"], "cannot be"),
    ],
)
def test_what_the_user_has_to_mend_is_one_line(words, said, tmp_path, capsys):
    (tmp_path / "nothing").mkdir()
    (tmp_path / "clip.mp4").write_bytes(b"no film")
    places = {"nothing": tmp_path / "nothing", "clip": tmp_path / "clip.mp4"}
    assert command.main([word.format(**places) for word in words]) == 2
    told = capsys.readouterr().err
    assert told.startswith("field: ")
    assert said in told


@needs_models
def test_the_whole_program_on_a_clip_and_a_portrait(tmp_path, capsys):
    write_clip(tmp_path / "swing.mp4")
    out = ["--json", str(tmp_path / "out.json"), "--sheets", str(tmp_path / "sheets")]
    given = ["--clips", str(tmp_path / "swing.mp4"), "--portraits", str(HEAD), "--every", "8", *out]
    assert command.main(given) == 0
    result = json.loads((tmp_path / "out.json").read_text("utf-8"))
    row = result["clips"]["swing"]["portraits"]["face"]
    assert (row["lost"], row["judged"]) == (0, 16)  # a clip shorter than the last second is judged whole
    assert result["command"].startswith("python -m livecam.benchmarks.field --clips swing.mp4")
    assert "/" not in result["command"]
    sheet = cv2.imread(str(tmp_path / "sheets" / "field-swing.png"))
    assert sheet.shape == (2 * sheets.TILE, (SHOWN + 1) * sheets.TILE, 3)
    assert "Targets missed, of 1 pairs" in capsys.readouterr().out
