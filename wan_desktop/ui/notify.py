"""Tells that a long job has ended when nobody is looking at the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication, QSystemTrayIcon

from wan_desktop.domain.job import JobState
from wan_desktop.ui import icons, job_words, texts
from wan_desktop.ui.widgets.toast import show_toast

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Job

_TOLD = (JobState.DONE, JobState.FAILED)


class Notifier(QObject):
    """Watches the session's jobs for `window`.

    A job longer than the setting `notify_after_s`, and one that had to pause, is told by the system's notices where
    there are any; else the task bar's entry asks for attention and the window shows a toast. While the window is in
    front, its own panels are enough.
    """

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._tray: QSystemTrayIcon | None = None
        self._told_paused: set[str] = set()
        session.state_changed.connect(self._state_changed)

    def _state_changed(self, job: Job) -> None:
        long = job_words.took(job) > self._session.settings.notify_after_s
        if self._window.isActiveWindow():
            return
        if (job.state in _TOLD and long) or self._paused_by_itself(job):
            self.tell(*self.words(job))

    def _paused_by_itself(self, job: Job) -> bool:
        """It waits for something, and that was not told before: it tries again and again."""
        if job.state in _TOLD:
            self._told_paused.discard(job.id)
        if job.state is not JobState.PAUSED or job.error is None or job.id in self._told_paused:
            return False
        self._told_paused.add(job.id)
        return True

    def words(self, job: Job) -> tuple[str, str]:
        """Title and sentence for a job that has ended."""
        prompt = job_words.headline(job.request.prompt)
        if job.state is JobState.DONE:
            title = self.tr("Your clip is done · {time}").format(time=texts.duration(job_words.took(job)))
            return title, prompt
        if job.state is JobState.PAUSED:
            return self.tr("A render had to pause"), f"{prompt}\n{job_words.failure(job)}"
        return self.tr("A render failed"), f"{prompt}\n{job_words.failure(job)}"

    def tell(self, title: str, sentence: str) -> None:
        """Tell it in the best way that this system has."""
        if QSystemTrayIcon.isSystemTrayAvailable() and QSystemTrayIcon.supportsMessages():
            tray = self._shown_tray()
            tray.showMessage(title, sentence, icons.app_icon())
        else:
            QApplication.alert(self._window)
            show_toast(self._window, f"{title} · {sentence.splitlines()[0]}")

    def _shown_tray(self) -> QSystemTrayIcon:
        """The tray icon, there from the first notice on; a click on the notice brings the window forward."""
        if self._tray is None:
            self._tray = QSystemTrayIcon(icons.app_icon(), self)
            self._tray.setToolTip("Wan Desktop")
            self._tray.messageClicked.connect(self._session.raise_window)
            self._tray.activated.connect(lambda _reason: self._session.raise_window())
            self._tray.show()
        return self._tray
