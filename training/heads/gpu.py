"""The few OpenGL pieces the renderer is built from: shaders, meshes, ribbons of hair, noise."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import moderngl
import numpy as np
from numpy.typing import NDArray

from livecam.errors import UserError
from training.heads import materials
from training.heads.data import Floats, Integers
from training.heads.strands import HALF_WIDTH, Strands, ribbon_triangles, ribbon_vertices

STILL_OUTPUTS: Final = {"openness": 1, "mottle": 4, "specks": 2, "zones": 4, "folds": 4}
"""What `openness.vert` finds for each vertex, in floats."""
STILL_FLOATS: Final = sum(STILL_OUTPUTS.values())
STILL_INPUTS: Final = (
    " ".join(f"{count}f" for count in STILL_OUTPUTS.values()),
    *("in_open" if name == "openness" else f"in_{name}" for name in STILL_OUTPUTS),
)


def create_context() -> Any:
    """An OpenGL 3.3 context without a window. Raises `UserError` where EGL has no driver."""
    create: Any = moderngl.create_context  # its stubs type the settings wrongly
    try:
        return create(standalone=True, backend="egl", require=330)
    except Exception as error:
        raise UserError(
            "rendering",
            f"no OpenGL 3.3 through EGL ({error})",
            "Install libegl1 and a driver (libgl1-mesa-dri draws on the CPU)",
        ) from error


@cache
def _source(name: str) -> str:
    folder = files("training.heads") / "shaders"
    source = (folder / name).read_text()
    for shared in ("lighting", "strand_light", "places"):
        source = source.replace(f"#include {shared}\n", (folder / f"{shared}.glsl").read_text())
    return source.replace("#include materials", materials.glsl())


def feedback(context: Any, vertex: str, *outputs: str) -> Any:
    """Compile a vertex shader whose outputs are kept in a buffer."""
    return context.program(vertex_shader=_source(vertex), varyings=outputs)


def program(context: Any, vertex: str, fragment: str, **defines: int) -> Any:
    """Compile two of the files in `shaders`; `defines` are set before their first line of code."""
    lines = "".join(f"#define {name} {value}\n" for name, value in defines.items())
    sources = (
        _source(name).replace("#version 330\n", f"#version 330\n{lines}", 1) for name in (vertex, fragment)
    )
    first, second = sources
    return context.program(vertex_shader=first, fragment_shader=second)


def write(target: Any, values: Mapping[str, Any]) -> None:
    """Set uniforms; matrices are given row-major. What a compiler dropped from `target` is skipped."""
    for name, value in values.items():
        uniform = target.get(name, None)
        if uniform is None:
            continue
        if isinstance(value, int):
            uniform.value = value
            continue
        array = np.asarray(value, np.float32)
        if array.ndim >= 2 and array.shape[-1] == array.shape[-2]:
            array = np.swapaxes(array, -1, -2)
        # Compilers shorten arrays to the elements that are used.
        used = uniform.dimension * uniform.array_length
        uniform.write(np.ascontiguousarray(array).reshape(-1)[:used].tobytes())


class Drawable:
    """A surface: a moving buffer (position, normal) and a still one (rest, texture, kind)."""

    def __init__(
        self,
        context: Any,
        parts: Mapping[Any, Integers],
        bare: Any,
        count: int,
        casting: Integers | None = None,
    ) -> None:
        """`parts`: triangles by the name of the program that shades them; `bare` draws depth; `casting`: the
        triangles that cast shadows, when not all do."""
        self._context, self._count = context, count
        self._moving = context.buffer(reserve=count * 24, dynamic=True)
        self._static = context.buffer(reserve=count * 28, dynamic=True)
        self._still = context.buffer(np.ones((count, STILL_FLOATS), np.float32).tobytes())
        triangles = np.concatenate(list(parts.values()))
        casting = triangles if casting is None else casting
        self._parts = {name: _index(context, own) for name, own in parts.items()}
        whole, chosen = (
            _index(context, own) for own in (triangles, triangles if casting is None else casting)
        )
        self._arrays: dict[Any, Any] = {}
        position = (self._moving, "3f 12x", "in_position")
        self._bare = context.vertex_array(bare, [position], whole)
        self._caster = context.vertex_array(bare, [position], chosen)
        self._items = [self._bare, self._caster, self._moving, self._static, self._still, whole, chosen]

    def set_static(self, rest: Floats, texture: Floats, material: Any, roots: Any = 0.0) -> None:
        kind = np.stack(np.broadcast_arrays(material, roots, np.zeros(len(rest)))[:2], axis=1)
        values = np.concatenate([rest, texture, kind], axis=1)
        self._static.write(np.ascontiguousarray(values, np.float32).tobytes())

    def set_moving(self, vertices: Floats, normals: Floats) -> None:
        values = np.concatenate([vertices, normals], axis=1)
        self._moving.write(np.ascontiguousarray(values, np.float32).tobytes())

    def prepare(self, context: Any, program: Any) -> None:
        """Run `openness.vert` over the vertices where they are now and keep what it finds."""
        moving = (self._moving, "3f 3f", "in_position", "in_normal")
        rest = (self._static, "3f 8x 2f", "in_rest", "in_kind")
        array = context.vertex_array(program, [moving, rest])
        array.transform(self._still, mode=context.POINTS, vertices=self._count)
        array.release()

    def draw(self, programs: Mapping[Any, Any]) -> None:
        """Shade every part by its program."""
        for name, index in self._parts.items():
            program = programs[name]
            if program not in self._arrays:
                moving = (self._moving, "3f 3f", "in_position", "in_normal")
                static = (self._static, "3f 2f 2f", "in_rest", "in_texture", "in_kind")
                still = (self._still, *STILL_INPUTS)
                self._arrays[program] = self._context.vertex_array(
                    program, [moving, static, still], index, skip_errors=True
                )
            self._arrays[program].render()

    def draw_depth(self) -> None:
        self._bare.render()

    def cast(self) -> None:
        self._caster.render()

    def release(self) -> None:
        for item in (*self._arrays.values(), *self._parts.values(), *self._items):
            item.release()


def _index(context: Any, triangles: Integers) -> Any:
    return context.buffer(np.ascontiguousarray(triangles, np.int32).tobytes())


class Ribbons:
    """Strands; shadows are cast by every `every`-th, `widen` times as wide."""

    def __init__(self, context: Any, bare: Any, strands: Strands, every: int, widen: float) -> None:
        self._context, self._every, self._widen = context, every, widen
        self._whole, self._some = self._strip(strands), self._strip(strands.some(every, widen))
        self._bare, self._caster = self._array(bare, self._whole), self._array(bare, self._some)
        self._shaded: dict[Any, Any] = {}

    def move(self, strands: Strands) -> None:
        """As many strands as before, elsewhere."""
        vertices = ribbon_vertices(strands)
        self._whole[0].write(vertices.tobytes())
        some = vertices.reshape(strands.count, -1, vertices.shape[1])[:: self._every].copy()
        some[..., HALF_WIDTH] *= self._widen
        self._some[0].write(some.tobytes())

    def _strip(self, strands: Strands) -> tuple[Any, Any]:
        index = ribbon_triangles(*strands.points.shape[:2])
        return self._context.buffer(ribbon_vertices(strands).tobytes()), _index(self._context, index)

    def _array(self, program: Any, strip: tuple[Any, Any]) -> Any:
        buffer, index = strip
        names = ("in_position", "in_tangent", "in_strand", "in_follow")
        return self._context.vertex_array(program, [(buffer, "3f 3f 4f 2f", *names)], index, skip_errors=True)

    def draw(self, program: Any) -> None:
        if program not in self._shaded:
            self._shaded[program] = self._array(program, self._whole)
        self._shaded[program].render()

    def draw_depth(self) -> None:
        self._bare.render()

    def cast(self) -> None:
        self._caster.render()

    def release(self) -> None:
        for item in (*self._shaded.values(), self._bare, self._caster, *self._whole, *self._some):
            item.release()


def shadow_share(hair: Strands, triangles: int) -> tuple[int, float]:
    """Which share of the strands casts shadows, so that about so many triangles do, and how much wider."""
    every = max(1, round(hair.count * hair.points.shape[1] * 2 / triangles))
    return every, 1.0 + 0.8 * (every - 1)


def noise_volume(size: int = 64) -> NDArray[np.uint8]:
    """(size, size, size) periodic noise about 128 with a falling spectrum."""
    rng = np.random.default_rng(7)
    f = np.fft.fftfreq(size)
    k = np.sqrt(f[:, None, None] ** 2 + f[None, :, None] ** 2 + f[None, None, :] ** 2) + 1e-6
    spectrum = np.fft.fftn(rng.normal(size=(size, size, size))) * np.where((k > 0.03) & (k < 0.3), 1 / k, 0)
    values = np.fft.ifftn(spectrum).real
    return (np.clip(values / values.std() * 0.18 + 0.5, 0, 1) * 255).astype(np.uint8)
