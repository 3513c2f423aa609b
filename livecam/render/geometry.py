"""From a motion to what the generator needs for one frame: the correspondence map and the inner layers."""

from __future__ import annotations

from typing import Final

import numpy as np

from livecam.arrays import F32
from livecam.face import landmarks as lm
from livecam.generator.inputs import ASIDE, FLOW_GRID, FrameInputs
from livecam.geometry import Array, smoothstep
from livecam.motion.types import Motion
from livecam.persona.dentition import INCISORS, OVERBITE
from livecam.persona.eyeballs import lash_colours
from livecam.persona.mouth_paint import MouthPlace, jaw_open_by
from livecam.persona.types import PersonaData
from livecam.render.carried import Carrier
from livecam.render.creases import Creases
from livecam.render.raster import FAR, halve, rasterise
from livecam.render.side import HiddenSide, SideFlow

LASH_SLIDE, RIM_SLIDE = 0.65, 0.4
"""How far the lash row slides towards the crease as the lid shuts, so that lashes do not smear, and the lower
lid's edge towards the fold below it, so that its moist rim does not show. By eye."""
SHUTTING, SHUT = 0.3, 0.75
"""Share of the opening that is gone where a lid begins to be drawn as a shut one, and where it is in full. A
smile narrows eyes by up to a third, and there the portrait's own skin is nearer: with .1 and .5 the eyes of
51 people's smiles had .1 dB less, the worst five .6, in both halves of them."""
JAW_SLACK: Final = 0.08
"""Mouth widths that the chin goes down before the lower teeth leave the upper ones: lips and skin move that
much without the jaw. On a clip of clenched teeth it goes .04 distances of the eyes, .07 mouth widths."""
LOWER_SEEN, LOWER_SEEN_OPEN = 0.16, 0.04
"""Mouth widths of the lower teeth that a lower lip uncovers at most, while the jaw is shut and where it is
open: what it goes beyond that the jaw has gone, too, whatever the chin seems to do, for skin lags behind the
bone. A grin draws the lip down by little more than the teeth's height (by eye); a lip that goes with the jaw
stays before them. On 60 rendered people .02 to .03 are seen, however far mouths are open."""
JAW_OPENS: Final = (0.08, 0.20)
"""Mouth widths that the chin goes down from where to where the one becomes the other."""

SQUEEZING, SQUEEZED = 0.6, 0.95
"""The same of the lower lid: up to there white and lashes are seen above it. By eye."""

_LASHES, _CREASES = list(lm.LASHES), list(lm.CREASES)
_LOWER, _FOLDS = list(lm.LOWER_LIDS), list(lm.LOWER_FOLDS)
_IRISES = [iris[0] for _, _, iris in lm.EYES]
_CORNERS = [[upper[end] for upper, _, _ in lm.EYES] for end in (0, -1)]
_LOWER_LIP = list(lm.INNER_LIP_LOWER[3:8])
_INNER = [list(lm.MOUTH), list(lm.LEFT_EYE), list(lm.RIGHT_EYE)]


def _iris_places(points: F32) -> F32:
    """(2,): where each iris is between the corners of its eye, 0 at the first and 1 at the last."""
    first, last = points[_CORNERS[0], :2], points[_CORNERS[1], :2]
    along = last - first
    return ((points[_IRISES, :2] - first) * along).sum(1) / np.maximum((along**2).sum(1), 1e-12)


