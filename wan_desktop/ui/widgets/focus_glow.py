"""The soft ring around the field that has the focus."""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QEvent, QObject, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit, QWidget

from wan_desktop.ui import theme

WIDTH = 3
_FIELDS = (QPlainTextEdit, QLineEdit, QAbstractSpinBox, QComboBox)


class FocusGlow(QObject):
    """Follows the focus through `app` and draws the ring behind text fields, in their own parent.

    It lives as long as `owner`: two of them would draw the ring twice as strong.
    """

    def __init__(self, app: QApplication, owner: QObject) -> None:
        super().__init__(owner)
        self._ring: _Ring | None = None
        app.focusChanged.connect(self._follow)

    def _follow(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._ring is not None and shiboken6.isValid(self._ring):
            self._ring.hide()
            self._ring.deleteLater()
        self._ring = None
        if isinstance(new, QLineEdit) and isinstance(new.parentWidget(), QAbstractSpinBox | QComboBox):
            new = new.parentWidget()
        if isinstance(new, _FIELDS) and new.parentWidget() is not None:
            self._ring = _Ring(new)


class _Ring(QWidget):
    def __init__(self, target: QWidget) -> None:
        super().__init__(target.parentWidget())
        self._target = target
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        target.installEventFilter(self)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay around the field wherever its layout puts it."""
        if event.type() in (QEvent.Type.Move, QEvent.Type.Resize, QEvent.Type.Show, QEvent.Type.Hide):
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """The accent at 20 %, behind the field."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(theme.current().accent)
        colour.setAlphaF(0.2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRoundedRect(QRectF(self.rect()), 8 + WIDTH, 8 + WIDTH)

    def _place(self) -> None:
        self.setGeometry(self._target.geometry().adjusted(-WIDTH, -WIDTH, WIDTH, WIDTH))
        self.setVisible(not self._target.isHidden())
        self.stackUnder(self._target)
