"""What keeps light away: shadow maps of every light, and how much of the sky each vertex sees."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import moderngl
import numpy as np
from numpy.typing import NDArray

from training.heads import uniforms
from training.heads.camera import light_matrix
from training.heads.gpu import STILL_OUTPUTS, Drawable, Ribbons, feedback, program, write
from training.heads.lights import LightSet, sphere
from training.heads.shape import Pose

TILES: Final = (8, 5)
"""Columns and rows of the atlas; shaders/lighting.glsl names the same numbers."""
SCENE_CENTRE: Final = np.array([0.0, -2.0, 0.0])
SCENE_RADIUS: Final = 25.0
"""A ball in cm that holds head and shoulders: what casts shadows."""
OPENNESS_LIGHTS: Final = 10


def matrices_of(lights: LightSet) -> NDArray[np.float64]:
    """(n, 4, 4) world to the clip space of each light's shadow map."""
    return np.stack([light_matrix(d, SCENE_CENTRE, SCENE_RADIUS) for d in lights.directions])


class Shadows:
    """One depth picture of `tile` x `tile` pixels a light, side by side in one texture."""

    def __init__(self, context: Any, tile: int) -> None:
        self._context, self._tile = context, tile
        self.surface = program(context, "depth.vert", "depth.frag")
        """Draws the depth of surfaces, from a light or from the camera."""
        self.strand = program(context, "strand.vert", "depth.frag")
        self.atlas = context.depth_texture((tile * TILES[0], tile * TILES[1]))
        self.atlas.compare_func = "<="
        self.atlas.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self._target = context.framebuffer(depth_attachment=self.atlas)

    def draw(
        self,
        lights: LightSet,
        matrices: NDArray[np.float64],
        surfaces: Callable[[], None],
        bent: Ribbons | None = None,
        pose: Pose | None = None,
        still: Sequence[Ribbons] = (),
    ) -> None:
        """`surfaces` draws what casts; hair that is `bent` by the pose here; ribbons that are `still`."""
        self._target.use()
        self._target.viewport = (0, 0, *self.atlas.size)
        self._target.clear(depth=1.0)
        self._context.depth_func = "<"
        self._context.enable_only(moderngl.DEPTH_TEST)
        tile = self._tile
        for index, (towards, matrix) in enumerate(zip(lights.directions, matrices, strict=True)):
            self._target.viewport = (index % TILES[0] * tile, index // TILES[0] * tile, tile, tile)
            write(self.surface, {"view_projection": matrix})
            surfaces()
            write(self.strand, {"view_projection": matrix, "eye": [*towards, 0.0], "widen": 1.0})
            if bent is not None:
                write(self.strand, uniforms.bending(pose or Pose()))
                bent.cast()
            write(self.strand, uniforms.STILL)
            for ribbons in still:
                ribbons.cast()


class Openness:
    """How much of the sky each vertex sees, with hair, hat and clothes in place: measured once a person."""

    def __init__(self, context: Any, shadows: Shadows) -> None:
        self._context, self._shadows = context, shadows
        self._program = feedback(context, "openness.vert", *STILL_OUTPUTS)

    def measure(
        self,
        drawables: Sequence[Drawable],
        surfaces: Callable[[], None],
        hair: Ribbons | None,
        constants: Mapping[str, Any],
    ) -> None:
        """For vertices where they are now. `surfaces` as in `Shadows.draw`; `constants`: of the shader."""
        around = sphere(OPENNESS_LIGHTS)
        matrices = matrices_of(around)
        self._shadows.draw(around, matrices, surfaces, hair)
        write(self._program, {**uniforms.lights(around, matrices), **constants})
        for drawable in drawables:
            drawable.prepare(self._context, self._program)
