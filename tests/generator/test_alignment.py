"""The face-aligned crop: the same square for NumPy and torch, and where it lies on a face."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from faces import turned, with_lip_gap

from livecam.face import landmarks as lm
from livecam.generator.alignment import WHOLE, cut, face_square, pixel_matrix, square
from livecam.generator.layout import EYE_AREAS


def test_numpy_and_torch_agree(face) -> None:  # type: ignore[no-untyped-def]
    points = (turned(face, 20, 5, 10) / 512).astype(np.float32)
    own = face_square(points)
    other = face_square(torch.from_numpy(points))
    # Roundings of float32 on numbers below 1.
    np.testing.assert_allclose([float(v) for v in own], [float(v) for v in other], rtol=0, atol=1e-6)
    x = np.linspace(-0.2, 1.2, 9).astype(np.float32)
    for map_ in ("to_picture", "to_crop"):
        given = getattr(own, map_)(x, x[::-1])
        expected = getattr(other, map_)(torch.from_numpy(x), torch.from_numpy(x[::-1].copy()))
        for a, b in zip(given, expected, strict=True):
            np.testing.assert_allclose(a, b.numpy(), rtol=0, atol=1e-5)


def test_there_and_back(face) -> None:  # type: ignore[no-untyped-def]
    own = face_square(face.astype(np.float64))
    x, y = own.to_picture(*own.to_crop(face[:, 0], face[:, 1]))
    # TINY, in squared pixels here, shifts nothing that can be seen.
    np.testing.assert_allclose(np.stack([x, y], 1), face[:, :2], rtol=0, atol=1e-4)


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (-30, 8, 0), (0, 20, 25), (0, -20, -40)])
def test_lids_and_lips_lie_within(face, angles) -> None:  # type: ignore[no-untyped-def]
    """With an open mouth, up to the angles that the product lets a head turn."""
    points = turned(with_lip_gap(face, 0.5), *angles)
    outlines = [*lm.OUTER_LIPS, *EYE_AREAS[0], *EYE_AREAS[1]]
    x, y = face_square(points).to_crop(points[outlines, 0], points[outlines, 1])
    assert min(x.min(), y.min()) > 0.03
    assert max(x.max(), y.max()) < 0.97


def test_it_follows_size_place_and_tilt(face) -> None:  # type: ignore[no-untyped-def]
    """A face that is moved, turned in the picture and made larger fills the crop as before."""
    points = face[:, :2].astype(np.float64)
    turn = np.radians(33)
    matrix = 1.7 * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    moved = points @ matrix.T + [40, -70]
    for a, b in zip(
        face_square(points).to_crop(points[:, 0], points[:, 1]),
        face_square(moved).to_crop(moved[:, 0], moved[:, 1]),
        strict=True,
    ):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-6)


def test_blinks_and_speech_do_not_move_it_much(face) -> None:  # type: ignore[no-untyped-def]
    """It stands on corners, which hold still."""
    still, speaking = face_square(face), face_square(with_lip_gap(face, 0.4))
    np.testing.assert_allclose([*still], [*speaking], rtol=0, atol=1e-3)


def test_points_all_in_one_place_give_finite_numbers() -> None:
    points = np.full((478, 2), 0.5, np.float32)
    own = face_square(points)
    assert np.isfinite([*own, *own.to_crop(0.1, 0.2), *own.to_picture(0.1, 0.2)]).all()


def test_cut_shows_what_lies_in_the_square() -> None:
    """A quarter turn and half the size, checked pixel by pixel."""
    picture = np.arange(64, dtype=np.uint8).reshape(8, 8)
    np.testing.assert_array_equal(cut(picture, WHOLE, (8, 8)), picture)
    quarter = square(0.5, 0.5, 0.0, 1.0)  # its top is the picture's right
    np.testing.assert_array_equal(cut(picture, quarter, (8, 8)), picture.T[::-1])
    corner = square(0.25, 0.25, 0.5, 0.0)
    np.testing.assert_array_equal(cut(picture, corner, (4, 4)), picture[:4, :4])


def test_cut_averages_where_the_picture_is_much_finer() -> None:
    """Stripes of one pixel turn grey instead of black or white."""
    stripes = np.tile(np.array([0, 255], np.uint8), (512, 256))
    small = cut(stripes, WHOLE, (64, 64))
    assert np.abs(small.astype(int) - 127).max() <= 1


def test_pixel_matrix_maps_pixel_centres() -> None:
    window = square(0.4, 0.6, 0.3, 0.1).around(0.45, 0.55, -0.6, 0.5)
    at = np.array([7, 21])
    x, y = window.to_picture(*((at + 0.5) / (96, 80)))
    expected = np.array([x, y]) * 300 - 0.5
    given = pixel_matrix(window, 300, (96, 80)) @ [*at, 1]
    np.testing.assert_allclose(given, expected, rtol=0, atol=1e-9)
