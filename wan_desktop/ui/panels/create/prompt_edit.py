"""The prompt's editor: plain text as high as it needs, pictures passed on, texts that undo brings back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Signal
from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit

from wan_desktop.ui import dropped

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

LOWEST, HIGHEST = 104, 200
"""Height of the prompt's editor, in pixels: it grows with the text."""


class PromptEdit(QPlainTextEdit):
    """Plain text with undo, as high as its text. Pictures that come by paste or drop go to `pictured` instead."""

    pictured = Signal(QMimeData)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(LOWEST)
        self.document().documentLayout().documentSizeChanged.connect(self._grow)

    def _grow(self) -> None:
        lines = self.document().size().height()
        height = round(lines * self.fontMetrics().lineSpacing()) + 24
        self.setFixedHeight(min(max(height, LOWEST), HIGHEST))

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text and pictures."""
        return dropped.look(source) is not None or super().canInsertFromMimeData(source)

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Text as plain text; a picture to the start image."""
        if dropped.look(source) is not None and not (source.hasText() and not source.hasUrls()):
            self.pictured.emit(source)
        else:
            self.insertPlainText(source.text())


def replace_text(editor: QPlainTextEdit, text: str) -> None:
    """Put `text` in place of all there is, as one step that undo takes back."""
    if editor.toPlainText() == text:
        return
    cursor = editor.textCursor()
    cursor.beginEditBlock()
    cursor.select(QTextCursor.SelectionType.Document)
    cursor.insertText(text)
    cursor.endEditBlock()
