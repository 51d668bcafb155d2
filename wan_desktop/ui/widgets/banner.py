"""Sentences across the top of the window that wait for an answer or go away by a click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from wan_desktop.ui import icons

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_ICONS = {"info": "info", "good": "check", "attention": "warning", "error": "warning"}
_ROLES = {"info": "accent", "good": "good", "attention": "attention", "error": "error"}


class Banner(QFrame):
    """One sentence with what can be done about it. `tone`: info, good, attention or error.

    `closed` when it goes away for any reason, `dismissed` when a person closed it without an answer.
    """

    closed = Signal()
    dismissed = Signal()

    def __init__(
        self,
        text: str,
        tone: str = "info",
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("kind", "banner")
        self.setProperty("tone", tone)
        self.setAccessibleName(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(8)
        sign = QToolButton(self)
        sign.setProperty("kind", "sign")
        sign.setIcon(icons.icon(_ICONS[tone], _ROLES[tone]))
        sign.setIconSize(QSize(16, 16))
        sign.setEnabled(True)
        sign.setFocusPolicy(sign.focusPolicy().NoFocus)
        row.addWidget(sign)
        self.label = QLabel(text, self)
        self.label.setWordWrap(True)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.label.setTextInteractionFlags(self.label.textInteractionFlags().TextSelectableByMouse)
        row.addWidget(self.label, 1)
        self.buttons = [self._action(row, label, do) for label, do in actions]
        row.addWidget(self._close_button())

    def close_banner(self) -> None:
        """Go away."""
        self.hide()
        self.closed.emit()
        self.deleteLater()

    def _action(self, row: QHBoxLayout, label: str, do: Callable[[], object]) -> QPushButton:
        button = QPushButton(label, self)
        button.clicked.connect(lambda: (self.close_banner(), do()))
        row.addWidget(button)
        return button

    def _close_button(self) -> QToolButton:
        close = QToolButton(self)
        close.setProperty("kind", "quiet")
        close.setIcon(icons.icon("close", "secondary"))
        close.setIconSize(QSize(14, 14))
        close.setToolTip(self.tr("Close"))
        close.setAccessibleName(self.tr("Close this message"))
        close.clicked.connect(lambda: (self.close_banner(), self.dismissed.emit()))
        return close


class BannerStack(QWidget):
    """The banners there are, newest below; takes no room when there is none. One banner per key."""

    MOST = 4

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._banners: dict[str, Banner] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 8, 12, 8)
        self._column.setSpacing(6)
        self.hide()

    def show_banner(
        self,
        key: str,
        text: str,
        tone: str = "info",
        actions: Sequence[tuple[str, Callable[[], object]]] = (),
    ) -> Banner:
        """Show a banner; one with the same key is replaced, and the oldest goes when there are too many."""
        self.drop(key)
        while len(self._banners) >= self.MOST:
            self.drop(next(iter(self._banners)))
        banner = Banner(text, tone, actions, self)
        self._banners[key] = banner
        banner.closed.connect(lambda: self._forget(key, banner))
        self._column.addWidget(banner)
        self.show()
        return banner

    def drop(self, key: str) -> None:
        """Take the banner of that key away, if it is there."""
        if key in self._banners:
            self._banners[key].close_banner()

    def has(self, key: str) -> bool:
        """Whether the banner of that key is shown."""
        return key in self._banners

    def texts(self) -> list[str]:
        """What is shown now."""
        return [banner.label.text() for banner in self._banners.values()]

    def _forget(self, key: str, banner: Banner) -> None:
        if self._banners.get(key) is banner:
            del self._banners[key]
        self.setVisible(bool(self._banners))
