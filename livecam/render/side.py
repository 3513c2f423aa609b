"""The hidden side of a portrait that is turned: as it turns back, what its picture shows badly takes the
mirror image of the other half, in its own light.

A second texture is laid on the same mesh: every place of the hidden half has its colour from the place that
mirrors it. How much of it shows depends on how much better that one is seen, and on how far the place has
turned towards the camera since the portrait: at rest nothing of it shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.arrays import F32, U8
from livecam.compiled import compiled
from livecam.face import landmarks as lm
from livecam.face.measures import face_axes
from livecam.generator.inputs import FLOW_GRID
from livecam.geometry import Array, smoothstep
from livecam.motion.types import Motion
from livecam.persona.lattice import AT_A_POINT, oval_weights
from livecam.persona.types import PersonaData
from livecam.render.cpu.warper import CpuWarper
from livecam.render.raster import FAR, halve, rasterise

# By eye, on portraits turned by 10 to 28 degrees. Facing is the cosine between a surface and the view.
BETTER: Final = (0.15, 0.40)
"""How much more the mirrored place faces the camera, from where it is used to where it is in full ..."""
SEEN: Final = (0.50, 0.62)
"""... and how much the place itself faces it in the portrait: from the first downwards its own colour is not
used, from the second upwards nothing else."""
TURNED: Final = (0.02, 0.15)
"""How much more than at rest it has come to face the camera."""
AROUND: Final = (0.05, 0.35)
"""How far aside, as a sine, hair goes over to its mirrored half."""
BESIDE: Final = (0.4, 0.8)
"""The sine aside of the oval nearby between which hair above the face becomes hair beside it: the first is
mirrored where it is, the second beside the mirrored oval."""
BELOW: Final = (1.0, 1.5)
"""Of the way from the face's middle to the chin: below it neck and body begin, which have no mirror."""
HALF: Final = 0.58
"""Face widths from the middle of a face at which its surface looks sideways."""
RELIABLE: Final = (0.25, 0.55, 0.9)
"""Facing of places that tell how light falls on the hidden side."""
LIGHT_BLUR: Final = 0.03
"""Of the crop's side: what is finer than that is no light but skin."""
LIGHT_REACH: Final = 0.12
"""Of the crop's side: over how far the light of one place is believed of another."""
LIGHT_RANGE: Final = (0.4, 2.5)
LIGHT_CELLS: Final = 48
"""Of the map of light, along a side."""
BARE_RIM: Final = 9
"""Places along a side around one that no triangle covers which show the portrait's own colours."""
LEAST: Final = 0.02
"""Of the mirrored half that is worth drawing."""
LEAST_TURN, MUCH_TURN = 0.10, 0.25
"""Radians of a portrait's own turn from which there is a hidden side: less is the error of landmarks."""


@dataclass(frozen=True, slots=True)
class SideFlow:
    """texture (S, S, 4) uint8, where it is taken from, (1, 2, G, G) as `FrameInputs.flow`, and how much of it
    shows, (2G, 2G) float32."""

    texture: U8
    flow: F32
    share: F32


