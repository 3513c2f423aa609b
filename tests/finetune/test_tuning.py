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
from livecam.finetune.tuning import PairTensors, StyleRating, Tuner
from livecam.generator.weights import PAINTER, Weights
from livecam.model.refiner_model import load_refiner_model
from livecam.persona.person_shots import portrait_view
from livecam.persona.pictures import PersonPicture
from livecam.render.cpu.refiner import portrait_inputs
from livecam.render.style import with_style


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    return write_weights(tmp_path_factory.mktemp("weights"), size=32, deviation=0.15)


@pytest.fixture(scope="module")
def styled(persona, weights):  # type: ignore[no-untyped-def]
    return with_style(persona, weights)


@pytest.fixture(scope="module")
def tuner(styled, weights) -> Tuner:  # type: ignore[no-untyped-def]
    network = load_refiner_model(weights.file(PAINTER))[0].network.requires_grad_(False)
    return Tuner(network, portrait_inputs(*portrait_view(styled), styled.style.values, 32))


def others(face: np.ndarray, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    moved = [turned(with_lip_gap(face, 0.1 * k), yaw=4 * k) for k in range(1, count + 1)]
    return [PersonPicture(draw_face(points), points, "drawn").crop(256) for points in moved]


def truths_of(tuner: Tuner, pack: PairTensors, style: torch.Tensor) -> PairTensors:
    """As if the person looked exactly as that style paints them."""
    with torch.no_grad():
        return replace(pack, truth=tuner.repair(pack, style))


def test_pairs_are_split_and_without_other_pictures_the_mirror_is_held_out(styled, face) -> None:  # type: ignore[no-untyped-def]
    training, kept, anchors, far = tuning.make_pairs(styled, others(face, 5), 32, 0)
    assert (len(training), len(kept)) == (4 + 4, 1)
    assert len(anchors) == len(far) == 3
    assert not kept.flipped
    training, kept, _, _ = tuning.make_pairs(styled, [], 32, 0)
    assert (len(training), len(kept)) == (4, 3)
    assert kept.flipped


def test_it_finds_a_style_that_is_better_on_what_it_has_not_seen(tuner, styled, face) -> None:  # type: ignore[no-untyped-def]
    """The truth is painted with another style: that one is to be found again, in part."""
    packs = tuning.make_pairs(styled, others(face, 6), 32, 0)
    rng = torch.Generator().manual_seed(1)
    goal = tuner.start + 0.3 * torch.randn(tuner.start.shape, generator=rng)
    training, kept, _, _ = (truths_of(tuner, pack, goal) for pack in packs)
    nothing = replace(packs[2], rasters=torch.full_like(packs[2].rasters, -1))  # shut gates: no force back
    found, before, after = tuner.run(training, kept, nothing, nothing, 60)
    assert found is not None
    assert after < 0.9 * before
    assert found.shape == tuner.start.shape


def test_what_is_worse_on_held_out_pictures_is_not_kept(tuner, styled, face) -> None:  # type: ignore[no-untyped-def]
    """The pictures to train on show someone else than those held out, who look as the start paints them."""
    packs = tuning.make_pairs(styled, others(face, 6), 32, 0)
    training, kept, anchors, far = packs
    wrong = replace(training, truth=1 - training.truth)
    kept = truths_of(tuner, kept, tuner.start)
    found, before, after = tuner.run(wrong, kept, anchors, far, 10)
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
    assert seen == [1, 2, 3]


def test_better_means_nearer_not_softer_and_elsewhere_the_same() -> None:
    start = StyleRating(0.10, 0.80, 0.0)
    assert StyleRating(0.09, 0.80, 0.1).beats(start)
    assert not StyleRating(0.0999, 0.80, 0.1).beats(start)  # noise
    assert not StyleRating(0.09, 0.70, 0.1).beats(start)  # softer
    assert not StyleRating(0.09, 0.80, 0.9).beats(start)  # other faces have changed


def test_the_same_seed_gives_the_same_style(tuner, styled, face) -> None:  # type: ignore[no-untyped-def]
    packs = tuning.make_pairs(styled, others(face, 3), 32, 0)
    goal = tuner.start + 0.3
    packs = tuple(truths_of(tuner, pack, goal) for pack in packs[:2]) + packs[2:]
    one, again = (tuner.run(*packs, 5, seed=3) for _ in range(2))
    assert one[1:] == again[1:]
    assert (one[0] is None) == (again[0] is None)
    if one[0] is not None:
        np.testing.assert_array_equal(one[0], again[0])


def test_a_mirrored_pack_is_repaired_as_the_mirror_of_the_pack(tuner, styled) -> None:  # type: ignore[no-untyped-def]
    """Only if the portrait is mirrored along with it do both agree, up to what convolutions make of it."""
    training, _, _, _ = tuning.make_pairs(styled, [], 32, 0)
    twice = training.mirrored().mirrored()
    assert not twice.flipped
    torch.testing.assert_close(tuner.repair(twice, tuner.start), tuner.repair(training, tuner.start))


def test_weights_that_are_none_are_named(styled, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "painter.safetensors"
    path.write_bytes(b"\x00" * 16)
    with pytest.raises(UserError, match="not a refiner's weights"):
        tuning.fine_tune(styled, [], path, 1)
