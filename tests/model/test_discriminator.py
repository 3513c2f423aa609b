"""The discriminator: what it sees, whose column it takes, that its layers stay bounded."""

from __future__ import annotations

import torch

from livecam.model.discriminator import Discriminator


def given(size: int = 32) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    crop = torch.rand(2, 3, size, size, generator=generator)
    rasters = torch.rand(2, 5, size // 2, size // 2, generator=generator)
    return crop, rasters, torch.ones(2, 1, size, size), torch.tensor([3, 5])


def make() -> Discriminator:
    torch.manual_seed(0)
    return Discriminator(8, width=4).eval()


def test_shapes() -> None:
    verdict = make()(*given())
    assert verdict.person.shape == (2,)
    assert verdict.patches.shape == (2, 1, 4, 4)
    assert len(verdict.features) == 5


def test_sees_nothing_where_the_gate_is_shut() -> None:
    judge = make()
    crop, rasters, gate, person = given()
    gate[:, :, :, 16:] = 0
    other = crop.clone()
    other[:, :, :, 16:] = 0
    first, second = judge(crop, rasters, gate, person), judge(other, rasters, gate, person)
    torch.testing.assert_close(first.person, second.person)
    torch.testing.assert_close(first.patches, second.patches)


def test_the_person_decides_the_score_but_not_the_patches() -> None:
    judge = make()
    crop, rasters, gate, person = given()
    first, second = judge(crop, rasters, gate, person), judge(crop, rasters, gate, person + 1)
    assert not torch.allclose(first.person, second.person)
    torch.testing.assert_close(first.patches, second.patches)


def test_people_beyond_the_columns_share_them() -> None:
    judge = make()
    crop, rasters, gate, person = given()
    first, second = judge(crop, rasters, gate, person), judge(crop, rasters, gate, person + judge.people)
    torch.testing.assert_close(first.person, second.person)


def test_layers_are_normalised() -> None:
    """Spectral norm 1 after some power iterations, however large the weights were."""
    torch.manual_seed(0)
    judge = Discriminator(8, width=4)
    for _ in range(30):
        judge(*given())
    for layer in [*judge.layers, judge.vector]:
        matrix = layer.weight.detach().flatten(1)  # type: ignore[operator, union-attr]
        # Power iterations approach from below; 30 leave a few per cent.
        assert 0.9 < torch.linalg.matrix_norm(matrix, 2).item() < 1.1
