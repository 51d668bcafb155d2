"""What a person dropped or pasted: a picture file, picture data, a video or workflow file, or a link."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

if TYPE_CHECKING:
    from PySide6.QtCore import QMimeData

RECIPES = (".mp4", ".m4v", ".mov", ".webm", ".json")
"""Files that are looked into for what made them, never pictures."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """One thing: `kind` is "image" (`path`), "pixels" (`image`), "recipe" (`path`) or "link" (`path` is the URL)."""

    kind: str
    path: str = ""
    image: QImage | None = None


def look(mime: QMimeData) -> Dropped | None:
    """What `mime` holds, or None when it is nothing for us; plain text is left to whoever edits text.

    A local file goes before picture data, which goes before a link: browsers offer all three at once.
    """
    local = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
    if local:
        kind = "recipe" if Path(local[0]).suffix.lower() in RECIPES else "image"
        return Dropped(kind, local[0])
    if mime.hasImage():
        image = QImage(mime.imageData())
        if not image.isNull():
            return Dropped("pixels", image=image)
    if mime.urls():
        return Dropped("link", mime.urls()[0].toString())
    return None
