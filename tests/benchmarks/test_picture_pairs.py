"""Pairs of pictures, from the folder to the file of figures."""

from __future__ import annotations

import json

import cv2
import numpy as np
import pytest
from faces import with_lip_gap
from synthetic_clip import HEAD, needs_models

from livecam.benchmarks.fidelity import command as fidelity
from livecam.benchmarks.fidelity import mouths, pairs, perceptual, tracks
from livecam.errors import UserError

GAP = 0.25
"""Mouth widths by which the true mouths stand open."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two people: the rendered head of tests/face, and its mirror image in warmer light, each with the mouth
    shut and opened by the warper."""
    from livecam.motion.types import rest
    from livecam.persona import enroll
    from livecam.render.cpu.renderer import CpuRenderer

    persona = enroll.enroll(HEAD, "head", 256)
    renderer = CpuRenderer(persona)
    found = tmp_path_factory.mktemp("pairs")
    for word, points in (("neutral", persona.landmarks), ("smile", with_lip_gap(persona.landmarks, GAP))):
        picture = renderer.render(rest(points))
        warm = np.clip(picture[:, ::-1] * np.array([1.05, 0.95, 0.85]), 0, 255).astype(np.uint8)
        for name, one in (("a", picture), ("b_c", warm)):
            cv2.imwrite(str(found / f"{name}_{word}.png"), one[..., ::-1])
    cv2.imwrite(str(found / "d_neutral.png"), picture[..., ::-1])
    return found


@pytest.fixture(scope="module")
def measured(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    arguments = ["--pairs", str(folder), "--size", "256", "--no-refine"]
    arguments += ["--tracks", str(out / "tracks"), "--sheets", str(out / "sheets")]
    assert fidelity.main([*arguments, "--json", str(out / "out.json")]) == 0
    return json.loads((out / "out.json").read_text("utf-8")), out


pytestmark = needs_models


def test_a_picture_without_its_other_is_no_pair(folder):
    assert [one.name for one in pairs.find(folder)] == ["a", "b_c"]
    with pytest.raises(UserError, match="holds no pair"):
        pairs.find(folder, ("neutral", "frown"))


def test_the_warper_opens_the_mouth_and_the_static_portrait_does_not(measured):
    figures = measured[0]["yardstick"]["people"]["figures"]
    assert list(figures) == ["static", "warper", "blurred", "flat"]
    value, low, high, count = figures["warper"]["mouth dB"]["mean"]
    assert count == 2
    assert low <= value <= high
    assert value > figures["static"]["mouth dB"]["mean"][0]  # 13.7 and 11.5 dB measured: its lips open less
    assert figures["static"]["eyes GMS"]["mean"][0] > 0.99  # nothing but the mouth is another in the truth
    assert figures["blurred"]["mouth sharp"]["mean"][0] < figures["warper"]["mouth sharp"]["mean"][0]
    assert figures["warper"]["eyes dB"]["mean"][0] > figures["blurred"]["eyes dB"]["mean"][0]
    assert figures["warper"]["face dB"]["mean"][3] == 2


@pytest.mark.skipif(bool(perceptual.lacking()), reason="the judge's packages are not installed")
def test_mouths_have_a_distance_and_the_farthest_are_named(measured):
    people = measured[0]["yardstick"]["people"]
    assert people["seen"] == ["a", "b_c"]
    for row in people["figures"].values():
        assert row["distance"]["mean"][0] > 0
        assert row["kernel"]["mean"][3] == 2
    assert (measured[1] / "sheets" / "mouths-worst.png").is_file()


def test_sheets_show_truth_static_and_warper(measured):
    sheet = cv2.imread(str(measured[1] / "sheets" / "mouths-1.png"))
    assert sheet.shape == (2 * 2 * mouths.HEIGHT, 3 * 2 * mouths.WIDTH, 3)
    assert sheet.std() > 20


def test_the_same_again_is_no_difference(folder, measured, tmp_path, capsys, monkeypatch):
    """With the landmarks that were kept: no tracker is opened. One of the two people will do."""
    alone = tmp_path / "alone"
    alone.mkdir()
    for word in pairs.SUFFIXES:
        (alone / f"a_{word}.png").write_bytes((folder / f"a_{word}.png").read_bytes())
    monkeypatch.setattr("livecam.face.tracker.FaceTracker", None)
    arguments = ["--pairs", str(alone), "--size", "256", "--no-refine"]
    arguments += ["--tracks", str(measured[1] / "tracks"), "--compare", str(measured[1] / "out.json")]
    assert fidelity.main([*arguments, "--json", str(tmp_path / "alone.json")]) == 0
    printed = capsys.readouterr().out
    assert "warper against the other's warper" in printed
    assert "no difference shown" in printed
    assert "better" not in printed
    assert "worse" not in printed


def test_other_files_are_not_compared(folder, tmp_path, capsys):
    (tmp_path / "other.json").write_text("{}")
    assert fidelity.main(["--pairs", str(folder), "--compare", str(tmp_path / "other.json")]) == 2
    assert "holds no figures of people" in capsys.readouterr().err


def test_neither_clips_nor_pairs_is_said(capsys):
    assert fidelity.main([]) == 2
    assert "neither is given" in capsys.readouterr().err


def test_landmarks_are_kept_for_the_same_files_alone(tmp_path):
    class Finder:
        def track(self, image, capture_ns):
            return np.full((478, 3), capture_ns, np.float32) if capture_ns else None

    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"one")

    def seen(note: str, opened: list[bool]) -> list[float | None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("livecam.face.tracker.FaceTracker", lambda: _Opened(Finder(), opened))
            with tracks.tracker(tmp_path / "kept", [clip], note) as tracker:
                found = [tracker.track(np.zeros((4, 4, 3), np.uint8), k) for k in range(3)]
        return [None if one is None else float(one[0, 0]) for one in found]

    opened: list[bool] = []
    assert seen("all", opened) == seen("all", opened) == [None, 1.0, 2.0]
    assert len(opened) == 1
    seen("another", opened)
    clip.write_bytes(b"two")
    seen("all", opened)
    assert len(opened) == 3


class _Opened:
    def __init__(self, finder, opened):
        self.finder = finder
        opened.append(True)

    def __enter__(self):
        return self.finder

    def __exit__(self, *exc):
        return None
