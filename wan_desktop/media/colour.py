"""From whatever a picture file holds to 8-bit sRGB."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The decoded picture in mode RGB, 8 bits, sRGB; transparent parts lie over white.

    `profile` is the picture's ICC profile; one that is broken or does not fit the picture is ignored.
    """
    from PIL import Image

    image = _eight_bits(image)
    colour, alpha = _split_alpha(image)
    rgb = _managed(colour, profile)
    if alpha is None:
        return rgb
    white = Image.new("RGB", rgb.size, "white")
    white.paste(rgb, mask=alpha)
    return white


def _eight_bits(image: Image.Image) -> Image.Image:
    """16- and 32-bit and floating-point grey, scaled and not clipped, as 8-bit grey; others unchanged."""
    if image.mode not in ("I", "F") and not image.mode.startswith("I;16"):
        return image
    import numpy as np
    from PIL import Image

    grey = np.asarray(image).astype(np.float64)
    grey = np.nan_to_num(grey, nan=0.0, posinf=0.0, neginf=0.0)
    return Image.fromarray(
        np.rint(np.clip(grey * (255 / _white(image.mode, grey.max())), 0, 255)).astype(np.uint8)
    )


def _white(mode: str, brightest: float) -> float:
    """The value that means white: full scale of the kind of numbers that the picture holds."""
    if mode.startswith("I;16"):
        return 65535.0
    for scale in (1.0, 255.0, 65535.0) if mode == "F" else (65535.0,):
        if brightest <= scale:
            return scale
    return brightest


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The picture without transparency (modes 1, L, RGB, CMYK, YCbCr, LAB, HSV), and its transparency (L)."""
    if image.mode == "La":
        image = image.convert("LA")
    if image.mode == "P" or (image.mode in ("1", "L", "RGB") and "transparency" in image.info):
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    if image.mode in ("PA", "RGBa", "RGBX"):
        image = image.convert("RGBA" if image.mode != "RGBX" else "RGB")
    if image.mode == "LA":
        return image.getchannel("L"), image.getchannel("A")
    if image.mode == "RGBA":
        return image.convert("RGB"), image.getchannel("A")
    return image, None


def _managed(image: Image.Image, profile: bytes | None) -> Image.Image:
    """The picture in sRGB by its profile, or as if it had none."""
    from PIL import ImageCms

    srgb = ImageCms.createProfile("sRGB")
    if image.mode == "LAB":
        converted = ImageCms.profileToProfile(image, ImageCms.createProfile("LAB"), srgb, outputMode="RGB")
        assert converted is not None  # only inPlace=True returns None
        return converted
    if profile and image.mode in ("L", "RGB", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if not ImageCms.getProfileDescription(source).startswith("sRGB"):
                converted = ImageCms.profileToProfile(image, source, srgb, outputMode="RGB")
                assert converted is not None
                return converted
        except (ImageCms.PyCMSError, OSError, TypeError, ValueError):
            pass  # a profile for another kind of picture, or garbage: the numbers are taken as they are
    return image.convert("RGB")
