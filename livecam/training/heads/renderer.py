"""Draws people with OpenGL, through EGL and without a window: on a GPU or, with llvmpipe, on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

import moderngl
import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError
from livecam.training.heads import materials
from livecam.training.heads.camera import light_matrix
from livecam.training.heads.data import Floats, Integers
from livecam.training.heads.lights import MOST, LightSet, direction, light_set
from livecam.training.heads.look import Look
from livecam.training.heads.materials import Material
from livecam.training.heads.person import Person, Wardrobe
from livecam.training.heads.shape import PIVOT, Gaze, HeadShape, Pose, bend, neck_weight
from livecam.training.heads.strands import Strands, ribbon_triangles, ribbon_vertices
from livecam.training.heads.surfaces import head_surface, vertex_normals

TILE: Final = 512
TILES: Final = (8, 5)
SCENE_CENTRE: Final = np.array([0.0, -2.0, 0.0])
SCENE_RADIUS: Final = 25.0
"""A ball in cm that holds head and shoulders: what casts shadows."""
_SURFACE: Final = ("3f 3f", "3f 2f 2f")
_STRAND: Final = "3f 3f 4f 2f"


@dataclass(frozen=True, slots=True)
class Moment:
    """What changes from frame to frame. `expression` (E,) 0..1 without the lids' share of the gaze."""

    expression: Floats
    gaze: Gaze = field(default_factory=Gaze)
    pose: Pose = field(default_factory=Pose)


@dataclass(frozen=True, slots=True)
class Layers:
    """Linear light before it is put together: (H, W, 3) float32 each; spread (H, W); material (H, W)."""

    light: Floats
    albedo: Floats
    shine: Floats
    spread: Floats
    material: NDArray[np.uint8]
    vertices: Floats
    """(V, 3) the posed head, for landmarks."""


@cache
def _shader(name: str) -> str:
    folder = files("livecam.training.heads") / "shaders"
    source = (folder / name).read_text()
    source = source.replace("#include lighting", (folder / "lighting.glsl").read_text())
    return source.replace("#include materials", materials.glsl())


