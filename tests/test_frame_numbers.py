"""Frame numbers."""

from __future__ import annotations

import pytest

from livecam.frames import evenly_spread


@pytest.mark.parametrize(
    ("count", "wanted", "first", "expected"),
    [(10, 3, 0, [0, 4, 9]), (5, 40, 3, [3, 4]), (3, 4, 3, []), (1, 5, 0, [0])],
)
def test_spread(count, wanted, first, expected):
    assert evenly_spread(count, wanted, first) == expected
