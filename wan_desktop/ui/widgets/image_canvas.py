"""The drop zone's picture: the whole start image, with the part that the render will use marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QWidget

from wan_desktop.domain.sizes import cover_crop
from wan_desktop.ui import icons, theme

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

EMPTY_HEIGHT = 84
LOWEST, HIGHEST = 96, 184
"""With a picture the zone is as high as the picture's shape asks for, between these."""
RADIUS = 8


class ImageCanvas(QWidget):
    """Empty: an invitation. With a picture: all of it, what will be cut off dimmed, and a tag with its name."""

    clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self._image: QImage | None = None
        self._true_size = (0, 0)
        self._target = (0, 0)
        self._title, self._hint, self._tag = "", "", ""
        self._hot = False
        self._fit()

    def invite(self, title: str, hint: str) -> None:
        """What stands in the empty zone."""
        self._title, self._hint = title, hint
        self.update()

    def set_picture(self, image: QImage | None, true_size: tuple[int, int] = (0, 0)) -> None:
        """Show `image`, a copy of a picture of `true_size` pixels; None empties the zone."""
        self._image, self._true_size = image, true_size
        self._fit()

    def set_target(self, width: int, height: int) -> None:
        """The size that the render will have, in pixels: its shape decides the crop."""
        self._target = (width, height)
        self.update()

    def set_tag(self, text: str) -> None:
        """The words in the lower left corner of the picture."""
        self._tag = text
        self.update()

    def set_hot(self, hot: bool) -> None:
        """Light up while something that fits is dragged over."""
        self._hot = hot
        self.update()

    def crop(self) -> tuple[float, float, float, float]:
        """The part that is used (left, top, right, bottom), in pixels of the true picture."""
        return cover_crop(*self._true_size, *self._target)

    def sizeHint(self) -> QSize:
        """As wide as there is room."""
        return QSize(200, self.minimumHeight())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """A click chooses a picture."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and space are a click."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and not event.modifiers():
            self.clicked.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Frame, then the picture or the invitation."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        shape = QPainterPath()
        shape.addRoundedRect(frame, RADIUS, RADIUS)
        painter.fillPath(shape, QColor(theme.current().card))
        if self._image is None:
            self._paint_invitation(painter, frame)
        else:
            painter.save()
            painter.setClipPath(shape)
            self._paint_picture(painter, self._image)
            painter.restore()
        self._paint_frame(painter, frame)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the height that the picture's shape asks for."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def _fit(self) -> None:
        height = EMPTY_HEIGHT
        if self._image is not None:
            height = round(self.width() * self._true_size[1] / self._true_size[0])
            height = min(max(height, LOWEST), HIGHEST)
        self.setFixedHeight(height)
        self.update()

    def _paint_frame(self, painter: QPainter, frame: QRectF) -> None:
        palette = theme.current()
        lit = self._hot or self.hasFocus()
        pen = QPen(QColor(palette.accent if lit else palette.faint if self.underMouse() else palette.line), 1)
        if self._image is None and not lit:
            pen.setStyle(Qt.PenStyle.CustomDashLine)
            pen.setDashPattern([4, 3])
        painter.setPen(pen)
        if self._hot:
            wash = QColor(palette.accent)
            wash.setAlphaF(0.12)
            painter.setBrush(wash)
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(frame, RADIUS, RADIUS)

    def _paint_invitation(self, painter: QPainter, frame: QRectF) -> None:
        palette = theme.current()
        ratio = self.devicePixelRatioF()
        mark = icons.pixmap("image", 22, "secondary", ratio)
        middle = frame.center()
        painter.drawPixmap(QPointF(middle.x() - 11, frame.top() + 12), mark)
        painter.setPen(QColor(palette.text))
        line = QRectF(frame.left() + 8, frame.top() + 38, frame.width() - 16, 18)
        painter.drawText(line, Qt.AlignmentFlag.AlignCenter, self._title)
        painter.setPen(QColor(palette.secondary))
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        painter.drawText(line.translated(0, 18), Qt.AlignmentFlag.AlignCenter, self._hint)

    def _paint_picture(self, painter: QPainter, image: QImage) -> None:
        painter.fillRect(self.rect(), QColor(theme.current().raised))
        scale = min(self.width() / self._true_size[0], self.height() / self._true_size[1])
        size = (self._true_size[0] * scale, self._true_size[1] * scale)
        place = QRectF((self.width() - size[0]) / 2, (self.height() - size[1]) / 2, *size)
        painter.drawImage(place, image)
        left, top, right, bottom = (side * scale for side in self.crop())
        used = QRectF(place.left() + left, place.top() + top, right - left, bottom - top)
        cut = QPainterPath()
        cut.addRect(place)
        kept = QPainterPath()
        kept.addRect(used)
        painter.fillPath(cut.subtracted(kept), QColor(0, 0, 0, 150))
        self._paint_cuts(painter, used, place)
        if self._tag:
            self._paint_tag(painter)

    def _paint_cuts(self, painter: QPainter, used: QRectF, place: QRectF) -> None:
        pen = QPen(QColor(255, 255, 255, 220), 1)
        pen.setDashPattern([4, 3])
        painter.setPen(pen)
        if used.top() - place.top() > 0.5:
            painter.drawLine(used.topLeft(), used.topRight())
            painter.drawLine(used.bottomLeft(), used.bottomRight())
        if used.left() - place.left() > 0.5:
            painter.drawLine(used.topLeft(), used.bottomLeft())
            painter.drawLine(used.topRight(), used.bottomRight())

    def _paint_tag(self, painter: QPainter) -> None:
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        metrics = painter.fontMetrics()
        text = metrics.elidedText(self._tag, Qt.TextElideMode.ElideMiddle, self.width() - 32)
        box = QRectF(8, self.height() - 28, metrics.horizontalAdvance(text) + 16, 20)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(10, 12, 16, 190))
        painter.drawRoundedRect(box, 6, 6)
        painter.setPen(QColor(255, 255, 255))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)
