"""A person: an identity and a look, with the hair grown and the clothes cut once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from livecam.training.heads import fur, hair, scalp, skinmaps
from livecam.training.heads.cloth import garment
from livecam.training.heads.data import HeadData
from livecam.training.heads.look import Look
from livecam.training.heads.shape import HeadShape
from livecam.training.heads.strands import Strands


class Wardrobe:
    """What all people share: the masks of the face and the finder of triangles under hairs."""

    def __init__(self, data: HeadData) -> None:
        self.masks = skinmaps.face_masks(data)
        self.binder = fur.Binder(data, "face", "head_neck")


class Person:
    """Holds everything that does not change from frame to frame. `seed` names the random part."""

    def __init__(
        self,
        shape: HeadShape,
        wardrobe: Wardrobe,
        identity: NDArray[np.floating],
        look: Look,
        seed: int,
    ) -> None:
        data = shape.data
        rng = np.random.default_rng(seed)
        self.look = look
        self.noise_offset = rng.random(3)
        self.identity = np.asarray(identity, np.float32)
        self.neutral = shape.identity(self.identity)
        normals = shape.normals(self.neutral)
        self.garment = garment(data, self.neutral, look.clothes.collar)
        self.lashes = fur.lashes(data, rng, thickness=look.eyes.lashes)
        self.brows = fur.brows(data, wardrobe.binder, rng, thickness=look.brow_thickness)
        self.beard: fur.Fur | None = None
        if look.beard_count > 0:
            self.beard = fur.beard(
                data, wardrobe.masks, wardrobe.binder, rng, look.beard_count, look.beard_length
            )
        self.hair: Strands | None = None
        self.painted_roots = np.zeros(len(data.neutral), np.float32)
        if look.hair is not None:
            style = look.hair
            roots = scalp.scatter(data, self.neutral, normals, style.hairline, style.count, rng)
            skin = data.part_vertices("face", "head_neck")
            self.hair = hair.grow(roots, style, hair.Obstacle(self.neutral[skin], normals[skin]), rng)
            self.painted_roots = np.clip(scalp.growth(data.neutral, style.hairline) / 9.0 + 0.35, 0, 1)
