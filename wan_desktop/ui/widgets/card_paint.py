"""Painting that the cards of queue and library share."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen, QPixmap, QTextLayout, QTextOption

from wan_desktop.ui import icons, theme


def sized(font: QFont, pixels: int, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """`font` at another size and weight."""
    result = QFont(font)
    result.setPixelSize(pixels)
    result.setWeight(weight)
    return result


def card(painter: QPainter, rect: QRectF, *, selected: bool, hovered: bool, focused: bool) -> None:
    """A card's ground; a selected one has the accent as its edge, with the focus also a glow."""
    colours = theme.current()
    if selected and focused:
        glow = QColor(colours.accent)
        glow.setAlphaF(0.2)
        painter.setPen(QPen(glow, 3))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(-1.5, -1.5, 1.5, 1.5), 11.5, 11.5)
    edge = colours.accent if selected else colours.faint if hovered else colours.line
    painter.setPen(QPen(QColor(edge), 1))
    painter.setBrush(QColor(colours.card))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 10, 10)


def picture(
    painter: QPainter, rect: QRectF, pixmap: QPixmap | None, radii: tuple[float, float], placeholder: str
) -> None:
    """`pixmap` over the whole `rect`, cut at the middle; tall ones stand on the stage's colour instead.

    `radii` are those of the upper and the lower corners. Without a pixmap the icon `placeholder` is shown.
    """
    colours = theme.current()
    painter.save()
    painter.setClipPath(_rounded(rect, *radii), Qt.ClipOperation.IntersectClip)
    painter.fillRect(rect, QColor(colours.stage if pixmap is not None else colours.raised))
    if pixmap is None:
        side = min(24, int(rect.height() * 0.5))
        glyph = icons.pixmap(placeholder, side, "faint", painter.device().devicePixelRatio())
        painter.drawPixmap(rect.center() - QPointF(side / 2, side / 2), glyph)
    elif not pixmap.isNull():
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        contain = pixmap.width() < pixmap.height()
        painter.drawPixmap(*_placed(rect, pixmap, contain=contain))
    painter.restore()


def lines(
    painter: QPainter, rect: QRectF, text: str, font: QFont, colour: str, most: int, line_height: float
) -> float:
    """`text` in at most `most` lines, the last one elided; the height that it took."""
    layout = QTextLayout(text, font, painter.device())
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    starts: list[int] = []
    layout.beginLayout()
    while len(starts) < most + 1:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(rect.width())
        starts.append(line.textStart())
    layout.endLayout()
    painter.setFont(font)
    painter.setPen(QColor(colour))
    metrics = painter.fontMetrics()
    for number, start in enumerate(starts[:most]):
        last = number == most - 1 or number == len(starts) - 1
        piece = _utf16_slice(text, start, None if last else starts[number + 1])
        if number == most - 1:
            piece = metrics.elidedText(piece, Qt.TextElideMode.ElideRight, int(rect.width()))
        baseline = (
            rect.top() + number * line_height + (line_height + metrics.ascent() - metrics.descent()) / 2
        )
        painter.drawText(QPointF(rect.left(), baseline), piece.rstrip())
    return min(len(starts), most) * line_height


def _utf16_slice(text: str, start: int, end: int | None) -> str:
    """Qt counts in UTF-16 units, Python in characters: they differ after an emoji."""
    units = text.encode("utf-16-le", "surrogatepass")
    return units[2 * start : None if end is None else 2 * end].decode("utf-16-le", "ignore")


def line_count(text: str, font: QFont, width: float, most: int) -> int:
    """How many lines of `width` the text takes, at most `most`. Kept: hundreds of cards say the same few things."""
    return _line_count(text, font.toString(), width, most)


@lru_cache(maxsize=2000)
def _line_count(text: str, font: str, width: float, most: int) -> int:
    written = QFont()
    written.fromString(font)
    layout = QTextLayout(text, written)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    count = 0
    while count < most:
        line = layout.createLine()
        if not line.isValid():
            break
        line.setLineWidth(width)
        count += 1
    layout.endLayout()
    return count


def badge(painter: QPainter, right: float, bottom: float, text: str, font: QFont) -> None:
    """A few words on a dark pill over a picture, its lower right corner given."""
    painter.setFont(font)
    width = painter.fontMetrics().horizontalAdvance(text) + 10
    rect = QRectF(right - width, bottom - 17, width, 17)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 165))
    painter.drawRoundedRect(rect, 4, 4)
    painter.setPen(QColor("#ffffff"))
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)


def track() -> str:
    """The colour of a bar's empty part: the light palette's raised can hardly be seen on its window."""
    colours = theme.current()
    return colours.line if colours.name == "light" else colours.raised


def bar(painter: QPainter, rect: QRectF, part: float, colour: str) -> None:
    """A progress bar."""
    radius = rect.height() / 2
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(track()))
    painter.drawRoundedRect(rect, radius, radius)
    if part > 0:
        filled = QRectF(rect)
        filled.setWidth(max(rect.height(), rect.width() * min(part, 1.0)))
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(filled, radius, radius)


def _rounded(rect: QRectF, top: float, bottom: float) -> QPainterPath:
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    path.addRoundedRect(rect, top, top)
    if bottom != top:
        lower = QRectF(rect.left(), rect.center().y(), rect.width(), rect.height() / 2)
        path.addRect(lower) if bottom == 0 else path.addRoundedRect(lower, bottom, bottom)
    return path


def _placed(rect: QRectF, pixmap: QPixmap, *, contain: bool) -> tuple[QRectF, QPixmap, QRectF]:
    size = pixmap.size()
    across, down = rect.width() / size.width(), rect.height() / size.height()
    scale = min(across, down) if contain else max(across, down)
    if contain:
        shown = QRectF(0, 0, size.width() * scale, size.height() * scale)
        shown.moveCenter(rect.center())
        return shown, pixmap, QRectF(pixmap.rect())
    source = QRectF(0, 0, rect.width() / scale, rect.height() / scale)
    source.moveCenter(QRectF(pixmap.rect()).center())
    return rect, pixmap, source