class HiddenSide:
    """Where the mesh of a persona takes the mirrored half from, and how much of it.

    source: (V, 2) float32, the mirrored place of each vertex. texture: (S, S, 4) uint8, the person in the
    light of the hidden side.
    """

    def __init__(self, persona: PersonaData) -> None:
        lattice = persona.lattice
        points = persona.landmarks[: lm.MESH_COUNT].astype(np.float64)
        outer = np.concatenate([lattice.points, lattice.depth[:, None]], 1)
        every = np.concatenate([points, outer])
        axes = face_axes(persona.landmarks.astype(np.float64))
        centre = persona.landmarks[list(lm.STABLE)].astype(np.float64).mean(0)
        weights, near = _near_places(
            persona, outer - 2 * ((outer - centre) @ axes[:, :1]) * axes[:, 0], centre
        )
        self.source = np.concatenate(
            [persona.landmarks[lm.mirror_index()][: lm.MESH_COUNT, :2], near[:, :2]]
        ).astype(np.float32)
        # Where the other half says that they are: beyond the far outline no ray of the picture meets them.
        self._outer = near - 2 * ((near - centre) @ axes[:, :1]) * axes[:, 0]
        # A face that is turned to the picture's right hides its right half.
        self._outwards = axes[:, 0] * np.sign(axes[2, 0])
        width = float(np.linalg.norm(persona.landmarks[lm.LEFT_CHEEK] - persona.landmarks[lm.RIGHT_CHEEK]))
        azimuth = np.arcsin(np.clip((every - centre) @ self._outwards / (HALF * width), -1, 1))
        turned = float(np.arcsin(np.clip(self._outwards[2], 0, 1)))
        own, other = np.cos(azimuth + turned), np.cos(azimuth - turned)
        self._most = smoothstep(*BETTER, other - own) * smoothstep(*SEEN[::-1], own)
        chin = float((persona.landmarks[lm.CHIN] - centre) @ axes[:, 1])
        above = 1 - smoothstep(BELOW[0] * chin, BELOW[1] * chin, (outer - centre) @ axes[:, 1])
        sines = np.sin(azimuth)
        aside = weights @ sines[list(lm.FACE_OVAL)]
        beside = smoothstep(*BESIDE, np.abs(aside))
        aside = (sines[lm.MESH_COUNT :] * (1 - beside) + aside * beside) * smoothstep(
            LEAST_TURN, MUCH_TURN, turned
        )
        self._most[lm.MESH_COUNT :] = above * lattice.head * smoothstep(*AROUND, aside)
        self.any = bool(turned > LEAST_TURN and (self._most > LEAST).any())
        self._last: tuple[F32, F32] = (np.empty(0, np.float32), np.empty(0, np.float32))
        self._oval = persona.landmarks[list(lm.FACE_OVAL)]
        self._weights = lattice.oval
        self._triangles = persona.triangles
        fine = 2 * FLOW_GRID
        self._nearest = np.empty((fine, fine), np.float32)
        self._fine = np.empty((fine, fine, 2), np.float32)
        self._flow = np.empty((FLOW_GRID, FLOW_GRID, 2), np.float32)
        self._columns = ((np.arange(fine, dtype=np.float32) + 0.5) / fine)[None]
        self.texture = self._lit(persona, every, own) if self.any else persona.foreground

    def __call__(self, head: F32, vertices: F32, depth: F32) -> SideFlow | None:
        """For a head's pose (3, 4) and where the mesh is drawn: vertices (V, 2), depth (V,). None where
        nothing of the mirrored half shows. The arrays are reused by the next call."""
        shares = self.shares(head)
        if shares.max() < LEAST:
            return None
        rasterise(vertices, depth, self.source, self._triangles, self._nearest, self._fine)
        halve(self._nearest, self._fine, self._flow)
        pair = np.stack([shares, shares], 1)
        rasterise(vertices, depth, pair, self._triangles, self._nearest, self._fine)
        share = (self._fine[..., 0] + self._columns).astype(np.float32)
        bare = (self._nearest >= FAR).astype(np.uint8)
        if bare.any():  # beside a cell without a triangle the enlarged flow leads anywhere
            share[cv2.dilate(bare, np.ones((BARE_RIM, BARE_RIM), np.uint8)) > 0] = 0
        return SideFlow(self.texture, self._flow.transpose(2, 0, 1)[None], share)

    def unfold(self, motion: Motion, outer: F32, depth: F32) -> tuple[F32, F32]:
        """Driven places (N, 2) and depth (N,) of the lattice with those of the hidden side where the other
        half, mirrored, has them."""
        share = self.shares(motion.head)[lm.MESH_COUNT :]
        rigid = self._oval @ motion.head[:, :3].T + motion.head[:, 3]
        there = self._outer @ motion.head[:, :3].T + motion.head[:, 3]
        there[:, :2] += self._weights @ (motion.landmarks[list(lm.FACE_OVAL)] - rigid)[:, :2]
        moved = outer + share[:, None] * (there[:, :2] - outer)
        return moved.astype(np.float32), (depth + share * (there[:, 2] - depth)).astype(np.float32)

    def shares(self, head: F32) -> F32:
        """(V,): how much of the mirrored half each vertex shows for a head's pose. A frame asks twice: the
        last are kept."""
        pose, shares = self._last
        if not np.array_equal(pose, head):
            shares = self._shares(head)
            self._last = head.copy(), shares
        return shares

    def _shares(self, head: F32) -> F32:
        turned = head[:, :3].astype(np.float64) @ self._outwards
        nearer = self._outwards[2] - turned[2] / np.linalg.norm(turned)
        return (self._most * smoothstep(*TURNED, nearer)).astype(np.float32)

    def _lit(self, persona: PersonaData, every: Array, facing: Array) -> U8:
        """The person's texture in the light of the hidden side."""
        size = persona.size
        alpha = persona.foreground[..., 3:].astype(np.float32) / 255
        soft = [
            cv2.GaussianBlur(part, (0, 0), LIGHT_BLUR * size)
            for part in (persona.foreground[..., :3] * alpha, alpha[..., 0])
        ]
        colour = soft[0] / np.maximum(soft[1], 1e-3)[..., None]

        def at(places: NDArray[Any], picture: NDArray[Any]) -> Array:
            x, y = (places.astype(np.float32).T * size - 0.5)[:, :, None]
            found = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            return np.asarray(found, np.float64)[:, 0]

        own, other = at(every[:, :2], colour), at(self.source, colour)
        gain = np.log(np.clip((own + 4) / (other + 4), *LIGHT_RANGE))
        inside = at(every[:, :2], soft[1]) * at(self.source, soft[1])
        sure = smoothstep(*RELIABLE[:2], facing) * smoothstep(0.8, 0.98, inside) * (facing < RELIABLE[2])
        cells = (np.arange(LIGHT_CELLS) + 0.5) / LIGHT_CELLS
        grid = np.stack(np.meshgrid(cells, cells), -1).reshape(-1, 2)
        squared = ((grid[:, None] - self.source) ** 2).sum(-1)
        weight = (np.exp(-squared / LIGHT_REACH**2) + 1e-6) * (sure + 1e-6)
        light = np.exp(weight @ gain / weight.sum(1, keepdims=True)).reshape(LIGHT_CELLS, LIGHT_CELLS, 3)
        light = cv2.resize(light.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR)
        lit = persona.foreground.copy()
        lit[..., :3] = np.clip(lit[..., :3] * light, 0, 255).astype(np.uint8)
        return lit


