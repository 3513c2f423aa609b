"""Shared by the tests of the export: no graph is simplified twice."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest
from simplified import Simplified


@lru_cache
def _kept() -> Simplified:
    from onnxscript import optimizer

    return Simplified(optimizer.optimize)


@pytest.fixture(scope="module", autouse=True)
def simplified() -> Iterator[Simplified]:
    """What stands in for the optimiser in this folder's tests, the same in all of them."""
    kept = _kept()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("onnxscript.optimizer.optimize", kept)
        yield kept
