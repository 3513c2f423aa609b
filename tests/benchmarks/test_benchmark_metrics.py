"""The measures against cases that can be worked out by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from livecam.benchmarks.fidelity import metrics
from livecam.face import landmarks as lm


@pytest.fixture(scope="module")
def picture():
    noise = np.random.default_rng(0).normal(120, 40, (64, 80, 3))
    return np.clip(cv2.GaussianBlur(noise, (0, 0), 1.5) * 2 - 120, 20, 235).astype(np.uint8)


def test_psnr_of_a_constant_offset(picture):
    assert metrics.psnr(picture + np.uint8(5), picture) == pytest.approx(20 * np.log10(255 / 5))


def test_psnr_of_known_noise():
    flat = np.full((200, 200, 3), 128, np.uint8)
    noisy = np.round(flat + np.random.default_rng(1).normal(0, 8, flat.shape)).astype(np.uint8)
    # Rounding adds 1/12 to the variance; 120,000 samples leave about 0.02 dB of chance.
    assert metrics.psnr(noisy, flat) == pytest.approx(10 * np.log10(255**2 / (64 + 1 / 12)), abs=0.1)


def test_psnr_looks_only_inside_the_mask(picture):
    spoiled = picture.copy()
    spoiled[:10] = 0
    mask = np.zeros(picture.shape[:2], bool)
    mask[10:] = True
    assert metrics.psnr(spoiled, picture, mask) == metrics.PSNR_CEILING
    assert metrics.psnr(spoiled, picture, ~mask) < 20


def test_psnr_refuses_what_cannot_be_compared(picture):
    with pytest.raises(ValueError, match="one size"):
        metrics.psnr(picture[:-1], picture)
    with pytest.raises(ValueError, match="empty"):
        metrics.psnr(picture, picture, np.zeros(picture.shape[:2], bool))


def test_ssim_of_equal_pictures_is_1_and_it_is_symmetric(picture):
    other = cv2.GaussianBlur(picture, (0, 0), 2)
    assert metrics.ssim(picture, picture) == pytest.approx(1)
    assert metrics.ssim(picture, other) == pytest.approx(metrics.ssim(other, picture))
    assert metrics.ssim(picture, other) < 0.9


def test_ssim_of_flat_pictures_is_the_papers_luminance_term():
    a, b = np.full((32, 32, 3), 100, np.uint8), np.full((32, 32, 3), 150, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert metrics.ssim(a, b) == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1))


def test_ssim_of_a_negative_is_below_0(picture):
    assert metrics.ssim(np.uint8(255) - picture, picture) < 0


def test_ssim_refuses_pictures_smaller_than_its_window(picture):
    with pytest.raises(ValueError, match="11 pixels"):
        metrics.ssim(picture[:10], picture[:10])


def test_a_blurred_picture_is_less_sharp(picture):
    everywhere = np.ones(picture.shape[:2], bool)
    assert metrics.sharpness(picture, picture, everywhere) == pytest.approx(1)
    assert metrics.sharpness(cv2.GaussianBlur(picture, (0, 0), 2), picture, everywhere) < 0.7


def test_landmark_error_of_shifted_points(face):
    shifted = face + np.array([3, 4, 100], np.float32)
    eyes = np.linalg.norm(face[33, :2] - face[263, :2])
    assert metrics.landmark_error(shifted, face) == pytest.approx(5 / eyes, rel=1e-5)


def test_landmark_error_of_some_points_only(face):
    moved = face.copy()
    moved[list(lm.LIPS), 0] += 7
    eyes = np.linalg.norm(face[33, :2] - face[263, :2])
    assert metrics.landmark_error(moved, face, lm.LIPS) == pytest.approx(7 / eyes, rel=1e-5)
    assert metrics.landmark_error(moved, face, metrics.EYES) == 0
    share = len(lm.LIPS) / lm.MESH_COUNT
    assert metrics.landmark_error(moved, face) == pytest.approx(7 / eyes * share, rel=1e-5)


def test_landmark_error_does_not_depend_on_the_pictures_size(face):
    moved = face + np.array([3, 4, 0], np.float32)
    assert metrics.landmark_error(2 * moved, 2 * face) == pytest.approx(metrics.landmark_error(moved, face))


def test_correlation_of_lines():
    a = np.arange(10.0)
    assert metrics.correlation(a, 3 * a + 1) == pytest.approx(1)
    assert metrics.correlation(a, -a) == pytest.approx(-1)


@pytest.mark.parametrize("still", [np.zeros(20), np.full(20, 0.1), np.full(20, 1e6)])
def test_correlation_with_a_still_series_is_unknown(still):
    assert metrics.correlation(np.arange(20.0), still) is None
    assert metrics.correlation(still, np.arange(20.0)) is None


def test_correlation_leaves_out_unknown_values():
    a = np.array([1.0, np.nan, 2, 3, 4, 5])
    b = np.array([1.0, 50, 2, 3, np.nan, 5])
    assert metrics.correlation(a, b) == pytest.approx(1)
    assert metrics.correlation(a, np.full(6, np.nan)) is None


def test_correlation_refuses_series_of_different_lengths():
    with pytest.raises(ValueError, match="one length"):
        metrics.correlation(np.zeros(3), np.zeros(4))


def test_the_oval_holds_the_face_and_not_the_corners(face):
    mask = metrics.oval_mask(face, 512)
    assert mask[tuple(np.round(face[lm.NOSE_TIP, [1, 0]]).astype(int))]
    assert not mask[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    width = np.ptp(face[list(lm.FACE_OVAL), 0])
    height = np.ptp(face[list(lm.FACE_OVAL), 1])
    # An ellipse fills pi / 4 of its box; a face is a little fuller at the jaw.
    assert mask.sum() == pytest.approx(np.pi / 4 * width * height, rel=0.08)
