"""The windows of mouth and eyes: for NumPy and torch alike, and a right eye as a mirrored left one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from faces import draw_face, turned, with_lids, with_lip_gap

from livecam.face import landmarks as lm
from livecam.face.mirror import mirrored
from livecam.generator.alignment import SIZE, cut, face_square
from livecam.generator.layout import EYE_AREAS
from livecam.generator.parts import FACE, LEFT_EYE, MOUTH, OF_NETWORK, RIGHT_EYE, STEP, parts_of
from livecam.render.cpu.refiner import part_rasters

PARTS = (MOUTH, LEFT_EYE, RIGHT_EYE, FACE)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_numpy_and_torch_agree(face, part) -> None:  # type: ignore[no-untyped-def]
    points = (turned(face, 20, 5, 10) / 512).astype(np.float32)
    own, other = part.window(points), part.window(torch.from_numpy(points))
    # Roundings of float32 on numbers below 1.
    np.testing.assert_allclose([float(v) for v in own], [float(v) for v in other], rtol=0, atol=1e-6)
    x = np.linspace(-0.2, 1.2, 9).astype(np.float32)
    for map_ in ("to_picture", "to_crop"):
        given = getattr(own, map_)(x, x[::-1])
        expected = getattr(other, map_)(torch.from_numpy(x), torch.from_numpy(x[::-1].copy()))
        for a, b in zip(given, expected, strict=True):
            np.testing.assert_allclose(a, b.numpy(), rtol=0, atol=1e-5)
    back = own.to_crop(*own.to_picture(x, x[::-1]))
    np.testing.assert_allclose(back, [x, x[::-1]], rtol=0, atol=1e-4)


@pytest.mark.parametrize("angles", [(0, 0, 0), (30, 0, 0), (-30, 8, 0), (0, 20, 25), (0, -20, -40)])
def test_lips_and_lids_lie_within(face, angles) -> None:  # type: ignore[no-untyped-def]
    """With an open mouth, up to the angles that the product lets a head turn."""
    points = turned(with_lip_gap(face, 0.5), *angles)
    for part, outline in ((MOUTH, lm.OUTER_LIPS), (LEFT_EYE, EYE_AREAS[0]), (RIGHT_EYE, EYE_AREAS[1])):
        x, y = part.window(points).to_crop(points[list(outline), 0], points[list(outline), 1])
        assert min(x.min(), y.min()) > 0.05, part.name
        assert max(x.max(), y.max()) < 0.95, part.name


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_window_is_as_fine_as_the_square_and_lies_as_it_does(face, part) -> None:  # type: ignore[no-untyped-def]
    points = turned(face, 10, 5, 20)
    square, window = face_square(points), part.window(points)
    wide, high = part.pixels()
    assert wide % STEP == high % STEP == 0
    side = np.hypot(square.across_x, square.across_y)
    sign = -1 if part.mirrored else 1
    for share, own, whole in (
        (sign * wide / SIZE, (window.across_x, window.across_y), (square.across_x, square.across_y)),
        (high / SIZE, (window.down_x, window.down_y), (square.down_x, square.down_y)),
    ):
        np.testing.assert_allclose(own, share * np.array(whole), rtol=0, atol=1e-4 * side)


def test_a_mirrored_faces_right_eye_is_the_left_one(face) -> None:  # type: ignore[no-untyped-def]
    """So one network serves both; of a mirrored mouth the crop is mirrored."""
    points = turned(with_lids(with_lip_gap(face, 0.2), 0.6), 14, 4, 9)
    picture = draw_face(points)
    picture = np.ascontiguousarray(
        np.random.default_rng(0).integers(0, 60, picture.shape, np.uint8) + picture // 2
    )
    other_points, other_picture = mirrored(points, 512), np.ascontiguousarray(picture[:, ::-1])
    own, other = points / np.float32(512), other_points / np.float32(512)
    for part, twin, flip in ((LEFT_EYE, RIGHT_EYE, 1), (RIGHT_EYE, LEFT_EYE, 1), (MOUTH, MOUTH, -1)):
        first = cut(picture, part.window(own), part.pixels())
        second = cut(other_picture, twin.window(other), twin.pixels())[:, ::flip]
        # OpenCV rounds positions to 1/32 of a pixel, which is 4 of 255 levels where neighbours differ by 120.
        assert np.abs(first.astype(int) - second).max() <= 8, part.name
        assert np.abs(first.astype(int) - second).mean() < 1, part.name
        rasters = part_rasters(own, part.window(own), part, SIZE)
        twins = part_rasters(other, twin.window(other), twin, SIZE)[..., ::flip]
        np.testing.assert_allclose(rasters, twins, rtol=0, atol=1e-3)


def test_every_network_has_windows_of_one_size() -> None:
    for parts in OF_NETWORK.values():
        assert len({part.pixels() for part in parts}) == 1
    assert [part.name for part in parts_of(["eye", "mouth"])] == ["left_eye", "right_eye", "mouth"]
    assert MOUTH.pixels() == (96, 80)
    assert LEFT_EYE.pixels() == (64, 48)


def test_points_all_in_one_place_give_finite_numbers() -> None:
    points = np.full((478, 2), 0.5, np.float32)
    for part in PARTS:
        window = part.window(points)
        assert np.isfinite([*window, *window.to_crop(0.1, 0.2), *window.to_picture(0.1, 0.2)]).all()
