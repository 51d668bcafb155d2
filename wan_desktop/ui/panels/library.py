"""The library: every clip as a thumbnail that plays under the mouse; search, sort, open, delete with undo."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from wan_desktop.bridge.clip_list import ClipListModel
from wan_desktop.domain.request import Draft, RenderRequest
from wan_desktop.ui import again, theme
from wan_desktop.ui.clip_actions import clip_actions
from wan_desktop.ui.icons import icon
from wan_desktop.ui.widgets.clip_grid import ClipGrid
from wan_desktop.ui.widgets.empty_note import EmptyNote

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Clip


class LibraryPanel(QWidget):
    """Shows the session's clips. `clip_opened` carries a Clip, `reuse_requested` the Draft that made one."""

    clip_opened = Signal(object)
    reuse_requested = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._actions = clip_actions(session)
        self.model = ClipListModel(session, self)
        self.grid = ClipGrid(self.model)
        self._empty = EmptyNote("film", "", "")
        self._build()
        self._connect()
        self._refresh()

    # ---- building

    def _build(self) -> None:
        self.search_field = QLineEdit()
        self.search_field.setPlaceholderText(self.tr("Search prompts…"))
        self.search_field.setAccessibleName(self.tr("Search prompts"))
        self.search_field.setClearButtonEnabled(True)
        self.search_field.addAction(icon("search", "secondary"), QLineEdit.ActionPosition.LeadingPosition)
        self.count_label = QLabel()
        theme.set_kind(self.count_label, "value")
        self.sort_button = QPushButton()
        theme.set_kind(self.sort_button, "chip")
        row = QHBoxLayout()
        row.setContentsMargins(5, 0, 15, 0)
        row.addWidget(self.count_label)
        row.addStretch(1)
        row.addWidget(self.sort_button)
        field = QHBoxLayout()
        field.setContentsMargins(5, 0, 15, 0)
        field.addWidget(self.search_field)
        self._pages = QStackedLayout()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.grid)
        column = QVBoxLayout(self)
        column.setContentsMargins(11, 14, 1, 8)
        column.setSpacing(8)
        column.addLayout(field)
        column.addLayout(row)
        column.addLayout(self._pages, 1)

    def _connect(self) -> None:
        self.search_field.textChanged.connect(self.model.search)
        self.sort_button.clicked.connect(self._turn_order)
        self.model.count_changed.connect(self._refresh)
        self.grid.activated.connect(self._open)
        self.grid.customContextMenuRequested.connect(self._menu)
        for keys, action in (
            (QKeySequence.StandardKey.Delete, self.delete_selected),
            (QKeySequence.StandardKey.Copy, self.copy_path),
        ):
            shortcut = QAction(self.grid)
            shortcut.setShortcut(QKeySequence(keys))
            shortcut.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.triggered.connect(lambda _checked=False, action=action: action())
            self.grid.addAction(shortcut)

    # ---- verbs

    def selected(self) -> list[Clip]:
        """The selected clips in the order shown."""
        rows = sorted(index.row() for index in self.grid.selectionModel().selectedIndexes())
        return [clip for row in rows if (clip := self.model.clip_at(row)) is not None]

    def select(self, clip_id: str) -> None:
        """Select a clip and bring it into view."""
        index = self.model.index(self.model.row_of(clip_id))
        if index.isValid():
            self.grid.setCurrentIndex(index)
            self.grid.scrollTo(index)

    def delete_selected(self) -> None:
        """Move the selected clips to the bin, with undo; the clip after them is selected."""
        clips = self.selected()
        self._actions.delete(clips, self)

    def undo_delete(self) -> None:
        """Bring back what was deleted last."""
        self._actions.undo(self)

    def copy_path(self) -> None:
        """Copy the path of the selected clip."""
        for clip in self.selected()[:1]:
            self._actions.copy_path(clip, self)

    # ---- what happens

    def _open(self, index: QModelIndex) -> None:
        clip = self.model.clip_at(index.row())
        if clip is not None:
            self.clip_opened.emit(clip)

    def _turn_order(self) -> None:
        kept = self.selected()
        self.model.set_newest_first(not self.model.newest_first)
        self._refresh()
        for clip in kept[:1]:
            self.select(clip.id)

    def _refresh(self) -> None:
        count, total = self.model.rowCount(), len(self._session.clips)
        newest = self.tr("Newest first") if self.model.newest_first else self.tr("Oldest first")
        self.sort_button.setText(newest)
        self.sort_button.setAccessibleName(self.tr("Order: {order}").format(order=newest))
        self.sort_button.setVisible(total > 1)
        self.count_label.setText(self._count_words(count, total))
        if total == 0:
            self._empty.say(
                self.tr("No clips yet"),
                self.tr("Every finished render is kept here, with everything that it was made from."),
            )
        else:
            self._empty.say(
                self.tr("No prompt has these words"), self.tr("Search for fewer or shorter words.")
            )
        self._pages.setCurrentWidget(self.grid if count else self._empty)

    def _count_words(self, count: int, total: int) -> str:
        if self.model.searching:
            return self.tr("{count} of {total} clips").format(count=count, total=total)
        if total == 0:
            return ""
        return self.tr("1 clip") if total == 1 else self.tr("{count} clips").format(count=total)

    def _menu(self, at: QPoint) -> None:
        menu = self.context_menu()
        if menu is not None:
            menu.exec(self.grid.viewport().mapToGlobal(at))

    def context_menu(self) -> QMenu | None:
        """The menu for the selected clips, or None when none is."""
        clips = self.selected()
        if not clips:
            return None
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def add(text: str, action: Callable[[], object], keys: str = "") -> None:
            item = menu.addAction(text)
            item.setShortcut(QKeySequence(keys))
            item.triggered.connect(lambda: action())

        if len(clips) == 1:
            clip = clips[0]
            add(self.tr("Open"), partial(self.clip_opened.emit, clip), "Return")
            add(self.tr("Reuse settings"), partial(self._reuse, clip))
            add(self.tr("Show in folder"), partial(self._actions.show_in_folder, clip, self))
            add(self.tr("Copy path"), self.copy_path, "Ctrl+C")
            add(self.tr("Copy as ComfyUI workflow"), partial(self._copy_workflow, clip))
            job = again.job_with_latents(self._session, clip)
            if job is not None:
                menu.addMenu(again.menu(menu, self._session, job))
            menu.addSeparator()
        add(self.tr("Delete"), self.delete_selected, "Del")
        return menu

    def _copy_workflow(self, clip: Clip) -> None:
        self._actions.copy_workflow(RenderRequest.from_json(clip.request), self)

    def _reuse(self, clip: Clip) -> None:
        self.reuse_requested.emit(Draft.from_request(RenderRequest.from_json(clip.request)))
