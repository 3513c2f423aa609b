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
    EARRING = 18
    NECKWEAR = 19


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


class Group(IntEnum):
    """Materials that share a surface shader; the numbers are its GROUP."""

    SKIN_GROUP = 0
    MOUTH_GROUP = 1
    EYE_GROUP = 2
    WORN_GROUP = 3
    KNIT_GROUP = 4


GROUP_OF: dict[Material, Group] = {
    Material.FACE: Group.SKIN_GROUP,
    Material.NECK: Group.SKIN_GROUP,
    Material.EYE_SOCKET: Group.SKIN_GROUP,
    Material.MOUTH: Group.MOUTH_GROUP,
    Material.GUMS: Group.MOUTH_GROUP,
    Material.TEETH: Group.MOUTH_GROUP,
    Material.TONGUE: Group.MOUTH_GROUP,
    Material.CARUNCLE: Group.MOUTH_GROUP,
    Material.EYE: Group.EYE_GROUP,
    Material.CLOTH: Group.WORN_GROUP,
    Material.GLASSES: Group.WORN_GROUP,
    Material.EARRING: Group.WORN_GROUP,
    Material.HAT: Group.KNIT_GROUP,
    Material.NECKWEAR: Group.KNIT_GROUP,
}


def glsl() -> str:
    """The numbers as constants of a shader."""
    return "\n".join(f"const int {item.name} = {item.value};" for item in (*Material, *Group))
