"""Debian's Chromium, driven by Playwright; never a browser of Playwright's own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 60_000
"""Milliseconds for what takes a moment: the machine may be busy."""


def missing() -> str:
    """Why no browser can be driven here; empty: it can."""
    if shutil.which("chromium") is None:
        return "chromium is not installed (Debian: apt install chromium)"
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed (pip install playwright)"
    return ""


def need() -> None:
    """Skip without a browser, or fail where LIVECAM_BROWSER_MUST_RUN is set."""
    if reason := missing():
        (pytest.fail if os.environ.get("LIVECAM_BROWSER_MUST_RUN") else pytest.skip)(reason)


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, address: str, **options: Any) -> Iterator[Any]:
    """A page in a profile of its own. On it, `page.problems` lists what the page complained about and every
    request that left for elsewhere."""
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **options})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.problems = []
    host = address.split("/")[2]

    def note(message: Any) -> None:
        # A refusal, or a livecam that went, is an error to the browser's console alone.
        if message.type == "error" and "Failed to load resource" not in message.text:
            page.problems.append(message.text)

    def leaving(request: Any) -> None:
        if not request.url.startswith(("data:", "blob:", f"http://{host}/")):
            page.problems.append(f"a request to {request.url}")

    page.on("console", note)
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("request", leaving)
    try:
        page.goto(address)
        yield page
    finally:
        context.close()
