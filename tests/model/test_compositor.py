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
    mouth: torch.Tensor,
    eyes: torch.Tensor,
    mouth_width: float = 1.0,
    eye_width: float = 0.0,
    shut: float = 0.0,
    aside: float = 0.0,
) -> torch.Tensor:
    """(S,): the middle row; grey .25 skin over black ground, white interior, eyes that look aside grey .5.
    The left eye is shut."""
    skin = torch.cat([FLAT * 0.25, FLAT[:, :1]], 1)
    holes = torch.cat([distance.expand(1, 1, SIZE, SIZE) for distance in (mouth, CLOSED, eyes)], 1)
    widths = torch.tensor(mouth_width), torch.tensor(eye_width)
    looks = torch.tensor([0.3, shut]), torch.tensor([0.7, aside]), torch.zeros(())
    inside, bare = torch.cat([FLAT, FLAT * 0.5], 1), torch.zeros(2, 4, SIZE, SIZE)
    picture, _ = Compositor(SIZE)(skin, FLAT * 0, inside, FLAT * 0, bare, holes, *widths, *looks)
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
    closed, interior = CLOSED.expand(1, 3, SIZE, SIZE), torch.cat([FLAT, FLAT], 1)
    bare, still = torch.zeros(2, 4, SIZE, SIZE), torch.zeros(2, 2)
    picture, _ = Compositor(SIZE)(
        skin, FLAT * 0.5, interior, FLAT * 0, bare, closed, *torch.ones(2), *still, torch.zeros(())
    )
    torch.testing.assert_close(picture[0, 0, 0], 0.5 + 0.5 * torch.linspace(0, 1, SIZE))


def test_the_rim_of_a_lid_stays_with_the_skin() -> None:
    """.05 of an eye's width; of one as wide as half the picture 1.6 of 64 pixels."""
    row = compose(CLOSED, DEPTH, eye_width=0.5)
    expected = (DEPTH * SIZE - 0.05 * 0.5 * SIZE).clamp(0, 1) * 0.75 + 0.25
    torch.testing.assert_close(row, expected)
    assert row[SIZE // 2 + 1] == 0.25  # skin, where without lashes the eye would show


def test_the_rim_of_a_shut_lid_is_squeezed() -> None:
    row = compose(CLOSED, DEPTH, eye_width=0.5, shut=1.0)
    expected = (DEPTH * SIZE - 0.4 * 0.05 * 0.5 * SIZE).clamp(0, 1) * 0.75 + 0.25
    torch.testing.assert_close(row, expected)


def test_eyes_that_look_aside_have_a_layer_of_their_own_and_a_shade_along_the_lids() -> None:
    half, whole = (compose(CLOSED, DEPTH, eye_width=0.4, aside=share) for share in (0.5, 1.0))
    inside = DEPTH >= 0.05 * 0.4 + PIXEL  # past the rim and its soft edge
    expected = 0.5 * (0.5 + DEPTH / (0.3 * 0.4)).clamp(0, 1)  # lit fully .15 of the eye's width in
    torch.testing.assert_close(whole[inside], expected[inside])
    torch.testing.assert_close(half[inside], (0.5 + 0.5 * expected)[inside])
    assert whole[inside].min() < 0.42 < whole[inside].max() == 0.5


def test_the_upper_row_lies_over_the_lower_and_what_shows_of_both_is_told() -> None:
    """Both are lit as the mouth is, and end where it does."""
    skin = torch.cat([FLAT * 0.25, FLAT[:, :1]], 1)
    holes = torch.cat([DEPTH.expand(1, 1, SIZE, SIZE), CLOSED, CLOSED], 1)
    rows = torch.zeros(2, 4, SIZE, SIZE)
    rows[0, :3], rows[1, :3] = 1.0, 0.5
    rows[0, 3, :16], rows[1, 3, 8:32] = 0.75, 1.0

    def drawn(gone: float) -> tuple[torch.Tensor, torch.Tensor]:
        still = *torch.ones(2), *torch.zeros(2, 2), torch.tensor(gone)
        bare = torch.zeros(1, 6, SIZE, SIZE)
        made: tuple[torch.Tensor, torch.Tensor] = Compositor(SIZE)(
            skin, FLAT * 0, bare, FLAT * 0, rows, holes, *still
        )
        return made

    picture, teeth = drawn(0.0)
    deep = slice(SIZE // 2 + 4, None)  # lit fully in a mouth as wide as the picture: .036
    for row, (light, cover) in {4: (0.75, 0.75), 12: (0.875, 1.0), 24: (0.5, 1.0), 40: (0.0, 0.0)}.items():
        torch.testing.assert_close(picture[0, 0, row, deep], torch.full((SIZE // 2 - 4,), light))
        torch.testing.assert_close(teeth[0, 0, row], cover * (DEPTH * SIZE).clamp(0, 1))
    # The lower row is told less and less as the jaw goes down, and drawn as it was.
    for gone, sure in ((0.02, 1.0), (0.06, 0.5), (0.1, 0.0), (0.5, 0.0)):
        same, told = drawn(gone)
        torch.testing.assert_close(same, picture)
        for row, cover in {4: 0.75, 12: 0.75 + 0.25 * sure, 24: sure}.items():
            torch.testing.assert_close(told[0, 0, row], cover * (DEPTH * SIZE).clamp(0, 1))
