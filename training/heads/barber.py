"""Hair, beards and moustaches drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from training.heads.hair import HairStyle, Knot
from training.heads.look import HairColor
from training.heads.palette import Rng, jitter, muted, shade, triple
from training.heads.scalp import Hairline
from training.heads.whiskers import Whiskers

_HAIRS: Final = ((0.05, 0.04, 0.035), (0.12, 0.08, 0.06), (0.22, 0.14, 0.09), (0.34, 0.22, 0.13),
                 (0.50, 0.37, 0.22), (0.66, 0.52, 0.34), (0.37, 0.20, 0.13))  # fmt: skip
KINDS: Final = ("bald", "shaved", "cropped", "side", "back", "crown", "curly", "bob", "long", "tied")
_KIND_SHARES: Final = (0.05, 0.05, 0.12, 0.16, 0.10, 0.12, 0.11, 0.09, 0.11, 0.09)
_STRAND: Final = 0.018
"""Half width in cm of a beard's strand when all are drawn."""


@dataclass(frozen=True, slots=True)
class Beard:
    """What `Look` says about hair on a face, and the stubble below it (0..1)."""

    length: float = 0.0
    count: int = 0
    width: float = _STRAND
    whiskers: tuple[Whiskers, ...] = ()
    stubble: float = 0.0


def hair_color(rng: Rng, dark: float, age: float) -> HairColor:
    """`dark` 0..1: how dark the skin is; `age` 0..1."""
    shares = np.array([0.30, 0.22, 0.17, 0.12, 0.07, 0.06, 0.06]) ** (1 + dark)
    index = int(rng.choice(len(_HAIRS), p=shares / shares.sum()))
    # Lightness differs more than hue does: no hair is green.
    root = jitter(shade(_HAIRS[index], float(np.exp(rng.normal(0, 0.12)))), rng, 0.025)
    # Tips bleach, but light colours that are doubled glow like neon.
    lighter = min(rng.uniform(1.1, 1.8), max(1.05, 0.66 / max(root)))
    tip = muted(shade(root, lighter), 0.18)
    grey = float(np.clip(rng.normal((age - 0.6) * 1.8, 0.25), 0, 0.95)) if age > 0.4 else 0.0
    # The roots' colour is painted on the scalp too; between the grey hairs some keep their own.
    root = triple(np.array(root) * (1 - 0.7 * grey**2) + 0.55 * 0.7 * grey**2)
    return HairColor(root, tip, grey, rng.uniform(0.3, 1.1))


def beard(rng: Rng, detail: float) -> Beard:
    """Mostly none; else stubble, a beard, a moustache, or a beard and a moustache of one's own shape."""
    kind = rng.random()
    # Fewer hairs are drawn wider, as on the head.
    width = _STRAND * float(np.clip(1 / np.sqrt(detail), 1, 2.8))
    count = int(13000 * detail)
    if kind < 0.66:
        return Beard(stubble=rng.uniform(0.2, 0.9) if rng.random() < 0.14 else 0.0)
    if kind < 0.83:
        grown = rng.random() < 0.75
        return Beard(
            rng.uniform(0.25, 1.4), count if grown else 0, 0.8 * width, stubble=rng.uniform(0.2, 0.9)
        )
    stubble = rng.uniform(0.1, 0.5) if rng.random() < 0.3 else 0.0
    lip = _moustache(rng, detail, width)
    if kind < 0.93:
        return Beard(width=width, whiskers=(lip,), stubble=stubble)
    if kind < 0.965:
        chin = Whiskers("goatee", rng.uniform(0.5, 2.2), int(6500 * detail), width, rng.uniform(0.2, 0.5))
        return Beard(width=width, whiskers=(lip, chin) if rng.random() < 0.7 else (chin,), stubble=stubble)
    chin = Whiskers("long", rng.uniform(2.5, 8.0), int(14000 * detail), width, rng.uniform(0.5, 1.0))
    return Beard(rng.uniform(0.7, 1.2), count, 0.8 * width, (lip, chin), rng.uniform(0.3, 0.9))


def _moustache(rng: Rng, detail: float, width: float) -> Whiskers:
    form = str(rng.choice(["pencil", "chevron", "walrus", "handlebar"], p=[0.16, 0.30, 0.36, 0.18]))
    if form == "pencil":
        return Whiskers(form, rng.uniform(0.3, 0.6), int(3000 * detail), 0.7 * width, 0.08)
    if form == "chevron":
        return Whiskers(form, rng.uniform(0.5, 1.1), int(5500 * detail), width, rng.uniform(0.15, 0.4))
    if form == "walrus":
        return Whiskers(form, rng.uniform(1.3, 2.3), int(7500 * detail), width, rng.uniform(0.35, 0.75))
    return Whiskers(form, rng.uniform(1.4, 3.2), int(5500 * detail), width, rng.uniform(0.25, 0.45))


