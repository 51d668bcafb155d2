"""Start images: whatever a person drops is either seen rightly or refused in one sentence."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import warnings
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageCms

from wan_desktop.domain.errors import BadImage
from wan_desktop.media.images import MAX_PIXELS, cover, inspect, load_rgb

if TYPE_CHECKING:
    from pathlib import Path


def close(image: Image.Image, place: tuple[int, int], colour: tuple[int, int, int], by: int = 3) -> bool:
    return all(abs(a - b) <= by for a, b in zip(image.getpixel(place), colour, strict=True))


def png(width: int, height: int, kind: int, depth: int, rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG made by hand: `kind` and `depth` as in IHDR, `rows` with their filter bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0))
    extra = b"".join(chunk(*c) for c in chunks)
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def halves(mode: str = "RGB", size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Left half red, right half blue."""
    image = Image.new("RGB", size, (0, 0, 255))
    image.paste((255, 0, 0), (0, 0, size[0] // 2, size[1]))
    return image.convert(mode)


# ---- handled rightly


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.webp", "a.bmp", "a.tiff", "a.gif", "a.avif", "a.ppm"])
def test_every_accepted_format_is_read(tmp_path, name):
    path = tmp_path / name
    halves().save(path, **({"quality": 95} if name.endswith(("jpg", "webp", "avif")) else {}))
    info = inspect(path)
    assert (info.width, info.height, info.bytes) == (60, 40, path.stat().st_size)
    image = load_rgb(path)
    assert image.mode == "RGB"
    assert close(image, (8, 20), (255, 0, 0), 8)
    assert close(image, (52, 20), (0, 0, 255), 8)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.bmp"])
def test_the_content_counts_and_not_the_name(tmp_path, name):
    path = tmp_path / name
    halves().save(path, "WEBP", lossless=True)
    assert inspect(path).format == "WEBP"


@pytest.mark.parametrize(
    "name",
    [
        "with space.png",
        'it\'s "quoted".png',
        "猫 🐈.png",
        "new\nline.png",
        "-rf.png",
        "%s{x}.png",
        "a" * 200 + ".png",
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
def test_names_of_every_kind_work(tmp_path, name):
    path = tmp_path / name
    halves().save(path)
    assert inspect(str(path)).width == 60
    assert load_rgb(path).size == (60, 40)


@pytest.mark.skipif(os.name == "nt", reason="names that Windows does not allow")
def test_a_name_that_is_no_text_works_and_can_be_told(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.png")
    halves().save(path)
    assert load_rgb(path).size == (60, 40)
    assert "?" in refused(path + "x").sentence.encode("utf-8").decode()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tiff"])
def test_the_exif_turn_is_obeyed(tmp_path, orientation, suffix):
    upright = halves()
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    turned = upright.transpose(undo[orientation]) if orientation in undo else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / f"a.{suffix}"
    turned.save(path, exif=exif, **({"quality": 95} if suffix in ("jpg", "webp") else {}))
    info = inspect(path)
    assert (info.width, info.height) == (60, 40)
    image = load_rgb(path)
    assert close(image, (8, 20), (255, 0, 0), 8)
    assert close(image, (52, 20), (0, 0, 255), 8)


def test_broken_exif_is_ignored(tmp_path):
    path = tmp_path / "a.jpg"
    halves().save(path, exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage", quality=95)
    assert inspect(path).width == 60
    assert close(load_rgb(path), (8, 20), (255, 0, 0), 8)


def test_cmyk_without_a_profile(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("CMYK", (20, 20), (0, 255, 255, 0)).save(path, quality=95)
    assert close(load_rgb(path), (10, 10), (255, 0, 0), 8)
    path = tmp_path / "a.tiff"
    Image.new("CMYK", (20, 20), (255, 255, 0, 0)).save(path)
    assert close(load_rgb(path), (10, 10), (0, 0, 255), 8)


def test_adobe_cmyk_is_not_inverted(tmp_path):
    path = tmp_path / "a.jpg"
    Image.new("CMYK", (20, 20), (0, 0, 0, 255)).save(path, quality=95)
    assert b"Adobe" in path.read_bytes()
    assert close(load_rgb(path), (10, 10), (0, 0, 0), 8)


def test_sixteen_bit_grey_is_scaled_and_not_clipped(tmp_path):
    levels = np.array([[0, 257 * 64, 257 * 128, 65535]], np.uint16)
    for name in ("a.png", "a.tiff"):
        Image.fromarray(levels).save(tmp_path / name)
        assert [load_rgb(tmp_path / name).getpixel((x, 0)) for x in range(4)] == [
            (v,) * 3 for v in (0, 64, 128, 255)
        ]
    (tmp_path / "a.pgm").write_bytes(b"P5 4 1 65535\n" + levels.astype(">u2").tobytes())
    assert [load_rgb(tmp_path / "a.pgm").getpixel((x, 0)) for x in range(4)] == [
        (v,) * 3 for v in (0, 64, 128, 255)
    ]


def test_big_endian_tiff(tmp_path):
    levels = np.array([[0, 257 * 64, 257 * 128, 65535]], ">u2")
    data = b"MM\0*" + struct.pack(">I", 16) + levels.tobytes()
    tags = [
        (256, 3, 4),
        (257, 3, 1),
        (258, 3, 16),
        (259, 3, 1),
        (262, 3, 1),
        (273, 4, 8),
        (278, 3, 1),
        (279, 4, 8),
    ]
    data += struct.pack(">H", len(tags))
    for tag, kind, value in tags:
        data += struct.pack(">HHI", tag, kind, 1) + (
            struct.pack(">HH", value, 0) if kind == 3 else struct.pack(">I", value)
        )
    (tmp_path / "a.tiff").write_bytes(data + struct.pack(">I", 0))
    assert [load_rgb(tmp_path / "a.tiff").getpixel((x, 0))[0] for x in range(4)] == [0, 64, 128, 255]


def test_sixteen_bit_colour(tmp_path):
    row = b"\0" + struct.pack(">6H", 65535, 0, 257 * 128, 0, 65535, 0)
    (tmp_path / "a.png").write_bytes(png(2, 1, 2, 16, row))
    image = load_rgb(tmp_path / "a.png")
    assert (image.getpixel((0, 0)), image.getpixel((1, 0))) == ((255, 0, 128), (0, 255, 0))
    row = b"\0" + struct.pack(">8H", 65535, 0, 0, 65535, 0, 65535, 0, 0)
    (tmp_path / "b.png").write_bytes(png(2, 1, 6, 16, row))
    image = load_rgb(tmp_path / "b.png")
    assert (image.getpixel((0, 0)), image.getpixel((1, 0))) == ((255, 0, 0), (255, 255, 255))


@pytest.mark.parametrize(("top", "middle"), [(1.0, 128), (255.0, 128), (65535.0, 128)])
def test_floating_point_grey(tmp_path, top, middle):
    Image.fromarray(np.array([[0, top * 128 / 255, top, np.nan]], np.float32)).save(tmp_path / "a.tiff")
    assert [load_rgb(tmp_path / "a.tiff").getpixel((x, 0))[0] for x in range(4)] == [0, middle, 255, 0]


def test_grey_black_and_white_and_palette(tmp_path):
    Image.new("L", (4, 4), 77).save(tmp_path / "grey.png")
    assert load_rgb(tmp_path / "grey.png").getpixel((0, 0)) == (77, 77, 77)
    Image.new("1", (4, 4), 1).save(tmp_path / "one.png")
    assert load_rgb(tmp_path / "one.png").getpixel((0, 0)) == (255, 255, 255)
    halves("P").save(tmp_path / "palette.png")
    assert close(load_rgb(tmp_path / "palette.png"), (5, 5), (255, 0, 0))


def test_transparency_lies_over_white(tmp_path):
    image = Image.new("RGBA", (4, 1), (255, 0, 0, 255))
    image.putpixel((1, 0), (255, 0, 0, 0))
    image.putpixel((2, 0), (0, 0, 0, 128))
    wanted = [(255, 0, 0), (255, 255, 255), (127, 127, 127), (255, 0, 0)]
    for name in ("a.png", "a.webp", "a.tiff"):
        image.save(tmp_path / name, **({"lossless": True, "exact": True} if name == "a.webp" else {}))
        shown = load_rgb(tmp_path / name)
        assert all(close(shown, (x, 0), colour, 1) for x, colour in enumerate(wanted))
    image.convert("LA").save(tmp_path / "grey.png")
    assert close(load_rgb(tmp_path / "grey.png"), (1, 0), (255, 255, 255), 0)


def test_transparent_palettes_and_keys_lie_over_white(tmp_path):
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putpixel((1, 0), 1)
    palette.save(tmp_path / "one.png", transparency=0)
    palette.save(tmp_path / "many.png", transparency=bytes([0, 255]))
    palette.save(tmp_path / "a.gif", transparency=0)
    for name in ("one.png", "many.png", "a.gif"):
        shown = load_rgb(tmp_path / name)
        assert (shown.getpixel((0, 0)), shown.getpixel((1, 0))) == ((255, 255, 255), (200, 100, 50)), name
    grey = Image.new("L", (2, 1), 9)
    grey.putpixel((1, 0), 100)
    grey.save(tmp_path / "grey.png", transparency=9)
    assert load_rgb(tmp_path / "grey.png").getpixel((0, 0)) == (255, 255, 255)
    assert load_rgb(tmp_path / "grey.png").getpixel((1, 0)) == (100, 100, 100)
    key = png(2, 1, 2, 8, b"\0\x01\x02\x03\x09\x08\x07", (b"tRNS", struct.pack(">3H", 1, 2, 3)))
    (tmp_path / "key.png").write_bytes(key)
    shown = load_rgb(tmp_path / "key.png")
    assert (shown.getpixel((0, 0)), shown.getpixel((1, 0))) == ((255, 255, 255), (9, 8, 7))


@pytest.mark.parametrize("name", ["a.webp", "a.png", "a.gif"])
def test_the_first_frame_of_a_moving_picture_is_taken(tmp_path, name):
    frames = [Image.new("RGB", (16, 16), c) for c in ("red", "green", "blue")]
    options = {"lossless": True} if name == "a.webp" else {}
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=100, **options)
    assert close(load_rgb(tmp_path / name), (8, 8), (255, 0, 0))


def test_a_profile_is_converted_to_srgb(tmp_path):
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    wide = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = _profile_with_swapped_primaries(srgb)
    image = Image.new("RGB", (4, 4), (200, 40, 30))
    for name, profile in (("lab", lab), ("xyz", wide), ("garbage", b"no profile"), ("srgb", srgb)):
        image.save(tmp_path / f"{name}.png", icc_profile=profile)
        assert load_rgb(tmp_path / f"{name}.png").getpixel((0, 0)) == (200, 40, 30), name
    image.save(tmp_path / "swapped.png", icc_profile=swapped)
    assert close(load_rgb(tmp_path / "swapped.png"), (0, 0), (30, 40, 200), 12)
    image.convert("RGBA").save(tmp_path / "alpha.png", icc_profile=swapped)
    assert close(load_rgb(tmp_path / "alpha.png"), (0, 0), (30, 40, 200), 12)
    image.convert("L").save(tmp_path / "grey.png", icc_profile=swapped)
    assert load_rgb(tmp_path / "grey.png").getpixel((0, 0)) == (image.convert("L").getpixel((0, 0)),) * 3


def _profile_with_swapped_primaries(srgb: bytes) -> bytes:
    """sRGB with the red and blue primaries exchanged, under another name."""
    count = struct.unpack(">I", srgb[128:132])[0]
    data = bytearray(srgb)
    for n in range(count):
        entry = 132 + 12 * n
        name = srgb[entry : entry + 4]
        if name in (b"rXYZ", b"bXYZ"):
            data[entry : entry + 4] = b"bXYZ" if name == b"rXYZ" else b"rXYZ"
        if name == b"desc":
            start, length = struct.unpack(">II", srgb[entry + 4 : entry + 12])
            text = bytes(data[start : start + length])
            data[start : start + length] = text.replace(
                "sRGB".encode("utf-16-be"), "swap".encode("utf-16-be")
            )
    return bytes(data)


def test_cmyk_with_a_profile_that_does_not_fit_is_taken_plainly(tmp_path):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.new("CMYK", (8, 8), (0, 255, 255, 0)).save(tmp_path / "a.jpg", icc_profile=srgb, quality=95)
    assert close(load_rgb(tmp_path / "a.jpg"), (4, 4), (255, 0, 0), 8)


def test_lab_pictures_are_read(tmp_path):
    Image.new("LAB", (8, 8), (255, 128, 128)).save(tmp_path / "a.tiff")
    assert close(load_rgb(tmp_path / "a.tiff"), (4, 4), (255, 255, 255), 4)


def test_a_phone_picture_with_several_images_is_read(tmp_path):
    halves().save(
        tmp_path / "a.jpg", "MPO", save_all=True, append_images=[Image.new("RGB", (60, 40))], quality=95
    )
    assert close(load_rgb(tmp_path / "a.jpg"), (8, 20), (255, 0, 0), 8)


# ---- the crop


@pytest.mark.parametrize("size", [(60, 40), (40, 60), (333, 77), (1, 1), (7, 500), (64, 64)])
def test_the_crop_fills_the_size_and_keeps_the_centre(size):
    image = Image.new("RGB", size, "white")
    shown = cover(image, 64, 32)
    assert shown.size == (64, 32)
    assert shown.getextrema() == ((255, 255),) * 3


def test_the_crop_cuts_both_sides_alike():
    image = Image.new("RGB", (300, 100), "red")
    image.paste("lime", (100, 0, 200, 100))
    shown = cover(image, 64, 64)
    assert close(shown, (2, 32), (0, 255, 0))
    assert close(shown, (61, 32), (0, 255, 0))
    tall = cover(image.transpose(Image.Transpose.ROTATE_90), 64, 64)
    assert close(tall, (32, 2), (0, 255, 0))


# ---- refused


def refused(path: str | Path) -> BadImage:
    with pytest.raises(BadImage) as told:
        inspect(path)
    with pytest.raises(BadImage):
        load_rgb(path)
    error = told.value
    assert error.field == "image"
    assert error.sentence.endswith(".")
    assert ":" in error.sentence
    return error


def test_missing_folders_and_empty_files_are_refused(tmp_path):
    assert "no picture at" in refused(tmp_path / "nowhere.png").sentence
    assert "no picture at" in refused("nul\0.png").sentence
    assert "no picture at" in refused(tmp_path / "file" / "x.png").sentence
    assert "folder" in refused(tmp_path).sentence
    (tmp_path / "zero.png").touch()
    assert "0 bytes" in refused(tmp_path / "zero.png").sentence
    refused(tmp_path / ("x" * 5000))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of Linux and macOS")
def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert "device" in refused(tmp_path / "pipe.png").sentence


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'
NOT_PICTURES = {
    "svg": SVG,
    "text": b"just text\n" * 50,
    "html": b"<html><body>hi</body></html>",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n",
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "psd": b"8BPS\0\1" + b"\0" * 200,
    "zip": b"PK\3\4" + b"\0" * 100,
    "noise": bytes(range(256)) * 20,
    "magic only": b"\x89PNG\r\n\x1a\n",
    "jpeg start": b"\xff\xd8\xff",
    "riff": b"RIFF\x20\0\0\0WEBPVP8 ",
    "gif start": b"GIF89a",
    "tiff start": b"II*\0\x08\0\0\0",
    "tiff loop": b"II*\0\x08\0\0\0\x01\0\0\x01\x03\0\x01\0\0\0\x01\0\0\0\x08\0\0\0",
    "bmp start": b"BM" + b"\0" * 30,
    "avif start": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
}


@pytest.mark.parametrize("name", NOT_PICTURES)
def test_what_is_no_picture_is_refused_whatever_its_name(tmp_path, name):
    for suffix in (".png", ".jpg"):
        path = tmp_path / f"picture{suffix}"
        path.write_bytes(NOT_PICTURES[name])
        refused(path)


def encoded(form: str) -> bytes:
    data = io.BytesIO()
    noise = Image.frombytes(
        "RGB", (64, 64), np.random.default_rng(1).integers(0, 255, 64 * 64 * 3, np.uint8).tobytes()
    )
    noise.save(data, form, **({"compression": "tiff_deflate"} if form == "TIFF" else {}))
    return data.getvalue()


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "PPM"])
@pytest.mark.parametrize("part", [0.02, 0.3, 0.6, 0.9])
def test_a_truncated_picture_is_refused(tmp_path, form, part):
    whole = encoded(form)
    path = tmp_path / "cut"
    path.write_bytes(whole[: int(len(whole) * part)])
    refused(path)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF"])
def test_a_picture_with_flipped_bytes_is_seen_or_refused_and_nothing_else(tmp_path, form):
    whole = encoded(form)
    random = np.random.default_rng(7)
    path = tmp_path / "damaged"
    for _ in range(60):
        data = bytearray(whole)
        for place in random.integers(0, min(len(data), 600), 4):
            data[place] = random.integers(0, 256)
        path.write_bytes(data)
        with contextlib.suppress(BadImage):
            assert load_rgb(path).mode == "RGB"


def test_a_bomb_is_refused_from_its_header(tmp_path):
    row = zlib.compress(b"\0" * 1000)
    bomb = png(30_000, 30_000, 2, 8, b"")
    bomb = bomb.replace(zlib.compress(b""), row)
    (tmp_path / "bomb.png").write_bytes(bomb)
    assert "64 megapixels" in refused(tmp_path / "bomb.png").sentence
    (tmp_path / "one more.png").write_bytes(png(8001, 8000, 0, 8, b""))
    assert "64 megapixels" in refused(tmp_path / "one more.png").sentence


@pytest.mark.parametrize(("width", "height"), [(64_000_000, 1), (8000, 8000), (65_000, 900), (9_000, 10_000)])
def test_a_header_that_lies_is_refused(tmp_path, width, height):
    (tmp_path / "liar.png").write_bytes(png(width, height, 2, 8, b"\0\1\2\3"))
    error = refused(tmp_path / "liar.png")
    assert ("megapixels" in error.sentence) == (width * height > MAX_PIXELS)


def test_a_jpeg_and_a_gif_that_claim_too_much_are_refused(tmp_path):
    data = bytearray(encoded("JPEG"))
    start = data.index(b"\xff\xc0")
    data[start + 5 : start + 9] = struct.pack(">HH", 65_000, 65_000)
    (tmp_path / "liar.jpg").write_bytes(data)
    assert "megapixels" in refused(tmp_path / "liar.jpg").sentence
    gif = bytearray(encoded("GIF"))
    frame = gif.index(b",\0\0\0\0")
    gif[frame + 5 : frame + 9] = struct.pack("<HH", 65_000, 65_000)
    (tmp_path / "liar.gif").write_bytes(gif)
    refused(tmp_path / "liar.gif")


def test_a_text_bomb_inside_a_png_is_refused(tmp_path):
    text = zlib.compress(b"x" * 200_000_000, 9)
    (tmp_path / "text.png").write_bytes(png(1, 1, 0, 8, b"\0\0", (b"zTXt", b"k\0\0" + text)))
    refused(tmp_path / "text.png")


def test_a_file_over_the_limit_is_refused_unread(tmp_path):
    with (tmp_path / "big.png").open("wb") as file:
        file.write(encoded("PNG"))
        file.truncate(100_000_001)
    assert "100 MB" in refused(tmp_path / "big.png").sentence


def test_the_largest_allowed_picture_is_read(tmp_path):
    Image.new("L", (8000, 8000), 5).save(tmp_path / "large.png", compress_level=1)
    assert inspect(tmp_path / "large.png").width == 8000


def test_refusing_changes_no_setting_of_the_process(tmp_path):
    before = list(warnings.filters)
    (tmp_path / "bomb.png").write_bytes(png(30_000, 30_000, 2, 8, b""))
    refused(tmp_path / "bomb.png")
    assert list(warnings.filters) == before
    from PIL import ImageFile

    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
