"""Embedder and projection."""

from __future__ import annotations

import torch

from livecam.model.embedder import LENGTH, Embedder, Projection, StyleOfPicture


def shots(count: int, size: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(2, count, 3, size, size, generator=generator)
    return pictures, torch.rand(2, count, 5, size // 2, size // 2, generator=generator)


def test_e_is_the_mean_over_pictures_in_any_order() -> None:
    embedder = Embedder(width=4)
    pictures, rasters = shots(3)
    e = embedder(pictures, rasters)
    assert e.shape == (2, LENGTH)
    single = [embedder(pictures[:, k : k + 1], rasters[:, k : k + 1]) for k in (2, 0, 1)]
    torch.testing.assert_close(e, torch.stack(single).mean(0))


def test_pictures_and_rasters_both_matter() -> None:
    embedder = Embedder(width=4)
    pictures, rasters = shots(1)
    e = embedder(pictures, rasters)
    assert not torch.allclose(embedder(1 - pictures, rasters), e)
    assert not torch.allclose(embedder(pictures, -rasters), e)


def test_the_style_of_several_pictures_is_the_mean_of_their_styles() -> None:
    """P is linear, so one graph for one picture serves any number."""
    embedder, projections = Embedder(width=4), [Projection(24), Projection(10)]
    graph = StyleOfPicture(embedder, projections, 32)
    pictures, rasters = shots(4)
    e = embedder(pictures, rasters)
    together = torch.cat([projection(e) for projection in projections], 1)[:1]
    each = [graph(pictures[:1, k], rasters[:1, k]) for k in range(4)]
    torch.testing.assert_close(together, torch.stack(each).mean(0))
    assert graph.outputs[0].shape == (1, 34)
