"""The player's picture on the whole screen; keys go to the player, Esc comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from wan_desktop.ui.widgets.screen import Screen

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent, QKeyEvent

    from wan_desktop.ui.widgets.player import Player

HINT_MS = 2500


class FullScreen(QWidget):
    """A window of its own that goes when it is closed."""

    closed = Signal()

    def __init__(self, player: Player) -> None:
        super().__init__(player, Qt.WindowType.Window | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Full screen"))
        self._player = player
        self.screen = Screen(self, radius=0)
        self.screen.set_caption(self.tr("Esc leaves full screen"))
        self.screen.clicked.connect(player.toggle)
        self.screen.double_clicked.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.screen)
        QTimer.singleShot(HINT_MS, self, lambda: self.screen.set_caption(""))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The player's keys."""
        if not self._player.handle_key(event):
            super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Tell the player."""
        self.closed.emit()
        super().closeEvent(event)
