"""The queue: a card per job, in order; cancel, retry, remove, reorder by mouse, menu and keyboard."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
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
from wan_desktop.ui.clip_actions import clip_actions
from wan_desktop.ui.panels.queue_foot import QueueFoot
from wan_desktop.ui.panels.queue_verbs import QueueVerbs
from wan_desktop.ui.widgets.empty_note import EmptyNote
from wan_desktop.ui.widgets.job_card import JobDelegate, preview_key
from wan_desktop.ui.widgets.job_view import JobView
from wan_desktop.ui.widgets.pictures import Pictures, frame_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.events import Preview, QueueState
    from wan_desktop.domain.job import Job


class QueuePanel(QWidget):
    """Shows and steers the session's jobs. `job_selected` carries the Job that was clicked or entered."""

    job_selected = Signal(object)
    reuse_requested = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._held = 0
        self.model = JobListModel(session, self)
        self.model.describe = lambda job, place, progress: (
            f"{job_words.headline(job.request.prompt)}. "
            + job_words.state_line(job, place, progress, stopping=job.id in session.stopping)
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
        self.resting = self._resting_strip()
        self.verbs = QueueVerbs(self._session, self.model, self.selected, self)
        self.foot = QueueFoot(self._session)
        column = QVBoxLayout(self)
        column.setContentsMargins(14, 12, 4, 14)
        column.setSpacing(8)
        inner = QVBoxLayout()
        inner.setContentsMargins(2, 0, 12, 0)
        inner.setSpacing(10)
        inner.addWidget(self.verbs)
        inner.addWidget(self.foot)
        top = QVBoxLayout()
        top.setContentsMargins(2, 0, 12, 0)
        top.addWidget(self.resting)
        column.addLayout(top)
        column.addLayout(self._lists, 1)
        column.addLayout(inner)

    def _resting_strip(self) -> QFrame:
        """One line over the cards while the queue rests: nothing below begins by itself."""
        strip = QFrame()
        strip.setProperty("kind", "banner")
        strip.setProperty("tone", "attention")
        self._resting_words = QLabel()
        self._resting_words.setWordWrap(True)
        row = QHBoxLayout(strip)
        row.setContentsMargins(12, 6, 6, 6)
        row.addWidget(self._resting_words, 1)
        self.go_button = QPushButton(self.tr("Continue"))
        self.go_button.setAccessibleName(self.tr("Continue what waits from last time"))
        self.go_button.clicked.connect(lambda: self._session.release_held())
        row.addWidget(self.go_button)
        return strip

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
        self.model.dataChanged.connect(self._measure)
        self.view.selectionModel().selectionChanged.connect(self._refresh)
        self._session.queue_changed.connect(self._refresh)
        self.view.clicked.connect(self._show)
        self.view.activated.connect(self._show)
        self.view.customContextMenuRequested.connect(self._menu)
        for keys, action in (
            ("Alt+Up", self.move_up),
            ("Alt+Down", self.move_down),
            (QKeySequence.StandardKey.Delete, self.verbs.remove),
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
        verbs: dict[str, Callable[[str], None]] = {
            "pause": self._session.pause,
            "resume": self._session.resume,
            "cancel": self._session.cancel,
            "retry": self._session.retry,
            "mend": self._session.mend,
            "remove": self._session.remove,
        }
        verbs[what](job_id)

    def _show(self, index: QModelIndex) -> None:
        job = self.model.job_at(index.row())
        if job is not None:
            self.job_selected.emit(job)

    def _repaint(self) -> None:
        self.view.viewport().update()

    def _measure(self, _first: QModelIndex, _last: QModelIndex, roles: list[int]) -> None:
        """A card whose state is another one may need another height."""
        if not roles:
            self.view.scheduleDelayedItemsLayout()

    def _keep_preview(self, preview: Preview) -> None:
        if preview.frames:
            self._pictures.put(
                preview_key(preview.job_id), frame_image(preview.frames[len(preview.frames) // 2])
            )

    def _refresh(self) -> None:
        state = self._session.queue_state
        self._lists.setCurrentWidget(self.view if self.model.rowCount() else self._empty)
        self.verbs.refresh()
        self.foot.setVisible(self.model.rowCount() > 0 or state.paused)
        self.resting.setVisible(state.paused or self._held > 0)
        self._resting_words.setText(self._rest_words(state))
        self.go_button.setVisible(not state.paused)  # a paused queue has its button below

    def show_held(self, count: int) -> None:
        """Say that so many jobs of last time wait for a word."""
        self._held = count
        self._refresh()

    def _rest_words(self, state: QueueState) -> str:
        if state.paused and state.after_current and self._session.running_job() is not None:
            return self.tr("The queue stops after this one.")
        if state.paused:
            return self.tr("The queue is paused: nothing begins by itself.")
        return self.tr("What waits from last time begins when you say so.")

    def _menu(self, at: QPoint) -> None:
        menu = self.context_menu()
        if menu is not None:
            menu.exec(self.view.viewport().mapToGlobal(at))

    def context_menu(self) -> QMenu | None:
        """The menu for the selected jobs, or None when none is."""
        jobs = self.selected()
        if not jobs:
            return None
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

        def add(text: str, action: Callable[[], object], keys: str = "") -> None:
            item = menu.addAction(text)
            item.setShortcut(QKeySequence(keys))
            item.triggered.connect(lambda: action())

        if len(jobs) == 1:
            job = jobs[0]
            add(self.tr("Show"), partial(self.job_selected.emit, job), "Return")
            if job.state is JobState.QUEUED:
                add(self.tr("Move up"), self.move_up, "Alt+Up")
                add(self.tr("Move down"), self.move_down, "Alt+Down")
            add(self.tr("Reuse settings"), partial(self._reuse, job))
            if job.request.prompt:
                add(self.tr("Copy prompt"), partial(_copy, job.request.prompt))
            copy_workflow = clip_actions(self._session).copy_workflow
            add(self.tr("Copy as ComfyUI workflow"), partial(copy_workflow, job.request, self))
            menu.addSeparator()
        self.verbs.fill(menu)
        return menu

    def _reuse(self, job: Job) -> None:
        self.reuse_requested.emit(Draft.from_request(job.request))


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
