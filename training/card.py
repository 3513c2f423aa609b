"""The model card that ships with the weights: data, recipe, seed, hours, figures, limits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import livecam
from livecam.errors import UserError
from livecam.generator.parts import first_of
from livecam.generator.weights import Weights
from livecam.model.refiner_model import RefinerModel
from training import checkpoint, shards
from training.recipe import Recipe

RENDERED = """\
Rendered heads only, drawn by `training/heads`: shapes from ICT-FaceKit (MIT License,
USC Institute for Creative Technologies), skin, hair, eyes, clothes and light from formulas. No photograph of
a real person, and no weights made by others, went into training; this goes for the feature network of the
perceptual loss too."""
LIMITS = """\
- Trained on computer graphics only. Real skin, teeth and lids are met for the first time in use: expect them
  to be repaired plausibly, not exactly. Teeth are drawn, and invented where
  the portrait does not show any; the network shades them, and cannot paint over them.
- It changes mouth and eyes alone. Hair, glasses, silhouette and what a turned head uncovers are the warper's.
- Beyond 25 degrees of turn there was nothing to learn from, and little is repaired.
- It follows the tracker: a hand before the mouth is not noticed.
- It moves pictures of people. Say so where you show them, and ask whom you show."""


WHAT = {"mouth": "the mouth", "eye": "an eye (the right one mirrored)", "face": "mouth and eyes"}


def write(
    painter: RefinerModel,
    recipes: Mapping[str, Recipe],
    shipped: Weights,
    runs: Sequence[Path],
    tables: Sequence[str],
    data: Path | None = None,
) -> str:
    """The card in Markdown. `tables`: from `figures`; `data`: folder of the pairs, to count them."""
    sizes = {"embedder": _parameters(painter.embedder)}
    for name in painter.styles:
        sizes |= {
            f"{name}'s network": _parameters(painter.network(name)),
            f"{name}'s projection P": _parameters(painter.projections[name]),
        }
    parts = "\n".join(f"| {name} | {count / 1e6:.2f} M |" for name, count in sizes.items())
    checksums = "\n".join(f"- `{name}`: SHA-256 `{value}`" for name, value in shipped.checksums.items())
    shown = [*tables, *(table for run in runs for table in _from_log(run))]
    made = sorted({word for run in runs for word in made_of(run)})
    crops = ", ".join(
        "{} x {} pixels around {}".format(*first_of(name).pixels(shipped.size), WHAT[name])
        for name in shipped.styles
    )
    trained = "\n".join(
        f"{name}: {_effort(run)}Seed {recipe.seed}. The recipe:\n\n"
        f"```json\n{json.dumps(recipe.as_dict(), indent=1)}\n```\n"
        for (name, recipe), run in zip(recipes.items(), [*runs, *[runs[-1]] * len(recipes)], strict=False)
    )
    return f"""# The refiner's weights {shipped.name}

What repairs mouth and eyes of a warped portrait: livecam {livecam.__version__}, `livecam/model/refiner.py`.
It works on face-aligned crops: {crops}. A face's square has {shipped.size} pixels a side. A person has
{shipped.style} numbers of their own (AdaIN scales and shifts), made from one or more pictures by the
embedder. After Zakharov et al., "Few-Shot Adversarial Learning of Realistic Neural Talking Head Models",
ICCV 2019, with a warper in front.

| part | parameters |
| --- | --- |
{parts}

## Data

{_people(data)}{RENDERED if made == [shards.RENDERED] else "Made of: " + "; ".join(made) + "."}

## Training

Every {shards.HELD_OUT}th person is held out.

{trained}
## Figures

{chr(10).join(shown) if shown else "None were given: see docs/training.md."}

## Limits

{LIMITS}

## Licence and files

MIT, as livecam. Stored in FP16, computed in FP32 on a CPU.

{checksums}
"""


def figures(path: Path) -> str:
    """A part of the card from a file: Markdown as it is, or the JSON of `training.evaluate`.

    Raises:
        UserError: neither.
    """
    try:
        text = path.read_text("utf-8")
        if path.suffix == ".md":
            return text.strip() + "\n"
        return "\n".join(_table(name, rows) for name, rows in json.loads(text).items())
    except (OSError, ValueError, AttributeError, TypeError, KeyError) as error:
        todo = "Give a .md file, or what python -m training.evaluate --json wrote."
        raise UserError(str(path), f"not figures ({error})", todo) from error


def last_step(run: Path) -> int | None:
    """The step that a run reached; None where its folder does not say."""
    lines = _log(run)
    if lines:
        return int(lines[-1]["step"]) + 1
    try:
        return int(json.loads((run / checkpoint.STATE).read_text("utf-8"))["step"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def made_of(run: Path) -> list[str]:
    """What a run was trained on, as its pairs said."""
    try:
        state = json.loads((run / checkpoint.STATE).read_text("utf-8"))
        return [str(word) for word in state.get("made", [shards.RENDERED])]
    except (OSError, ValueError):
        return [shards.RENDERED]  # a painter.safetensors, which ships already


def _table(name: str, rows: Mapping[str, Mapping[str, float]]) -> str:
    """One row a picture ("refined", "warped" ...), one column a measure."""
    measures = list(next(iter(rows.values())))
    lines = [f"### {name}", "", "| | " + " | ".join(m.replace("_", " ") for m in measures) + " |"]
    lines.append("| --- " * (len(measures) + 1) + "|")
    for who, row in rows.items():
        lines.append(f"| {who} | " + " | ".join(_number(row.get(m)) for m in measures) + " |")
    return "\n".join([*lines, ""])


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _from_log(run: Path) -> list[str]:
    """The last figures on held-out people that the run itself wrote."""
    for line in reversed(_log(run)):
        rows: dict[str, dict[str, float]] = {}
        for name, value in line.items():
            who, _, measure = name.partition("/")
            if measure:
                rows.setdefault(who, {})[measure] = value
        if rows:
            return [_table(f"Held-out rendered people, step {line['step'] + 1}", rows)]
    return []


def _log(run: Path) -> list[dict[str, Any]]:
    path = run / "log.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.is_file() else []


def _effort(run: Path) -> str:
    step = last_step(run)
    rates = [line["steps_per_second"] for line in _log(run) if line.get("steps_per_second")]
    if step is None:
        return ""
    hours = f", about {step / (sum(rates) / len(rates)) / 3600:.1f} hours" if rates else ""
    return f"{step} steps{hours}. "


def _people(data: Path | None) -> str:
    if data is None:
        return ""
    everyone = shards.person_seeds(data)
    kept = sum(map(shards.is_held_out, everyone))
    return f"{len(everyone) - kept} people to train on, {kept} held out. "


def _parameters(module: Any) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
