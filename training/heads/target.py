"""What is drawn into, and how it is read back."""

from __future__ import annotations

from typing import Any

import numpy as np

from training.heads.data import Floats


class Target:
    """Framebuffers of size x size pixels. main: three colours and depth; lens: one colour and the same depth;
    lens_color: that colour alone, to clear it without the depth."""

    def __init__(self, context: Any, size: int) -> None:
        self.size = size
        colors = [context.texture((size, size), 4, dtype="f2") for _ in range(4)]
        depth = context.depth_renderbuffer((size, size))
        self.main = context.framebuffer(colors[:3], depth)
        self.lens = context.framebuffer(colors[3:], depth)
        self.lens_color = context.framebuffer(colors[3:])
        self._attached = [*colors, depth]

    def release(self) -> None:
        for item in (self.main, self.lens, self.lens_color, *self._attached):
            item.release()

    def colors(self) -> tuple[Floats, Floats, Floats]:
        """Three of (size, size, 4) float32, first row on top."""
        light, albedo, shine = (self._pixels(self.main, attachment) for attachment in range(3))
        return light, albedo, shine

    def lens_pixels(self) -> Floats:
        """(size, size, 4) float32, first row on top."""
        return self._pixels(self.lens, 0)

    def depths(self) -> Floats:
        """(size, size) float32 0..1, first row on top."""
        raw = self.main.read(components=1, attachment=-1, dtype="f4")
        return np.frombuffer(raw, np.float32).reshape(self.size, self.size)[::-1]

    def _pixels(self, framebuffer: Any, attachment: int) -> Floats:
        raw = framebuffer.read(components=4, attachment=attachment, dtype="f2")
        return np.frombuffer(raw, np.float16).reshape(self.size, self.size, 4)[::-1].astype(np.float32)
