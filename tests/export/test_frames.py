"""Frames as the product makes them, of the bundled portrait and clip."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from refiner_weights import write_weights

from livecam.assets import DRIVER, PORTRAIT
from livecam.assets import bundled_file as asset
from livecam.errors import UserError
from livecam.export import command, frames, refiner
from livecam.export.frames import MovedPortrait, Recording
from livecam.face import bundle, tracker
from livecam.generator import alignment
from livecam.generator.inputs import input_specs, planes
from livecam.generator.layout import crop_specs, refiner_specs
from livecam.generator.parts import LEFT_EYE, MOUTH, RIGHT_EYE
from livecam.generator.weights import Weights
from livecam.render.cpu.renderer import CpuRenderer
from livecam.sources.recording import PerformanceWriter

SIZE = 256
FRAMES = 30
needs_models = pytest.mark.skipif(
    any(bundle.problem(name, bundle.model_folder()) for name in bundle.MODEL_FILES),
    reason="the face model is not built: run `livecam build`",  # `make test` does so first
)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return write_weights(tmp_path_factory.mktemp("weights"))


@pytest.fixture(scope="module")
def moved() -> MovedPortrait:
    return frames.bundled_frames(2, limit=FRAMES)


@needs_models
def test_samples_are_what_a_generator_is_fed(moved: MovedPortrait, weights: Weights) -> None:
    plain = list(moved.samples(SIZE, None))
    assert [sample.name for sample in plain] == ["rendered"] * 2
    for sample in plain:
        assert [(name, value.shape) for name, value in sample.feeds().items()] == [
            (spec.name, spec.shape) for spec in input_specs(SIZE)
        ]
    first, last = (sample.feeds() for sample in plain)
    persona = moved.portrait.at(SIZE)
    np.testing.assert_array_equal(first["foreground"], planes(persona.foreground))
    np.testing.assert_array_equal(last["landmarks"], moved.motions[1].landmarks[:, :2])
    for name in ("flow", "landmarks", "inner_inverse"):  # copies: the geometry uses its arrays again
        assert (first[name] != last[name]).any(), name

    refined = next(moved.samples(SIZE, weights)).feeds()
    for spec in refiner_specs(weights.styles, weights.size):
        assert refined[spec.name].shape == spec.shape
    assert refined["mouth_style"].any()


@needs_models
def test_networks_are_fed_crops_of_what_the_host_warps(
    moved: MovedPortrait, weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livecam.render.cpu.refiner.is_open", lambda rasters, source: True)
    fed = moved.refiner_feeds(weights)
    assert {name: len(runs) for name, runs in fed.items()} == {"mouth": 2, "eye": 4}
    for name, runs in fed.items():
        expected = {spec.name: spec.shape for spec in crop_specs(name, weights.styles[name], weights.size)}
        assert all({key: values.shape for key, values in run.items()} == expected for run in runs)
    motion, persona = moved.motions[1], moved.portrait.at(frames.SIDE)
    warped = CpuRenderer(persona).render(motion)
    for part, run in ((MOUTH, fed["mouth"][1]), (LEFT_EYE, fed["eye"][2]), (RIGHT_EYE, fed["eye"][3])):
        window = part.window(motion.landmarks[:, :2], weights.size)
        crop = planes(alignment.cut(warped, window, part.pixels(weights.size)))
        np.testing.assert_array_equal(run["crop"], crop)
    assert (fed["mouth"][0]["rasters"] != fed["mouth"][1]["rasters"]).any()
    np.testing.assert_array_equal(fed["mouth"][0]["source"], fed["mouth"][1]["source"])
    assert (fed["eye"][0]["source"] != fed["eye"][1]["source"]).any()  # an eye each


@needs_models
def test_a_network_is_fed_only_where_its_part_moves(
    moved: MovedPortrait, weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("livecam.render.cpu.refiner.is_open", lambda rasters, source: False)
    assert moved.refiner_feeds(weights) == {"mouth": [], "eye": []}
    told = refiner.frames_of([moved], weights)
    assert told == {"mouth": [], "eye": []}


@needs_models
def test_every_portrait_is_moved_by_every_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "track_clip", partial(frames.track_clip, limit=FRAMES))
    portrait, clip = asset(PORTRAIT), asset(DRIVER)
    found = frames.move_portraits([portrait, portrait], [clip], 3)
    assert [(one.name, len(one.motions)) for one in found] == [("portrait x driver", 3)] * 2
    assert frames.move_portraits([], [], 3) == []


@pytest.mark.parametrize(
    ("portraits", "clips", "count", "words"),
    [
        ([], [], 0, "--frames 0: no number of frames"),
        (["a.jpg"], [], 9, "--portraits: there are no --clips"),
        ([], ["a.mp4"], 9, "--clips: there are no --portraits"),
        (["no-such.jpg"], ["no-such.mp4"], 9, "no-such.jpg: holds no picture"),
    ],
)
def test_what_cannot_be_used_is_named(portraits: list[str], clips: list[str], count: int, words: str) -> None:
    with pytest.raises(UserError) as caught:
        frames.move_portraits([Path(name) for name in portraits], [Path(name) for name in clips], count)
    assert str(caught.value).startswith(words)


class Blind:
    """A tracker that finds nobody."""

    def __enter__(self) -> Blind:
        return self

    def __exit__(self, *exc: object) -> None: ...

    def track(self, image: Any, capture_ns: int) -> None:
        return None


def test_a_clip_without_a_face_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tracker, "FaceTracker", Blind)
    writer = PerformanceWriter(tmp_path / "nobody.lcp")
    writer.add(0, None, 64, 64)
    writer.close()
    with pytest.raises(UserError, match=r"nobody\.lcp: no face was found"):
        frames.track_clip(tmp_path / "nobody.lcp")
    with pytest.raises(UserError, match=r"driver\.mp4: no face was found"):
        frames.track_clip(asset(DRIVER), limit=2)


@needs_models
def test_the_report_has_one_row_for_each(
    moved: MovedPortrait, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "SEEDS", range(1))
    monkeypatch.setattr(frames, "bundled_frames", lambda count: moved)
    one = replace(moved, name="mona x d10", motions=moved.motions[:1])
    monkeypatch.setattr(
        frames, "move_portraits", lambda portraits, clips, count: [one] * (len(clips) == count == 3)
    )
    words = ["--out", str(tmp_path), "--size", "256", "--no-refine", "--no-half", "--frames", "3"]
    assert command.main([*words, "--portraits", "mona.jpg", "--clips", "a", "b", "c"]) == 0
    (entry,) = json.loads((tmp_path / "parity.json").read_text())["graphs"]
    told = [(row["inputs"], row["frames"]) for row in entry["parity"]]
    assert told == [
        ("noise 0", 1),
        ("plausible 0", 1),
        ("at rest 0", 1),
        ("rendered", 2),
        ("mona x d10", 1),
    ]
    assert "mona x d10" in capsys.readouterr().out


def test_the_command_says_what_it_leaves_out_and_what_it_cannot_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def cannot() -> None:
        raise UserError("mediapipe", "it is not installed", "Install it.")

    monkeypatch.setattr(tracker, "FaceTracker", cannot)
    words = ["--out", str(tmp_path), "--size", "256", "--no-refine", "--portraits", str(tmp_path / "none")]
    assert command.main(words) == 2
    printed = capsys.readouterr()
    assert "no rendered frames are compared: mediapipe: it is not installed. Install it.\n" in printed.out
    assert printed.err.startswith("--portraits: there are no --clips")
    assert printed.err.count("\n") == 1

    cv2.imwrite(str(tmp_path / "grey.png"), np.full((64, 64, 3), 128, np.uint8))
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    paths = ["--portraits", str(tmp_path / "grey.png"), "--clips", str(tmp_path / "bad.mp4")]
    assert command.main([*words[:-2], *paths]) == 2
    assert "grey.png" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.onnx"))  # found out before anything was written


class Adder:
    name, inputs, outputs = "adder", (), ()

    def run(self, feeds: Mapping[str, Any]) -> dict[str, Any]:
        return {}

    def close(self) -> None: ...


def test_recording_keeps_copies_of_what_every_run_is_fed() -> None:
    recording = Recording(Adder())
    values = np.ones(3, np.float32)
    recording.run({"crop": values, "source": values})
    values[:] = 0
    recording.run({"crop": values, "source": values + 1})
    assert [(fed["crop"][0], fed["source"][0]) for fed in recording.fed] == [(1, 1), (0, 1)]
