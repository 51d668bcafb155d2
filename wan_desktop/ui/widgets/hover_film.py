"""Plays the clip under the mouse: a few frames, read on another thread, those of the last clips kept."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QPixmap

from wan_desktop.bridge.background import in_background
from wan_desktop.ui.widgets.pictures import WIDTH, frame_image

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.job import Clip

REST_MS = 200
"""How long the mouse rests on a clip before it is read."""
FRAME_MS, FRAMES = 125, 16
KEPT = 12
"""Clips whose frames are kept: 16 frames of 0.2 MB each."""


class HoverFilm(QObject):
    """One clip plays at a time; `moved` says that another frame is due."""

    moved = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._kept: OrderedDict[str, list[QPixmap]] = OrderedDict()
        self._clip: Clip | None = None
        self._at = 0
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._read)
        self._beat = QTimer(self)
        self._beat.setInterval(FRAME_MS)
        self._beat.timeout.connect(self._next)

    def hover(self, clip: Clip | None) -> None:
        """The mouse is over `clip`, or over none."""
        if (clip.id if clip else None) == (self._clip.id if self._clip else None):
            return
        self._clip, self._at = clip, 0
        self._beat.stop()
        self._rest.stop()
        self.moved.emit()
        if clip is not None and clip.id in self._kept:
            self._beat.start()
        elif clip is not None:
            self._rest.start()

    def picture(self, clip_id: str) -> QPixmap | None:
        """The present frame if that clip plays, else None."""
        if self._clip is None or self._clip.id != clip_id:
            return None
        frames = self._kept.get(clip_id)
        return frames[self._at % len(frames)] if frames else None

    def _read(self) -> None:
        clip = self._clip
        if clip is not None:
            in_background(
                self,
                lambda: _read_frames(clip.path),
                lambda images: self._keep(clip.id, images),
                self._unreadable,
            )

    def _keep(self, clip_id: str, images: list[QImage]) -> None:
        self._kept[clip_id] = [QPixmap.fromImage(image) for image in images]
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        if self._clip is not None and self._clip.id == clip_id:
            self._beat.start()

    def _unreadable(self, _error: WanError) -> None:
        """A clip that cannot be read keeps its thumbnail; opening it says why."""

    def _next(self) -> None:
        self._at += 1
        self.moved.emit()


def _read_frames(path: str) -> list[QImage]:
    from wan_desktop.media.clips import hover_frames

    return [frame_image(frame) for frame in hover_frames(path, FRAMES, WIDTH)]
