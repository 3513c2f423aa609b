"""Refined against warped: `python -m livecam.training.evaluate RUN [--data DIR] [--clips DIR] [--json FILE]`.

On people who were held out, and on real clips that drive a portrait made of their own first frame. Beside
both stand two pictures that know nothing, blurred and flat, which PSNR alone would praise.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from livecam.errors import UserError
from livecam.frames import RGB
from livecam.model import alignment
from livecam.model.alignment import face_square
from livecam.model.host import HostRefiner, draw_rasters
from livecam.model.inputs import planes
from livecam.motion import Motion
from livecam.persona import enroll
from livecam.persona.persona import Persona
from livecam.render.host import HostRenderer
from livecam.training import dataset, figures, held_out
from livecam.training.loop import painter_of
from livecam.training.ship import load_painter
from livecam.training.system import Painter

log = logging.getLogger(__name__)
Table = dict[str, dict[str, float]]
FIRST = 3
"""The first frame compared; those before are nearly the portrait itself."""


class KeepingRenderer:
    """Renders as the product does, and keeps what the warper made and what the refiner made of it."""

    name = "cpu"

    def __init__(self, persona: Persona, painter: Painter) -> None:
        from engines.torch_engine import TorchEngine

        network = painter.network
        picture = enroll.cut(persona.picture, persona.crop, persona.size)
        engine = TorchEngine(network, inputs=network.inputs, outputs=network.outputs)
        style = style_of(painter, picture, persona.landmarks)
        self._warper = HostRenderer(persona)
        self._refiner = HostRefiner(engine, picture, persona.landmarks, style)
        self.kept: list[tuple[RGB, RGB, NDArray[np.float32]]] = []
        """Warped, refined and the landmarks (478, 2), frame by frame."""

    def render(self, motion: Motion) -> RGB:
        warped = self._warper.render(motion)
        landmarks = motion.landmarks[:, :2].copy()
        refined = self._refiner(warped, landmarks)
        self.kept.append((warped, refined, landmarks))
        return refined

    def close(self) -> None:
        """Nothing to free."""


def style_of(painter: Painter, picture: RGB, landmarks: NDArray[np.float32]) -> NDArray[np.float32]:
    """(1, N): P e of one picture, S x S x 3, with its landmarks in 0..1."""
    square, size = face_square(landmarks), painter.network.size
    crop = torch.from_numpy(planes(alignment.cut(picture, square, size)))
    rasters = torch.from_numpy(draw_rasters(landmarks, square, size // 2)[None])
    with torch.inference_mode():
        style = painter.projection(painter.embedder.single(crop, rasters))
    return np.asarray(style.numpy(), np.float32)


def measure_clip(painter: Painter, clip: Path, size: int, frames: int) -> Table:
    """One clip as its own portrait. Finds faces, so this alone of training needs MediaPipe and the face
    model.

    Raises:
        UserError: the clip or its first frame cannot be used.
    """
    from benchmarks import product, self_reenactment
    from livecam.face.tracker import FaceTracker
    from livecam.sources import open_source

    persona = self_reenactment.enroll_first_frame(clip, size)
    renderer = KeepingRenderer(persona, painter)
    with FaceTracker() as tracker, open_source(str(clip)) as source:
        product.animate(source, persona, tracker, limit=frames, renderer=renderer)
    count = min(frames, len(renderer.kept))
    rows: dict[str, list[dict[str, float]]] = {}
    for index, truth in self_reenactment.true_crops(clip, persona.crop, size, range(FIRST, count)):
        for name, found in compare(*renderer.kept[index], truth, painter.network.size).items():
            rows.setdefault(name, []).append(found)
    return {name: figures.mean(found) for name, found in rows.items()}


def compare(warped: RGB, refined: RGB, landmarks: NDArray[np.float32], truth: RGB, size: int) -> Table:
    """All four pictures of one frame, cut to the face-aligned crop of `size` pixels."""
    square = face_square(landmarks)
    shown = {
        name: alignment.cut(image, square, size) for name, image in (("warped", warped), ("refined", refined))
    }
    masks = figures.regions(draw_rasters(landmarks, square, size // 2), size)
    shown |= figures.controls(shown["warped"], masks)
    cut = alignment.cut(truth, square, size)
    return {name: figures.rate(image, cut, masks) for name, image in shown.items()}


def text(table: Table) -> str:
    """A table for people: one row a picture."""
    names = list(next(iter(table.values())))
    lines = [" " * 10 + "".join(f"{name.replace('_', ' '):>17}" for name in names)]
    for who, row in table.items():
        lines.append(f"{who:10}" + "".join(f"{row[name]:17.3f}" for name in names))
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m livecam.training.evaluate", description=__doc__)
    parser.add_argument("run", type=Path, help="folder with a checkpoint, or a painter.safetensors")
    parser.add_argument("--data", type=Path, help="pairs: their held-out people")
    parser.add_argument("--clips", type=Path, help="folder with real clips")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--frames", type=int, default=60, help="frames of each clip")
    parser.add_argument("--shots", type=int, default=1, help="pictures of each held-out person, 1 to 6")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    found: dict[str, Any] = {}
    try:
        painter, _ = load_painter(options.run) if options.run.is_file() else painter_of(options.run)
        if options.data:
            pairs = dataset.load(options.data, held_out=True)
            found["held out"] = held_out.measure(painter, pairs, options.shots)
        if options.clips:
            clips = sorted(options.clips.glob("*.mp4"))
            if not clips:
                raise UserError(str(options.clips), "holds no clips", "Name a folder with .mp4 files.")
            for clip in clips:
                found[clip.stem] = measure_clip(painter, clip, options.size, options.frames)
    except UserError as error:
        log.error("%s", error)
        return 2
    for name, table in found.items():
        log.info("%s\n%s", name, text(table))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
