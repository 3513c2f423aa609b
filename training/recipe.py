"""How to train, as a TOML file. What a file leaves out has the value given here."""

from __future__ import annotations

import dataclasses
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from livecam.errors import UserError
from livecam.model.refiner_model import NetworkShape
from training.augment import Strength


@dataclass(frozen=True, slots=True)
class Weights:
    """Of the losses in `livecam.model.losses`."""

    content: float = 10.0
    tone: float = 0.0
    gradients: float = 0.0
    sharpness: float = 0.0
    """Around the mouth."""
    eye_sharpness: float = 0.0
    perceptual: float = 1.0
    adversarial: float = 0.1
    feature_match: float = 1.0
    embedding_match: float = 1.0
    restraint: float = 0.1


@dataclass(frozen=True, slots=True)
class Recipe:
    """`steps` in all; the learning rate falls to 3 % of `learning_rate` along a cosine over them."""

    seed: int = 0
    steps: int = 3000
    batch: int = 16
    shots: int = 4
    """1 to this many pictures of a person are embedded."""
    learning_rate: float = 1e-3
    discriminator_rate: float = 4e-4
    warm_up: int = 60
    adversarial_from: int = 1000
    """Step at which the discriminator joins; -1: never."""
    clip: float = 1.0
    """Largest norm of the gradients."""
    ema: float = 0.998
    precision: str = "auto"
    """"fp32", "bf16", or "auto": bf16 where a GPU is."""
    log_every: int = 20
    check_every: int = 500
    """Steps between sample sheets with held-out figures, and between checkpoints."""
    network: NetworkShape = field(default_factory=NetworkShape)
    weights: Weights = field(default_factory=Weights)
    augment: Strength = field(default_factory=Strength)

    def of_part(self, part: str) -> Recipe:
        """The same for another network, by its name in `livecam.generator.parts`."""
        return dataclasses.replace(self, network=dataclasses.replace(self.network, part=part))

    def as_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


def read(path: Path) -> Recipe:
    """Raises `UserError` for a file that is missing, no TOML, or names what there is not."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(str(path), f"not a recipe ({error})", "See training/recipes.") from error
    return from_dict(values, str(path))


def from_dict(values: dict[str, Any], where: str) -> Recipe:
    """A recipe from plain values. Raises `UserError` for unknown names, wrong types and sizes below 1."""
    tables = {"network": NetworkShape, "weights": Weights, "augment": Strength}
    parts = {
        name: _fill(table, values.get(name, {}), f"[{name}] of {where}") for name, table in tables.items()
    }
    rest = {name: value for name, value in values.items() if name not in tables}
    recipe: Recipe = dataclasses.replace(_fill(Recipe, rest, where), **parts)
    for name in ("steps", "batch", "shots", "log_every", "check_every"):
        if getattr(recipe, name) < 1:
            raise UserError(f"{name} in {where}", "must be 1 or more", "Correct it.")
    if recipe.precision not in ("auto", "fp32", "bf16"):
        raise UserError(f"precision in {where}", "not known", 'Use "auto", "fp32" or "bf16".')
    return recipe


def _fill(kind: Any, values: Any, where: str) -> Any:
    if not isinstance(values, dict):
        raise UserError(where, "not a table", "Write it as [name] with lines below.")
    default = kind()
    changes: dict[str, Any] = {}
    for name, value in values.items():
        if name not in {entry.name for entry in dataclasses.fields(kind)}:
            names = ", ".join(entry.name for entry in dataclasses.fields(kind))
            raise UserError(f"{name} in {where}", "no such setting", f"Known are {names}.")
        current = getattr(default, name)
        if isinstance(current, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if isinstance(current, tuple) and isinstance(value, list):
            value = tuple(value)
        if type(value) is not type(current):
            raise UserError(f"{name} in {where}", f"should be like {current!r}", "Correct it.")
        changes[name] = value
    return dataclasses.replace(default, **changes)
