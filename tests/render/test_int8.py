"""INT8 is taken only where it is quicker and draws the same."""

from __future__ import annotations

import time

import numpy as np
import pytest

from livecam.render.cpu.int8 import corrected_pixels, correction_psnr_db, faster_engine

FULL = np.full((1, 3, 8, 8), 0.2, np.float32)


class Fake:
    name, inputs, outputs = "cpu", (), ()
    clock = 0.0

    def __init__(self, seconds: float, error: float = 0.0) -> None:
        self.seconds, self.error, self.closed = seconds, error, False

    def run(self, feeds):
        Fake.clock += self.seconds
        return {"correction": FULL + np.float32(self.error)}

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("full", "small", "taken"),
    [
        (Fake(0.02), Fake(0.0, 0.002), "small"),  # .002: 54 dB
        (Fake(0.02), Fake(0.0, 0.02), "full"),  # .02: 34 dB, not alike
        (Fake(0.0), Fake(0.02), "full"),  # slower
    ],
)
def test_it_is_tried(full, small, taken, monkeypatch):
    monkeypatch.setattr(time, "perf_counter", lambda: Fake.clock)
    chosen = faster_engine(full, small, {})
    assert chosen is (small if taken == "small" else full)
    assert not chosen.closed
    assert (full if chosen is small else small).closed


def test_likeness_counts_where_there_is_a_correction():
    full = np.zeros((1, 3, 4, 4), np.float32)
    full[..., 0] = 0.5
    small = full + np.float32(0.01)  # an error of .01 is 40 dB
    assert correction_psnr_db(full, small) == pytest.approx(40, abs=1e-3)
    small[..., 1:] = 9  # nobody looks there
    assert correction_psnr_db(full, small) == pytest.approx(40, abs=1e-3)
    assert correction_psnr_db(full, full) == np.inf
    assert correction_psnr_db(full, np.full_like(full, np.nan)) == -np.inf  # no numbers are not alike
    assert correction_psnr_db(full * 0, small) == np.inf


def test_a_pixel_counts_in_all_colours_where_one_is_corrected():
    full = np.zeros((2, 3, 4, 4), np.float32)
    full[1, 0, 2, 3] = 0.5
    assert corrected_pixels(full).sum() == 3
    small = full.copy()
    small[1, 2, 2, 3] += 0.1  # 20 dB in one of three numbers: 24.8
    assert correction_psnr_db(full, small) == pytest.approx(24.77, abs=0.01)
