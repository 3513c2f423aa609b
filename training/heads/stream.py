"""Rendered people as K-shot episodes, read from their files as they are needed.

    for episode in Episodes(Path("people"), shots=8, seed=1).epoch(0):
        episode.arrays["images"]      # (8, S, S, 3) uint8 RGB
        episode.arrays["landmarks"]   # (8, 478, 3) float32 pixels

Nothing here imports torch: an `Episodes` has `__len__` and `__getitem__` and is a map-style dataset as it is,
and `iterable` makes it an IterableDataset whose workers share the people among them.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError

log = logging.getLogger(__name__)

OF_A_PERSON = ("identity", "seed")
"""Tensors without a picture's axis; all others have it first."""
AGAIN = "Delete it and render the person again"


@dataclass(frozen=True, slots=True)
class Episode:
    """`shots` pictures of one person. frames (K,) int64: which of the file's, in the order of the arrays.

    arrays: by the names of `Studio.pictures`, with K first where a tensor has pictures first.
    """

    person: int
    frames: NDArray[np.int64]
    arrays: dict[str, NDArray[Any]]


class Episodes:
    """One episode a person and epoch. The same seed, epoch and folder give the same episodes.

    Args:
        folder: what `python -m training.heads` wrote.
        shots: K, different pictures of the person.
        names: which tensors to read; only these, and of these only the K pictures, are read from the disk.
        portrait: the first picture is frame 0, frontal and at rest; else any may be.
        skip_bad: log a file that cannot be read and go on, instead of raising `UserError`.

    Raises:
        UserError: nobody in the folder.
    """

    def __init__(
        self,
        folder: Path,
        shots: int,
        names: Sequence[str] = ("images", "landmarks"),
        *,
        seed: int = 0,
        portrait: bool = False,
        skip_bad: bool = False,
    ) -> None:
        self.paths = sorted(folder.glob("person-*.safetensors"))
        if not self.paths:
            todo = f"Make some: python -m training.heads --out {folder} --count 100"
            raise UserError(str(folder), "holds no rendered people", todo)
        self.shots, self.names, self.seed = shots, tuple(names), seed
        self.portrait, self.skip_bad = portrait, skip_bad

    def __len__(self) -> int:
        """People."""
        return len(self.paths)

    def __getitem__(self, index: int) -> Episode:
        """An episode of the `index`-th person, that of epoch 0. Raises `UserError` for a broken file."""
        return self.episode(range(len(self))[index], 0)

    def epoch(self, number: int, rank: int = 0, of: int = 1) -> Iterator[Episode]:
        """Every person once, shuffled; rank `rank` of `of` processes gets its share and no other's.

        Raises:
            UserError: a broken file, unless such are skipped.
        """
        order = np.random.default_rng([self.seed, number]).permutation(len(self))
        for index in order[rank::of]:
            try:
                yield self.episode(int(index), number)
            except UserError as error:
                if not self.skip_bad:
                    raise
                log.warning("%s", error)

    def episode(self, index: int, number: int) -> Episode:
        """The `index`-th person's episode in epoch `number`. Raises `UserError` for a broken file."""
        from safetensors import SafetensorError, safe_open

        path = self.paths[index]
        try:
            with safe_open(path, "numpy") as file:
                kept = set(file.keys())
                lacking = [name for name in ("images", *self.names) if name not in kept]
                if lacking:
                    raise UserError(
                        str(path), f"has no {lacking[0]}", "Delete it and render the person again"
                    )
                frames = self._choose(path, file.get_slice("images").get_shape()[0], index, number)
                arrays = {name: _rows(file, name, frames) for name in self.names}
        except (SafetensorError, OSError, ValueError) as error:
            raise UserError(str(path), f"cannot be read ({error})", AGAIN) from error
        return Episode(int(path.stem.removeprefix("person-")), frames, arrays)

    def _choose(self, path: Path, count: int, index: int, number: int) -> NDArray[np.int64]:
        """(K,) different frames out of `count`."""
        if count < self.shots:
            raise UserError(
                str(path),
                f"holds {count} pictures where {self.shots} are wanted",
                f"Render with --frames {self.shots} or more",
            )
        rng = np.random.default_rng([self.seed, number, index])
        if not self.portrait:
            return rng.permutation(count)[: self.shots]
        return np.concatenate([[0], 1 + rng.permutation(count - 1)])[: self.shots]


def _rows(file: Any, name: str, frames: NDArray[np.int64]) -> NDArray[Any]:
    if name in OF_A_PERSON:
        whole: NDArray[Any] = file.get_tensor(name)
        return whole
    part = file.get_slice(name)
    return np.concatenate([part[int(k) : int(k) + 1] for k in frames])


def iterable(episodes: Episodes, rank: int = 0, of: int = 1) -> Any:
    """A `torch.utils.data.IterableDataset` of episodes, a new epoch each time that it is iterated over.

    `rank` of `of` training processes; each one's loader workers share its people. Each worker counts its own
    epochs: give the loader `persistent_workers=True`, or set `first` before every pass.
    """
    from torch.utils.data import IterableDataset, get_worker_info

    class Stream(IterableDataset):  # type: ignore[misc, type-arg, unused-ignore]
        first = 0
        """The next epoch."""

        def __iter__(self) -> Iterator[Episode]:
            worker = get_worker_info()
            number, self.first = self.first, self.first + 1
            if worker is None:
                return episodes.epoch(number, rank, of)
            return episodes.epoch(number, rank * worker.num_workers + worker.id, of * worker.num_workers)

    return Stream()
