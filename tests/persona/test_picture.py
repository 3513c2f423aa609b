"""Every kind of picture that somebody may hand in, good and bad."""

from __future__ import annotations

import os
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from livecam.errors import UserError
from livecam.persona.picture import BACKDROP, digest, read_picture


@pytest.fixture
def colours():
    """96 x 128: red left, blue right, so that a turn or a swap of channels shows."""
    picture = np.zeros((96, 128, 3), np.uint8)
    picture[:, :64] = (220, 30, 20)
    picture[:, 64:] = (20, 40, 210)
    return picture


def save(path, picture, mode="RGB", **options):
    Image.fromarray(picture).convert(mode).save(path, **options)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes")
def test_a_pipe_is_refused_at_once(tmp_path):
    """Opening it would wait for somebody to write."""
    os.mkfifo(tmp_path / "f.jpg")
    with pytest.raises(UserError, match="not an ordinary file"):
        read_picture(tmp_path / "f.jpg")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.bmp", "a.tif", "a.gif"])
def test_common_formats_are_rgb(tmp_path, colours, name):
    got = read_picture(save(tmp_path / name, colours))
    assert got.shape == (96, 128, 3)
    assert got.dtype == np.uint8
    # 12 levels: what JPEG and WebP at default quality may cost in a flat area.
    assert np.abs(got[48, 20].astype(int) - (220, 30, 20)).max() <= 12
    assert np.abs(got[48, 110].astype(int) - (20, 40, 210)).max() <= 12


def test_exif_orientation_is_applied(tmp_path, colours):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn 90 degrees clockwise to view
    got = read_picture(save(tmp_path / "phone.jpg", colours, exif=exif))
    assert got.shape == (128, 96, 3)
    assert got[20, 48, 0] > 180  # what was left is now on top
    assert got[110, 48, 2] > 180


def test_cmyk_jpeg(tmp_path, colours):
    got = read_picture(save(tmp_path / "print.jpg", colours, mode="CMYK"))
    assert np.abs(got[48, 20].astype(int) - (220, 30, 20)).max() <= 12


def test_grey(tmp_path, colours):
    got = read_picture(save(tmp_path / "grey.png", colours, mode="L"))
    assert got.shape == (96, 128, 3)
    np.testing.assert_array_equal(got[..., 0], got[..., 2])


def test_sixteen_bit_keeps_its_range(tmp_path):
    ramp = np.tile(np.linspace(0, 65535, 128).astype(np.uint16), (96, 1))
    Image.fromarray(ramp).save(tmp_path / "deep.png")
    got = read_picture(tmp_path / "deep.png")
    assert got[0, 0, 0] == 0
    assert got[0, -1, 0] == 255
    assert abs(int(got[0, 64, 0]) - 128) <= 1


def test_transparency_lies_over_light_grey(tmp_path, colours):
    rgba = np.dstack([colours, np.zeros((96, 128), np.uint8)])
    rgba[:, :64, 3] = 255
    Image.fromarray(rgba).save(tmp_path / "cut.png")
    got = read_picture(tmp_path / "cut.png")
    np.testing.assert_array_equal(got[10, 10], (220, 30, 20))
    np.testing.assert_array_equal(got[10, 110], (BACKDROP,) * 3)


def test_animation_gives_its_first_frame(tmp_path, colours):
    frames = [Image.fromarray(colours), Image.fromarray(255 - colours)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    got = read_picture(tmp_path / "a.gif")
    assert np.abs(got[48, 20].astype(int) - (220, 30, 20)).max() <= 12


def png_header(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"these are words, not pixels", "not a picture"),
        (b"", "not a picture"),
        (png_header(40_000, 40_000), "limit"),
        (png_header(20_000, 100), "limit"),
        (png_header(8, 8), "too few"),
    ],
)
def test_unusable_files_get_one_clear_line(tmp_path, content, words):
    path = tmp_path / "bad.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserError, match=words) as caught:
        read_picture(path)
    assert str(path) in str(caught.value)
    assert caught.value.todo.endswith(".")


def test_truncated_file(tmp_path, colours):
    whole = save(tmp_path / "a.png", np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8))
    (tmp_path / "half.png").write_bytes(whole.read_bytes()[:9000])
    with pytest.raises(UserError, match="cannot be decoded"):
        read_picture(tmp_path / "half.png")


def test_a_folder_is_not_a_picture(tmp_path):
    with pytest.raises(UserError, match="folder"):
        read_picture(tmp_path)


def test_digest_names_the_content(colours):
    other = colours.copy()
    other[0, 0, 0] += 1
    assert digest(colours) == digest(colours.copy())
    assert digest(colours) != digest(other)
    assert digest(colours) != digest(colours.reshape(128, 96, 3))


def box(major, *compatible):
    """The first box of a file of that brand, and some bytes that nobody can decode."""
    brands = major + bytes(4) + b"".join(compatible)
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + bytes(200)


@pytest.mark.parametrize("name", ["phone.heic", "phone.HEIF", "renamed.jpg"])
@pytest.mark.parametrize(
    "content",
    [box(b"heic", b"mif1", b"heic"), box(b"heix"), box(b"mif1", b"heic"), box(b"msf1"), box(b"hevc")],
)
def test_a_phones_picture_is_named_and_how_to_make_a_jpeg_of_it(tmp_path, monkeypatch, name, content):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match="HEIC") as caught:
        read_picture(tmp_path / name)
    for words in ("Most Compatible", "Preview", "heif-convert"):
        assert words in caught.value.todo
    assert "\n" not in str(caught.value)


def test_avif_is_named_where_pillow_lacks_it(tmp_path, monkeypatch):
    """Pillow is built with or without it."""
    Image.init()
    monkeypatch.delitem(Image.OPEN, "AVIF", raising=False)
    (tmp_path / "a.avif").write_bytes(box(b"mif1", b"avif", b"miaf"))
    with pytest.raises(UserError, match="AVIF"):
        read_picture(tmp_path / "a.avif")


def test_a_film_is_no_phones_picture(tmp_path):
    (tmp_path / "a.heic").write_bytes(box(b"isom", b"mp42"))
    with pytest.raises(UserError, match="not a picture"):
        read_picture(tmp_path / "a.heic")


def test_a_phones_picture_is_read_where_the_package_is_installed(tmp_path, colours):
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    Image.fromarray(colours).save(tmp_path / "phone.heic", format="HEIF")
    (tmp_path / "phone.heic").rename(tmp_path / "renamed.jpg")
    got = read_picture(tmp_path / "renamed.jpg")
    assert got.shape == (96, 128, 3)
    assert np.abs(got[48, 20].astype(int) - (220, 30, 20)).max() <= 12
