from __future__ import annotations

import torch

from livecam.model.warper import InteriorFlow, Warper, cell_grid


def ramp(size: int) -> torch.Tensor:
    """(1, 2, size, size): every pixel holds its own x and y."""
    return cell_grid(size).t().reshape(1, 2, size, size)


def test_no_flow_leaves_every_pixel() -> None:
    layer = torch.rand(1, 4, 64, 64, generator=torch.Generator().manual_seed(0))
    # float32 positions are exact to 4e-6 of a pixel here, and so is the blend with the neighbour.
    torch.testing.assert_close(Warper(64)(layer, torch.zeros(1, 2, 128, 128)), layer, rtol=0, atol=1e-5)


def test_flow_says_where_the_colour_comes_from() -> None:
    flow = torch.zeros(1, 2, 128, 128)
    flow[:, 0], flow[:, 1] = 0.25, -0.125
    warped = Warper(64)(ramp(64), flow)
    expected = ramp(64) + torch.tensor([0.25, -0.125])[None, :, None, None]
    inside = expected.clamp(1 / 128, 1 - 1 / 128)  # beyond the outermost pixel centres the border repeats
    torch.testing.assert_close(warped, inside, rtol=0, atol=1e-6)


def test_interior_goes_by_the_nearest_opening() -> None:
    centre = torch.tensor([[0.5, 0.7], [0.35, 0.4], [0.65, 0.4]])
    shifts = torch.tensor([[0.01, 0.02], [-0.03, 0.0], [0.0, 0.04]])
    inverse = torch.cat([torch.eye(2).expand(3, 2, 2), shifts[:, :, None]], 2)
    flow = InteriorFlow(64)(inverse, centre)
    for middle, shift in zip(centre, shifts, strict=True):
        x, y = (middle * 64).long()
        # Other openings are .3 away: their weight is below exp(-3000 * .29 ** 2), that is nothing.
        torch.testing.assert_close(flow[0, :, y, x], shift, rtol=0, atol=1e-6)


def test_interior_map_turns_and_scales_about_its_opening() -> None:
    inverse = torch.tensor([[[0.0, -2.0, 0.9], [2.0, 0.0, -0.1]]]).expand(3, 2, 3)
    flow = InteriorFlow(16)(inverse, torch.full((3, 2), 0.5))
    x, y = ramp(16)[0]
    torch.testing.assert_close(flow[0, 0], -2 * y + 0.9 - x, rtol=0, atol=1e-6)
    torch.testing.assert_close(flow[0, 1], 2 * x - 0.1 - y, rtol=0, atol=1e-6)
