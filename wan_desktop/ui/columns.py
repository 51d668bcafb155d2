"""The window's three columns; the outer ones can be resized and collapsed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QWidget

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDE = 348
"""Width of the outer columns, in logical pixels."""
NARROW, ROOMY = 320, 1200
"""In windows less than ROOMY wide the outer columns start NARROW."""
LEFT, MIDDLE, RIGHT = range(3)
_SMALLEST = {LEFT: NARROW, MIDDLE: 320, RIGHT: 290}


class Columns(QSplitter):
    """`panels` from left to right. `changed` when a width is another one."""

    changed = Signal()

    def __init__(self, panels: Sequence[QWidget], parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setHandleWidth(1)
        for index, panel in enumerate(panels):
            self.addWidget(panel)
            panel.setMinimumWidth(_SMALLEST[index])
            self.setStretchFactor(index, 1 if index == MIDDLE else 0)
            self.setCollapsible(index, index != MIDDLE)
        self.splitterMoved.connect(lambda *_: self.changed.emit())

    def set_standard(self, width: int) -> None:
        """The widths that a window of `width` begins with."""
        side = SIDE if width >= ROOMY else NARROW
        self.setSizes([side, width - 2 * side, side])

    def shown(self, index: int) -> bool:
        """Whether the column takes any room."""
        return self.sizes()[index] > 0

    def show_column(self, index: int, shown: bool) -> None:
        """Show or collapse an outer column; the middle one takes or gives the room."""
        sizes = self.sizes()
        if shown != (sizes[index] > 0):
            wanted = SIDE if shown else 0
            sizes[MIDDLE] = max(1, sizes[MIDDLE] + sizes[index] - wanted)
            sizes[index] = wanted
            self.setSizes(sizes)
        self.changed.emit()
