"""Reading a portrait's file: any common format, safely, as RGB.

EXIF orientation is applied; CMYK, grey, palette, 16-bit and animated pictures become 8-bit RGB (the first
frame); transparency is laid over light grey. The header is checked before a pixel is decoded.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import warnings
from pathlib import Path

import numpy as np

from livecam.errors import UserError
from livecam.files import VIDEO_SUFFIXES
from livecam.frames import RGB
from livecam.ranges import LONGEST_PATH, short_text

MAX_SIDE = 16_384
MAX_PIXELS = 100_000_000
MIN_SIDE = 64
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "PPM")
HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
AVIF_BRANDS = frozenset((b"avif", b"avis"))
"""Names of kinds in the first box of ISO 14496-12 files; `mif1` is any still, so AVIF is asked first."""
AS_JPEG = (
    "Make a JPEG of it: on macOS with Preview, File, Export; elsewhere with heif-convert IN OUT.jpg, or run "
    "pip install pillow-heif. For new pictures of an iPhone: Settings, Camera, Formats, Most Compatible."
)
BACKDROP = 214
"""Grey level behind transparent pixels."""


def read_picture(path: Path) -> RGB:
    """H x W x 3 uint8 RGB.

    Raises:
        UserError: missing, not a picture, too large, too small, or truncated.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    check_there(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=_readable(path)) as image:
                check_size(str(path), *image.size)
                image.seek(0)
                image.draft("RGB", image.size)
                return _to_rgb(ImageOps.exif_transpose(image))
    except UserError:
        raise
    except UnidentifiedImageError as error:
        if (kind := _phone_format(path)) is not None:
            raise UserError(str(path), f"a picture in {kind}, which cannot be read here", AS_JPEG) from error
        if path.suffix.lower() in VIDEO_SUFFIXES:
            todo = f"To make a persona of a clip: livecam enroll {shlex.quote(str(path))} --name NAME."
            raise UserError(str(path), "a film, not a picture", todo) from error
        names = ", ".join(FORMATS[:-1])
        raise UserError(str(path), "not a picture that can be read", f"Use one of {names}.") from error
    except Image.DecompressionBombError as error:
        raise _too_large(str(path), "too many pixels") from error
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as error:
        why = "cannot be decoded" if not isinstance(error, PermissionError) else "may not be read"
        raise UserError(str(path), f"{why} ({error})", "Open and save it again in an editor.") from error


def check_there(path: Path) -> None:
    """Raises `UserError` where there is no file at `path` that may be read."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        todo = "Check the path, or see `livecam personas` for names."
        raise UserError(str(path), "no such file", todo) from None
    except (OSError, ValueError) as error:  # too long, a zero byte, a folder that may not be read
        why = f"it cannot be looked up ({getattr(error, 'strerror', None) or error})"
        todo = "Check the path and its folders' permissions."
        raise UserError(short_text(repr(str(path)), LONGEST_PATH), why, todo) from None
    if path.is_dir():
        raise UserError(str(path), "a folder, not a picture", "Name one picture file.")
    if not path.is_file():  # opening a pipe would wait for somebody to write
        raise UserError(str(path), "not an ordinary file", "Name a picture file on disk.")
    if not os.access(path, os.R_OK):
        raise UserError(str(path), "it may not be read", "Check its permissions.")


def _readable(path: Path) -> list[str]:
    """Names of formats for Pillow; of a HEIC picture only where the package that reads it is installed, which
    livecam does not ask for: its wheels carry libraries under the GPL."""
    from PIL import Image

    if _phone_format(path) == "HEIC":
        try:
            import pillow_heif
        except ImportError:
            pass
        else:
            pillow_heif.register_heif_opener()
            return ["HEIF"]
    Image.init()
    return [name for name in FORMATS if name in Image.OPEN]


def _phone_format(path: Path) -> str | None:
    """The name HEIC or AVIF, by how the file begins, whatever its name says."""
    with path.open("rb") as file:
        start = file.read(256)
    if start[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(start[:4], "big"), len(start))
    brands = {start[8:12], *(start[k : k + 4] for k in range(16, end - 3, 4))}
    if brands & AVIF_BRANDS:
        return "AVIF"
    return "HEIC" if brands & HEIC_BRANDS else None


def digest(picture: RGB) -> str:
    """A name for the picture's content: hexadecimal, 32 digits."""
    h = hashlib.sha256(repr(picture.shape).encode())
    h.update(np.ascontiguousarray(picture).data)
    return h.hexdigest()[:32]


def check_size(what: str, width: int, height: int) -> None:
    """Raises `UserError` for a picture of too many pixels, or too few. `what` names it."""
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise _too_large(what, f"{width}x{height} pixels")
    if min(width, height) < MIN_SIDE:
        raise UserError(what, f"{width}x{height} pixels are too few", "Use a picture of 256 or more.")


def _too_large(what: str, why: str) -> UserError:
    return UserError(
        what, f"{why}, the limit is {MAX_SIDE} a side and 100 megapixels", "Scale it down first."
    )


def _to_rgb(image: object) -> RGB:
    from PIL import Image

    assert isinstance(image, Image.Image)
    if image.mode.startswith("I") or image.mode == "F":
        deep = np.asarray(image).astype(np.float64)
        top = 65535.0 if deep.max() > 255 else 255.0
        grey = np.clip(deep / top * 255.0 + 0.5, 0, 255).astype(np.uint8)
        return np.repeat(grey[..., None], 3, axis=2)
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        back = Image.new("RGBA", rgba.size, (BACKDROP, BACKDROP, BACKDROP, 255))
        image = Image.alpha_composite(back, rgba)
    return np.ascontiguousarray(np.asarray(image.convert("RGB")))
