"""Makes the art that ships with the product: `python -m training.heads.art --out livecam/assets`.

Fixed seeds: with the same head data and the same renderer the same files come out.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from livecam.errors import UserError
from livecam.files import ffmpeg_name
from livecam.frames import RGB
from training.heads import drawing, paint, people
from training.heads.compose import compose
from training.heads.data import load
from training.heads.performance import demonstration, expression, perform
from training.heads.person import Person
from training.heads.renderer import Moment, Renderer
from training.heads.shape import HeadShape

log = logging.getLogger(__name__)
PORTRAIT_SIZE: Final = 768
CLIP_SIZE: Final = 512
CLIP_RATE: Final = 25


@dataclass(frozen=True, slots=True)
class Studio:
    shape: HeadShape
    renderer: Renderer

    def person(self, sitter: people.Sitter) -> Person:
        return Person(self.shape, self.renderer.wardrobe, sitter.identity(), sitter.look, sitter.seed)

    def photograph(self, person: Person, moment: Moment, size: int, supersample: float = 3.0) -> RGB:
        layers = self.renderer.draw(person, moment, round(size * supersample))
        return compose(layers, person.look, size, seed=1).rgb


@dataclass(frozen=True, slots=True)
class Portrait:
    """A file under the output folder, who sits, and what the picture is made into."""

    path: str
    sitter: people.Sitter
    medium: Callable[[RGB, int], RGB]
    smile: float = 0.15


PORTRAITS: Final = (
    Portrait(
        "portrait.jpg", people.RENAISSANCE, lambda p, seed: paint.oil(p, radius=4, seed=seed), smile=0.26
    ),
    Portrait("portraits/photograph.jpg", people.MUSICIAN, lambda p, seed: p, smile=0.18),
    Portrait("portraits/charcoal.jpg", people.FISHERMAN, drawing.charcoal, smile=0.05),
    Portrait("portraits/watercolour.jpg", people.GARDENER, drawing.watercolour, smile=0.2),
    Portrait("portraits/old-photograph.jpg", people.CLERK, drawing.old_photograph, smile=0.0),
    Portrait("portraits/cartoon.jpg", people.STUDENT, lambda p, seed: drawing.cartoon(p), smile=0.15),
)
"""All frontal, with the mouth shut and the eyes on the camera: what a portrait that shall move needs."""


def portrait(studio: Studio, wanted: Portrait, size: int = PORTRAIT_SIZE, supersample: float = 3.0) -> RGB:
    """Draw one of `PORTRAITS`."""
    sitter = wanted.sitter
    face = expression(studio.shape.data, mouthSmile=wanted.smile, mouthPress=0.1, mouthShrugLower=0.2)
    picture = studio.photograph(studio.person(sitter), Moment(face), size, supersample)
    return wanted.medium(picture, sitter.seed)


def clip(studio: Studio) -> Iterable[RGB]:
    """The bundled driver: somebody else talks, blinks, looks around and nods."""
    person = studio.person(people.SPEAKER)
    for moment in perform(demonstration(), studio.shape.data, CLIP_RATE, seed=people.SPEAKER.seed):
        yield studio.photograph(person, moment, CLIP_SIZE, supersample=1.5)


def write_jpeg(path: Path, picture: RGB, quality: int = 92) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not ok:
        raise UserError(str(path), "the picture could not be encoded", "Check that OpenCV can write JPEG")
    path.write_bytes(encoded.tobytes())


def write_clip(path: Path, frames: Iterable[RGB], rate: int, crf: int = 24) -> int:
    """H.264, yuv420p; returns the number of frames."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with av.open(ffmpeg_name(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=Fraction(rate))
        stream.width = stream.height = CLIP_SIZE
        stream.pix_fmt = "yuv420p"
        # One thread: the file does not depend on the machine's number of cores.
        stream.options = {"crf": str(crf), "preset": "slow", "threads": "1"}
        for picture in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            container.mux(stream.encode(frame))
            count += 1
            if count % 25 == 0:
                log.info("%d frames", count)
        container.mux(stream.encode())
    return count


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.heads.art", description=__doc__)
    parser.add_argument("--head-data", type=Path, default=None, help="folder with the head data")
    parser.add_argument("--out", type=Path, default=Path("livecam/assets"))
    parser.add_argument("--only", choices=[*(Path(p.path).stem for p in PORTRAITS), "clip"])
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        shape = HeadShape(load(options.head_data))
        studio = Studio(shape, Renderer(shape))
        for wanted in PORTRAITS:
            if options.only in (None, Path(wanted.path).stem):
                write_jpeg(options.out / wanted.path, portrait(studio, wanted))
                log.info("wrote %s", options.out / wanted.path)
        if options.only in (None, "clip"):
            count = write_clip(options.out / "driver.mp4", clip(studio), CLIP_RATE)
            log.info("wrote %s, %d frames", options.out / "driver.mp4", count)
    except UserError as error:
        log.error("%s", error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
