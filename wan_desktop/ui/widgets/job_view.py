"""The queue's list: its cards' small buttons, and dropping a waiting job somewhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from wan_desktop.ui import theme
from wan_desktop.ui.widgets.scroll_room import keep_scroll_room

if TYPE_CHECKING:
    from PySide6.QtGui import QDropEvent, QMouseEvent

    from wan_desktop.bridge.job_list import JobListModel
    from wan_desktop.ui.widgets.job_card import JobDelegate


class JobView(QListView):
    """`button_clicked` carries a job's id and one of the names in `job_verbs.card_verbs`."""

    button_clicked = Signal(str, str)

    def __init__(self, model: JobListModel, delegate: JobDelegate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_kind(self, "bare")
        self.setAccessibleName(self.tr("Queue"))
        self._jobs, self._delegate = model, delegate
        self._pressed: tuple[str, str] | None = None
        self.setModel(model)
        self.setItemDelegate(delegate)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        keep_scroll_room(self)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A small button is pressed without selecting its card."""
        self._pressed = self._button(event)
        if self._pressed is None:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go where it was pressed, it is clicked."""
        pressed, self._pressed = self._pressed, None
        if pressed is None:
            super().mouseReleaseEvent(event)
        elif pressed == self._button(event):
            self.button_clicked.emit(*pressed)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """A pressed small button is no drag."""
        if self._pressed is None:
            super().mouseMoveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Ask for the new order. The rows move when it is stored; the model refuses to remove any itself."""
        if event.source() is not self:
            event.ignore()
            return
        at = event.position().toPoint()
        index = self.indexAt(at)
        row = index.row() if index.isValid() else self._jobs.rowCount()
        if index.isValid() and at.y() > self.visualRect(index).center().y():
            row += 1
        ids = [job.id for i in self.selectedIndexes() if (job := self._jobs.job_at(i.row())) is not None]
        self._jobs.move_before(ids, row)
        event.accept()

    def _button(self, event: QMouseEvent) -> tuple[str, str] | None:
        if event.button() != Qt.MouseButton.LeftButton:
            return None
        at: QPoint = event.position().toPoint()
        index: QModelIndex = self.indexAt(at)
        job = self._jobs.job_at(index.row())
        name = self._delegate.button_at(self.visualRect(index), index, at)
        return (job.id, name) if job is not None and name is not None else None
