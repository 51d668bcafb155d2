"""A part of the create column: a label, a value at its right, a control, and what there is to say about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from wan_desktop.ui.widgets.field import ErrorLabel


class Section(QWidget):
    """A label with a value at its right, a control, and a place for what is wrong."""

    edited = Signal()

    def build(self, label: str, control: QWidget) -> None:
        """Lay the section out; once, by the subclass."""
        name = QLabel(label, self)
        name.setProperty("kind", "label")
        name.setBuddy(control)
        self.value_label = QLabel(self)
        self.value_label.setProperty("kind", "value")
        self.note = QLabel(self)
        self.note.setProperty("kind", "attention")
        self.note.setWordWrap(True)
        self.note.hide()
        self.error = ErrorLabel(self)
        top = QHBoxLayout()
        top.addWidget(name)
        top.addStretch(1)
        top.addWidget(self.value_label)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(top)
        column.addWidget(control)
        column.addWidget(self.note)
        column.addWidget(self.error)

    def say(self, sentence: str) -> None:
        """Show what is wrong, or nothing for ""."""
        self.error.say(sentence)
