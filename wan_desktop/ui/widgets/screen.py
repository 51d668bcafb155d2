"""The stage's picture: fitted or pixel for pixel, in rounded corners, with a caption over it."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from wan_desktop.ui import icons, theme
from wan_desktop.ui.widgets.card_paint import sized

RADIUS = 12


class Screen(QWidget):
    """Shows one QImage. `clicked` and `double_clicked` are the left button's."""

    clicked = Signal()
    double_clicked = Signal()

    def __init__(self, parent: QWidget | None = None, *, radius: int = RADIUS) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.image = QImage()
        self._radius = radius
        self._caption = ""
        self._icon, self._words = "", ""
        self._pixel_size = False
        self._offset = QPointF()
        self._pressed_at: QPointF | None = None
        theme.theme_changed.connect(self.update)

    def sizeHint(self) -> QSize:
        """A picture's size, to begin with."""
        return QSize(640, 360)

    def minimumSizeHint(self) -> QSize:
        """Small enough for the smallest window."""
        return QSize(200, 140)

    # ---- what is shown

    def show_image(self, image: QImage) -> None:
        """Show this picture from now on; a null one shows the stage alone."""
        if image.size() != self.image.size():
            self._offset = QPointF()
        self.image = image
        self.update()

    def set_caption(self, text: str) -> None:
        """A few words in the upper left corner, or none."""
        self._caption = text
        self.update()

    def set_message(self, icon: str, words: str) -> None:
        """What stands in the middle while there is no picture."""
        self._icon, self._words = icon, words
        self.update()

    @property
    def pixel_size(self) -> bool:
        """True when one pixel of the picture is one of the screen; drag it to see the rest."""
        return self._pixel_size

    def set_pixel_size(self, pixel_size: bool) -> None:
        """Pixel for pixel, or fitted."""
        self._pixel_size = pixel_size
        self._offset = QPointF()
        self.update()

    def image_rect(self) -> QRectF:
        """Where the whole picture lies, in this widget's coordinates."""
        size = self.image.size()
        if size.isEmpty():
            return QRectF()
        if self._pixel_size:
            scale = 1 / self.devicePixelRatioF()
        else:
            scale = min(self.width() / size.width(), self.height() / size.height())
        rect = QRectF(0, 0, size.width() * scale, size.height() * scale)
        rect.moveCenter(QRectF(self.rect()).center() + self._offset)
        return rect

    # ---- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        """Stage, picture, caption."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, not self._pixel_size)
        shape = QPainterPath()
        shape.addRoundedRect(QRectF(self.rect()), self._radius, self._radius)
        painter.fillPath(shape, QColor(theme.current().stage))
        if not self.image.isNull():
            painter.setClipPath(shape)
            painter.drawImage(self.image_rect(), self.image)
        elif self._words:
            self._paint_message(painter)
        if self._caption:
            self._paint_caption(painter)

    def _paint_message(self, painter: QPainter) -> None:
        middle = QRectF(self.rect()).center()
        if self._icon:
            glyph = icons.pixmap(self._icon, 36, "faint", self.devicePixelRatioF())
            painter.drawPixmap(middle - QPointF(18, 46), glyph)
        painter.setFont(sized(self.font(), 14))
        painter.setPen(QColor(theme.current().secondary))
        place = QRectF(24, middle.y(), self.width() - 48, 60)
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, self._words)

    def _paint_caption(self, painter: QPainter) -> None:
        painter.setFont(sized(self.font(), 12, QFont.Weight.Medium))
        width = painter.fontMetrics().horizontalAdvance(self._caption) + 20
        pill = QRectF(14, 14, width, 25)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(0, 0, 0, 170))
        painter.drawRoundedRect(pill, 6, 6)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(pill, Qt.AlignmentFlag.AlignCenter, self._caption)

    # ---- the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin a click, or a drag of a picture larger than the screen."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed_at = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag the picture about."""
        if self._pressed_at is not None and self._pixel_size:
            self._offset = self._kept_inside(self._offset + event.position() - self._pressed_at)
            self._pressed_at = event.position()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a click."""
        if self._pressed_at is not None and not self._pixel_size:
            self.clicked.emit()
        self._pressed_at = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Twice in a row."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.double_clicked.emit()

    def _kept_inside(self, offset: QPointF) -> QPointF:
        rect = self.image_rect()
        across = max(0.0, (rect.width() - self.width()) / 2)
        down = max(0.0, (rect.height() - self.height()) / 2)
        return QPointF(min(max(offset.x(), -across), across), min(max(offset.y(), -down), down))
