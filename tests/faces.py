"""Faces and pictures made for the tests: moved landmarks, a drawing, a mask."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from livecam.face import landmarks as lm


def turned(face: np.ndarray, yaw: float = 0.0, pitch: float = 0.0, roll: float = 0.0) -> np.ndarray:
    """The face with its head turned, in degrees, about the middle of its stable points."""
    from livecam.geometry import from_euler

    centre = face[list(lm.STABLE)].mean(0)
    rotation = from_euler(np.radians([yaw, pitch, roll]))
    return ((face - centre) @ rotation.T + centre).astype(np.float32)


def posed(persona, shift=(0.0, 0.0), angles=(0.0, 0.0, 0.0), size=1.0, about=None):
    """The resting face with its head moved: shift in shares of the crop, angles in radians."""
    from livecam.geometry import affine_about, from_euler
    from livecam.motion.types import rest

    points = persona.landmarks.astype(np.float64)
    centre = points[list(lm.STABLE)].mean(0) if about is None else about
    linear = size * from_euler(angles)
    head = affine_about(linear, centre, centre + np.array([*shift, 0]))
    moved = points @ head[:, :3].T + head[:, 3]
    return replace(rest(moved.astype(np.float32)), head=head.astype(np.float32))


def with_lip_gap(face: np.ndarray, share: float) -> np.ndarray:
    """The face with its inner lips apart by this share of the mouth's width in the middle."""
    out = face.copy()
    upper, lower = list(lm.INNER_LIP_UPPER), list(lm.INNER_LIP_LOWER)
    width = np.linalg.norm(face[308, :2] - face[78, :2])
    middle = 0.5 * (face[upper, 1] + face[lower, 1])
    shape = 1 - np.linspace(-1, 1, len(upper)) ** 2
    out[upper, 1] = middle - 0.5 * share * width * shape
    out[lower, 1] = middle + 0.5 * share * width * shape
    return out


def smiling(face: np.ndarray, left: float, right: float) -> np.ndarray:
    """The face with the corners of its mouth, and what is beside them, up and out by such shares of a wide
    smile, .2 distances of the eyes; the image's left first."""
    out = face.astype(np.float64)
    unit = np.linalg.norm(face[[362, 263], :2].mean(0) - face[[33, 133], :2].mean(0))
    for corner, amount, side in ((61, left, -1), (291, right, 1)):
        away = np.linalg.norm(face[:, :2] - face[corner, :2], axis=1) / unit
        own = np.exp(-0.5 * (away / 0.3) ** 2) * ((face[:, 0] - face[lm.NOSE_TIP, 0]) * side > 0)
        out[:, :2] += (amount * 0.2 * unit * own)[:, None] * np.array([0.6 * side, -0.8])
    return out.astype(np.float32)


def with_lids(face: np.ndarray, share: float) -> np.ndarray:
    """The face with its lids this far open: 1 as it is, 0 shut to MediaPipe's residual gap."""
    from livecam.motion.transfer import SHUT_LIDS

    out = face.copy()
    for upper, lower, _ in lm.EYES:
        u, low = list(upper[1:-1]), list(lower[1:-1])
        width = np.linalg.norm(face[upper[-1], :2] - face[upper[0], :2])
        gap = face[low] - face[u]
        scale = SHUT_LIDS * width / np.linalg.norm(gap[2:5], axis=1).mean()
        out[u] = face[low] - gap * (share + (1 - share) * scale)
    return out


def looking_aside(face: np.ndarray, share: float) -> np.ndarray:
    """The face with its irises moved to the image's right by this share of the eye's width."""
    out = face.copy()
    for upper, _, iris in lm.EYES:
        out[list(iris), 0] += share * np.linalg.norm(face[upper[-1], :2] - face[upper[0], :2])
    return out


def draw_face(face: np.ndarray, width: int = 512, height: int = 512) -> np.ndarray:
    """A flat drawing, RGB uint8: enough structure for warping, none for a detector."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:height, 0:width]
    picture = np.dstack([90 + 60 * x / width, 110 + 40 * y / height, 140 - 50 * x / width])
    picture = np.ascontiguousarray(picture.astype(np.uint8))
    centre = face[:, :2].mean(0).astype(int)
    cv2.ellipse(picture, (int(centre[0]), int(centre[1]) + 190), (170, 130), 0, 0, 360, (60, 60, 90), -1)
    cv2.ellipse(picture, (int(centre[0]), int(centre[1]) - 20), (110, 150), 0, 0, 360, (70, 45, 30), -1)
    for outline, colour in (
        (lm.FACE_OVAL, (214, 170, 140)),
        (lm.OUTER_LIPS, (170, 80, 80)),
        (lm.LEFT_EYE, (235, 235, 230)),
        (lm.RIGHT_EYE, (235, 235, 230)),
    ):
        cv2.fillPoly(picture, [np.round(face[list(outline), :2]).astype(np.int32)], colour)
    for iris in (468, 473):
        cv2.circle(picture, tuple(np.round(face[iris, :2]).astype(int).tolist()), 5, (60, 80, 60), -1)
    noise = rng.normal(0, 3, picture.shape)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8) + noise, 0, 255).astype(np.uint8)


def ellipse_mask(image: np.ndarray) -> np.ndarray:
    """Stands in for the segmenter: a head and shoulders shape, float32 0..1."""
    size = image.shape[0]
    mask = np.zeros((size, size), np.float32)
    cv2.ellipse(mask, (size // 2, int(0.45 * size)), (int(0.24 * size), int(0.33 * size)), 0, 0, 360, 1.0, -1)
    cv2.ellipse(
        mask, (size // 2, int(0.92 * size)), (int(0.345 * size), int(0.265 * size)), 0, 0, 360, 1.0, -1
    )
    return cv2.GaussianBlur(mask, (0, 0), 2)
