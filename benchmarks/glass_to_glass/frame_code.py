"""Frame number and capture time as black and white squares in a corner of a picture.

Two rows of 40 squares of 12 pixels, most significant bit first: 24 bits of frame number, 40 bits of capture
time in microseconds (they wrap after twelve days), 16 bits of checksum. The squares are grey, so chroma
subsampling does not touch them, and a picture without the code is told from one with it by the checksum.
"""

from __future__ import annotations

import zlib

import numpy as np

from livecam.frames import RGB

SQUARE = 12
COLUMNS, ROWS = 40, 2
WIDTH, HEIGHT = COLUMNS * SQUARE, ROWS * SQUARE
NUMBERS = 1 << 24
TIMES = 1 << 40


def draw(pixels: RGB, index: int, capture_ns: int) -> None:
    """Write the code into the lower left corner of a height x width x 3 picture, in place.

    Raises:
        ValueError: the picture is smaller than the code.
    """
    if pixels.shape[0] < HEIGHT or pixels.shape[1] < WIDTH:
        raise ValueError(f"the code needs {WIDTH}x{HEIGHT} pixels")
    content = (index % NUMBERS).to_bytes(3, "big") + (capture_ns // 1000 % TIMES).to_bytes(5, "big")
    bits = np.unpackbits(np.frombuffer(content + _checksum(content), np.uint8)).reshape(ROWS, COLUMNS)
    squares = np.kron(bits, np.ones((SQUARE, SQUARE), np.uint8)) * 255
    pixels[-HEIGHT:, :WIDTH] = squares[..., None]


def read(pixels: RGB) -> tuple[int, int] | None:
    """(frame number, capture time in microseconds, each modulo its range); None where no code is legible.

    pixels: height x width x 3 or a grey height x width picture, any channel order.
    """
    if pixels.shape[0] < HEIGHT or pixels.shape[1] < WIDTH:
        return None
    middle = SQUARE // 2
    corner = pixels[-HEIGHT + middle :: SQUARE, middle:WIDTH:SQUARE]
    if corner.ndim == 3:
        corner = corner[..., 1]
    content = np.packbits((corner > 127).reshape(-1)).tobytes()
    if content[8:] != _checksum(content[:8]):
        return None
    return int.from_bytes(content[:3], "big"), int.from_bytes(content[3:8], "big")


def age_ms(capture_us: int, now_ns: int) -> float:
    """Milliseconds since a capture time that was read from a picture."""
    return ((now_ns // 1000 - capture_us) % TIMES) / 1e3


def _checksum(content: bytes) -> bytes:
    return (zlib.crc32(content) & 0xFFFF).to_bytes(2, "big")
