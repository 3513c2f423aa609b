"""Recorded performances that are corrupt are refused with a clear line, or replayed: none takes the process
down, and none makes it hang."""

from __future__ import annotations

from pathlib import Path

import child
import corrupt_performances
import pytest

from livecam.persona import store

PROGRAM = Path(corrupt_performances.__file__)


@pytest.fixture
def whole(persona, tmp_path):
    store.save(persona, tmp_path / "whole")
    return tmp_path


def test_eleven_corrupt_performances(whole):
    found = child.outcomes(PROGRAM, whole, 0, len(corrupt_performances.KINDS))
    assert len(found) == len(corrupt_performances.KINDS)
    child.check(found)


@pytest.mark.slow
def test_five_hundred_corrupt_performances(whole):
    found = child.outcomes(PROGRAM, whole, 11, 511)
    assert len(found) == 500
    child.check(found)
