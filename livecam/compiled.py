"""Compiled functions: numba's `njit`, kept on disk where that can be written, and working where it cannot.

By itself numba refuses to import a function that it has nowhere to keep, and fails the first call of one that
a full disk does not take.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
from numba.core.caching import FunctionCache

log = logging.getLogger(__name__)
Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(*, fastmath: bool = False) -> Callable[[Function], Function]:
    """Decorates a function to be compiled at its first call, without the interpreter's lock."""

    def decorate(function: Function) -> Function:
        dispatcher: Any = numba.njit(fastmath=fastmath, nogil=True)(function)
        try:
            dispatcher._cache = _Kept(function)  # type: ignore[no-untyped-call]
        except (RuntimeError, OSError) as error:  # no folder of numba's can be written
            _warn(error)
        return cast(Function, dispatcher)

    return decorate


class _Kept(FunctionCache):  # type: ignore[misc]
    """What cannot be read is compiled, and what cannot be written is compiled again next time."""

    def load_overload(self, signature: Any, target: Any) -> Any:
        try:
            return super().load_overload(signature, target)  # type: ignore[no-untyped-call]
        except (OSError, EOFError) as error:
            _warn(error)
            return None

    def save_overload(self, signature: Any, data: Any) -> None:
        try:
            super().save_overload(signature, data)  # type: ignore[no-untyped-call]
        except OSError as error:
            _warn(error)


_warned = False


def _warn(error: Exception) -> None:
    """Once: there are a dozen of these functions, and one reason."""
    global _warned
    if not _warned:
        log.warning(
            "compiled code cannot be kept (%s); each start takes longer until then. "
            "Free space or set NUMBA_CACHE_DIR to a folder that can be written.",
            " ".join(str(error).split()),
        )
    _warned = True
