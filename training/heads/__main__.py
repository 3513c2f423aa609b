"""Render people: `python -m training.heads --count 1000 --out DIR --workers 4`.

Every person is one file, named by its seed; files that are there already are kept, so a broken run goes on
where it stopped.
"""

from __future__ import annotations

import argparse
import logging
import sys
from dataclasses import replace
from pathlib import Path

from livecam.errors import UserError
from training.heads import data, dataset, factory

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.heads", description=__doc__)
    parser.add_argument("--head-data", type=Path, default=None, help="folder with the head data")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100, help="people")
    parser.add_argument("--first", type=int, default=0, help="seed of the first person")
    parser.add_argument("--frames", type=int, default=dataset.Plan().frames, help="pictures of each person")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--quality",
        choices=("training", "studio"),
        default="training",
        help="studio: many shadowed lights, as in the bundled art; four to five times slower",
    )
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    from rich.progress import track

    quality = dataset.STUDIO if options.quality == "studio" else dataset.Plan()
    plan = replace(quality, size=options.size, frames=options.frames)
    seeds = range(options.first, options.first + options.count)
    try:
        # Say what is wrong with the data here, before any worker starts.
        data.load(options.head_data)
        todo = len(factory.missing(options.out, seeds))
        made = factory.render(options.head_data, options.out, seeds, plan, options.workers)
        for seed in track(made, "rendering people", todo):
            log.debug("person %d", seed)
    except UserError as error:
        log.error("%s", error)
        return 2
    log.info("%d people made, %d were there already, in %s", todo, options.count - todo, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
