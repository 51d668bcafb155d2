"""What can be done with the selected jobs: a row of buttons under the queue, and the same in its menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QPushButton, QWidget

from wan_desktop.domain.job import JobState
from wan_desktop.ui import again, job_words, mending
from wan_desktop.ui.widgets.flow_layout import FlowLayout

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QMenu

    from wan_desktop.bridge.job_list import JobListModel
    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Job

_LIVE = (JobState.RUNNING, JobState.QUEUED)


class QueueVerbs(QWidget):
    """Acts on `selected()`; `model` has all jobs. Only the buttons that fit are shown."""

    def __init__(
        self, session: Session, model: JobListModel, selected: Callable[[], list[Job]], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._session, self._model, self._selected = session, model, selected
        self._flow = FlowLayout(self)
        self.resume_button = self._button(self.tr("Continue"), self.resume)
        self.pause_button = self._button(self.tr("Pause"), self.pause)
        self.stop_button = self._button(self.tr("Cancel"), self.cancel)
        self.retry_button = self._button(self.tr("Try again"), self.retry)
        self.remove_button = self._button(self.tr("Remove"), self.remove)
        self.clear_button = self._button(self.tr("Clear finished"), self.clear_finished)

    def _button(self, text: str, action: Callable[[], object]) -> QPushButton:
        button = QPushButton(text, self)
        button.setAccessibleName(text)
        button.clicked.connect(lambda: action())
        self._flow.addWidget(button)
        return button

    # ---- verbs

    def pause(self) -> None:
        """Let those of the selected jobs rest that run or wait."""
        for job in self._selected():
            if self._can_pause(job):
                self._session.pause(job.id)

    def resume(self) -> None:
        """Let those of the selected jobs go on that keep something; the upper ones first."""
        for job in reversed(self._selected()):  # each one goes to the front
            if job_words.can_go_on(job):
                self._session.resume(job.id)

    def cancel(self) -> None:
        """Cancel those of the selected jobs that run or wait."""
        for job in self._selected():
            if job.state in _LIVE:
                self._session.cancel(job.id)

    def retry(self) -> None:
        """Queue those of the selected jobs again, from the start, that have ended or rest."""
        for job in self._selected():
            if job.state not in _LIVE:
                self._session.retry(job.id)

    def remove(self) -> None:
        """Take the selected jobs that do not run off the list; their clips stay."""
        for job in self._selected():
            if job.state is not JobState.RUNNING:
                self._session.remove(job.id)

    def clear_finished(self) -> None:
        """Take every ended job off the list, but those that could go on from what they keep; clips stay."""
        for job in self._model.jobs():
            if _is_finished(job):
                self._session.remove(job.id)

    # ---- showing what fits

    def refresh(self) -> None:
        """Show the buttons for the present selection."""
        jobs = self._selected()
        at_rest = bool(jobs) and all(job.state not in _LIVE for job in jobs)
        last = self._model.job_at(self._model.rowCount() - 1)
        shown = {
            self.pause_button: any(self._can_pause(job) for job in jobs),
            self.resume_button: any(job_words.can_go_on(job) for job in jobs),
            self.stop_button: any(job.state in _LIVE for job in jobs),
            self.retry_button: at_rest,
            self.remove_button: at_rest,
            self.clear_button: last is not None and last.state.ended and self._any_finished(),
        }
        self.retry_button.setText(self._again_words(jobs))
        self.retry_button.setAccessibleName(self.retry_button.text())
        for button, fits in shown.items():
            button.setVisible(fits)
        self.setVisible(any(shown.values()))

    def fill(self, menu: QMenu) -> None:
        """Put what fits the selection into a menu."""
        jobs = self._selected()
        first, one = jobs[0], len(jobs) == 1
        at_rest = all(job.state not in _LIVE for job in jobs)
        goes_on = job_words.continue_words(first) if one else self.tr("Continue")

        def add(text: str, action: Callable[[], object], *, when: bool, keys: str = "") -> None:
            if when:
                item = menu.addAction(text)
                item.setShortcut(QKeySequence(keys))
                item.triggered.connect(lambda: action())

        add(goes_on, self.resume, when=any(job_words.can_go_on(job) for job in jobs))
        add(self.tr("Pause"), self.pause, when=any(self._can_pause(job) for job in jobs))
        add(self.tr("Cancel"), self.cancel, when=any(job.state in _LIVE for job in jobs))
        if one:
            mending.fill(menu, self._session, first)
        if one and again.can_decode_again(first):
            menu.addMenu(again.menu(menu, self._session, first))
        add(self._again_words(jobs), self.retry, when=at_rest)
        add(self.tr("Remove from the queue"), self.remove, when=at_rest, keys="Del")

    def _can_pause(self, job: Job) -> bool:
        return job.state in _LIVE and job.id not in self._session.stopping

    def _any_finished(self) -> bool:
        return any(_is_finished(job) for job in self._model.jobs())

    def _again_words(self, jobs: list[Job]) -> str:
        words = {job_words.again_words(job) for job in jobs}
        return words.pop() if len(words) == 1 else self.tr("Start again")


def _is_finished(job: Job) -> bool:
    return job.state.ended and not job_words.can_go_on(job)
