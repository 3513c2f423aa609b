"""What is painted into a picture keeps its light and its colours."""

from __future__ import annotations

import torch
from torch import Tensor

from livecam.model.light import (
    MOST_BLUE,
    STRANGE,
    TRUSTED,
    USUAL_BLUE,
    colourfulness,
    correction_trust,
    daylight_gains,
    in_own_colours,
)

PINK = torch.tensor([0.3, 0.1, 0.1]).reshape(1, 3, 1, 1)


def drawing(tone: tuple[float, float, float]) -> Tensor:
    """(1, 3, 64, 64): light and dark of one tone, with the grain of paper."""
    torch.manual_seed(3)
    light = torch.rand(1, 1, 8, 8).repeat_interleave(8, 2).repeat_interleave(8, 3) * 0.7 + 0.1
    return light * torch.tensor(tone).reshape(1, 3, 1, 1) + 0.01 * torch.randn(1, 3, 64, 64)


def face() -> Tensor:
    """(1, 3, 64, 64): skin, red lips and dark hair."""
    picture = torch.tensor([0.7, 0.5, 0.4]).reshape(1, 3, 1, 1).repeat(1, 1, 64, 64)
    picture[..., 40:48, 24:40] = torch.tensor([0.6, 0.3, 0.3]).reshape(3, 1, 1)
    picture[..., :16, :] = 0.1
    return picture


def in_light(blue: float) -> Tensor:
    """(1, 3, 64, 64): a face whose blue lacks so much of its usual share."""
    picture = torch.rand(1, 3, 64, 64)
    wanted = USUAL_BLUE / (3 - USUAL_BLUE) * picture[:, :2].sum()
    picture[:, 2] *= wanted / picture[:, 2].sum() / blue
    return picture


def test_grey_and_usual_light_are_left_alone() -> None:
    grey = torch.rand(1, 1, 64, 64).expand(1, 3, 64, 64)
    torch.testing.assert_close(daylight_gains(grey), torch.ones(1, 3, 1, 1))
    usual = in_light(1.0)
    torch.testing.assert_close(daylight_gains(usual), torch.ones(1, 3, 1, 1))
    assert daylight_gains(usual * torch.tensor([1.0, 1.0, 0.01]).reshape(1, 3, 1, 1)).max() == MOST_BLUE**2


def test_in_a_strange_light_corrections_inside_the_mouth_are_half_believed() -> None:
    mouth = torch.full((1, 1, 32, 32), -0.5)
    mouth[..., 12:20, 8:24] = 0.5
    for blue, inside in (
        (0.9, 1.0),
        (STRANGE[0], 1.0),
        (sum(STRANGE) / 2, (1 + TRUSTED) / 2),
        (1.5, TRUSTED),
    ):
        share = correction_trust(in_light(blue), mouth)
        assert share.shape == (1, 1, 64, 64)
        torch.testing.assert_close(
            share[..., 28:36, 20:44], torch.full((1, 1, 8, 24), inside), atol=0.02, rtol=0
        )
        torch.testing.assert_close(share[..., :20, :], torch.ones(1, 1, 20, 64))


def test_drawings_have_one_tone_and_faces_have_colours() -> None:
    assert colourfulness(drawing((1, 1, 1))) == 0
    assert colourfulness(drawing((1.05, 1.0, 0.95))) == 0  # toned paper
    assert colourfulness(drawing((1.2, 0.95, 0.65))) == 0  # an old photograph, brown all over
    assert colourfulness(face()) == 1
    together = colourfulness(torch.cat([drawing((1, 1, 1)), face()]))  # each by itself
    torch.testing.assert_close(together.flatten(), torch.tensor([0.0, 1.0]))


def test_a_tongue_is_no_pinker_than_the_paper() -> None:
    correction = PINK.expand(1, 3, 64, 64)
    paper = drawing((1.05, 1.0, 0.95))
    added = in_own_colours(correction, paper)
    tone = paper.mean((2, 3), keepdim=True)
    # The hue of the paper, and as much light as was to be added.
    torch.testing.assert_close(added / added.mean(), (tone / tone.mean()).expand_as(added))
    torch.testing.assert_close(added.mean(), correction.mean())


def test_where_a_face_has_colours_nothing_changes() -> None:
    correction = PINK.expand(1, 3, 64, 64)
    torch.testing.assert_close(in_own_colours(correction, face()), correction, rtol=0, atol=1e-7)


def test_black_pictures_give_numbers() -> None:
    black = torch.zeros(1, 3, 64, 64)
    assert torch.isfinite(in_own_colours(PINK.expand(1, 3, 64, 64), black)).all()
