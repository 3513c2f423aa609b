"""A film of a rendered person: `python -m training.heads.film --out FILM.mp4`.

Moved by a recorded performance (`livecam run --record-performance FILE`), or else by an improvised one.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from livecam.errors import UserError
from livecam.files import ffmpeg_name
from livecam.frames import RGB
from livecam.outputs import check_outputs
from training.heads import data, dataset, improvise, tracks
from training.heads.compose import compose
from training.heads.performance import perform
from training.heads.renderer import Moment
from training.heads.shape import HeadShape

log = logging.getLogger(__name__)
RATE = 25
"""Frames per second of improvised films."""


def frames(studio: dataset.Studio, seed: int, moments: Iterable[Moment]) -> Iterator[RGB]:
    """Pictures of person `seed` doing what the moments say."""
    person, plan = studio.person(seed), studio.plan
    for moment in moments:
        layers = studio.renderer.draw(person, moment, round(plan.size * plan.supersample))
        yield compose(layers, person.look, plan.size, seed).rgb


def write(path: Path, pictures: Iterable[RGB], rate: float, size: int) -> int:
    """H.264, yuv420p, size x size; returns the number of frames. Raises `UserError`."""
    import av

    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    try:
        with av.open(ffmpeg_name(path), "w", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=Fraction(rate).limit_denominator(1001))
            stream.width = stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.options = {"crf": "20", "threads": "1"}
            for picture in pictures:
                frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
                container.mux(stream.encode(frame))
                count += 1
            container.mux(stream.encode())
    except (OSError, ValueError) as error:  # PyAV's errors are one or the other
        raise UserError(str(path), f"it cannot be written ({error})", "Name a file like film.mp4.") from error
    return count


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.heads.film", description=__doc__)
    parser.add_argument("--head-data", type=Path, default=None, help="folder with the head data")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--performance", type=Path, help="a recorded performance; else one is improvised")
    parser.add_argument("--seed", type=int, default=0, help="of the improvised performance")
    parser.add_argument("--seconds", type=float, default=6.0, help="at most, of either")
    parser.add_argument("--person", type=int, default=0, help="seed of the person that is shown")
    parser.add_argument("--size", type=int, default=256, help="pixels of the picture's side, even")
    parser.add_argument("--quality", choices=("training", "studio"), default="training")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        count = _run(options)
    except UserError as error:
        log.error("%s", error)
        return 2
    log.info("wrote %s, %d frames", options.out, count)
    return 0


def _run(options: argparse.Namespace) -> int:
    if options.size < 2 or options.size % 2 or options.seconds <= 0:
        raise UserError("--size and --seconds", "must be even and more than 0", "Give other numbers.")
    from rich.progress import track

    check_outputs([options.out], {"the performance": options.performance, "the head data": options.head_data})
    shape = HeadShape(data.load(options.head_data))
    if options.performance is not None:
        recorded = tracks.read(options.performance)
        shown = recorded.times < options.seconds
        rate = recorded.rate
        moments = tracks.Solver(shape)(tracks.Track(recorded.times[shown], recorded.points[shown]))
    else:
        script = improvise.script(np.random.default_rng(options.seed), options.seconds)
        rate, moments = RATE, perform(script, shape.data, RATE, options.seed)
    quality = dataset.STUDIO if options.quality == "studio" else dataset.Plan()
    studio = dataset.Studio(shape, replace(quality, size=options.size))
    pictures = frames(studio, options.person, track(moments, "rendering"))
    return write(options.out, pictures, rate, options.size)


if __name__ == "__main__":
    sys.exit(main())
