"""The clip as it comes into being: the preview's frames, played over and over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QImage, QShowEvent

from wan_desktop.ui.widgets.pictures import frame_image
from wan_desktop.ui.widgets.screen import Screen

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from wan_desktop.domain.events import Preview

FRAMES_PER_SECOND = 10


class PreviewView(Screen):
    """Plays the frames of the last preview it was given; stands still while hidden."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._frames: list[QImage] = []
        self._at = 0
        self._beat = QTimer(self)
        self._beat.setInterval(1000 // FRAMES_PER_SECOND)
        self._beat.timeout.connect(self._next)

    def show_preview(self, preview: Preview) -> None:
        """Play this one from now on, going on at the same place."""
        self._frames = [frame_image(frame) for frame in preview.frames]
        if self._frames:
            self.show_image(self._frames[self._at % len(self._frames)])

    def clear(self) -> None:
        """Forget the preview."""
        self._frames, self._at = [], 0
        self.show_image(QImage())

    def showEvent(self, event: QShowEvent) -> None:
        """Play."""
        self._beat.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stand still."""
        self._beat.stop()

    def _next(self) -> None:
        if len(self._frames) > 1:
            self._at = (self._at + 1) % len(self._frames)
            self.show_image(self._frames[self._at])
