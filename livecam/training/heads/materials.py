"""What a pixel can show. The numbers go into shaders and into the truth beside every picture."""

from __future__ import annotations

from enum import IntEnum


class Material(IntEnum):
    """From CLOTH on, surfaces are seen from both sides."""

    BACKGROUND = 0
    FACE = 1
    NECK = 2
    EYE_SOCKET = 3
    MOUTH = 4
    GUMS = 5
    TEETH = 6
    EYE = 7
    CARUNCLE = 8
    CLOTH = 9
    GLASSES = 10
    HAT = 11
    HAIR = 12
    BROW = 13
    LASH = 14
    BEARD = 15
    LENS = 16
    TONGUE = 17


PARTS: dict[str, Material] = {
    "face": Material.FACE,
    "head_neck": Material.NECK,
    "eye_socket_L": Material.EYE_SOCKET,
    "eye_socket_R": Material.EYE_SOCKET,
    "mouth_socket": Material.MOUTH,
    "gums_tongue": Material.GUMS,
    "teeth": Material.TEETH,
    "sclera_L": Material.EYE,
    "sclera_R": Material.EYE,
}


def glsl() -> str:
    """The numbers as constants of a shader."""
    return "\n".join(f"const int {material.name} = {material.value};" for material in Material)
