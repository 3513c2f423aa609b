"""Losses against numbers worked out by hand."""

from __future__ import annotations

import pytest
import torch

from livecam.generator.layout import LIDS, LIPS, MOUTH
from livecam.model import losses
from livecam.model.discriminator import Verdict
from livecam.model.features import MATERIALS, FeatureNetwork, perceptual


def outside(batch: int = 1) -> torch.Tensor:
    return torch.full((batch, 5, 8, 8), -1.0)


def verdict(person: float, patches: float) -> Verdict:
    return Verdict(torch.tensor([person]), torch.full((1, 1, 2, 2), patches), ())


def test_regions_weigh_openings_more_and_nothing_outside_the_gate() -> None:
    gate = torch.ones(1, 1, 16, 16)
    gate[..., 12:] = 0
    rasters, truth = outside(), outside()
    rasters[0, MOUTH, :, :2] = 1.0
    truth[0, MOUTH, :2] = 1.0  # open in the truth counts too
    weights = losses.region_weights(gate, rasters, truth)
    assert weights[0, 0, 8, 0] == 1 + losses.OPENING
    assert weights[0, 0, 0, 8] == 1 + losses.OPENING
    assert weights[0, 0, 8, 8] == 1
    assert (weights[..., 12:] == 0).all()


def test_content_of_a_flat_error_is_its_size() -> None:
    truth = torch.rand(2, 3, 16, 16)
    weights = torch.ones(2, 1, 16, 16)
    torch.testing.assert_close(losses.content_loss(truth + 0.25, truth, weights), torch.tensor(0.25))


def test_content_counts_edges_and_only_where_weighted() -> None:
    truth = torch.zeros(1, 3, 16, 16)
    stripes = truth.clone()
    stripes[..., ::2] = 0.2  # L1 .1; every difference to the right is .2, downwards 0: .1 + .5 * .2
    weights = torch.ones(1, 1, 16, 16)
    torch.testing.assert_close(losses.content_loss(stripes, truth, weights), torch.tensor(0.2))
    assert losses.content_loss(stripes, truth, torch.zeros_like(weights)) == 0


def test_gradient_similarity_knows_blur_but_not_brightness() -> None:
    truth = torch.zeros(1, 3, 16, 16)
    truth[..., 8:] = 0.5
    weights = torch.ones(1, 1, 16, 16)
    assert losses.gradient_similarity(truth, truth, weights) < 1e-6
    assert losses.gradient_similarity(truth + 0.25, truth, weights) < 1e-3
    flat = torch.full_like(truth, 0.25)
    # Two columns hold the edge, of 16 and of 8; there Prewitt's magnitude is .5 against 0: 1 - c / (.25 + c).
    expected = (2 / 16 + 2 / 8) / 2 * (1 - losses.GRADIENTS / (0.25 + losses.GRADIENTS))
    assert losses.gradient_similarity(flat, truth, weights).item() == pytest.approx(expected, abs=2e-3)


def test_the_weights_of_mouth_and_eyes_share_the_face() -> None:
    rasters = torch.full((1, 5, 8, 8), -1.0)
    rasters[:, LIDS, :4], rasters[:, LIPS, 4:] = 0.3, 0.2
    weights = torch.rand(1, 1, 16, 16)
    mouth, eyes = losses.mouth_and_eyes(weights, rasters)
    assert torch.equal(mouth + eyes, weights)
    assert not mouth[:, :, :8].any()
    assert not eyes[:, :, 8:].any()


def test_sharpness_asks_for_as_much_contrast_wherever_it_lies() -> None:
    truth = torch.zeros(1, 3, 64, 64)
    truth[..., ::8] = truth[..., 1::8] = 0.4
    weights = torch.ones(1, 1, 64, 64)
    moved = torch.roll(truth, 2, -1)
    assert losses.sharpness_loss(moved, truth, weights) < 0.02  # stripes at the border are half there
    assert losses.sharpness_loss(truth + 0.2, truth, weights) < 1e-6
    # Half the contrast misses half of the strength: Prewitt's .4 in every second column, so .28 as a root,
    # and the same halved.
    assert losses.sharpness_loss(truth / 2, truth, weights).item() == pytest.approx(
        0.5 * 0.4 / 2**0.5, rel=0.05
    )
    assert losses.sharpness_loss(truth * 0, truth, torch.zeros_like(weights)) == 0


def test_tone_asks_for_the_light_of_each_place_and_not_for_its_pattern() -> None:
    truth = torch.zeros(1, 3, 64, 64)
    truth[..., ::4] = 0.4
    weights = torch.ones(1, 1, 64, 64)
    # Eight columns hold two stripes wherever they start; to compare pixel by pixel would give .2.
    assert losses.local_colour(torch.roll(truth, 2, -1), truth, weights) < 1e-6
    torch.testing.assert_close(losses.local_colour(truth + 0.1, truth, weights), torch.tensor(0.1))
    # One half lighter and one darker is wrong everywhere but where a place holds a bit of both.
    split = truth + torch.cat([torch.full((32,), 0.1), torch.full((32,), -0.1)])
    assert losses.local_colour(split, truth, weights).item() == pytest.approx(0.1 * 14 / 15, rel=1e-4)
    half = weights.clone()
    half[..., 32:] = 0
    brighter = truth.clone()
    brighter[..., 32:] = 1
    assert losses.local_colour(brighter, truth, half) == 0  # where nothing counts, nothing is asked


