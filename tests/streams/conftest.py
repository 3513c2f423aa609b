"""What the tests of streams share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from streamed import Product


@pytest.fixture
def product(tmp_path: Path) -> Callable[..., Product]:
    """product(sinks, options...) -> a run, to be entered."""

    def make(sinks: list[str], *options: str) -> Product:
        return Product(tmp_path, sinks, *options)

    return make


@pytest.fixture
def need() -> Callable[[str, str], None]:
    """need(variable, what is missing) skips the test where something is, or fails it where the variable is
    set."""

    def check(variable: str, missing: str) -> None:
        if missing:
            (pytest.fail if os.environ.get(variable) else pytest.skip)(missing)

    return check
