"""A scroll bar that always has its room, so that cards keep their width, and is seen only when it can move."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt

if TYPE_CHECKING:
    from PySide6.QtWidgets import QAbstractItemView

STEP = 32


def keep_scroll_room(view: QAbstractItemView) -> None:
    """Give `view` a vertical bar of that kind, scrolling by pixels."""
    view.setVerticalScrollMode(view.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
    bar = view.verticalScrollBar()
    bar.setSingleStep(STEP)
    bar.setStyleSheet("QScrollBar::handle:disabled { background: transparent; }")
    bar.rangeChanged.connect(lambda low, high: bar.setEnabled(high > low))
    bar.setEnabled(bar.maximum() > bar.minimum())
