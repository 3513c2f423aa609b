"""Windows cut from crops of faces: the product's, to a pixel; a mirrored face gives the mirrored windows."""

from __future__ import annotations

import numpy as np
import torch

from livecam.generator.alignment import SIZE, WHOLE, cut, face_square
from livecam.generator.parts import LEFT_EYE, MOUTH, RIGHT_EYE
from livecam.render.cpu.rasters import draw_rasters
from training.augment import flip
from training.dataset import Batch
from training.moved_portrait import part_centres
from training.part_windows import PARTS, part_batch


def batch_of(face: np.ndarray) -> Batch:
    """One sample of smooth noise, moved and at rest alike, with the face's own rasters. face: (478, 3) in
    0..1 of the crop."""
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.random((1, 3, 20, 20), np.float32))
    picture = torch.nn.functional.interpolate(coarse, size=(SIZE, SIZE), mode="bicubic").clamp(0, 1)
    rasters = torch.from_numpy(draw_rasters(face, WHOLE))[None]
    centres = torch.from_numpy(part_centres(face, WHOLE))[None]
    teeth = picture[:, :1]
    return Batch(
        warped=picture,
        truth=picture,
        source=picture,
        teeth=teeth,
        true_teeth=rasters[:, :1],
        rasters=rasters,
        truth_rasters=rasters,
        source_rasters=rasters,
        centres=centres,
        source_centres=centres,
        shots=picture[None],
        shot_rasters=rasters[None],
        person=torch.zeros(1, dtype=torch.int64),
    )


def in_the_crop(face: np.ndarray) -> np.ndarray:
    """The face in 0..1 of its own square, as pairs have it."""
    x, y = face_square(face).to_crop(face[:, 0], face[:, 1])
    return np.stack([x, y, face[:, 2]], 1).astype(np.float32)


def test_they_are_where_the_product_cuts_them(face) -> None:  # type: ignore[no-untyped-def]
    points = in_the_crop(face)
    batch = batch_of(points)
    whole = np.ascontiguousarray(batch.warped[0].permute(1, 2, 0).numpy())
    for network, parts in (("mouth", [MOUTH]), ("eye", [LEFT_EYE, RIGHT_EYE])):
        found = part_batch(batch, network)
        assert len(found.warped) == len(parts) == len(found.shots)
        for row, part in enumerate(parts):
            expected = cut(whole, part.within(WHOLE, points), part.pixels())
            given = found.warped[row].permute(1, 2, 0).numpy()
            assert given.shape == expected.shape
            # Noise of 8 pixels a wave: a pixel beside differs by .2 at most, another place by far more.
            assert np.abs(given - expected).mean() < 0.1


def test_rasters_go_with_the_pictures(face) -> None:  # type: ignore[no-untyped-def]
    points = in_the_crop(face)
    found = part_batch(batch_of(points), "eye")
    for row, part in enumerate((LEFT_EYE, RIGHT_EYE)):
        wide, high = part.pixels()
        window = part.within(WHOLE, points)
        expected = draw_rasters(points, window, (wide // 2, high // 2), SIZE // 2)
        # Up to a pixel beside: an eighth of the distance that a raster shows.
        assert np.abs(found.rasters[row].numpy() - expected).max() < 1 / 8


def test_a_mirrored_face_gives_the_same_eyes_in_the_other_order(face) -> None:  # type: ignore[no-untyped-def]
    batch = batch_of(in_the_crop(face))
    once, mirrored = part_batch(batch, "eye"), part_batch(flip(batch, torch.tensor([True])), "eye")
    # To the pixel, but for how halves are rounded.
    for a, b in ((0, 1), (1, 0)):
        assert (once.warped[a] - mirrored.warped[b]).abs().mean() < 0.1


def test_every_part_has_a_centre() -> None:
    assert [part.name for part in PARTS] == ["mouth", "left_eye", "right_eye"]
