"""What engines check before they run, so that a mistake names the input instead of crashing in a library."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from livecam.engines.base import Array, FeedError, TensorSpec


def check_feeds(
    feeds: Mapping[str, Array], inputs: Iterable[TensorSpec], kept: Collection[str], graph: str
) -> None:
    """Passes where every feed fits its input and no input is left without a value.

    `kept` names the inputs that were given in an earlier run; `graph` is for the message.

    Raises:
        FeedError: an unknown name, no array, a wrong shape or dtype, or an input that was never given.
    """
    specs = {spec.name: spec for spec in inputs}
    for name, array in feeds.items():
        spec = specs.get(name)
        if spec is None:
            raise FeedError(f"{graph}: it has no input {name!r}. Its inputs are {', '.join(specs)}")
        if not isinstance(array, np.ndarray):
            raise FeedError(
                f"{graph}: input {name!r} is no array but a {type(array).__name__}. "
                f"Give {spec.dtype} of shape {spec.shape}"
            )
        if array.shape != spec.shape or array.dtype != spec.dtype:
            raise FeedError(
                f"{graph}: input {name!r} does not fit. "
                f"Expected {spec.dtype} of shape {spec.shape}, given {array.dtype} of shape {array.shape}"
            )
    missing = [name for name in specs if name not in feeds and name not in kept]
    if missing:
        raise FeedError(f"{graph}: no value yet for {', '.join(missing)}. The first run needs every input")
