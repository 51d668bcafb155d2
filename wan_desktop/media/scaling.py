"""Pictures at another size, as ComfyUI's ImageScale makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, BadImage
from wan_desktop.domain.sizes import cover_crop
from wan_desktop.media.images import MAX_PIXELS

if TYPE_CHECKING:
    from PIL import Image


def scaled(picture: Image.Image, width: int, height: int, method: str, *, crop: bool) -> Image.Image:
    """The picture at `width` x `height` pixels: a side of 0 follows the other one, `crop` cuts the longer side.

    `method` is ImageScale's name of a filter; one that is not known here is LANCZOS. Raises BadImage when the
    result would have over `MAX_PIXELS`.
    """
    from PIL import Image

    if not width and not height:
        return picture
    width = width or max(1, round(picture.width * height / picture.height))
    height = height or max(1, round(picture.height * width / picture.width))
    if width * height > MAX_PIXELS:
        raise BadImage(
            QT_TRANSLATE_NOOP(
                "errors", "The picture “{name}” has over {most} megapixels: make it smaller first."
            ),
            field="image",
            name="ImageScale",
            most=MAX_PIXELS // 1_000_000,
        )
    resampling = {
        "nearest-exact": Image.Resampling.NEAREST,
        "bilinear": Image.Resampling.BILINEAR,
        "area": Image.Resampling.BOX,
        "bicubic": Image.Resampling.BICUBIC,
    }.get(method, Image.Resampling.LANCZOS)
    box = cover_crop(picture.width, picture.height, width, height) if crop else None
    if box is not None:
        box = (max(box[0], 0.0), max(box[1], 0.0), min(box[2], picture.width), min(box[3], picture.height))
    return picture.resize((width, height), resampling, box=box)
