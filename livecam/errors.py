"""Errors that a user can do something about."""

from __future__ import annotations


class UserError(Exception):
    """Wrong use or unusable input: one line, exit code 2.

    `what` names the thing, `why` the reason, `todo` what to do next.
    """

    def __init__(self, what: str, why: str, todo: str) -> None:
        self.what, self.why, self.todo = what, why, todo
        super().__init__(f"{what}: {why}. {todo}")


class SourceLost(Exception):
    """A live source stopped giving frames; it may come back."""


class SinkLost(Exception):
    """A live sink's device vanished; it may come back."""
