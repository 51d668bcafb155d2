"""The queue: a card per job, in order; cancel, retry, remove, reorder by mouse, menu and keyboard."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QPushButton,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from wan_desktop.bridge.job_list import JobListModel
from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft
from wan_desktop.ui import job_words, theme
from wan_desktop.ui.widgets.empty_note import EmptyNote
from wan_desktop.ui.widgets.job_card import JobDelegate, preview_key
from wan_desktop.ui.widgets.job_view import JobView
from wan_desktop.ui.widgets.pictures import Pictures, frame_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.events import Preview
    from wan_desktop.domain.job import Job


class QueuePanel(QWidget):
    """Shows and steers the session's jobs. `job_selected` carries the Job that was clicked or entered."""

    job_selected = Signal(object)
    reuse_requested = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.model = JobListModel(session, self)
        self.model.describe = lambda job, place, progress: (
            f"{job_words.headline(job.request.prompt)}. {job_words.state_line(job, place, progress)}"
        )
        self._pictures = Pictures(self)
        self._delegate = JobDelegate(session, self._pictures, self)
        self.view = JobView(self.model, self._delegate, self)
        self._empty = EmptyNote(
            "queue",
            self.tr("Nothing is waiting"),
            self.tr(
                "Write a prompt and press Render: each render gets a card here, and the next one starts by itself."
            ),
        )
        self._build()
        self._connect()
        self._refresh()

    # ---- building

    def _build(self) -> None:
        self._lists = QStackedLayout()
        self._lists.addWidget(self._empty)
        self._lists.addWidget(self.view)
        self._foot = QWidget()
        row = QHBoxLayout(self._foot)
        row.setContentsMargins(0, 0, 12, 0)
        self.clear_button = self._button(self.tr("Clear finished"), self.clear_finished, "link")
        self.stop_button = self._button(self.tr("Cancel"), self.cancel_selected)
        self.retry_button = self._button(self.tr("Retry"), self.retry_selected)
        self.remove_button = self._button(self.tr("Remove"), self.remove_selected)
        row.addWidget(self.clear_button)
        row.addStretch(1)
        for button in (self.stop_button, self.retry_button, self.remove_button):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 4, 16)
        column.setSpacing(8)
        column.addLayout(self._lists, 1)
        column.addWidget(self._foot)

    def _button(self, text: str, action: Callable[[], object], kind: str = "") -> QPushButton:
        button = QPushButton(text)
        button.setAccessibleName(text)
        button.clicked.connect(lambda: action())
        if kind:
            theme.set_kind(button, kind)
        return button

    def _connect(self) -> None:
        self.view.button_clicked.connect(self._pressed)
        self._pictures.ready.connect(self._repaint)
        self._session.preview.connect(self._keep_preview)
        theme.theme_changed.connect(self._repaint)
        for signal in (
            self.model.rowsInserted,
            self.model.rowsRemoved,
            self.model.modelReset,
            self.model.dataChanged,
        ):
            signal.connect(self._refresh)
        self.view.selectionModel().selectionChanged.connect(self._refresh)
        self.view.clicked.connect(self._show)
        self.view.activated.connect(self._show)
        self.view.customContextMenuRequested.connect(self._menu)
        for keys, action in (
            ("Alt+Up", self.move_up),
            ("Alt+Down", self.move_down),
            (QKeySequence.StandardKey.Delete, self.remove_selected),
        ):
            shortcut = QAction(self.view)
            shortcut.setShortcut(QKeySequence(keys))
            shortcut.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.triggered.connect(lambda _checked=False, action=action: action())
            self.view.addAction(shortcut)

    # ---- verbs

    def selected(self) -> list[Job]:
        """The selected jobs, in the order shown."""
        rows = sorted(index.row() for index in self.view.selectionModel().selectedIndexes())
        return [job for row in rows if (job := self.model.job_at(row)) is not None]

    def select(self, job_id: str) -> None:
        """Select a job and bring it into view."""
        index = self.model.index(self.model.row_of(job_id))
        if index.isValid():
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index)

    def cancel_selected(self) -> None:
        """Cancel those of the selected jobs that run or wait."""
        for job in self.selected():
            if not job.state.ended:
                self._session.cancel(job.id)

    def retry_selected(self) -> None:
        """Queue those of the selected jobs again that have ended."""
        for job in self.selected():
            if job.state.ended:
                self._session.retry(job.id)

    def remove_selected(self) -> None:
        """Take the selected jobs that do not run off the list; their clips stay."""
        for job in self.selected():
            if job.state is not JobState.RUNNING:
                self._session.remove(job.id)

    def clear_finished(self) -> None:
        """Take every ended job off the list; clips stay."""
        for job in self.model.jobs():
            if job.state.ended:
                self._session.remove(job.id)

    def move_up(self) -> None:
        """Put the current job one place forward."""
        for job in self.selected()[:1]:
            self.model.move_up(job.id)

    def move_down(self) -> None:
        """Put the current job one place back."""
        for job in self.selected()[:1]:
            self.model.move_down(job.id)

    # ---- what happens

    def _pressed(self, job_id: str, what: str) -> None:
        {"cancel": self._session.cancel, "retry": self._session.retry, "remove": self._session.remove}[what](
            job_id
        )

    def _show(self, index: QModelIndex) -> None:
        job = self.model.job_at(index.row())
        if job is not None:
            self.job_selected.emit(job)

    def _repaint(self) -> None:
        self.view.viewport().update()

    def _keep_preview(self, preview: Preview) -> None:
        if preview.frames:
            self._pictures.put(
                preview_key(preview.job_id), frame_image(preview.frames[len(preview.frames) // 2])
            )

    def _refresh(self) -> None:
        jobs = self.selected()
        self._lists.setCurrentWidget(self.view if self.model.rowCount() else self._empty)
        self.stop_button.setVisible(any(not job.state.ended for job in jobs))
        self.retry_button.setVisible(bool(jobs) and all(job.state.ended for job in jobs))
        self.remove_button.setVisible(bool(jobs) and all(job.state.ended for job in jobs))
        last = self.model.job_at(self.model.rowCount() - 1)
        self.clear_button.setVisible(last is not None and last.state.ended)
        self._foot.setVisible(self.model.rowCount() > 0)

    def _menu(self, at: QPoint) -> None:
        menu = self.context_menu()
        if menu is not None:
            menu.exec(self.view.viewport().mapToGlobal(at))

    def context_menu(self) -> QMenu | None:
        """The menu for the selected jobs, or None when none is."""
        jobs = self.selected()
        if not jobs:
            return None
        first, one = jobs[0], len(jobs) == 1
        waiting = first.state is JobState.QUEUED
        ended = all(job.state.ended for job in jobs)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def add(text: str, action: Callable[[], object], *, when: bool, keys: str = "") -> None:
            if when:
                item = menu.addAction(text)
                item.setShortcut(QKeySequence(keys))
                item.triggered.connect(lambda: action())

        add(self.tr("Show"), partial(self.job_selected.emit, first), when=one, keys="Return")
        add(self.tr("Move up"), self.move_up, when=one and waiting, keys="Alt+Up")
        add(self.tr("Move down"), self.move_down, when=one and waiting, keys="Alt+Down")
        add(self.tr("Reuse settings"), partial(self._reuse, first), when=one)
        add(
            self.tr("Copy prompt"),
            partial(_copy, first.request.prompt),
            when=one and bool(first.request.prompt),
        )
        menu.addSeparator()
        add(self.tr("Cancel"), self.cancel_selected, when=any(not job.state.ended for job in jobs))
        add(self.tr("Retry"), self.retry_selected, when=ended)
        add(self.tr("Remove from the queue"), self.remove_selected, when=ended, keys="Del")
        return menu

    def _reuse(self, job: Job) -> None:
        self.reuse_requested.emit(Draft.from_request(job.request))


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
