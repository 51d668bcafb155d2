"""The bar for the whole job on the stage."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QProgressBar

from wan_desktop.ui import theme
from wan_desktop.ui.widgets import card_paint

HEIGHT = 6


class JobBar(QProgressBar):
    """A QProgressBar that paints itself as the cards do."""

    def sizeHint(self) -> QSize:
        """Thin."""
        return QSize(120, HEIGHT)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track and filled part."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        part = self.value() / max(1, self.maximum())
        place = QRectF(0, (self.height() - HEIGHT) / 2, self.width(), HEIGHT)
        card_paint.bar(painter, place, part, theme.current().accent)
