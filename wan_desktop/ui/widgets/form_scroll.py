"""A column that scrolls, whose contents keep their width whether the scroll bar shows or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QWidget

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

SIDE = 16
"""Space at the left and right of the contents, the scroll bar included."""


class FormScroll(QScrollArea):
    """Scrolls `content` up and down; its layout gets the margins."""

    def __init__(self, content: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.verticalScrollBar().rangeChanged.connect(self._keep_width)  # the bar comes or goes
        self._keep_width()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As the column, so its contents."""
        super().resizeEvent(event)
        self._keep_width()

    def _keep_width(self) -> None:
        bar = self.verticalScrollBar().sizeHint().width() if self.verticalScrollBar().maximum() else 0
        layout = self.widget().layout()
        if layout is not None:
            layout.setContentsMargins(SIDE, 14, max(0, SIDE - bar), SIDE)
