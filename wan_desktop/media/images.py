"""Start images: opened safely, turned upright, brought to sRGB, cropped as the model will see them."""

from __future__ import annotations

import os
import stat
import struct
import threading
import warnings
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, BadImage
from wan_desktop.domain.sizes import cover_crop
from wan_desktop.media.colour import to_srgb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "PPM")
"""What is accepted: plain pictures that Pillow decodes itself. No EPS, PSD, PDF, SVG or other small languages."""
MAX_PIXELS = 64_000_000
MAX_BYTES = 100_000_000

_DECODE_FAILURES = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
)
"""What Pillow's decoders raise on files made to break them."""

_warnings = threading.Lock()  # catch_warnings swaps process-wide state


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """A usable picture: size in pixels after the EXIF turn, format as Pillow names it, size of the file."""

    width: int
    height: int
    format: str
    bytes: int


def inspect(path: str | Path) -> ImageInfo:
    """Decode the whole picture and say what it is. Raises BadImage when it cannot be a start image."""
    with _opened(path) as image:
        upright = _upright(image)
        return ImageInfo(*upright.size, format=str(image.format), bytes=os.stat(path).st_size)


def load_rgb(path: str | Path) -> Image.Image:
    """The picture upright, in sRGB, mode RGB, transparency over white, first frame. Raises BadImage."""
    with _opened(path) as image:
        return to_srgb(_upright(image), image.info.get("icc_profile"))


def texts_in(path: str | Path) -> dict[str, str]:
    """The texts that travel inside a picture by their names: of a PNG its own, of others those of the EXIF.

    Raises BadImage when it is no usable picture.
    """
    with _opened(path) as image:
        found = {str(name): str(text) for name, text in image.info.items() if isinstance(text, str)}
        found |= {f"exif {tag}": text for tag, text in image.getexif().items() if isinstance(text, str)}
        return found


def cover(image: Image.Image, width: int, height: int) -> Image.Image:
    """The picture resized (LANCZOS) to fill `width` x `height` pixels, its centre kept."""
    from PIL import Image

    left, top, right, bottom = cover_crop(*image.size, width, height)
    box = (max(left, 0.0), max(top, 0.0), min(right, float(image.width)), min(bottom, float(image.height)))
    return image.resize((width, height), Image.Resampling.LANCZOS, box=box)


@contextmanager
def _opened(path: str | Path) -> Iterator[Image.Image]:
    """The picture decoded, safely; whatever goes wrong inside is a BadImage."""
    from PIL import Image, UnidentifiedImageError

    name = _printable(Path(path).name or str(path))
    _check_file(path, name)
    try:
        with _quiet(), Image.open(path, formats=FORMATS) as image:
            _check_pixels(image, name)
            image.load()
            _check_pixels(image, name)
            yield image
    except BadImage:
        raise
    except UnidentifiedImageError as error:
        _refuse_unknown(name, error)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        _refuse_large(name, error)
    except _DECODE_FAILURES as error:
        raise BadImage(
            QT_TRANSLATE_NOOP(
                "errors",
                "The picture “{name}” is damaged or cut short: choose another one, or save it again.",
            ),
            field="image",
            name=name,
        ) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow's warnings about odd metadata are no news; the one about bombs is an error."""
    from PIL import Image

    with _warnings, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _check_file(path: str | Path, name: str) -> None:
    found = _stat(path, name)
    if not stat.S_ISREG(found.st_mode):
        raise BadImage(
            QT_TRANSLATE_NOOP(
                "errors", "“{name}” is a folder or a device, not a picture: choose a picture file."
            ),
            field="image",
            name=name,
        )
    if found.st_size == 0:
        raise BadImage(
            QT_TRANSLATE_NOOP("errors", "The picture “{name}” is empty (0 bytes): choose another one."),
            field="image",
            name=name,
        )
    if found.st_size > MAX_BYTES:
        raise BadImage(
            QT_TRANSLATE_NOOP("errors", "The picture “{name}” is over {most} MB: save it smaller."),
            field="image",
            name=name,
            most=MAX_BYTES // 1_000_000,
        )


def _printable(name: str) -> str:
    """The name with "?" for bytes that are no text, which a file name may hold."""
    return name.encode("utf-8", "replace").decode("utf-8")


def _stat(path: str | Path, name: str) -> os.stat_result:
    try:
        found = os.stat(path)
        if stat.S_ISREG(found.st_mode):  # opening a pipe would wait for its other end
            os.close(os.open(path, os.O_RDONLY))
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise BadImage(
            QT_TRANSLATE_NOOP(
                "errors", "There is no picture at “{path}”: check the name, or choose another one."
            ),
            field="image",
            path=_printable(str(path)),
        ) from error
    except OSError as error:
        raise BadImage(
            QT_TRANSLATE_NOOP(
                "errors", "The picture “{name}” cannot be read ({why}): allow reading it, or copy it."
            ),
            field="image",
            name=name,
            why=error.strerror or str(error),
        ) from error
    return found


def _check_pixels(image: Image.Image, name: str) -> None:
    if image.width * image.height > MAX_PIXELS:
        _refuse_large(name, None)


def _refuse_large(name: str, cause: BaseException | None) -> NoReturn:
    raise BadImage(
        QT_TRANSLATE_NOOP(
            "errors", "The picture “{name}” has over {most} megapixels: make it smaller first."
        ),
        field="image",
        name=name,
        most=MAX_PIXELS // 1_000_000,
    ) from cause


def _refuse_unknown(name: str, cause: BaseException) -> NoReturn:
    raise BadImage(
        QT_TRANSLATE_NOOP(
            "errors",
            "“{name}” is not a picture that can be read: use PNG, JPEG, WebP, AVIF, TIFF, GIF or BMP.",
        ),
        field="image",
        name=name,
    ) from cause


def _upright(image: Image.Image) -> Image.Image:
    """The picture turned as its EXIF says; as it is when its EXIF is broken."""
    from PIL import ImageOps

    try:
        return ImageOps.exif_transpose(image)
    except _DECODE_FAILURES:
        return image
