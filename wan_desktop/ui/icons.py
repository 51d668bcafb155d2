"""Own SVG icons, tinted from the palette when they are painted, so they follow the theme by themselves."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from wan_desktop.ui import theme


def icon(name: str, role: str = "text", on: str | None = None) -> QIcon:
    """The icon `resources/icons/{name}.svg` in the palette's colour `role`; `on` is the colour when checked."""
    return QIcon(_TintedEngine(name, role, on or role))


def pixmap(name: str, size: int, role: str = "text", ratio: float = 1.0) -> QPixmap:
    """The icon as a square picture of `size` logical pixels in the present palette, for labels that paint it."""
    colour: str = getattr(theme.current(), role)
    return _render(name, colour, round(size * ratio), ratio)


def app_icon() -> QIcon:
    """The program's own icon, in the sizes that desktops ask for."""
    result = QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256):
        result.addPixmap(_render("app", "", side, 1.0))
    return result


@lru_cache(maxsize=512)
def _render(name: str, colour: str, side: int, ratio: float) -> QPixmap:
    renderer = QSvgRenderer(_source(name, colour))
    picture = QPixmap(side, side)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


@lru_cache(maxsize=512)
def _source(name: str, colour: str) -> QByteArray:
    text = (theme.resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    return QByteArray(text.replace("currentColor", colour).encode())


class _TintedEngine(QIconEngine):
    """Paints one SVG in the colour that its role has now."""

    def __init__(self, name: str, role: str, on: str) -> None:
        super().__init__()
        self._name, self._role, self._on = name, role, on

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """Draw the icon into `rect`."""
        ratio = painter.device().devicePixelRatio()
        painter.drawPixmap(rect, self._picture(rect.size() * ratio, mode, state, 1.0))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """The icon at `size` device pixels."""
        return self._picture(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        """The icon at `size` logical pixels for a screen of `scale`."""
        return self._picture(size * scale, mode, state, scale)

    def clone(self) -> QIconEngine:
        """A copy for a detached icon."""
        return _TintedEngine(self._name, self._role, self._on)

    def _picture(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, ratio: float) -> QPixmap:
        role = self._on if state == QIcon.State.On else self._role
        if mode == QIcon.Mode.Disabled:
            role = "faint"
        side = min(size.width(), size.height())
        return _render(self._name, getattr(theme.current(), role), side, ratio)
