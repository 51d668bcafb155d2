"""Small pictures for cards, read off the window's thread and kept while they are likely to be seen again."""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap

from wan_desktop.bridge.background import in_background

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.events import Frame

KEPT = 240
"""Pictures in memory: about 15 screens of the library, 0.3 MB each."""
WIDTH = 320
_AT_ONCE = 2
_WAITING = 64
"""Requests that wait at most; older ones, scrolled out of sight, are dropped and asked for again when painted."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is known of a key: `pixmap` is null when there is no picture; `missing`: its clip's file is gone."""

    pixmap: QPixmap
    missing: bool = False


class Pictures(QObject):
    """Pictures by key. `get` never waits; `ready` carries the key of one that has come in."""

    ready = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[str, Picture] = OrderedDict()
        self._waiting: OrderedDict[str, Callable[[], tuple[QImage, bool]]] = OrderedDict()
        self._reading: set[str] = set()

    def get(self, key: str, load: Callable[[], tuple[QImage, bool]]) -> Picture | None:
        """The picture, or None while `load` (called on another thread) reads it: its image, and is it missing."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
            return found
        if key not in self._reading:
            self._waiting[key] = load
            self._waiting.move_to_end(key)
            if len(self._waiting) > _WAITING:
                self._waiting.popitem(last=False)
            self._start()
        return None

    def peek(self, key: str) -> Picture | None:
        """The picture if it is here."""
        return self._kept.get(key)

    def put(self, key: str, image: QImage) -> None:
        """Keep a picture that is already here."""
        self._keep(key, Picture(QPixmap.fromImage(image)))

    def forget(self, key: str) -> None:
        """Read it again the next time."""
        self._kept.pop(key, None)

    def _start(self) -> None:
        while self._waiting and len(self._reading) < _AT_ONCE:
            key, load = self._waiting.popitem()  # the newest request first: it is what is on the screen
            self._reading.add(key)
            in_background(self, load, partial(self._read, key), partial(self._failed, key))

    def _read(self, key: str, found: tuple[QImage, bool]) -> None:
        image, missing = found
        self._reading.discard(key)
        self._keep(key, Picture(QPixmap.fromImage(image), missing))
        self._start()

    def _failed(self, key: str, _error: WanError) -> None:
        self._read(key, (QImage(), False))

    def _keep(self, key: str, picture: Picture) -> None:
        self._kept[key] = picture
        self._kept.move_to_end(key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        self.ready.emit(key)


def read_thumbnail(path: str, clip_path: str = "") -> tuple[QImage, bool]:
    """The thumbnail, small, and whether the clip's own file is gone. For another thread."""
    reader = QImageReader(path, b"jpeg")
    size = reader.size()
    if size.isValid() and size.width() > WIDTH:
        reader.setScaledSize(size.scaled(QSize(WIDTH, 4 * WIDTH), Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read(), bool(clip_path) and not os.path.isfile(clip_path)


def frame_image(frame: Frame) -> QImage:
    """A Frame as a QImage of its own memory."""
    image = QImage(frame.rgb, frame.width, frame.height, frame.width * 3, QImage.Format.Format_RGB888)
    return image.copy()
