"""Small pictures of portraits for the gallery: the square around the face, kept until its file changes."""

from __future__ import annotations

import collections
import threading
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from livecam.assets import bundled_portraits
from livecam.errors import UserError
from livecam.frames import RGB
from livecam.persona import listing, store
from livecam.persona.crop import cut_crop
from livecam.persona.picture import MAX_SIDE, read_picture
from livecam.persona.types import Crop

SIDE: Final = 256
"""Pixels."""
QUALITY: Final = 88
"""Of JPEG. By eye."""
MOST_KEPT: Final = 300
"""Some 15 kB each."""


class Thumbnails:
    """JPEGs by name. `get` may be called from any thread."""

    def __init__(self) -> None:
        self._kept: collections.OrderedDict[str, tuple[tuple[int, ...], bytes]] = collections.OrderedDict()
        self._lock = threading.Lock()

    def get(self, name: str) -> bytes:
        """A JPEG of `SIDE` pixels each way.

        Raises:
            UserError: no such portrait, or its files are damaged.
        """
        enrolled = store.exists(name)
        bundled = bundled_portraits().get(name)
        if not enrolled and bundled is None:
            raise UserError("portrait", "there is none of that name", "Look at the list again.")
        stamp = listing.stamp(name) if enrolled or bundled is None else (bundled.stat().st_mtime_ns,)
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and kept[0] == stamp:
                self._kept.move_to_end(name)
                return kept[1]
        picture = _of_persona(name) if enrolled or bundled is None else _of_bundled(bundled)
        done, jpeg = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not done:
            raise RuntimeError("a thumbnail cannot be written")
        with self._lock:
            self._kept[name] = (stamp, jpeg.tobytes())
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return jpeg.tobytes()


def _of_persona(name: str) -> RGB:
    """Of its picture only what is shown is read from the disk."""
    from safetensors import SafetensorError, safe_open

    try:
        x, y, side = (float(v) for v in store.describe(name)["crop"])
        size = store.sizes(name)[0]
        with safe_open(store.tensor_path(name, size), "numpy") as tensors:
            whole = tensors.get_slice("picture")
            rows, columns, _ = whole.get_shape()
            top, left = (int(np.clip(v, 0, n - 1)) for v, n in ((y, rows), (x, columns)))
            bottom, right = (int(np.clip(v + side + 1, 1, n)) for v, n in ((y, rows), (x, columns)))
            part = np.ascontiguousarray(whole[top:bottom, left:right])
        if part.dtype != np.uint8 or part.ndim != 3 or part.shape[2] != 3 or not 1 <= side <= 3 * MAX_SIDE:
            raise ValueError(f"picture is {part.dtype} {part.shape}, its crop {side:g} a side")
        return np.asarray(cut_crop(part, Crop(x - left, y - top, side), SIDE))
    except (OSError, ValueError, KeyError, TypeError, IndexError, SafetensorError, cv2.error) as error:
        raise store.damaged(name, str(error) or type(error).__name__) from error


def _of_bundled(path: Path) -> RGB:
    """They are squares with the face in the middle."""
    return np.asarray(cv2.resize(read_picture(path), (SIDE, SIDE), interpolation=cv2.INTER_AREA))
