"""A person: an identity and a look, with the hair grown and the clothes cut once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.heads import accessories, fur, hair, jewellery, neckwear, scalp, skinmaps, tied, whiskers
from training.heads.accessories import Mesh
from training.heads.cloth import garment
from training.heads.data import Floats, HeadData
from training.heads.look import Look
from training.heads.materials import Material
from training.heads.riding import ride
from training.heads.shape import HeadShape, Pose, bend, neck_weight, turn_normals
from training.heads.strands import Strands
from training.heads.surfaces import vertex_normals


class Wardrobe:
    """What all people share: the masks of the face and the finder of triangles under hairs."""

    def __init__(self, data: HeadData) -> None:
        self.masks = skinmaps.face_masks(data)
        self.binder = fur.Binder(data, "face", "head_neck")


@dataclass(frozen=True, slots=True)
class Worn:
    """A surface that moves with head or shoulders: head_weight (V,) 1 follows the head."""

    mesh: Mesh
    normals: Floats
    head_weight: Floats
    material: Material

    def posed(self, pose: Pose) -> tuple[Floats, Floats]:
        """(V, 3) vertices and normals."""
        return (
            bend(self.mesh.vertices, self.head_weight, pose),
            turn_normals(self.normals, self.head_weight, pose),
        )


class Person:
    """Holds everything that does not change from frame to frame. `seed` names the random part."""

    def __init__(
        self, shape: HeadShape, wardrobe: Wardrobe, identity: NDArray[np.floating], look: Look, seed: int
    ) -> None:
        data = shape.data
        rng = np.random.default_rng(seed)
        self.look = look
        self.seed = seed
        self.noise_offset = rng.random(3)
        self.identity = np.asarray(identity, np.float32)
        self.neutral = with_teeth(data, shape.identity(self.identity), look.bite)
        normals = shape.normals(self.neutral)
        skin = data.part_vertices("face", "head_neck")
        obstacle = hair.Obstacle(self.neutral[skin], normals[skin])
        self.lashes = fur.lashes(data, rng, thickness=look.eyes.lashes)
        self.brows = fur.brows(data, wardrobe.binder, rng, thickness=look.brow_thickness)
        growths: list[fur.Fur] = []
        if look.beard_count > 0:
            steps = whiskers.STEPS if look.whiskers else 5
            growths.append(
                fur.beard(
                    data, wardrobe.masks, wardrobe.binder, rng, look.beard_count, look.beard_length,
                    look.beard_width, steps,
                )
            )  # fmt: skip
        for own in look.whiskers:
            growths.append(whiskers.whiskers(data, wardrobe.binder, self.neutral, obstacle, own, rng))
        self.beard = fur.together(growths)
        body = obstacle if look.clothes.drape else None
        cloth = garment(data, self.neutral, look.clothes.collar, body=body)
        body_skin = data.part_vertices("head_neck")

        def follows(mesh: Mesh) -> Floats:
            # The bundled art was made with the first.
            if not look.clothes.drape:
                return neck_weight(mesh.vertices)
            return ride(mesh.vertices, self.neutral[body_skin], shape.head_weight[body_skin])

        self.worn = [_worn(cloth, follows(cloth), Material.CLOTH)]
        if look.neckwear is not None:
            mesh = neckwear.neckwear(look.neckwear, cloth, self.neutral[skin], normals[skin], seed)
            material = Material.NECKWEAR if look.neckwear.own_color else Material.CLOTH
            self.worn.append(_worn(mesh, follows(mesh), material))
        self.hair: Strands | None = None
        self.painted_roots = np.zeros(len(data.neutral), np.float32)
        if look.hair is not None:
            style = look.hair
            roots = scalp.scatter(data, self.neutral, normals, style.hairline, style.count, rng, style.behind)
            self.painted_roots = np.clip(scalp.growth(data.neutral, style.hairline) / 9.0 + 0.35, 0, 1)
            if look.hat is not None:
                roots = accessories.under_hat(roots, look.hat)
            # All hair is tucked into a scarf.
            if look.hat is None or look.hat.kind != "scarf":
                grow = tied.tie if style.comb == "tied" else hair.grow
                self.hair = grow(roots, style, obstacle, rng)
        self.lenses: Worn | None = None
        if look.hat is not None:
            mesh = accessories.hat(look.hat, self.neutral[skin])
            self.worn.append(_worn(mesh, np.ones(len(mesh.vertices), np.float32), Material.HAT))
        if look.earrings is not None:
            mesh = jewellery.earrings(look.earrings, data, self.neutral)
            self.worn.append(_worn(mesh, np.ones(len(mesh.vertices), np.float32), Material.EARRING))
        if look.glasses is not None:
            points = shape.landmarks(self.neutral)
            frame, lenses = accessories.glasses(look.glasses, points, obstacle, self.neutral[skin])
            self.worn.append(_worn(frame, np.ones(len(frame.vertices), np.float32), Material.GLASSES))
            self.lenses = _worn(lenses, np.ones(len(lenses.vertices), np.float32), Material.LENS)

    def furs(self) -> dict[Material, fur.Fur]:
        """Hairs that hang on the face."""
        found = {Material.BROW: self.brows, Material.LASH: self.lashes}
        if self.beard is not None:
            found[Material.BEARD] = self.beard
        return found


def _worn(mesh: Mesh, head_weight: Floats, material: Material) -> Worn:
    return Worn(mesh, vertex_normals(mesh.vertices, mesh.triangles), head_weight, material)


def with_teeth(data: HeadData, vertices: Floats, bite: tuple[float, float]) -> Floats:
    """The vertices (V, 3) with both rows of teeth moved apart, see `Look.bite`."""
    teeth = data.part_vertices("teeth")
    by_jaw = data.expression[data.expression_index("jawOpen")].reshape(-1, 3)[teeth, 1]
    lower = by_jaw < -0.01  # the jaw takes these along
    moved = vertices.copy()
    moved[teeth, 1] += np.where(lower, -bite[1], bite[0])
    return moved