class Renderer:
    """One OpenGL context. Not to be shared between threads."""

    def __init__(self, shape: HeadShape, wardrobe: Wardrobe | None = None) -> None:
        self.shape = shape
        self.wardrobe = wardrobe or Wardrobe(shape.data)
        self.surface = head_surface(shape)
        try:
            # The stubs type the settings wrongly.
            self.context = moderngl.create_context(standalone=True, backend="egl", require=330)  # type: ignore[arg-type]
        except Exception as error:
            raise UserError(
                "rendering",
                f"no OpenGL 3.3 through EGL ({error})",
                "Install libegl1 and a driver (libgl1-mesa-dri draws on the CPU)",
            ) from error
        context = self.context
        self._surface = context.program(
            vertex_shader=_shader("surface.vert"), fragment_shader=_shader("surface.frag")
        )
        self._strand = context.program(
            vertex_shader=_shader("strand.vert"), fragment_shader=_shader("strand.frag")
        )
        self._depth = context.program(
            vertex_shader=_shader("depth.vert"), fragment_shader=_shader("depth.frag")
        )
        self._strand_depth = context.program(
            vertex_shader=_shader("strand.vert"), fragment_shader=_shader("depth.frag")
        )
        self._atlas = context.depth_texture((TILE * TILES[0], TILE * TILES[1]))
        self._atlas.compare_func = "<="
        self._atlas.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self._shadows = context.framebuffer(depth_attachment=self._atlas)
        self._noise = context.texture3d((64, 64, 64), 1, _noise_volume().tobytes())
        self._noise.filter = (moderngl.LINEAR, moderngl.LINEAR)
        masks = self.wardrobe.masks
        self._masks = context.texture((masks.shape[1], masks.shape[0]), 4, masks.tobytes())
        self._masks.build_mipmaps()
        self._masks.filter = (moderngl.LINEAR_MIPMAP_LINEAR, moderngl.LINEAR)
        self._target: tuple[int, Any] | None = None
        self._head = _Drawable(self, self.surface.triangles, len(self.surface.vertex))
        self._person: Person | None = None
        self._cloth: _Drawable | None = None
        self._hair: _Ribbons | None = None

    def seat(self, person: Person) -> None:
        """Upload what stays the same for one person."""
        if self._person is person:
            return
        self._person = person
        surface = self.surface
        kind = np.c_[surface.material, person.painted_roots[surface.vertex]]
        self._head.set_static(np.c_[surface.rest, surface.texture, kind])
        for old in (self._cloth, self._hair):
            if old is not None:
                old.release()
        cloth = person.garment
        self._cloth = _Drawable(self, cloth.triangles, len(cloth.vertices))
        cloth_kind = np.tile([float(Material.CLOTH), 0.0], (len(cloth.vertices), 1))
        self._cloth.set_static(np.c_[cloth.vertices, cloth.texture, cloth_kind])
        self._hair = (
            _Ribbons(self, person.hair, *_shadow_share(person.hair)) if person.hair is not None else None
        )

    def draw(self, person: Person, moment: Moment, size: int) -> Layers:
        """Draw one frame, size x size pixels, without antialiasing."""
        self.seat(person)
        assert self._cloth is not None
        shape, look = self.shape, person.look
        neutral = shape.express(person.neutral, moment.expression, moment.gaze)
        vertices = shape.pose(neutral, moment.pose)
        normals = shape.normals(vertices)
        corner = self.surface.vertex
        self._head.set_moving(vertices[corner], normals[corner])
        cloth = bend(person.garment.vertices, neck_weight(person.garment.vertices), moment.pose)
        self._cloth.set_moving(cloth, vertex_normals(cloth, person.garment.triangles))
        fur = [(Material.BROW, person.brows, 3), (Material.LASH, person.lashes, 3)]
        if person.beard is not None:
            fur.append((Material.BEARD, person.beard, 4))
        ribbons = [
            (kind, _Ribbons(self, item.at(vertices, normals), every, 2.0)) for kind, item, every in fur
        ]
        lights = light_set(look.lighting)
        matrices = np.stack(
            [light_matrix(d.astype(float), SCENE_CENTRE, SCENE_RADIUS) for d in lights.directions]
        )
        self._draw_shadows(
            lights, matrices, moment.pose, [r for kind, r in ribbons if kind == Material.BEARD]
        )
        framebuffer = self._framebuffer(size)
        framebuffer.use()
        framebuffer.clear(0, 0, 0, 0, depth=1.0)
        view = look.camera.matrix()
        shared = self._light_uniforms(lights, matrices, person)
        _set(self._surface, {**shared, **_surface_uniforms(look, moment, shape), "view_projection": view})
        self._atlas.use(0)
        self._noise.use(1)
        self._masks.use(2)
        self._surfaces_in_front(framebuffer, view)
        _set(
            self._strand,
            {**shared, "view_projection": view, "eye": [*look.camera.position, 1.0], "widen": 1.0},
        )
        if self._hair is not None:
            _set(self._strand, {**_strand_uniforms(look, Material.HAIR), **_bending(moment.pose)})
            self._hair.draw(self._strand)
        for kind, drawable in ribbons:
            _set(self._strand, {**_strand_uniforms(look, kind), **_STILL})
            drawable.draw(self._strand)
        # Surfaces last: what hair hides is never shaded.
        self._head.draw(self._surface)
        self._cloth.draw(self._surface)
        for _, drawable in ribbons:
            drawable.release()
        return self._read(framebuffer, size, vertices)

    def _surfaces_in_front(self, framebuffer: Any, view: NDArray[np.float64]) -> None:
        """Fill the depth buffer first, so that each pixel is shaded about once: shading is the dear part."""
        assert self._cloth is not None
        framebuffer.color_mask = ((False,) * 4,) * 3
        _set(self._depth, {"view_projection": view})
        self._head.draw_depth(self._depth)
        self._cloth.draw_depth(self._depth)
        framebuffer.color_mask = ((True,) * 4,) * 3
        self.context.depth_func = "<="

    def _draw_shadows(
        self, lights: LightSet, matrices: NDArray[np.float64], pose: Pose, furs: list[_Ribbons]
    ) -> None:
        assert self._cloth is not None
        self._shadows.use()
        self._shadows.viewport = (0, 0, *self._atlas.size)
        self._shadows.clear(depth=1.0)
        self.context.depth_func = "<"
        self.context.enable_only(moderngl.DEPTH_TEST)
        for index, (towards, matrix) in enumerate(zip(lights.directions, matrices, strict=True)):
            self._shadows.viewport = (index % TILES[0] * TILE, index // TILES[0] * TILE, TILE, TILE)
            _set(self._depth, {"view_projection": matrix})
            self._head.draw_depth(self._depth)
            self._cloth.draw_depth(self._depth)
            _set(self._strand_depth, {"view_projection": matrix, "eye": [*towards, 0.0], "widen": 1.0})
            if self._hair is not None:
                _set(self._strand_depth, _bending(pose))
                self._hair.draw_depth(self._strand_depth)
            _set(self._strand_depth, _STILL)
            for fur in furs:
                fur.draw_depth(self._strand_depth)

    def _light_uniforms(
        self, lights: LightSet, matrices: NDArray[np.float64], person: Person
    ) -> dict[str, Any]:
        count = len(lights.directions)
        padded = np.zeros((MOST, 4, 4))
        padded[:count] = matrices
        return {
            "light_count": count,
            "light_direction": np.pad(lights.directions, ((0, MOST - count), (0, 0))),
            "light_color": np.pad(lights.colors, ((0, MOST - count), (0, 0))),
            "light_matrix": padded,
            "camera_position": person.look.camera.position,
            "noise_offset": person.noise_offset,
            "shadow_atlas": 0,
            "noise_volume": 1,
            "face_masks": 2,
        }

    def _framebuffer(self, size: int) -> Any:
        if self._target is None or self._target[0] != size:
            if self._target is not None:
                self._target[1].release()
            colors = [self.context.texture((size, size), 4, dtype="f2") for _ in range(3)]
            depth = self.context.depth_renderbuffer((size, size))
            self._target = (size, self.context.framebuffer(colors, depth))
        return self._target[1]

    def _read(self, framebuffer: Any, size: int, vertices: Floats) -> Layers:
        light, albedo, shine = (
            np.frombuffer(framebuffer.read(components=4, attachment=k, dtype="f2"), np.float16)
            .reshape(size, size, 4)[::-1]
            .astype(np.float32)
            for k in range(3)
        )
        return Layers(
            light=light[..., :3],
            albedo=albedo[..., :3],
            shine=shine[..., :3],
            spread=light[..., 3],
            material=albedo[..., 3].astype(np.uint8),
            vertices=vertices,
        )


class _Drawable:
    """A surface: a moving buffer (position, normal) and a still one (rest, texture, kind)."""

    def __init__(self, renderer: Renderer, triangles: Integers, count: int) -> None:
        context = renderer.context
        self._moving = context.buffer(reserve=count * 24, dynamic=True)
        self._static = context.buffer(reserve=count * 28, dynamic=True)
        self._index = context.buffer(np.ascontiguousarray(triangles, np.int32).tobytes())
        self._full = context.vertex_array(
            renderer._surface,
            [
                (self._moving, "3f 3f", "in_position", "in_normal"),
                (self._static, "3f 2f 2f", "in_rest", "in_texture", "in_kind"),
            ],
            self._index,
        )
        self._bare = context.vertex_array(
            renderer._depth, [(self._moving, "3f 12x", "in_position")], self._index
        )

    def set_static(self, values: NDArray[np.floating]) -> None:
        self._static.write(np.ascontiguousarray(values, np.float32).tobytes())

    def set_moving(self, vertices: Floats, normals: Floats) -> None:
        self._moving.write(
            np.ascontiguousarray(np.concatenate([vertices, normals], axis=1), np.float32).tobytes()
        )

    def draw(self, program: Any) -> None:
        self._full.render()

    def draw_depth(self, program: Any) -> None:
        self._bare.render()

    def release(self) -> None:
        for item in (self._full, self._bare, self._moving, self._static, self._index):
            item.release()


class _Ribbons:
    """Strands; shadows are cast by fewer, wider ones."""

    def __init__(self, renderer: Renderer, strands: Strands, every: int, widen: float) -> None:
        self._items: list[Any] = []
        self._full = self._array(renderer, renderer._strand, strands, "3f 3f 4f 2f")
        self._bare = self._array(renderer, renderer._strand_depth, strands.some(every, widen), "3f 3f 4f 2f")

    def _array(self, renderer: Renderer, program: Any, strands: Strands, layout: str) -> Any:
        context = renderer.context
        buffer = context.buffer(ribbon_vertices(strands).tobytes())
        index = context.buffer(ribbon_triangles(*strands.points.shape[:2]).astype(np.int32).tobytes())
        names = ["in_position", "in_tangent", "in_strand", "in_follow"]
        array = context.vertex_array(program, [(buffer, layout, *names)], index, skip_errors=True)
        self._items += [buffer, index, array]
        return array

    def draw(self, program: Any) -> None:
        self._full.render()

    def draw_depth(self, program: Any) -> None:
        self._bare.render()

    def release(self) -> None:
        for item in self._items:
            item.release()


def _shadow_share(hair: Strands) -> tuple[int, float]:
    """Which share of the strands casts shadows, and how much wider: about 90,000 triangles do."""
    every = max(1, round(hair.count * hair.points.shape[1] * 2 / 90_000))
    return every, 1.0 + 0.8 * (every - 1)


def _bending(pose: Pose) -> dict[str, Any]:
    return {"head": pose.head(), "shoulders": pose.shoulders(), "pivot": PIVOT}


_STILL: Final = {"head": np.eye(3), "shoulders": np.eye(3), "pivot": PIVOT}


def linear(color: tuple[float, float, float]) -> Floats:
    """sRGB 0..1 to linear."""
    c = np.asarray(color, np.float32)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _strand_uniforms(look: Look, kind: Material) -> dict[str, Any]:
    root, tip = linear(look.hair_color.root), linear(look.hair_color.tip)
    shine = look.hair_color.shine
    centre = np.array([0.0, 2.0, 0.0])
    bias = 0.012
    if kind == Material.LASH:
        root, tip, shine = root * 0.25 + 0.002, root * 0.25 + 0.002, 0.1
    elif kind == Material.BROW:
        shine = 0.25
    elif kind == Material.BEARD:
        shine = shine * 0.4
    return {
        "color_root": root,
        "color_tip": tip,
        "grey": look.hair_color.grey if kind != Material.LASH else 0.0,
        "shine": shine,
        "material": float(kind),
        "volume_centre": centre,
        "shadow_bias": bias,
    }


def _surface_uniforms(look: Look, moment: Moment, shape: HeadShape) -> dict[str, Any]:
    skin, eyes = look.skin, look.eyes
    index = shape.data.expression_index

    def level(name: str) -> float:
        return float(max(moment.expression[index(f"{name}_L")], moment.expression[index(f"{name}_R")]))

    key = look.lighting.lamps[0]
    return {
        "skin_color": linear(skin.color),
        "lip_color": linear(skin.lip),
        "lip_strength": skin.lip_strength,
        "brow_color": linear(look.hair_color.root) * 0.8,
        "brow_strength": look.brow_strength,
        "hair_color": linear(look.hair_color.root),
        "beard_color": linear(look.hair_color.root),
        "stubble": skin.stubble,
        "blush": skin.blush,
        "freckles": skin.freckles,
        "tired": skin.tired,
        "age": skin.age,
        "oil": skin.oil,
        "pores": skin.pores,
        "liner": skin.liner,
        "iris_color": linear(eyes.iris),
        "iris_inner": linear(eyes.iris_inner),
        "pupil": eyes.pupil,
        "teeth_color": linear((0.86, 0.82, 0.74)),
        "cloth_color": linear(look.clothes.color),
        "cloth_second": linear(look.clothes.second),
        "cloth_pattern": look.clothes.pattern,
        "wrinkles": np.array(
            [
                max(level("browInnerUp"), level("browOuterUp")),
                level("browDown"),
                max(level("eyeSquint"), 0.7 * level("cheekSquint"), 0.5 * level("mouthSmile")),
                level("mouthSmile"),
            ]
        ),
        "softbox": [*direction(key.azimuth, key.elevation), np.deg2rad(key.radius) * 1.1],
        "softbox_color": np.array(key.color),
    }


def _set(program: Any, values: Mapping[str, Any]) -> None:
    """Write uniforms; those that a program does not use are skipped, as compilers drop them."""
    for name, value in values.items():
        if name not in program:
            continue
        uniform = program[name]
        if isinstance(value, int):
            uniform.value = value
            continue
        array = np.asarray(value, np.float32)
        if array.ndim >= 2 and array.shape[-1] == array.shape[-2]:
            array = np.swapaxes(array, -1, -2)
        try:
            uniform.write(np.ascontiguousarray(array).tobytes())
        except moderngl.Error as error:
            raise ValueError(f"uniform {name}: {array.shape} floats do not fit") from error


def _noise_volume() -> NDArray[np.uint8]:
    """(64, 64, 64) periodic noise about 128 with a falling spectrum."""
    rng = np.random.default_rng(7)
    f = np.fft.fftfreq(64)
    k = np.sqrt(f[:, None, None] ** 2 + f[None, :, None] ** 2 + f[None, None, :] ** 2) + 1e-6
    spectrum = np.fft.fftn(rng.normal(size=(64, 64, 64))) * np.where((k > 0.03) & (k < 0.3), 1 / k, 0)
    values = np.fft.ifftn(spectrum).real
    return (np.clip(values / values.std() * 0.18 + 0.5, 0, 1) * 255).astype(np.uint8)
