"""The feature network of the perceptual loss: `python -m training.perception --data DIR --out FILE`.

Trained on rendered truth to read materials, expression and identity. No weights are downloaded.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from livecam.errors import UserError
from livecam.model import tensorfile
from livecam.model.features import FeatureNetwork
from livecam.outputs import check_outputs
from training import dataset
from training.augment import Strength, augment

log = logging.getLogger(__name__)


def learn(data: Path, steps: int, batch: int = 16, seed: int = 0, device: str = "cpu") -> FeatureNetwork:
    """Train a feature network on the true pictures in `data`.

    Raises:
        UserError: there are none, or some come from films, of which materials and identities are not known.
    """
    pairs = dataset.load(data, held_out=False).to(device)
    unknown = int((pairs["identity"] == 0).all(1).sum())
    if unknown:
        why = f"holds {unknown} from films, of whom nobody knows what their pixels show"
        raise UserError(str(data), why, "Name a folder with rendered people only.")
    torch.manual_seed(seed)
    network = FeatureNetwork(pairs["expression"].shape[1], pairs["identity"].shape[1]).to(device)
    optimiser = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=1e-3)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 1e-3 * (0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * step / steps)))
        loss, parts = _loss(network, pairs, step, batch, seed)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if (step + 1) % 50 == 0 or step + 1 == steps:
            log.info(
                "%d: %s", step + 1, ", ".join(f"{name} {float(value):.4g}" for name, value in parts.items())
            )
    return network


def _loss(
    network: FeatureNetwork, pairs: dataset.Pairs, step: int, batch: int, seed: int
) -> tuple[Tensor, dict[str, Tensor]]:
    rng = np.random.default_rng([seed, 3, step])
    chosen = dataset.choose(pairs, seed, step, batch)
    samples = dataset.gather(pairs, chosen, 1, rng)
    # Not flipped: expressions and identities have sides.
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    samples = augment(samples, Strength(flip=0), generator)
    index = torch.from_numpy(chosen).to(samples.truth.device)
    half = pairs["material"].device.type == "cuda"
    with torch.autocast(samples.truth.device.type, torch.bfloat16, enabled=half):
        reading = network(samples.truth)
    materials = F.cross_entropy(reading.materials.float(), pairs["material"][index].long())
    expression = F.mse_loss(reading.expression.float(), pairs["expression"][index])
    identity = F.mse_loss(reading.identity.float(), pairs["identity"][pairs["owner"][index]])
    total = materials + 5 * expression + 0.1 * identity
    return total, {"materials": materials, "expression": expression, "identity": identity}


def save_features(network: FeatureNetwork, path: Path) -> None:
    from safetensors.torch import save_file

    notes = {"expressions": network.expression.out_features, "identities": network.identity.out_features}
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: value.contiguous().cpu() for name, value in network.state_dict().items()},
        path,
        metadata={"shape": json.dumps(notes)},
    )


def load_features(path: Path) -> FeatureNetwork:
    """Raises `UserError` for a file that is none of ours."""
    try:
        tensors, notes = tensorfile.read(path, "pt")
        network = FeatureNetwork(**json.loads(notes["shape"]))
        network.load_state_dict(tensors)
    except (*tensorfile.UNREADABLE, KeyError, ValueError, RuntimeError, TypeError) as error:
        todo = "Train one: python -m training.perception --data DIR --out FILE"
        raise UserError(str(path), f"not a feature network ({error})", todo) from error
    return network


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.perception", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with training pairs")
    parser.add_argument("--out", type=Path, required=True, help="file to write, .safetensors")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        check_outputs([options.out], {"the pairs": options.data})
        network = learn(options.data, options.steps, options.batch, device=options.device)
        save_features(network, options.out)
    except UserError as error:
        log.error("%s", error)
        return 2
    log.info("wrote %s", options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