def _near_places(persona: PersonaData, reflected: Array, centre: Array) -> tuple[Array, Array]:
    """(N, 36): how near each point of the lattice is to each of the oval. (N, 3): the point that lies as far
    from the same part of the oval in the other half, with its depth there. reflected: (N, 3), the lattice's
    points mirrored as they are, which those above the face keep to. centre: (3,), the face's."""
    lattice, landmarks = persona.lattice, persona.landmarks.astype(np.float64)
    oval, mirror = np.array(lm.FACE_OVAL), lm.mirror_index()
    weights, _ = oval_weights(lattice.points, landmarks[oval, :2])
    offset = lattice.points - weights @ landmarks[oval, :2]
    places = weights @ landmarks[mirror[oval], :2] + offset * [-1, 1]
    width = np.linalg.norm(landmarks[lm.LEFT_CHEEK] - landmarks[lm.RIGHT_CHEEK])
    aside = weights @ np.abs((landmarks[oval] - centre) @ face_axes(landmarks)[:, 0]) / (HALF * width)
    beside = smoothstep(*BESIDE, aside)[:, None]
    places = reflected[:, :2] + beside * (places - reflected[:, :2])
    known = np.concatenate([lattice.points, landmarks[oval, :2]])
    depth = np.concatenate([lattice.depth, landmarks[oval, 2]])
    squared = ((places[:, None] - known) ** 2).sum(-1)
    near = 1 / (squared + AT_A_POINT) ** 2
    return weights, np.column_stack([places, near @ depth / near.sum(1)])


class SideMixer:
    """The moved person with the hidden side completed. Not thread-safe."""

    def __init__(self, persona: PersonaData) -> None:
        self._warp = CpuWarper(persona.size)
        self._mixed = np.empty_like(persona.foreground)

    def __call__(self, person: U8, side: SideFlow) -> U8:
        """person: (S, S, 4) uint8, the moved foreground -> the same with `side` mixed in, straight alpha; one
        array at every call."""
        size = person.shape[0]
        other = self._warp(side.texture, side.flow)
        share = cv2.resize(side.share, (size, size), interpolation=cv2.INTER_LINEAR)
        mix(person, other, share, self._mixed)
        return self._mixed


@compiled(fastmath=True)
def mix(own: U8, other: U8, share: F32, out: U8) -> None:
    """out = own and `share` (H, W) of other, (H, W, 4) RGBA each with straight alpha."""
    for y in range(own.shape[0]):
        for x in range(own.shape[1]):
            s = min(max(share[y, x], np.float32(0)), np.float32(1))
            if s == 0 or s == 1:
                for c in range(4):
                    out[y, x, c] = own[y, x, c] if s == 0 else other[y, x, c]
                continue
            a = (1 - s) * own[y, x, 3]
            b = s * other[y, x, 3]
            total = a + b
            # Both outlines count in full where they are mixed, or hair would be a veil there.
            seen = max(
                min(2 * (1 - s), np.float32(1)) * own[y, x, 3], min(6 * s, np.float32(1)) * other[y, x, 3]
            )
            for c in range(3):
                mean = (a * own[y, x, c] + b * other[y, x, c]) / max(total, np.float32(1e-3))
                out[y, x, c] = np.uint8(mean + np.float32(0.5))
            out[y, x, 3] = np.uint8(seen + np.float32(0.5))
