"""Methods side by side: controls, and the product's refiner with random weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from faces import with_lids, with_lip_gap

from livecam.benchmarks.fidelity import methods as methods
from livecam.benchmarks.fidelity.self_reenactment import Plan
from livecam.frames import DriverFrame
from livecam.motion.transfer import MotionTransfer
from livecam.motion.types import rest
from livecam.persona import person_shots
from livecam.render.cpu.renderer import CpuRenderer
from livecam.sources.memory import MemorySource


def test_shots_keep_away_from_what_is_compared():
    compared = [3, 20, 40]
    numbers = methods.shot_numbers(60, compared, 8)
    assert len(numbers) == 7  # the portrait is the eighth
    assert numbers == sorted(set(numbers))
    assert 0 not in numbers
    assert min(abs(a - b) for a in numbers for b in compared) >= methods.APART
    assert methods.shot_numbers(60, compared, 1) == []
    assert len(methods.shot_numbers(9, [3], 32)) < 32  # the clip has no more


def test_a_driver_gives_every_frame_its_motion_and_a_neutral_face(persona, face):
    frames = [DriverFrame(k, k * 33_333_333, 512, 512, landmarks=face) for k in range(4)]
    moved, neutral = methods.drive(MemorySource(frames, 30), persona, None)
    assert [index for index, _ in moved] == [0, 1, 2, 3]
    np.testing.assert_allclose(
        moved[3][1].landmarks, persona.landmarks, atol=0.004
    )  # lips half a pixel apart are brought together
    assert neutral is not None


def test_methods_that_know_nothing(make_persona, face):
    persona = make_persona(256)
    warped = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    landmarks = (with_lip_gap(face, 0.4) / 512).astype(np.float32)
    made = {name: method(warped, rest(landmarks)) for name, method in methods.untrained(persona).items()}
    np.testing.assert_array_equal(made["static"], methods.portrait(persona))
    np.testing.assert_array_equal(made["warper"], warped)
    mouth, cheek = (np.round(landmarks[point, :2] * 256).astype(int) for point in (13, 50))
    inside = mouth + np.array([0, 4])
    for name in ("blurred", "flat"):
        assert (made[name][inside[1], inside[0]] != warped[inside[1], inside[0]]).any()
        np.testing.assert_array_equal(made[name][cheek[1], cheek[0]], warped[cheek[1], cheek[0]])


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random ones that are shipped as trained ones are."""
    pytest.importorskip("torch")
    from refiner_weights import write_weights

    return write_weights(tmp_path_factory.mktemp("weights"), size=160)


def speaking(persona, face):
    """A motion that opens the mouth and half shuts the eyes: at rest nothing is repaired."""
    return MotionTransfer(persona.landmarks, face)(with_lids(with_lip_gap(face, 0.4), 0.5))


def test_the_refiner_is_the_products(persona, face, weights, monkeypatch):
    """The same picture as `make_renderer` draws, to the last bit."""
    from livecam.generator import weights as files
    from livecam.render.choose import make_renderer

    monkeypatch.setenv(files.VARIABLE, str(weights.folder))
    motion = speaking(persona, face)
    product = make_renderer(persona, "cpu")
    warped = CpuRenderer(persona).render(motion)
    refined = methods.refiner(persona, weights)(warped, motion)
    np.testing.assert_array_equal(refined, product.render(motion))
    assert (refined != warped).any()
    product.close()


def test_more_pictures_of_the_person_change_the_style(persona, face, weights):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (512, 512, 3), np.uint8)
    shot = person_shots.aligned_shot(picture, persona.landmarks)
    motion = speaking(persona, face)
    warped = CpuRenderer(persona).render(motion)
    one, two = (methods.refiner(persona, weights, shots)(warped, motion) for shots in ((), (shot,)))
    assert (one != two).any()


def test_a_tuned_person_is_drawn_in_the_tuned_style(persona, face, weights, monkeypatch):
    """As a stand-in for fine-tuning found it; all pictures but the portrait were handed over as they are."""
    from livecam.finetune import tuning

    told = []

    def fine_tune(known, others, painter, steps):
        told.append((len(known.shots), len(others), painter.name, steps))
        return tuning.TuningResult(known.style.values + 0.5, True, 0.2, 0.1, 4, 2, 1.0)

    monkeypatch.setattr(tuning, "fine_tune", fine_tune)
    others = [(methods.portrait(persona), persona.landmarks)] * 3
    motion = speaking(persona, face)
    warped = CpuRenderer(persona).render(motion)
    plain = methods.refiner(persona, weights, [person_shots.aligned_shot(*other) for other in others])
    method, found = methods.tuned(persona, weights, others, 7)
    assert told == [(4, 3, "painter.safetensors", 7)]
    assert found.kept
    assert (method(warped, motion) != plain(warped, motion)).any()


def test_without_a_better_style_the_tuned_row_is_that_of_eight_pictures(measured, weights, monkeypatch):
    from livecam.finetune.tuning import StyleRating

    monkeypatch.setattr(StyleRating, "beats", lambda self, start: False)
    found = measured(Plan(1, 12, {"refined": weights}, (8,), 2))
    assert list(found.rows)[-3:] == ["refined T=8", "refined T=8 tuned", "bound"]
    assert found.means("refined T=8 tuned") == pytest.approx(found.means("refined T=8"), nan_ok=True)
    about = found.as_dict()["tuned"]
    assert (about["steps"], about["kept"]) == (2, False)
    assert about["error_before"] == about["error_after"] > 0


@pytest.fixture
def measured(persona, face, monkeypatch):
    """measured(plan) -> a comparison; everything but the tracker and the judge, who see a still face, and one
    that speaks and blinks from the third frame on."""
    from livecam.benchmarks.fidelity import self_reenactment

    frames = [
        DriverFrame(k, k * 33_333_333, 512, 512, pixels=persona.picture, landmarks=face) for k in range(12)
    ]
    monkeypatch.setattr(self_reenactment, "open_source", lambda name: MemorySource(frames, 30))
    monkeypatch.setattr(self_reenactment, "read_frames", lambda clip, limit: iter(frames[:limit]))

    class Tracker:
        def track(self, image, capture_ns):
            return face if capture_ns < 60_000_000 else with_lids(with_lip_gap(face, 0.4), 0.3)

    def judge(picture):
        return persona.landmarks * np.float32(picture.shape[0])

    def measure(plan):
        return self_reenactment.compare(Path("clip.mp4"), persona, Tracker(), plan, judge)

    return measure


def test_a_clip_is_measured_with_every_number_of_shots(measured, weights):
    found = measured(Plan(2, 12, {"refined": weights, "paper": weights}, (1, 2)))
    several = ["refined", "refined T=2", "paper"]
    assert list(found.rows) == ["static", "warper", "blurred", "flat", *several, "bound"]
    assert found.frames == [3, 11]
    refined = found.means("refined")
    assert refined == pytest.approx(found.means("paper"), nan_ok=True)  # the same weights
    assert refined["outside_max"] == 0
    assert refined["eyes_psnr"] != found.means("warper")["eyes_psnr"]
    assert set(found.as_dict()["per_frame"]) == {"static", "warper", "refined"}
