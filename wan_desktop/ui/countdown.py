"""A minute to say no before the computer sleeps, shuts down, or the program ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout

from wan_desktop.domain.job import JobState
from wan_desktop.ui import theme
from wan_desktop.ui.when_done import Then, when_done, words

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Job

SECONDS = 60


class EndOfQueue(QObject):
    """Counts down for `window` when the queue is done, then does what was chosen; a new job puts it off."""

    def __init__(self, session: Session, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._choice = when_done(session)
        self._choice.due.connect(self._count_down)
        session.job_changed.connect(self._job_changed)
        self.dialog: CountdownDialog | None = None

    def _count_down(self, then: Then) -> None:
        if self.dialog is not None:
            return
        self.dialog = CountdownDialog(then, self._window)
        self.dialog.agreed.connect(self._do)
        self.dialog.rejected.connect(self._stopped)
        self.dialog.open()

    def _job_changed(self, job: Job) -> None:
        if self.dialog is not None and job.state in (JobState.QUEUED, JobState.RUNNING):
            dialog, self.dialog = self.dialog, None
            dialog.reject()

    def _stopped(self) -> None:
        if self.dialog is not None:  # by the user, not by a job
            self.dialog = None
            self._choice.choose(Then.NOTHING)

    def _do(self, then: Then) -> None:
        self.dialog = None
        self._choice.choose(Then.NOTHING)
        self._session.flush_draft()
        if then is Then.QUIT:
            self._window.close()
        else:
            self._choice.do(then)


class CountdownDialog(QDialog):
    """`agreed` when the time is over, or at once by its button; closing it in any way says no."""

    agreed = Signal(object)

    def __init__(self, then: Then, parent: QWidget | None = None, *, tick_ms: int = 1000) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("The queue is done"))
        self.setMinimumWidth(420)
        self._then, self._left = then, SECONDS
        title = QLabel(self.tr("The queue is done"), self)
        theme.set_kind(title, "title")
        self.sentence = QLabel(self)
        self.sentence.setWordWrap(True)
        self.bar = QProgressBar(self)
        self.bar.setRange(0, SECONDS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(self.tr("Time left"))
        self.stop_button = QPushButton(self.tr("Stop"), self)
        self.stop_button.setDefault(True)
        self.stop_button.clicked.connect(self.reject)
        self.now_button = QPushButton(self.tr("Now"), self)
        self.now_button.setAutoDefault(False)
        self.now_button.clicked.connect(self._agree)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.now_button)
        row.addWidget(self.stop_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(12)
        for widget in (title, self.sentence, self.bar):
            column.addWidget(widget)
        column.addSpacing(4)
        column.addLayout(row)
        self._timer = QTimer(self)
        self._timer.setInterval(tick_ms)
        self._timer.timeout.connect(self._tick)
        self._timer.start()
        self._show()

    def done(self, result: int) -> None:
        """Closed: the time stands still."""
        self._timer.stop()
        super().done(result)

    def _tick(self) -> None:
        self._left -= 1
        self._show()
        if self._left <= 0:
            self._agree()

    def _agree(self) -> None:
        self.accept()
        self.agreed.emit(self._then)

    def _show(self) -> None:
        text = self.tr("{what} in {seconds} seconds.").format(what=words(self._then), seconds=self._left)
        self.sentence.setText(text)
        self.setAccessibleDescription(text)
        self.bar.setValue(self._left)