def test_gradient_similarity_has_a_slope_where_all_is_flat() -> None:
    picture = torch.full((1, 3, 8, 8), 0.5, requires_grad=True)
    truth = torch.rand(1, 3, 8, 8)
    losses.gradient_similarity(picture, truth, torch.ones(1, 1, 8, 8)).backward()
    assert picture.grad is not None
    assert torch.isfinite(picture.grad).all()


def test_restraint_spares_the_openings() -> None:
    gate = torch.ones(1, 1, 16, 16)
    rasters = outside()
    around = losses.region_weights(gate, rasters, rasters)
    torch.testing.assert_close(losses.mask_restraint(gate * 0.5, gate, around), torch.tensor(0.5))
    rasters[:] = 1
    inside = losses.region_weights(gate, rasters, rasters)
    assert losses.mask_restraint(gate, gate, inside) == 0


@pytest.mark.parametrize(
    ("real", "fake", "expected"),
    # Per person and per patch: max(0, 1 - real) + max(0, 1 + fake).
    [(2.0, -2.0, 0.0), (0.0, 0.0, 4.0), (0.5, -3.0, 1.0)],
)
def test_hinge(real: float, fake: float, expected: float) -> None:
    gate = torch.ones(1, 1, 16, 16)
    loss = losses.discriminator_hinge(verdict(real, real), verdict(fake, fake), gate)
    torch.testing.assert_close(loss, torch.tensor(expected))
    torch.testing.assert_close(losses.generator_hinge(verdict(real, real), gate), torch.tensor(-2 * real))


def test_patches_outside_the_gate_do_not_count() -> None:
    gate = torch.zeros(1, 1, 16, 16)
    gate[..., :8] = 1
    fake = verdict(0.0, 0.0)
    fake.patches[..., 1] = 100.0
    torch.testing.assert_close(losses.generator_hinge(fake, gate), torch.tensor(0.0))


def test_feature_match_moves_the_fake_only() -> None:
    real, fake = torch.ones(2, 3, requires_grad=True), torch.zeros(2, 3, requires_grad=True)
    loss = losses.feature_match([real], [fake])
    loss.backward()
    assert loss == 1
    assert real.grad is None
    assert fake.grad is not None


def test_embedding_match_is_the_mean_difference() -> None:
    assert losses.embedding_match(torch.zeros(2, 4), torch.full((2, 4), -0.5)) == 0.5


def test_perceptual_is_0_for_equal_pictures_and_blind_outside_the_gate() -> None:
    torch.manual_seed(0)
    network = FeatureNetwork(3, 2, width=4)
    truth = torch.rand(1, 3, 32, 32)
    gate = torch.zeros(1, 1, 32, 32)
    gate[..., :16] = 1
    changed = truth.clone()
    changed[..., 20:] = 0
    assert perceptual(network, changed, truth, gate) == 0
    changed[..., :8] = 0
    assert perceptual(network, changed, truth, gate) > 0.01


def test_the_feature_network_reads_what_it_is_asked() -> None:
    reading = FeatureNetwork(7, 5, width=4)(torch.rand(2, 3, 32, 32))
    assert reading.materials.shape == (2, MATERIALS, 16, 16)
    assert reading.expression.shape == (2, 7)
    assert reading.identity.shape == (2, 5)


def test_the_truth_is_bent_to_where_the_picture_has_it() -> None:
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(2, 3, 20, 20, generator=generator)
    truth = torch.nn.functional.interpolate(coarse, size=160, mode="bicubic").clamp(0, 1)
    picture = torch.roll(truth, (1, -1), (2, 3))  # what lay at x, y lies at x - 1, y + 1
    inner = (..., slice(10, 150), slice(10, 150))
    before = (truth - picture).abs()[inner].mean()
    bent = losses.register_truth(truth, picture)
    assert (bent - picture).abs()[inner].mean() < 1e-4 * before  # whole pixels: nothing is lost
    # What lies right stays as it is; a colour that differs everywhere alike moves nothing.
    torch.testing.assert_close(losses.register_truth(truth, truth), truth, atol=1e-5, rtol=0)
    torch.testing.assert_close(losses.register_truth(truth, truth * 0.5 + 0.9), truth, atol=1e-5, rtol=0)


def test_the_truth_is_not_bent_without_end() -> None:
    truth = torch.zeros(1, 3, 160, 160)
    truth[..., 80, 80] = 1
    picture = torch.roll(truth, 6, 3)
    assert losses.register_truth(truth, picture)[0, 0, 80, 86] == 0


def test_drawn_teeth_learn_from_true_ones_alone() -> None:
    """Where teeth are drawn over a tongue, the picture is its own truth and has no gradient."""
    picture = torch.full((1, 3, 16, 16), 0.8, requires_grad=True)
    drawn, true = torch.zeros(1, 1, 16, 16), torch.zeros(1, 1, 8, 8)
    drawn[..., 4:] = 1.0
    true[..., :4] = 1.0  # of the crop's columns 0 to 7
    taught = losses.only_teeth_teach(torch.full_like(picture, 0.2), picture, drawn, true)
    assert taught.grad_fn is None
    torch.testing.assert_close(taught[..., :7], torch.full((1, 3, 16, 7), 0.2))
    torch.testing.assert_close(taught[..., 9:], torch.full((1, 3, 16, 7), 0.8))
