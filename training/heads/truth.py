"""What is known exactly about every picture: landmarks, pose, expression, gaze, and what each pixel shows."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.heads.camera import Camera
from training.heads.data import Floats
from training.heads.materials import Material
from training.heads.renderer import Layers, Moment
from training.heads.shape import HeadShape

GROUPS: dict[str, tuple[Material, ...]] = {
    "face": (Material.FACE, Material.BROW, Material.LASH, Material.BEARD),
    "neck": (Material.NECK,),
    "hair": (Material.HAIR,),
    "eyes": (Material.EYE, Material.CARUNCLE),
    "teeth": (Material.TEETH,),
    "tongue": (Material.TONGUE,),
    "mouth": (Material.MOUTH, Material.GUMS, Material.TEETH, Material.TONGUE),
    "glasses": (Material.GLASSES,),
    "earrings": (Material.EARRING,),
    "hat": (Material.HAT,),
    "clothes": (Material.CLOTH, Material.NECKWEAR),
    "background": (Material.BACKGROUND,),
}
"""Masks by name. "face" holds what grows on it; "mouth" all that opens between the lips."""


@dataclass(frozen=True, slots=True)
class Truth:
    """landmarks (478, 3) float32 in pixels as MediaPipe counts them: x right, y down, z away;
    material (H, W) uint8, see `Material`; pose (3,) yaw, pitch, roll and gaze (2,) yaw, pitch in degrees, as
    `shape` has them; expression (E,) with the lids' share of the gaze."""

    landmarks: Floats
    material: NDArray[np.uint8]
    pose: Floats
    gaze: Floats
    expression: Floats


def truth(shape: HeadShape, camera: Camera, moment: Moment, layers: Layers, size: int) -> Truth:
    """The truth of one picture of size x size pixels."""
    points = camera.project(shape.landmarks(layers.vertices), size)
    # Depth counts from the face, as MediaPipe's does, not from the neck.
    points[:, 2] -= points[:468, 2].mean()
    material = cv2.resize(layers.material, (size, size), interpolation=cv2.INTER_NEAREST)
    pose, gaze = moment.pose, moment.gaze
    return Truth(
        landmarks=points,
        material=np.asarray(material, np.uint8),
        pose=np.array([pose.yaw, pose.pitch, pose.roll], np.float32),
        gaze=np.array([gaze.yaw, gaze.pitch], np.float32),
        expression=np.clip(moment.expression + shape.lids_for(gaze), 0, 1.2),
    )


def mask(material: NDArray[np.uint8], group: str) -> NDArray[np.bool_]:
    """(H, W) where a group of `GROUPS` shows."""
    return np.isin(material, GROUPS[group])