class FrameGeometry:
    """Turns motions into `FrameInputs` for one persona. The arrays it returns are reused by the next call."""

    def __init__(self, persona: PersonaData, hidden_side: bool = True) -> None:
        """`hidden_side`: whether what draws completes it, see `side`."""
        self._persona = persona
        lattice = persona.lattice
        self._source = np.concatenate([persona.landmarks[: lm.MESH_COUNT, :2], lattice.points])
        self._carry = Carrier(persona, lattice)
        self._creases = Creases(persona)
        self._centres = np.stack([persona.landmarks[i].mean(0) for i in _INNER]).astype(np.float64)
        self._lashes = lash_colours(persona.foreground[..., :3], persona.landmarks) / 255
        mouth = MouthPlace.of(persona.landmarks)
        self._down, self._mouth_width = mouth.axes[1], mouth.width
        lower = INCISORS - OVERBITE + jaw_open_by(persona.landmarks)
        self._lower_edge = float(mouth.points(np.array([[0.0, lower]]))[0] @ self._down)
        self._chin = np.append(persona.landmarks[lm.CHIN], 1).astype(np.float64)
        self._resting_irises = _iris_places(persona.landmarks)
        hidden = HiddenSide(persona) if hidden_side else None
        self._side = hidden if hidden is not None and hidden.any else None
        self._nearest = np.empty((2 * FLOW_GRID, 2 * FLOW_GRID), np.float32)
        self._fine = np.empty((2 * FLOW_GRID, 2 * FLOW_GRID, 2), np.float32)
        self._flow = np.empty((FLOW_GRID, FLOW_GRID, 2), np.float32)

    def __call__(self, motion: Motion) -> FrameInputs:
        outer, outer_depth = self._carry(motion)
        if self._side is not None:
            outer, outer_depth = self._side.unfold(motion, outer, outer_depth)
        vertices = np.concatenate([motion.landmarks[: lm.MESH_COUNT, :2], outer]).astype(np.float32)
        depth = np.concatenate([motion.landmarks[: lm.MESH_COUNT, 2], outer_depth]).astype(np.float32)
        source = self._texture(motion.lids)
        rasterise(vertices, depth, source, self._persona.triangles, self._nearest, self._fine)
        halve(self._nearest, self._fine, self._flow)
        self._drawn = vertices, depth
        inverse, centres = self._inner(motion)
        jaw = inverse[0].copy()
        jaw[:, 2] -= self._jaw_drop(motion, inverse[0]) * self._down
        flow = self._flow.transpose(2, 0, 1)[None]
        return FrameInputs(
            flow=flow,
            creases=self._creases(motion, flow),
            landmarks=motion.landmarks[:, :2],
            inner_inverse=inverse.astype(np.float32),
            inner_centre=centres.astype(np.float32),
            jaw_inverse=jaw.astype(np.float32),
            lids=self._lids(motion, inverse),
        )

    @property
    def uncovered(self) -> int:
        """Cells of the last motion's map, of 4 `FLOW_GRID`², that no triangle covers."""
        return int((self._nearest >= FAR).sum())

    def side(self, motion: Motion) -> SideFlow | None:
        """What completes the hidden side in the last motion's picture; None where nothing does."""
        return None if self._side is None else self._side(motion.head, *self._drawn)

    def _texture(self, lids: F32) -> F32:
        """Source positions of the mesh; under a closing lid the lash row takes clean lid skin instead."""
        shut = np.repeat(1 - np.minimum(lids, 1), len(_LASHES) // 2)[:, None]
        source = self._source.copy()
        source[_LASHES] += LASH_SLIDE * shut * (source[_CREASES] - source[_LASHES])
        source[_LOWER] += RIM_SLIDE * shut * (source[_FOLDS] - source[_LOWER])
        return source.astype(np.float32)

    def _lids(self, motion: Motion, inverse: Array) -> F32:
        """(2, 12) as `FrameInputs` has it. inverse: (3, 2, 3), of the openings."""
        gone = 1 - motion.lids
        shut, squeezed = smoothstep(SHUTTING, SHUT, gone), smoothstep(SQUEEZING, SQUEEZED, gone)
        back = inverse[1:].copy()
        back[:, :, 2] += motion.gaze @ inverse[0, :, :2].T  # lids do not look about
        looks = np.abs(_iris_places(motion.landmarks) - self._resting_irises)
        aside = smoothstep(*ASIDE, looks) * (1 - shut)
        shares = np.stack([shut, aside, squeezed], 1)
        return np.concatenate([self._lashes, shares, back.reshape(2, 6)], 1).astype(np.float32)

    def _jaw_drop(self, motion: Motion, back: Array) -> float:
        """How far the lower teeth have left the upper ones, in the portrait's 0..1: by how far the chin has
        left the place where the head alone would have brought it, and by the lower lip where that is
        farther down than it uncovers. back: (2, 3), moved -> portrait."""
        left = motion.landmarks[lm.CHIN, :2] - motion.head.astype(np.float64)[:2] @ self._chin
        width = self._mouth_width
        chin = float((back[:, :2] @ left) @ self._down)
        seen = LOWER_SEEN + (LOWER_SEEN_OPEN - LOWER_SEEN) * float(smoothstep(*JAW_OPENS, chin / width))
        lips = motion.landmarks[_LOWER_LIP, :2] @ back[:, :2].T + back[:, 2]
        lip = float((lips @ self._down).max()) - self._lower_edge
        return max(chin - JAW_SLACK * width, lip - seen * width, 0.0)

    def _inner(self, motion: Motion) -> tuple[Array, Array]:
        """Mouth and eyeball layers follow the head at their own depth; eyeballs are shifted by the gaze."""
        head = motion.head.astype(np.float64)
        linear = np.linalg.inv(head[:2, :2])
        centres = self._centres @ head[:2, :3].T + head[:2, 3]
        centres[1:] += motion.gaze
        shift = self._centres[:, :2] - centres @ linear.T
        return np.concatenate([np.tile(linear, (3, 1, 1)), shift[:, :, None]], 2), centres
