"""Draws people with OpenGL, through EGL and without a window: on a GPU or, with llvmpipe, on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import moderngl
import numpy as np
from numpy.typing import NDArray

from training.heads import uniforms
from training.heads.data import Floats, Integers
from training.heads.gpu import Drawable, Ribbons, create_context, noise_volume, program, shadow_share, write
from training.heads.lights import lamp_set, light_set
from training.heads.look import Look
from training.heads.materials import GROUP_OF, Group, Material
from training.heads.person import Person, Wardrobe, Worn
from training.heads.shadows import Openness, Shadows, matrices_of
from training.heads.shape import Gaze, HeadShape, Pose, expression
from training.heads.strands import Strands
from training.heads.surfaces import Surface, coarse, head_surface
from training.heads.target import Target

HEAD_GROUPS: Final = frozenset((Group.SKIN_GROUP, Group.MOUTH_GROUP, Group.EYE_GROUP))
CASTING: Final = (Material.FACE, Material.NECK, Material.TEETH)
"""The parts of a head that can throw a shadow on others."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What changes from frame to frame. `expression` (E,) 0..1 without the lids' share of the gaze."""

    expression: Floats
    gaze: Gaze = field(default_factory=Gaze)
    pose: Pose = field(default_factory=Pose)


@dataclass(frozen=True, slots=True)
class Layers:
    """Linear light before it is put together: (H, W, 3) float32 each; spread (H, W); material (H, W).

    lens (H, W, 4): light mirrored in glasses and how much they darken; None without glasses.
    vertices (V, 3): the posed head, for landmarks. distance (H, W) float32: cm from the camera, along its
    axis. rough: light was worked out by vertex and holds no fine detail.
    """

    light: Floats
    albedo: Floats
    shine: Floats
    spread: Floats
    material: NDArray[np.uint8]
    lens: Floats | None
    vertices: Floats
    distance: Floats
    rough: bool


@dataclass(frozen=True, slots=True)
class _Programs:
    surfaces: dict[Group, Any]
    strand: Any
    lens: Any


