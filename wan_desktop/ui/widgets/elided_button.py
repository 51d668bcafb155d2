"""A button whose words end in an ellipsis when there is no room; the tooltip has them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

PADDING = 18
"""What the style sheet puts around a chip's words, both sides together; other kinds and icons need another."""


class ElidedButton(QPushButton):
    """As wide as its words where there is room, narrower where there is not."""

    def __init__(self, words: str, parent: QWidget | None = None, *, padding: int = PADDING) -> None:
        super().__init__(words, parent)
        self._words, self._padding = words, padding
        self.setToolTip(words)

    def say(self, words: str) -> None:
        """Other words."""
        self._words = words
        self.setToolTip(words)
        self._cut()
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """Room for all the words."""
        width = self.fontMetrics().horizontalAdvance(self._words) + self._padding + 2
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(60, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the words to the room there is."""
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        room = self.width() - self._padding
        self.setText(self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room))
