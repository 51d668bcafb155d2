"""A slider in the window's look: thin track, round handle, and a click on the track goes there."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSlider, QStyle, QWidget

from wan_desktop.ui import theme

TRACK = 4
HANDLE = 14


class Slider(QSlider):
    """A horizontal QSlider that paints itself from the palette."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def sizeHint(self) -> QSize:
        """Room for the handle and its glow."""
        return QSize(120, HANDLE + 8)

    def minimumSizeHint(self) -> QSize:
        """As low as the hint, and narrow."""
        return QSize(60, HANDLE + 8)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track, filled part, handle; a glow around the handle when it has the focus."""
        palette = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        x, middle = self._handle_x(), self.height() / 2
        track = QRectF(0, middle - TRACK / 2, self.width(), TRACK)
        painter.setBrush(QColor(palette.raised))
        painter.drawRoundedRect(track, TRACK / 2, TRACK / 2)
        accent = QColor(palette.accent if self.isEnabled() else palette.faint)
        painter.setBrush(accent)
        painter.drawRoundedRect(QRectF(0, track.top(), x, TRACK), TRACK / 2, TRACK / 2)
        if self.hasFocus():
            glow = QColor(accent)
            glow.setAlphaF(0.2)
            painter.setBrush(glow)
            painter.drawEllipse(QPointF(x, middle), HANDLE / 2 + 3, HANDLE / 2 + 3)
        painter.setBrush(QColor(palette.raised if self.underMouse() else palette.card))
        painter.setPen(QPen(accent, 2))
        painter.drawEllipse(QPointF(x, middle), HANDLE / 2 - 1, HANDLE / 2 - 1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Jump to the click, then drag from there."""
        if (
            event.button() == Qt.MouseButton.LeftButton
            and abs(event.position().x() - self._handle_x()) > HANDLE / 2
        ):
            self.setValue(self._value_at(event.position().x()))
        self.setSliderDown(event.button() == Qt.MouseButton.LeftButton)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the drag."""
        if self.isSliderDown():
            self.setSliderPosition(self._value_at(event.position().x()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End the drag."""
        self.setSliderDown(False)

    def _handle_x(self) -> float:
        span = self.width() - HANDLE
        at = QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), self.sliderPosition(), span)
        return at + HANDLE / 2

    def _value_at(self, x: float) -> int:
        return QStyle.sliderValueFromPosition(
            self.minimum(), self.maximum(), round(x - HANDLE / 2), self.width() - HANDLE
        )