class Renderer:
    """One OpenGL context. Not to be shared between threads.

    `tile`: pixels of each light's shadow map; `casting`: about how many triangles of hair cast shadows;
    `quick`: each lamp has one shadow map with a blurred edge, and the sky reaches each vertex as it does at
    rest, instead of many shadowed lights in every frame.
    """

    def __init__(
        self,
        shape: HeadShape,
        wardrobe: Wardrobe | None = None,
        tile: int = 512,
        casting: int = 50_000,
        quick: bool = False,
    ) -> None:
        self.shape = shape
        self.wardrobe = wardrobe or Wardrobe(shape.data)
        self.surface = head_surface(shape)
        self._context = context = create_context()
        self._quick = quick
        self._programs: dict[int, _Programs] = {}
        self._casting_hair = casting
        self._shadows = Shadows(context, tile)
        self._openness = Openness(context, self._shadows) if quick else None
        noise = noise_volume()
        self._noise = context.texture3d(noise.shape, 1, noise.tobytes())
        self._noise.filter = (moderngl.LINEAR, moderngl.LINEAR)
        masks = self.wardrobe.masks
        self._masks = context.texture((masks.shape[1], masks.shape[0]), 4, masks.tobytes())
        self._masks.build_mipmaps()
        self._masks.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        self._target: Target | None = None
        corners = self.surface.triangles
        groups = np.array([GROUP_OF[Material(m)] for m in self.surface.material[corners[:, 0]]])
        parts = {group: corners[groups == group] for group in Group if (groups == group).any()}
        caster = _casting(self.surface)
        if quick:
            caster = coarse(self.surface.rest, caster, 0.7)
        self._head = Drawable(context, parts, self._shadows.surface, len(self.surface.vertex), caster)
        self._person: Person | None = None
        self._worn: list[Drawable] = []
        self._lenses: Drawable | None = None
        self._hair: Ribbons | None = None
        self._furs: dict[Material, Ribbons] = {}

    @property
    def device(self) -> str:
        """What draws, as OpenGL names it."""
        return str(self._context.info["GL_RENDERER"])

    def seat(self, person: Person) -> None:
        """Upload what stays the same for one person."""
        if self._person is person:
            return
        self._person = person
        surface = self.surface
        roots = person.painted_roots[surface.vertex]
        self._head.set_static(surface.rest, surface.texture, surface.material, roots)
        for old in (*self._worn, self._lenses, self._hair, *self._furs.values()):
            if old is not None:
                old.release()
        self._worn, self._furs = [], {}
        for item in person.worn:
            parts = {GROUP_OF[item.material]: item.mesh.triangles}
            casting = _coarse_worn(item) if self._quick else None
            drawable = Drawable(self._context, parts, self._shadows.surface, len(item.mesh.vertices), casting)
            drawable.set_static(item.mesh.vertices, item.mesh.texture, float(item.material))
            self._worn.append(drawable)
        self._lenses = None
        if person.lenses is not None:
            mesh = person.lenses.mesh
            glass = {Material.LENS: mesh.triangles}
            self._lenses = Drawable(self._context, glass, self._shadows.surface, len(mesh.vertices))
        self._hair = (
            None
            if person.hair is None
            else self._ribbons(person.hair, *shadow_share(person.hair, self._casting_hair))
        )
        if self._openness is not None:
            self._measure_openness(self._openness, person)

    def _measure_openness(self, openness: Openness, person: Person) -> None:
        shape, still = self.shape, Pose()
        # Ajar, or what opens later would be black: the inner lips and the lids' crease.
        ajar = expression(shape.data, jawOpen=0.2, mouthUpperUp=0.2, eyeBlink=0.5)
        vertices = shape.express(person.neutral, ajar, Gaze())
        normals = shape.normals(vertices)
        corner = self.surface.vertex
        self._head.set_moving(vertices[corner], normals[corner])
        for item, drawable in zip(person.worn, self._worn, strict=True):
            drawable.set_moving(*item.posed(still))
        self._shadows.atlas.use(0)
        self._noise.use(1)
        constants = {"shadow_atlas": 0, "noise_volume": 1, "noise_offset": person.noise_offset}
        openness.measure((self._head, *self._worn), self._cast, self._hair, constants)

    def draw(self, person: Person, moment: Moment, size: int) -> Layers:
        """Draw one frame, size x size pixels, without antialiasing."""
        with self._context:  # until now another renderer's may have been current, or, where it has gone, none
            return self._draw(person, moment, size)

    def _draw(self, person: Person, moment: Moment, size: int) -> Layers:
        self.seat(person)
        shape, look = self.shape, person.look
        vertices = shape.pose(shape.express(person.neutral, moment.expression, moment.gaze), moment.pose)
        normals = shape.normals(vertices)
        corner = self.surface.vertex
        self._head.set_moving(vertices[corner], normals[corner])
        for item, drawable in zip(person.worn, self._worn, strict=True):
            drawable.set_moving(*item.posed(moment.pose))
        self._move_furs(person, vertices, normals)
        lights = lamp_set(look.lighting) if self._quick else light_set(look.lighting)
        matrices = matrices_of(lights)
        beards = [ribbons for kind, ribbons in self._furs.items() if kind == Material.BEARD]
        self._shadows.draw(lights, matrices, self._cast, self._hair, moment.pose, beards)
        programs = self._programs_for(len(lights.directions))
        target = self._target_of(size)
        view = look.camera.matrix()
        shared = {
            **uniforms.lights(lights, matrices),
            **uniforms.catchlight(look),
            **uniforms.dome(look),
            "camera_position": look.camera.position,
            "noise_offset": person.noise_offset,
            "shadow_atlas": 0,
            "noise_volume": 1,
            "face_masks": 2,
            "view_projection": view,
        }
        self._shadows.atlas.use(0)
        self._noise.use(1)
        self._masks.use(2)
        self._fill_depth(target.main, look, moment.pose)
        write(programs.strand, {**shared, "eye": [*look.camera.position, 1.0], "widen": 1.0})
        if self._hair is not None:
            write(programs.strand, {**uniforms.strands(look, Material.HAIR), **uniforms.bending(moment.pose)})
            self._hair.draw(programs.strand)
        for kind, ribbons in self._furs.items():
            write(programs.strand, {**uniforms.strands(look, kind), **uniforms.STILL})
            ribbons.draw(programs.strand)
        # Surfaces last: what hair hides is never shaded.
        surfaces = {
            **shared,
            **uniforms.lips(shape.landmarks(vertices)),
            **uniforms.surfaces(look, moment.expression, shape),
        }
        shown = {GROUP_OF[item.material] for item in person.worn}
        for group in (*HEAD_GROUPS, *(shown - HEAD_GROUPS)):
            write(programs.surfaces[group], surfaces)
        self._cull(lambda: self._head.draw(programs.surfaces))
        for surface in self._worn:
            surface.draw(programs.surfaces)
        lens = self._draw_lenses(person, moment, target, programs.lens, shared)
        light, albedo, shine = target.colors()
        return Layers(
            light=light[..., :3],
            albedo=albedo[..., :3],
            shine=shine[..., :3],
            spread=light[..., 3],
            material=albedo[..., 3].astype(np.uint8),
            lens=lens,
            vertices=vertices,
            distance=look.camera.distances(target.depths()),
            rough=self._quick,
        )

    def _cast(self) -> None:
        self._cull(self._head.cast)
        for surface in self._worn:
            surface.cast()

    def _fill_depth(self, framebuffer: Any, look: Look, pose: Pose) -> None:
        """Depth first, so that each pixel is shaded about once: shading is the dear part."""
        framebuffer.use()
        framebuffer.clear(0, 0, 0, 0, depth=1.0)
        framebuffer.color_mask = ((False,) * 4,) * 3
        view = look.camera.matrix()
        write(self._shadows.surface, {"view_projection": view})
        self._cull(self._head.draw_depth)
        # Clothes hide little of themselves: for cheap pixels depth first does not pay.
        for surface in () if self._quick else self._worn:
            surface.draw_depth()
        # Where light is worked out by vertex, hair's pixels are cheap and need no depth first.
        if self._hair is not None and not self._quick:
            seen = {"view_projection": view, "eye": [*look.camera.position, 1.0], "widen": 1.0}
            write(self._shadows.strand, {**seen, **uniforms.bending(pose)})
            self._hair.draw_depth()
        framebuffer.color_mask = ((True,) * 4,) * 3
        self._context.depth_func = "<="

    def _cull(self, draw: Callable[[], None]) -> None:
        """Draw the head; to save time without what is turned away, which only its inner parts would show."""
        if self._quick:
            self._context.enable(moderngl.CULL_FACE)
        draw()
        self._context.disable(moderngl.CULL_FACE)

    def _draw_lenses(
        self, person: Person, moment: Moment, target: Target, program: Any, shared: dict[str, Any]
    ) -> Floats | None:
        """Glass in front of what is already drawn: same depth, picture of its own."""
        if self._lenses is None or person.lenses is None or person.look.glasses is None:
            return None
        target.lens_color.clear(0, 0, 0, 0)
        target.lens.use()
        self._lenses.set_moving(*person.lenses.posed(moment.pose))
        write(program, {**shared, "tint": person.look.glasses.tint})
        self._lenses.draw({Material.LENS: program})
        return target.lens_pixels()

    def _target_of(self, size: int) -> Target:
        if self._target is None or self._target.size != size:
            if self._target is not None:
                self._target.release()
            self._target = Target(self._context, size)
        return self._target

    def _ribbons(self, strands: Strands, every: int, widen: float) -> Ribbons:
        return Ribbons(self._context, self._shadows.strand, strands, every, widen)

    def _move_furs(self, person: Person, vertices: Floats, normals: Floats) -> None:
        """Brows, lashes and beard go with the face."""
        for kind, fur in person.furs().items():
            strands = fur.at(vertices, normals)
            if kind in self._furs:
                self._furs[kind].move(strands)
            else:
                self._furs[kind] = self._ribbons(strands, 3, 2.0)

    def _programs_for(self, lamps: int) -> _Programs:
        """Quick shaders are compiled for their number of lamps: a loop of unknown length is dear on a CPU."""
        key = lamps if self._quick else 0
        if key not in self._programs:
            defines = {"QUICK": 1, "LIGHTS": lamps} if self._quick else {}
            context = self._context
            self._programs[key] = _Programs(
                surfaces={
                    group: program(context, "surface.vert", "surface.frag", GROUP=group.value, **defines)
                    for group in Group
                },
                strand=program(context, "strand.vert", "strand.frag", **defines),
                lens=program(context, "surface.vert", "lens.frag", **defines),
            )
        return self._programs[key]


def _coarse_worn(item: Worn) -> Integers:
    """What is worn casts shadows with fewer triangles; clothes are smooth, frames and earrings fine."""
    return coarse(item.mesh.vertices, item.mesh.triangles, 1.5 if item.material == Material.CLOTH else 0.5)


def _casting(surface: Surface) -> Integers:
    kinds = surface.material[surface.triangles[:, 0]]
    return surface.triangles[np.isin(kinds, CASTING)]
