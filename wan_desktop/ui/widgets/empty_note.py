"""What a list says while it has nothing to show: a quiet icon, one line, and the way to change that."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from wan_desktop.ui import icons, theme


class EmptyNote(QWidget):
    """`title` in the middle under the icon `name`, `sentence` below."""

    def __init__(self, name: str, title: str, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = name
        self._picture = QLabel()
        self._title = QLabel()
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        theme.set_kind(self._title, "label")
        theme.set_kind(self._sentence, "value")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(8)
        column.addStretch(2)
        for label in (self._picture, self._title, self._sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addStretch(3)
        theme.theme_changed.connect(self._dress)
        self.say(title, sentence)
        self._dress()

    def say(self, title: str, sentence: str) -> None:
        """Other words."""
        self._title.setText(title)
        self._sentence.setText(sentence)

    def _dress(self) -> None:
        self._picture.setPixmap(icons.pixmap(self._name, 32, "faint", self.devicePixelRatioF()))
