from __future__ import annotations

from collections.abc import Callable

import pytest

from livecam.engines import FASTEST_FIRST, EngineError, fastest


def refusing(words: str) -> Callable[[], str]:
    def opener() -> str:
        raise EngineError(words)

    return opener


def test_the_first_that_opens_is_taken_and_the_line_says_why() -> None:
    asked = []

    def opener() -> str:
        asked.append("cuda")
        return "a session"

    choice = fastest(
        [
            ("tensorrt", refusing("tensorrt: it is not installed. Install livecam with the tensorrt extra")),
            ("cuda", opener),
            ("cpu", refusing("must not be asked")),
        ]
    )
    assert (choice.name, choice.opened, asked) == ("cuda", "a session", ["cuda"])
    assert choice.line == "engine cuda; not tensorrt: it is not installed"


def test_none_that_opens_is_an_error_with_every_reason() -> None:
    with pytest.raises(EngineError, match=r"cuda: no driver; cpu: no\s+memory\)\. See `livecam doctor`"):
        fastest([("cuda", refusing("no driver")), ("cpu", refusing("cpu: no\nmemory. Close something"))])


def test_a_fault_is_no_refusal() -> None:
    """A bug in the first must not make the second run in silence."""

    def broken() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fastest([("cuda", broken), ("cpu", lambda: "cpu")])
    assert fastest([("cuda", broken), ("cpu", lambda: "cpu")], (ZeroDivisionError,)).name == "cpu"


def test_the_order_ends_with_what_is_always_there() -> None:
    assert FASTEST_FIRST == ("tensorrt", "cuda", "cpu")
