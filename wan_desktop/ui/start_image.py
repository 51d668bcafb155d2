"""The start image as the window knows it, and reading it in the background."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session

SHOWN_SIDE = 720
"""Longest side, in pixels, of the copy that is kept for showing."""
LARGE_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class ImageSource:
    """Where a start image is: a file of the user's, or one in the image store (`stored`, its sha256)."""

    path: str | None = None
    stored: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class StartImage:
    """A picture that was read: true size in pixels after the EXIF turn, size of its file, a small copy."""

    source: ImageSource
    width: int
    height: int
    bytes: int
    shown: QImage


def read(session: Session, source: ImageSource) -> StartImage:
    """Decode the picture as the render will. Slow; raises BadImage."""
    path = source.path if source.path is not None else str(session.image_path(source.stored or ""))
    picture = session.load_image(path)
    width, height = picture.size
    picture.thumbnail((SHOWN_SIDE, SHOWN_SIDE))
    data = picture.tobytes()
    shown = QImage(data, picture.width, picture.height, 3 * picture.width, QImage.Format.Format_RGB888).copy()
    return StartImage(source, width, height, os.path.getsize(path), shown)


def keep_pixels(session: Session, image: QImage, name: str) -> StartImage:
    """Store picture data that has no file, then read it back. Slow; raises BadImage or DiskProblem."""
    handle, path = tempfile.mkstemp(suffix=".png")
    os.close(handle)
    try:
        image.save(path, "PNG")
        stored = session.keep_image(path)
    finally:
        Path(path).unlink(missing_ok=True)
    return read(session, ImageSource(stored=stored, name=name))
