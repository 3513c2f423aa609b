"""PSNR by its definition, and at its ends."""

from __future__ import annotations

import math

import pytest

from livecam.engines.psnr import psnr_db


@pytest.mark.parametrize(("error", "peak", "expected"), [(0.01, 1, 20), (65.025, 255, 30), (4.0, 2, 0)])
def test_psnr_of_known_errors(error, peak, expected):
    assert psnr_db(error, peak) == pytest.approx(expected)


def test_no_error_is_infinitely_near_and_no_number_infinitely_far():
    assert psnr_db(0.0) == math.inf
    assert psnr_db(math.nan) == psnr_db(math.inf) == -math.inf