def hair_style(rng: Rng, detail: float, low: bool = False) -> HairStyle | None:
    """One of `KINDS`; None is bald. `low`: what is tied is tied low, so that a hat fits over it."""
    kind = str(rng.choice(KINDS, p=_KIND_SHARES))
    hairline = Hairline(
        recession=float(np.clip(rng.normal(0.2, 0.4), 0, 1)),
        sideburns=rng.uniform(-6, 8),
        nape=rng.uniform(-5, 5),
        low=rng.uniform(-3, 4),
        bald=float(rng.random() < 0.08) * rng.uniform(0.3, 1.0),
    )
    base = HairStyle(
        part_at=float(rng.uniform(0.5, 4.0) * rng.choice([-1, 1])),
        volume=rng.uniform(0.7, 2.0),
        lift=rng.uniform(0.3, 0.7),
        wave=rng.uniform(0.0, 0.5),
        frizz=rng.uniform(0.03, 0.15),
        clump=rng.uniform(0.2, 0.7),
        hairline=hairline,
    )
    full = replace(hairline, recession=hairline.recession * 0.4, bald=0.0)
    if kind == "bald":
        return None
    hanging = replace(base, gravity=0.7, hug=0.35, stiffness=0.6, lift=0.32, steps=22, hairline=full)
    curly = replace(base, comb="up", lift=0.8, gravity=0.1, hug=0.3, steps=22, volume=rng.uniform(1.5, 3.5))
    styles = {
        "shaved": replace(base, comb="crown", length=0.5, side_length=0.35, volume=0.3, steps=4, count=22000),
        "cropped": replace(
            base, comb="crown", length=rng.uniform(1, 2.5), side_length=0.8, volume=0.6, steps=7
        ),
        "side": replace(base, length=rng.uniform(5, 11), side_length=rng.uniform(1.2, 5)),
        # Hair that stands up before it goes back looks like quills.
        "back": replace(
            base,
            comb="back",
            length=rng.uniform(6, 12),
            side_length=rng.uniform(1.5, 6),
            lift=rng.uniform(0.3, 0.5),
            hug=0.75,
            frizz=min(base.frizz, 0.08),
        ),
        "crown": replace(base, comb="crown", length=rng.uniform(3, 7), fringe=rng.uniform(0.2, 0.8)),
        "curly": replace(
            curly,
            length=rng.uniform(3, 9),
            side_length=rng.uniform(2, 6),
            curl=rng.uniform(0.25, 0.6),
            curl_length=rng.uniform(1.3, 2.6),
        ),
        "bob": replace(hanging, length=rng.uniform(17, 24), side_length=rng.uniform(11, 16)),
        "long": replace(
            hanging,
            length=rng.uniform(28, 38),
            side_length=rng.uniform(22, 30),
            curl=float(rng.random() < 0.3) * 0.5,
            curl_length=4.0,
        ),
        "tied": replace(
            base,
            comb="tied",
            volume=rng.uniform(0.25, 0.7),
            fringe=rng.uniform(0.2, 0.4) if rng.random() < 0.5 else 0.0,
            hairline=full,
            knot=_knot(rng, low),
            steps=28,
        ),
    }
    style = styles[kind]
    count = max(3000, int(style.count * detail))
    # Coarser steps than these would grow another shape; straight hair may be drawn with fewer.
    steps = max(4, round(style.steps * np.sqrt(max(detail, 0.25))))
    bends = style.curl > 0 or kind == "tied"
    drawn = max(4, round(steps * 0.6)) if detail < 0.25 and not bends else steps
    # Fewer hairs are drawn wider, so that the scalp stays covered.
    width = style.half_width * float(np.sqrt(style.count / count))
    return replace(style, count=count, steps=steps, drawn=drawn, half_width=width, behind=0.4)


def _knot(rng: Rng, low: bool) -> Knot:
    bun = bool(rng.random() < 0.45)
    elevation = rng.uniform(-20, -8) if low else rng.uniform(-18, 88 if bun else 55)
    size = rng.uniform(2.1, 3.4) if bun else rng.uniform(1.0, 1.7)
    return Knot(elevation, bun, size, rng.uniform(12, 32), rng.uniform(-0.5, 0.5), rng.uniform(0, 0.6))
