"""A heading that folds what is under it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from wan_desktop.ui.icons import icon


class Fold(QWidget):
    """`body` is a layout to fill; `header` a row whose right end may take more. Folded at first."""

    toggled = Signal(bool)

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._button = QPushButton(title, self)
        self._button.setProperty("kind", "fold")
        self._button.setCheckable(True)
        self._button.setIconSize(QSize(14, 14))
        self._button.setAccessibleName(title)
        self._content = QWidget(self)
        self.header = QHBoxLayout()
        self.header.setSpacing(4)
        self.header.addWidget(self._button)
        self.header.addStretch(1)
        self.body = QVBoxLayout(self._content)
        self.body.setContentsMargins(0, 4, 0, 0)
        self.body.setSpacing(12)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self.header)
        column.addWidget(self._content)
        self._button.toggled.connect(self._show)
        self._show(False)

    def is_open(self) -> bool:
        """Whether the body is shown."""
        return self._button.isChecked()

    def set_open(self, is_open: bool) -> None:
        """Show or fold the body."""
        self._button.setChecked(is_open)

    def _show(self, is_open: bool) -> None:
        self._content.setVisible(is_open)
        self._button.setIcon(icon("chevron-down" if is_open else "chevron-right", "secondary"))
        self.toggled.emit(is_open)
