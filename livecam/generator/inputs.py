"""What goes into the generator's graph and what comes out: names, shapes, dtypes. The one place for them.

Numpy only, so that live code can fill the inputs without torch. Positions are in 0..1 of the portrait's
square crop, x right and y down; the centre of pixel i of n is at (i + .5) / n. Pictures are RGB 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32
from livecam.engines.base import TensorSpec
from livecam.face.landmarks import COUNT

DRAWING: Final = 8
"""Counts what has changed in how the generator draws, so that no graph of an older livecam is met."""
FLOW_GRID: Final = 128
"""Cells along a side of the flow."""
OPENINGS: Final = 3
"""Openings through which the interior shows, always in this order: mouth, left eye, right eye."""
LASH_RIM: Final = 0.05
"""Along the lids so much of an eye's width belongs to the skin, for lashes grow there. Within it shows the
eyeball. By eye."""
LASH_RIM_SHUT: Final = 0.6
"""How much narrower that rim is on an eye that is drawn as a shut one, for its lids are squeezed. By eye."""
ASIDE: Final = (0.08, 0.2)
"""How far an iris moves sideways, in widths of the eye, where eyeballs that look far aside begin to be drawn,
and where they are in full. By eye."""
OPENING_EDGE: Final = 1.0
"""Pixels over which an opening's edge is soft. It begins at the outline and lies inside: shut lips leave no
line."""
OPENING_MARGIN: Final = 2
"""Pixels around an opening that are looked at: it is closed there, and a shut one keeps some height."""
SMALLEST_WIDTH: Final = 1e-4
"""Of the crop's side. Keeps a mouth or an eye without width from dividing 0 by 0."""
OCCLUSION_AT_LIPS: Final = 0.6
"""How much of the mouth's interior shows right behind the lips; deeper in it is lit fully. By eye."""
OCCLUSION_DEPTH: Final = 0.09
"""How far in the light grows by 1, as a share of the mouth's width. By eye."""
LOWER_SURE, LOWER_UNSURE = 0.02, 0.10
"""How far the lower row has gone down, in widths of the mouth, up to where it is told to a refiner as teeth,
which that may only shade, and from where it is not: behind an open jaw a tongue lies before it as often as
not (on 60 rendered people it fills two fifths of an open mouth's middle), and that must be painted."""
SHADE_AT_LIDS, SHADE_DEPTH = 0.5, 0.3
"""The same for eyeballs that look aside, in widths of the eye. On two clips the white has .7 and .85 of its
light .06 and .1 widths from the lids' outline."""
LASH_LINE: Final = 0.04
"""Half the thickness of a shut lid's line of lashes, in widths of the eye. By eye."""
LASH_ENDS: Final = 0.35
"""Share of that thickness at the eye's corners. By eye."""
LASH_EDGE: Final = 1.5
"""Pixels over which that line fades. By eye."""
LASH_SHADE: Final = 0.13
"""How far above that line a lid is in its shade, in widths of the eye. By eye."""
LASH_SHADE_MOST: Final = 0.4
"""How much of the colour of lashes it takes right above them. By eye."""
LID_SOFT: Final = 0.06
"""How far in, in widths of the eye, a shut lid's skin shows in full. By eye."""
CREASE_HUE: Final = (0.85, 1.0, 1.1)
"""Red, green and blue of what folds of the skin take from its light: in them it is redder. By eye."""
LIGHT_FOLLOWS: Final = 0.5
"""How far a light on the eye goes with the iris. A mirrored light stays at the middle of the cornea's curve,
5.3 mm before the point that the eye turns about; the pupil is 10 mm before it (Gullstrand's eye)."""


