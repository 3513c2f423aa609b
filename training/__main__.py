"""Train a network of the refiner: `python -m training RECIPE.toml --data DIR --out DIR [--part mouth]`.

A recipe that comes with livecam is named without its path: cpu, gpu or test. Several processes, on GPUs or on
CPU cores: `torchrun --nproc_per_node 2 -m training ...`.
"""

from __future__ import annotations

import argparse
import logging
import sys
from importlib.resources import files
from pathlib import Path

from livecam.errors import UserError
from livecam.generator.parts import OF_NETWORK

log = logging.getLogger(__name__)


def recipe_path(name: str) -> Path:
    """A file, or one of the recipes that come with livecam. Raises `UserError` where there is neither."""
    path = Path(name)
    own = Path(str(files("training") / "recipes")) / f"{name}.toml"
    if path.is_file() or not own.is_file():
        return path
    return own


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    parser.add_argument("recipe", help="a TOML file, or one of cpu, gpu, test")
    parser.add_argument("--data", type=Path, required=True, help="pairs, from python -m training.pairs")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoint, log and sheets")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--minutes", type=float, help="stop with a checkpoint after so long")
    parser.add_argument("--features", type=Path, help="feature network, from python -m training.perception")
    parser.add_argument("--from", dest="begin", type=Path, help="a painter.safetensors to begin from")
    shared = "a run or a painter.safetensors whose embedder is kept: for the second network of two"
    parser.add_argument("--embedder", type=Path, help=shared)
    parser.add_argument("--part", choices=tuple(OF_NETWORK), help="instead of the recipe's")
    parser.add_argument("--device", help="cpu or cuda; the GPU if there is one")
    parser.add_argument("--threads", type=int, help="of PyTorch on a CPU")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")

    import torch

    from training import distributed, recipe
    from training.loop import train

    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        plan = recipe.read(recipe_path(options.recipe))
        if options.part:
            plan = plan.of_part(options.part)
        train(
            plan,
            options.data,
            options.out,
            resume=options.resume,
            minutes=options.minutes,
            device=options.device,
            features=options.features,
            begin=options.begin,
            embedder=options.embedder,
            together=distributed.join_processes(options.device),
        )
    except UserError as error:
        log.error("%s", error)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
