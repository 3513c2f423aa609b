"""The flow: what a mesh says of every cell."""

from __future__ import annotations

import cv2
import numpy as np

from livecam.render.raster import FAR, halve, rasterise

CELLS = 32
SLOPE = 0.23
TRIANGLES = np.array([[0, 1, 2], [1, 3, 2], [2, 3, 4], [3, 5, 4], [4, 5, 6], [5, 7, 6]], np.int32)


def stretched():
    """(driven, source), (8, 2) each: three slanted strips. The middle one is pressed together until it is
    narrower than a cell, as a lip below a wide open mouth is."""
    edges = np.array([[-0.3, 0.0, 0.02, 1.3], [-0.3, -0.05, 0.05, 1.3]])  # driven, source, at the left
    both = [
        np.stack([np.tile([0, 1], 4), np.repeat(e, 2) + np.tile([0.4, 0.4 + SLOPE], 4)], 1) for e in edges
    ]
    return both[0].astype(np.float32), both[1].astype(np.float32)


def sampled(cells):
    """(nearest, flow) at one point of each of `cells` x `cells`."""
    driven, source = stretched()
    nearest, flow = np.empty((cells, cells), np.float32), np.empty((cells, cells, 2), np.float32)
    rasterise(driven, np.zeros(8, np.float32), source, TRIANGLES, nearest, flow)
    return nearest, flow


def jaggedness(flow):
    """How far the strip's middle, as it is drawn, is from a straight line: root mean square, in cells."""
    size = 16 * len(flow)
    shown = cv2.resize(flow, (size, size), interpolation=cv2.INTER_LINEAR)
    rows = (np.arange(size) + 0.5) / size
    source = shown[..., 1] + rows[:, None]
    columns = np.arange(size // 8, size * 7 // 8)
    x = (columns + 0.5) / size
    meant = 0.4 + SLOPE * x
    found = np.array([np.interp(m, source[:, k], rows) for m, k in zip(meant, columns, strict=True)])
    return float((found - np.polyval(np.polyfit(x, found, 1), x)).std()) * len(flow)


def test_a_line_along_a_thin_strip_stays_a_line():
    """Single points hit or miss the strip. The mean of four leaves about half of those stairs; it is wrong if
    it leaves more than two thirds."""
    nearest, fine = sampled(2 * CELLS)
    flow = np.empty((CELLS, CELLS, 2), np.float32)
    halve(nearest, fine, flow)
    assert jaggedness(flow) < jaggedness(sampled(CELLS)[1]) * 2 / 3


def test_a_cell_takes_the_mean_of_what_is_covered():
    nearest = np.full((4, 4), FAR, np.float32)
    fine = np.full((4, 4, 2), 100, np.float32)
    nearest[:2, :2] = 0
    fine[:2, :2, 0] = [[1, 2], [3, 6]]
    nearest[0, 2] = nearest[1, 3] = 0
    fine[0, 2], fine[1, 3] = (5, -1), (7, -3)
    flow = np.empty((2, 2, 2), np.float32)
    halve(nearest, fine, flow)
    np.testing.assert_array_equal(flow[0], [[3, 100], [6, -2]])
    np.testing.assert_array_equal(flow[1], [flow[0, 0]] * 2)  # where nothing is, as beside it


def test_no_cell_keeps_the_resting_flow_for_want_of_a_triangle():
    """A flow of zero shows the person at rest, a second time."""
    nearest = np.full((8, 8), FAR, np.float32)
    nearest[4:6, 2:4] = 0
    flow = np.empty((4, 4, 2), np.float32)
    halve(nearest, np.full((8, 8, 2), 0.25, np.float32), flow)
    np.testing.assert_array_equal(flow, 0.25)
