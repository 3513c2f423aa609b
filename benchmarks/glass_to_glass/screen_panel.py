"""A number that a camera can read off a screen: four markers round a grid of black and white cells.

A panel is white, 480 x 288 pixels: ArUco markers 0 to 3 (dictionary 4x4_50) in its corners tell where it is
and how it is turned, 8 x 6 cells between them hold 32 bits of number and 16 of checksum, most significant
first, black for 1. A panel of the second kind has markers 4 to 7. What is caught while the screen changes is
told by the checksum.
"""

from __future__ import annotations

import binascii

import cv2
import numpy as np
from numpy.typing import NDArray

from livecam.frames import RGB

WIDTH, HEIGHT = 480, 288
COLUMNS, ROWS = 8, 6
MARKER = 96
"""Side of a marker in pixels: 6 modules, one of them its black border."""
EDGE = 12
"""White round the markers, without which they are not found."""
CELLS_X, CELLS_Y = 120, 24
CELL_WIDTH, CELL_HEIGHT = 30, 40
"""Place of the grid's upper left corner, and size of a cell, in pixels of the panel."""
NUMBERS = 1 << 32
CLOCK, RESULT = 0, 4
"""First marker of the two kinds: what the page's clock shows, and what comes back through livecam."""
ENOUGH = 2
"""Markers of a panel that must be found: eight points for its place."""


def draw(number: int, first_marker: int) -> RGB:
    """The panel, HEIGHT x WIDTH x 3, for a number below `NUMBERS` (taken modulo)."""
    panel = frame(first_marker)
    for row, column in np.argwhere(bits_of(number)):
        left, top = CELLS_X + column * CELL_WIDTH, CELLS_Y + row * CELL_HEIGHT
        panel[top : top + CELL_HEIGHT, left : left + CELL_WIDTH] = 0
    return panel


def frame(first_marker: int) -> RGB:
    """A panel without a number: markers on white."""
    panel = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    for offset, (left, top) in enumerate(_corners()):
        marker = cv2.aruco.generateImageMarker(_dictionary(), first_marker + offset, MARKER)
        panel[top : top + MARKER, left : left + MARKER] = marker[..., None]
    return panel


def bits_of(number: int) -> NDArray[np.bool_]:
    """ROWS x COLUMNS: the number and its checksum, CRC-16/CCITT-FALSE of its four bytes."""
    content = (number % NUMBERS).to_bytes(4, "big")
    content += binascii.crc_hqx(content, 0xFFFF).to_bytes(2, "big")
    return np.unpackbits(np.frombuffer(content, np.uint8)).reshape(ROWS, COLUMNS).astype(bool)


def read(picture: NDArray[np.uint8]) -> dict[int, int]:
    """The numbers of the panels in a camera's picture, by the panel's first marker. RGB, or grey."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) if picture.ndim == 3 else picture
    corners, markers, _ = _detector().detectMarkers(grey)
    found = {} if markers is None else dict(zip(markers.reshape(-1).tolist(), corners, strict=True))
    numbers = {}
    for first in (CLOCK, RESULT):
        seen = {marker - first: found[marker] for marker in range(first, first + 4) if marker in found}
        number = _number(grey, seen) if len(seen) >= ENOUGH else None
        if number is not None:
            numbers[first] = number
    return numbers


def _number(grey: NDArray[np.uint8], seen: dict[int, NDArray[np.float32]]) -> int | None:
    places = _corners()
    square = np.array([[0, 0], [MARKER, 0], [MARKER, MARKER], [0, MARKER]], np.float32)
    there = np.concatenate([square + places[offset] for offset in seen])
    here = np.concatenate([corners.reshape(4, 2) for corners in seen.values()])
    turned, _ = cv2.findHomography(there.astype(np.float32), here)
    if turned is None:
        return None
    flat = cv2.warpPerspective(grey, turned, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    cells = flat[CELLS_Y : CELLS_Y + ROWS * CELL_HEIGHT, CELLS_X : CELLS_X + COLUMNS * CELL_WIDTH]
    cells = cells.reshape(ROWS, CELL_HEIGHT, COLUMNS, CELL_WIDTH)
    middles = cells[:, CELL_HEIGHT // 4 : -CELL_HEIGHT // 4, :, CELL_WIDTH // 4 : -CELL_WIDTH // 4]
    levels = middles.mean(axis=(1, 3))
    # A number has cells of both kinds: 0 has the checksum 84C0.
    dark = levels < (levels.min() + levels.max()) / 2
    content = np.packbits(dark).tobytes()
    number = int.from_bytes(content[:4], "big")
    return number if (bits_of(number) == dark).all() else None


def _corners() -> list[tuple[int, int]]:
    right, bottom = WIDTH - EDGE - MARKER, HEIGHT - EDGE - MARKER
    return [(EDGE, EDGE), (right, EDGE), (right, bottom), (EDGE, bottom)]


def _dictionary() -> cv2.aruco.Dictionary:
    return cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50)


def _detector() -> cv2.aruco.ArucoDetector:
    return cv2.aruco.ArucoDetector(_dictionary())
