"""Shared by the tests of the rendered heads: the head data and a renderer, or a reason to skip."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from livecam.errors import UserError


@cache
def head_shape() -> Any:
    """The head's shapes from LIVECAM_HEAD_DATA or ../shared/data/head."""
    pytest.importorskip("scipy")
    from training.heads import data
    from training.heads.shape import HeadShape

    folder = os.environ.get("LIVECAM_HEAD_DATA")
    try:
        return HeadShape(data.load(Path(folder) if folder else None))
    except UserError as error:
        pytest.skip(f"no head data: {error.why}")


@cache
def studio() -> Any:
    """A small, quick studio: 128 pixels, three pictures a person."""
    pytest.importorskip("moderngl")
    from training.heads.dataset import Plan, Studio

    shape = head_shape()
    try:
        return Studio(shape, Plan(size=128, frames=3, supersample=2, detail=0.15, tile=128))
    except UserError as error:
        pytest.skip(f"cannot render: {error.why}")
