"""The look of the window: which palette is in use, and its style sheet on every widget.

Widgets say what they are by the dynamic property `kind` (see `set_kind`); `stylesheet.py` says how that looks.
Widgets that paint themselves ask `current()` for colours and repaint on `theme_changed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QStyleFactory

from wan_desktop.ui import stylesheet
from wan_desktop.ui.palette import DARK, LIGHT, Palette

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication, QWidget

__all__ = [
    "DARK",
    "LIGHT",
    "Palette",
    "apply",
    "current",
    "resources",
    "set_kind",
    "set_resources",
    "theme_changed",
]

BODY_PX = 13


class _Theme(QObject):
    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.appearance = "system"
        self.palette = DARK
        self.resources: Path | None = None
        self.app: QApplication | None = None


_theme = _Theme()
theme_changed = _theme.changed
"""Emitted after another palette has come into use."""


def current() -> Palette:
    """The palette in use."""
    return _theme.palette


def set_resources(folder: Path) -> None:
    """Say where `resources/` lies; before `apply` and before the first icon."""
    _theme.resources = folder


def resources() -> Path:
    """The folder given to `set_resources`."""
    if _theme.resources is None:
        raise RuntimeError("theme.set_resources() comes before anything is drawn")
    return _theme.resources


def apply(app: QApplication, appearance: str = "system") -> None:
    """Dress the application.

    `appearance` is "light", "dark", or "system", which follows the desktop and is dark when that says nothing.
    """
    if _theme.app is not app:
        _theme.app = app
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setFont(_font(app.font()))
        app.styleHints().colorSchemeChanged.connect(_follow_system)
        _dress(app, _chosen(appearance))
    _theme.appearance = appearance
    palette = _chosen(appearance)
    if palette is not _theme.palette:
        _dress(app, palette)
        theme_changed.emit()


def set_kind(widget: QWidget, kind: str) -> None:
    """Set the widget's `kind` and let the style sheet see it; cheap when it is already that."""
    if widget.property("kind") != kind:
        widget.setProperty("kind", kind)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


def _font(font: QFont) -> QFont:
    """The desktop's font at our size; where there is no desktop to ask, the best of what may be installed."""
    result = QFont(font)
    if font.family() == "Sans Serif":
        result.setFamilies(["Inter", "Noto Sans", "Cantarell", "Ubuntu", "DejaVu Sans", "Sans Serif"])
    result.setPixelSize(BODY_PX)
    return result


def _follow_system() -> None:
    if _theme.app is not None and _theme.appearance == "system":
        apply(_theme.app, "system")


def _chosen(appearance: str) -> Palette:
    if appearance == "system":
        return LIGHT if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light else DARK
    return LIGHT if appearance == "light" else DARK


def _dress(app: QApplication, palette: Palette) -> None:
    _theme.palette = palette
    app.setPalette(_qpalette(palette))
    app.setStyleSheet(stylesheet.build(palette, resources() / "icons"))


def _qpalette(p: Palette) -> QPalette:
    role = QPalette.ColorRole
    colours = {
        role.Window: p.panel,
        role.WindowText: p.text,
        role.Base: p.card,
        role.AlternateBase: p.raised,
        role.Text: p.text,
        role.PlaceholderText: p.faint,
        role.Button: p.card,
        role.ButtonText: p.text,
        role.BrightText: p.error,
        role.Highlight: p.accent,
        role.HighlightedText: p.on_accent,
        role.Accent: p.accent,
        role.Link: p.accent,
        role.LinkVisited: p.accent,
        role.ToolTipBase: p.raised,
        role.ToolTipText: p.text,
        role.Light: p.raised,
        role.Midlight: p.line,
        role.Mid: p.line,
        role.Dark: p.line,
        role.Shadow: p.stage,
    }
    palette = QPalette()
    for name, colour in colours.items():
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, name, QColor(p.faint))
    return palette
