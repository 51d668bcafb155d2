"""A sentence over the window's lower edge that leaves by itself, with at most one thing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from wan_desktop.ui import theme
from wan_desktop.ui.icons import icon

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QEnterEvent

STAY_MS = 8000
_BOTTOM = 24
_ONE_LINE = 90
"""Characters above which a sentence is wrapped."""


class Toast(QWidget):
    """One per window, made by `show_toast`. It stays while the mouse is on it or its button has the focus."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.setObjectName("toast")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._action: Callable[[], object] | None = None
        self._label = QLabel(self)
        self._button = QPushButton(self)
        self._button.clicked.connect(self.act)
        self._close = QToolButton(self)
        self._close.setIcon(icon("close", "secondary"))
        self._close.setAccessibleName(self.tr("Close this notice"))
        self._close.setToolTip(self.tr("Close"))
        self._close.clicked.connect(self.hide)
        theme.set_kind(self._button, "link")
        theme.set_kind(self._close, "quiet")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 7, 8, 7)
        row.setSpacing(10)
        for widget in (self._label, self._button, self._close):
            row.addWidget(widget)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._leave)
        theme.theme_changed.connect(self._dress)
        self._dress()
        window.installEventFilter(self)
        self.hide()

    def tell(self, sentence: str, button: str = "", action: Callable[[], object] | None = None) -> None:
        """Show `sentence`; `button` does `action` and closes the toast."""
        self._action = action
        self._label.setText(sentence)
        self._label.setWordWrap(len(sentence) > _ONE_LINE)
        self._label.setMinimumWidth(480 if len(sentence) > _ONE_LINE else 0)
        self.setAccessibleName(sentence)
        self._button.setText(button)
        self._button.setVisible(bool(button))
        self.layout().activate()
        self.adjustSize()
        self._place()
        self.show()
        self.raise_()
        self._timer.start(STAY_MS)

    def act(self) -> None:
        """Do the toast's action, once."""
        action, self._action = self._action, None
        self.hide()
        if action is not None:
            action()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay at the window's lower edge."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)

    def enterEvent(self, event: QEnterEvent) -> None:
        """Stay while the mouse is here."""
        self._timer.stop()

    def leaveEvent(self, event: QEvent) -> None:
        """Begin to leave."""
        if self.isVisible():
            self._timer.start(STAY_MS // 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A raised, round-cornered card with a soft edge."""
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(colours.line))
        painter.setBrush(QColor(colours.raised))
        painter.drawRoundedRect(self.rect().adjusted(0, 0, -1, -1).toRectF().translated(0.5, 0.5), 10, 10)

    def _leave(self) -> None:
        if self.underMouse() or self._button.hasFocus() or self._close.hasFocus():
            self._timer.start(STAY_MS // 2)
        else:
            self.hide()

    def _place(self) -> None:
        window = self.parentWidget()
        width = min(self.sizeHint().width(), window.width() - 32)
        self.resize(width, self.sizeHint().height())
        self.move((window.width() - width) // 2, window.height() - self.height() - _BOTTOM)

    def _dress(self) -> None:
        colours = theme.current()
        self._button.setStyleSheet(f"color: {colours.accent}; font-weight: 600; font-size: 13px;")
        self.update()


def show_toast(
    anchor: QWidget, sentence: str, button: str = "", action: Callable[[], object] | None = None
) -> Toast:
    """Show `sentence` in the window of `anchor`, replacing what was told there before."""
    window = anchor.window()
    toast = window.findChild(Toast, "toast", Qt.FindChildOption.FindDirectChildrenOnly) or Toast(window)
    toast.tell(sentence, button, action)
    return toast