@dataclass(frozen=True, slots=True)
class PersonaInputs:
    """Set once for a portrait. S is the crop's side in pixels."""

    foreground: F32
    """(1, 4, S, S): the person's colour and, last, the matte."""
    background: F32
    """(1, 3, S, S): what stands behind, filled in where the person was."""
    interior: F32
    """(1, 12, S, S): the mouth's inside and the eyeballs, painted where the portrait's own are; eyeballs that
    look far aside; both eyes painted as shut ones; and the lights on the eyes, taken off both eyeballs."""
    teeth: F32
    """(1, 8, S, S): the upper row of teeth and then the lower, each a colour and its cover."""

    @classmethod
    def from_pictures(
        cls,
        foreground: NDArray[np.uint8],
        background: NDArray[np.uint8],
        interior: NDArray[np.uint8],
        teeth: NDArray[np.uint8],
    ) -> PersonaInputs:
        """From 8-bit pictures: RGBA S x S x 4, RGB S x S x 3, RGB four times, S x S x 12, and RGBA twice,
        S x S x 8.

        Raises:
            ValueError: a picture is not uint8 or not of the shape above, all of one size.
        """
        side = foreground.shape[0] if foreground.ndim else 0
        pictures = {
            "foreground": (foreground, 4),
            "background": (background, 3),
            "interior": (interior, 12),
            "teeth": (teeth, 8),
        }
        for name, (picture, channels) in pictures.items():
            if picture.dtype != np.uint8 or picture.shape != (side, side, channels):
                expected = f"uint8 of shape {(side, side, channels)}"
                raise ValueError(f"{name}: expected {expected}, given {picture.dtype} of {picture.shape}")
        return cls(planes(foreground), planes(background), planes(interior), planes(teeth))

    def feeds(self) -> dict[str, NDArray[Any]]:
        """By name, as an engine takes them."""
        return {
            "foreground": self.foreground,
            "background": self.background,
            "interior": self.interior,
            "teeth": self.teeth,
        }


@dataclass(frozen=True, slots=True)
class FrameInputs:
    """Set for every frame."""

    flow: F32
    """(1, 2, 128, 128): for every cell's centre, where its colour comes from less where it is (x, then y)."""
    creases: F32
    """(1, 1, 128, 128): for every cell's centre, what the person's light gains there, as a share of it: less
    than 0 in folds of the skin, 0 where it is as the portrait has it."""
    landmarks: F32
    """(478, 2): the portrait's landmarks as they move."""
    inner_inverse: F32
    """(3, 2, 3): for every opening the affine map from the moved picture back to the portrait."""
    inner_centre: F32
    """(3, 2): where every opening's centre has moved to."""
    jaw_inverse: F32
    """(2, 3): the affine map from the moved picture back to the portrait for what hangs on the jaw, the lower
    row of teeth; the mouth's, and down by what the jaw has opened."""
    lids: F32
    """(2, 12): of the left and the right eye the colour of the lashes, RGB in 0..1; how far its upper lid is
    drawn as a shut one's, 0 where its lids are as the picture has them; how far it is drawn as one that looks
    aside; how far its lower lid is drawn as a shut one's; and, row by row, the affine map from the moved
    picture back to the portrait's lids."""

    def feeds(self) -> dict[str, NDArray[Any]]:
        """By name, as an engine takes them."""
        return {
            "flow": self.flow,
            "creases": self.creases,
            "landmarks": self.landmarks,
            "inner_inverse": self.inner_inverse,
            "inner_centre": self.inner_centre,
            "jaw_inverse": self.jaw_inverse,
            "lids": self.lids,
        }


def planes(picture: NDArray[np.uint8]) -> F32:
    """S x S x C, uint8 -> (1, C, S, S), float32 in 0..1."""
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None], dtype=np.float32) / np.float32(255)


def persona_specs(size: int) -> tuple[TensorSpec, ...]:
    """The inputs that are set once, in the graph's order."""
    return (
        _spec("foreground", 1, 4, size, size),
        _spec("background", 1, 3, size, size),
        _spec("interior", 1, 12, size, size),
        _spec("teeth", 1, 8, size, size),
    )


def frame_specs() -> tuple[TensorSpec, ...]:
    """The inputs that change with every frame, in the graph's order."""
    return (
        _spec("flow", 1, 2, FLOW_GRID, FLOW_GRID),
        _spec("creases", 1, 1, FLOW_GRID, FLOW_GRID),
        _spec("landmarks", COUNT, 2),
        _spec("inner_inverse", OPENINGS, 2, 3),
        _spec("inner_centre", OPENINGS, 2),
        _spec("jaw_inverse", 2, 3),
        _spec("lids", OPENINGS - 1, 12),
    )


def input_specs(size: int) -> tuple[TensorSpec, ...]:
    """Every input, in the graph's order."""
    return persona_specs(size) + frame_specs()


def output_specs(size: int) -> tuple[TensorSpec, ...]:
    """The one output: the picture, RGB in 0..1."""
    return (_spec("image", 1, 3, size, size),)


def _spec(name: str, *shape: int) -> TensorSpec:
    return TensorSpec(name, shape, np.dtype(np.float32))
