"""The layers' order and their edges, with distances that grow from left to right."""

from __future__ import annotations

import torch

from livecam.model.compositor import Compositor

SIZE = 64
FLAT = torch.ones(1, 3, SIZE, SIZE)
PIXEL = 1 / SIZE
DEPTH = (torch.arange(SIZE) - SIZE // 2 + 0.5) * PIXEL  # (S,): half a pixel at the middle column, then on
CLOSED = torch.full((1, 1, SIZE, SIZE), -1.0)


def compose(
    mouth: torch.Tensor, eyes: torch.Tensor, mouth_width: float = 1.0, eye_width: float = 0.0
) -> torch.Tensor:
    """(S,): the middle row; grey .25 skin over black ground, white interior."""
    skin = torch.cat([FLAT * 0.25, FLAT[:, :1]], 1)
    holes = torch.cat([mouth.expand(1, 1, SIZE, SIZE), eyes.expand(1, 1, SIZE, SIZE)], 1)
    widths = torch.tensor(mouth_width), torch.tensor(eye_width)
    picture = Compositor(SIZE)(skin, FLAT * 0, FLAT, holes, *widths)
    return picture[0, 0, SIZE // 2]


def test_the_edge_starts_at_the_outline_and_is_one_pixel_wide() -> None:
    row = compose(CLOSED, DEPTH)
    middle = SIZE // 2
    expected = torch.tensor([0.25, 0.25, 0.25 + 0.75 / 2, 1.0, 1.0])
    torch.testing.assert_close(row[middle - 2 : middle + 3], expected)


def test_the_mouth_is_dim_behind_the_lips_and_the_eyes_are_not() -> None:
    mouth, eyes = compose(DEPTH, CLOSED), compose(CLOSED, DEPTH)
    inside = DEPTH >= PIXEL  # past the soft edge
    expected = (0.6 + DEPTH / 0.09).clamp(0, 1)  # a mouth as wide as the picture is lit fully .036 deep
    torch.testing.assert_close(mouth[inside], expected[inside])
    assert mouth[inside].min() < 0.95
    assert (eyes[inside] == 1).all()


def test_a_narrow_mouth_is_lit_sooner() -> None:
    torch.testing.assert_close(compose(DEPTH, CLOSED, 0.1)[SIZE // 2 + 2], torch.tensor(1.0))


def test_a_mouth_without_width_is_still_a_picture() -> None:
    on_the_outline = torch.zeros(1, 1, SIZE, SIZE)
    assert compose(on_the_outline, CLOSED, 0.0).tolist() == [0.25] * SIZE


def test_the_matte_lets_the_background_through() -> None:
    matte = torch.linspace(0, 1, SIZE).expand(1, 1, SIZE, SIZE)
    skin = torch.cat([FLAT, matte], 1)
    picture = Compositor(SIZE)(skin, FLAT * 0.5, FLAT, CLOSED.expand(1, 2, SIZE, SIZE), *torch.ones(2))
    torch.testing.assert_close(picture[0, 0, 0], 0.5 + 0.5 * torch.linspace(0, 1, SIZE))


def test_the_rim_of_a_lid_stays_with_the_skin() -> None:
    """.05 of an eye's width; of one as wide as half the picture 1.6 of 64 pixels."""
    row = compose(CLOSED, DEPTH, eye_width=0.5)
    expected = (DEPTH * SIZE - 0.05 * 0.5 * SIZE).clamp(0, 1) * 0.75 + 0.25
    torch.testing.assert_close(row, expected)
    assert row[SIZE // 2 + 1] == 0.25  # skin, where without lashes the eye would show
