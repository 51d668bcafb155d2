"""The player's bar: click anywhere to go there, drag, or use the arrow keys."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSlider, QWidget

from wan_desktop.ui import theme
from wan_desktop.ui.widgets.card_paint import track

TRACK = 6


class ScrubBar(QSlider):
    """A slider over frames; its value is the frame's number. `sliderMoved` comes while the user moves it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumWidth(60)
        theme.theme_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """High enough to be hit."""
        return QSize(200, 20)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Track and what is behind; the handle while the mouse or the focus is here."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle = self.height() / 2
        span = max(1, self.maximum() - self.minimum())
        x = (self.sliderPosition() - self.minimum()) / span * self.width()
        painter.setBrush(QColor(track()))
        painter.drawRoundedRect(QRectF(0, middle - TRACK / 2, self.width(), TRACK), TRACK / 2, TRACK / 2)
        painter.setBrush(QColor(colours.accent if self.isEnabled() else colours.faint))
        if x > 0:
            painter.drawRoundedRect(QRectF(0, middle - TRACK / 2, max(x, TRACK), TRACK), TRACK / 2, TRACK / 2)
        if self.isEnabled() and (self.underMouse() or self.hasFocus() or self.isSliderDown()):
            at = QPointF(min(max(x, 6.0), self.width() - 6.0), middle)
            if self.hasFocus():
                glow = QColor(colours.accent)
                glow.setAlphaF(0.25)
                painter.setBrush(glow)
                painter.drawEllipse(at, 9, 9)
                painter.setBrush(QColor(colours.accent))
            painter.drawEllipse(at, 6, 6)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go to the click, and begin to drag."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._go(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag."""
        if self.isSliderDown():
            self._go(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self.setSliderDown(False)

    def _go(self, event: QMouseEvent) -> None:
        part = min(max(event.position().x() / max(1, self.width()), 0.0), 1.0)
        value = self.minimum() + round(part * (self.maximum() - self.minimum()))
        if value != self.sliderPosition():
            self.setSliderPosition(value)
        else:
            self.sliderMoved.emit(value)
