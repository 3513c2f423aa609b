"""A browser for all of these tests, a stand-in for livecam and a page of it for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from page_browser import PATIENCE, chromium, need, opened
from stand_in import StandIn


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    need()
    from playwright.sync_api import expect

    expect.set_options(timeout=PATIENCE)
    with chromium() as running:
        yield running


@pytest.fixture
def studio() -> Iterator[StandIn]:
    with StandIn() as stand_in:
        yield stand_in


@pytest.fixture
def page(browser: Any, studio: StandIn) -> Iterator[Any]:
    """The page, with its widgets. At its end nothing went wrong in it, and nothing left for elsewhere."""
    with opened(browser, studio.url) as shown:
        shown.wait_for_selector("#personas img")
        yield shown
        assert shown.problems == []
