"""A column of at most some width in the middle of a page, a little above its centre."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget


def centred_column(page: QWidget, widest: int) -> QVBoxLayout:
    """Give `page` its layout; the column in it lets wrapped labels have the height that they need."""
    body = QWidget()
    body.setMaximumWidth(widest)
    column = QVBoxLayout(body)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(8)
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(body, 1000)
    row.addStretch(1)
    outer = QVBoxLayout(page)
    outer.setContentsMargins(24, 24, 24, 24)
    outer.addStretch(2)
    outer.addLayout(row)
    outer.addStretch(3)
    return column
