"""Fine-tuning on a person, with a tiny network: it learns, it checks, and it never keeps what is worse."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from faces import draw_face, turned, with_lip_gap
from refiner_weights import write_weights

from livecam.errors import UserError
from livecam.finetune import tuning
from livecam.finetune.tuning import Packs, PairTensors, StyleRating, Tuner
from livecam.generator.layout import split_style
from livecam.generator.weights import PAINTER, Weights
from livecam.model.refiner_model import load_refiner_model
from livecam.persona.pictures import PersonPicture
from livecam.render.style import with_style

SIZE = 64
NETWORKS = ("mouth", "eye")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return write_weights(tmp_path_factory.mktemp("weights"), size=SIZE, deviation=0.15)


@pytest.fixture(scope="module")
def styled(persona, weights):  # type: ignore[no-untyped-def]
    return with_style(persona, weights)


@pytest.fixture(scope="module", params=NETWORKS)
def tuner(request, styled, weights) -> Tuner:  # type: ignore[no-untyped-def]
    network = load_refiner_model(weights.file(PAINTER))[0].requires_grad_(False).network(request.param)
    return Tuner(network, split_style(styled.style.values, weights.styles)[request.param])


def packs_of(tuner: Tuner, styled, others: list[tuple[np.ndarray, np.ndarray]]) -> Packs:  # type: ignore[no-untyped-def]
    name = tuner.network.name
    return tuning.make_pairs(styled, others, [name], SIZE, 0)[name]


def others(face: np.ndarray, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    moved = [turned(with_lip_gap(face, 0.1 * k), yaw=4 * k) for k in range(1, count + 1)]
    return [PersonPicture(draw_face(points), points, "drawn").crop(256) for points in moved]


def truths_of(tuner: Tuner, pack: PairTensors, style: torch.Tensor) -> PairTensors:
    """As if the person looked exactly as that style paints them."""
    with torch.no_grad():
        return replace(pack, truth=tuner.repair(pack, style))


def test_pairs_are_split_and_without_other_pictures_the_mirror_is_held_out(styled, face) -> None:  # type: ignore[no-untyped-def]
    packs = tuning.make_pairs(styled, others(face, 5), NETWORKS, SIZE, 0)
    for name, parts in (("mouth", 1), ("eye", 2)):  # both eyes serve the eye's style
        one = packs[name]
        assert (len(one.training), len(one.kept)) == (parts * (4 + 4), parts)
        assert len(one.anchors) == len(one.far) == parts * 3
    assert packs["mouth"].training.teeth.max() > 0
    assert packs["eye"].training.teeth.max() == 0
    lonely = tuning.make_pairs(styled, [], NETWORKS, SIZE, 0)
    for name, parts in (("mouth", 1), ("eye", 2)):
        assert (len(lonely[name].training), len(lonely[name].kept)) == (parts * 4, parts * 3)
    # The portrait of a mirrored pair is mirrored along with it.
    own, held_out = lonely["mouth"].training.source[:1], lonely["mouth"].kept.source[:1]
    torch.testing.assert_close(held_out.flip(-1), own)
    assert (held_out - own).abs().max() > 0.05


def test_it_finds_a_style_that_is_better_on_what_it_has_not_seen(tuner, styled, face) -> None:  # type: ignore[no-untyped-def]
    """The truth is painted with another style: that one is to be found again, in part."""
    packs = packs_of(tuner, styled, others(face, 6))
    rng = torch.Generator().manual_seed(1)
    goal = tuner.start + 0.3 * torch.randn(tuner.start.shape, generator=rng)
    training, kept = (truths_of(tuner, pack, goal) for pack in (packs.training, packs.kept))
    shut = torch.full_like(packs.anchors.rasters, -1)  # shut gates: no force back
    nothing = replace(packs.anchors, rasters=shut)
    found, before, after = tuner.run(Packs(training, kept, nothing, nothing), 60)
    assert found is not None
    assert after < 0.9 * before
    assert found.shape == tuner.start.shape


def test_what_is_worse_on_held_out_pictures_is_not_kept(tuner, styled, face) -> None:  # type: ignore[no-untyped-def]
    """The pictures to train on show someone else than those held out, who look as the start paints them."""
    packs = packs_of(tuner, styled, others(face, 6))
    wrong = replace(packs.training, truth=1 - packs.training.truth)
    kept = truths_of(tuner, packs.kept, tuner.start)
    found, before, after = tuner.run(replace(packs, training=wrong, kept=kept), 10)
    assert found is None
    assert before == after == pytest.approx(0, abs=1e-6)


def test_fine_tune_gives_the_start_back_where_nothing_is_better(styled, face, weights, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(StyleRating, "beats", lambda self, start: False)
    seen: list[int] = []
    told = lambda done, total: seen.append(done)  # noqa: E731
    tuned = tuning.fine_tune(styled, others(face, 2), weights.file(PAINTER), 3, told)
    assert not tuned.kept
    assert tuned.style is styled.style.values
    assert tuned.before == tuned.after
    assert seen == [1, 2, 3, 4, 5, 6]  # of both networks
    assert (tuned.pairs, tuned.held_out) == (4 + 1, 1)


def test_each_networks_share_is_kept_by_itself(styled, face, weights, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Here the eye finds something better and the mouth does not."""

    def run(self, packs, steps, progress, seed):  # type: ignore[no-untyped-def]
        better = self.network.name == "eye"
        return (self.start.numpy() + 1 if better else None), 0.4, 0.2 if better else 0.4

    monkeypatch.setattr(Tuner, "run", run)
    tuned = tuning.fine_tune(styled, others(face, 2), weights.file(PAINTER), 3)
    assert tuned.kept
    assert (tuned.before, tuned.after) == pytest.approx((0.4, 0.3))
    moved = split_style(tuned.style - styled.style.values, weights.styles)
    assert np.abs(moved["mouth"]).max() == 0
    np.testing.assert_allclose(moved["eye"], 1, atol=1e-6)


def test_better_means_nearer_not_softer_and_elsewhere_the_same() -> None:
    start = StyleRating(0.10, 0.80, 0.0)
    assert StyleRating(0.09, 0.80, 0.1).beats(start)
    assert not StyleRating(0.0999, 0.80, 0.1).beats(start)  # noise
    assert not StyleRating(0.09, 0.70, 0.1).beats(start)  # softer
    assert not StyleRating(0.09, 0.80, 0.9).beats(start)  # other faces have changed


def test_the_same_seed_gives_the_same_style(tuner, styled, face) -> None:  # type: ignore[no-untyped-def]
    packs = packs_of(tuner, styled, others(face, 3))
    training, kept = (truths_of(tuner, pack, tuner.start + 0.3) for pack in (packs.training, packs.kept))
    packs = replace(packs, training=training, kept=kept)
    one, again = (tuner.run(packs, 5, seed=3) for _ in range(2))
    assert one[1:] == again[1:]
    assert (one[0] is None) == (again[0] is None)
    if one[0] is not None:
        np.testing.assert_array_equal(one[0], again[0])


def test_weights_that_are_none_are_named(styled, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "painter.safetensors"
    path.write_bytes(b"\x00" * 16)
    with pytest.raises(UserError, match="not a refiner's weights"):
        tuning.fine_tune(styled, [], path, 1)
