"""Rows of a label, a control and one sentence about it, as in Settings."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget


class FormRows(QWidget):
    """`add` puts a row below the others; labels stand in one column."""

    LABEL_WIDTH = 120

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(14)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnMinimumWidth(0, self.LABEL_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._grid)
        column.addStretch(1)

    def add(
        self,
        text: str,
        control: QWidget,
        hint: str,
        button: QPushButton | None = None,
        error: QLabel | None = None,
    ) -> QLabel:
        """A row; the control is named `text`. `button` stands beside it, `error` below. The label of the hint."""
        label = QLabel(text, self)
        label.setProperty("kind", "label")
        label.setBuddy(control)
        label.setContentsMargins(0, 7, 0, 0)  # in line with the control's text
        control.setAccessibleName(text)
        control.setAccessibleDescription(hint)
        note = QLabel(hint, self)
        note.setProperty("kind", "note")
        note.setWordWrap(True)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(control, 1)
        if button is not None:
            row.addWidget(button)
        cell = QVBoxLayout()
        cell.setSpacing(3)
        cell.addLayout(row)
        cell.addWidget(note)
        if error is not None:
            cell.addWidget(error)
        number = self._grid.rowCount()
        self._grid.addWidget(label, number, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addLayout(cell, number, 1)
        return note
