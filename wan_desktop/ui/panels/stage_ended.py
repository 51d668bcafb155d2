"""The stage for a job without a clip: waiting, failed, cancelled, interrupted. One sentence, and the way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft
from wan_desktop.ui import icons, job_words, texts, theme
from wan_desktop.ui.icons import icon
from wan_desktop.ui.widgets.centred import centred_column

if TYPE_CHECKING:
    from wan_desktop.domain.job import Job

WIDEST = 440
_ICONS = {
    JobState.FAILED: ("warning", "error"),
    JobState.INTERRUPTED: ("warning", "attention"),
    JobState.CANCELLED: ("stop", "secondary"),
    JobState.QUEUED: ("queue", "secondary"),
    JobState.PAUSED: ("pause", "attention"),
    JobState.DONE: ("film", "secondary"),
}


class EndedPage(QFrame):
    """Shows one job. `retry_requested` and `cancel_requested` carry its id, `reuse_requested` its Draft."""

    retry_requested = Signal(str)
    cancel_requested = Signal(str)
    reuse_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_kind(self, "stage")
        self._job: Job | None = None
        self._picture, self.title, self.sentence, self.action, self.details = (QLabel() for _ in range(5))
        theme.set_kind(self.title, "title")
        theme.set_kind(self.action, "value")
        theme.set_kind(self.details, "value")
        self.retry_button = QPushButton(icon("retry", "on_accent"), self.tr("Retry"))
        theme.set_kind(self.retry_button, "primary")
        self.cancel_button = QPushButton(icon("cancel"), self.tr("Cancel"))
        self.reuse_button = QPushButton(self.tr("Reuse settings"))
        self.retry_button.clicked.connect(lambda: self._job and self.retry_requested.emit(self._job.id))
        self.cancel_button.clicked.connect(lambda: self._job and self.cancel_requested.emit(self._job.id))
        self.reuse_button.clicked.connect(
            lambda: self._job and self.reuse_requested.emit(Draft.from_request(self._job.request))
        )
        self._build()
        theme.theme_changed.connect(self._dress)

    def _build(self) -> None:
        column = centred_column(self, WIDEST)
        for label in (self._picture, self.title, self.sentence, self.action, self.details):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(label is not self._picture)
            column.addWidget(label)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for button in (self.retry_button, self.cancel_button, self.reuse_button):
            button.setAccessibleName(button.text())
            row.addWidget(button)
        row.addStretch(1)
        column.addSpacing(12)
        column.addLayout(row)

    @property
    def job(self) -> Job | None:
        """The job that is shown."""
        return self._job

    def show_job(self, job: Job, place: int) -> None:
        """Show a job; `place` is its place in the queue when it waits."""
        self._job = job
        self.title.setText(texts.state_name(job.state))
        self.sentence.setText(self._sentence(job, place))
        way_out = job_words.way_out(job)
        self.action.setText(self.tr("What helps: {action}").format(action=way_out))
        self.action.setVisible(bool(way_out))
        self.details.setText(
            f"{job_words.headline(job.request.prompt)}\n{job_words.request_line(job.request)}"
        )
        self.retry_button.setVisible(job.state.ended)
        self.cancel_button.setVisible(not job.state.ended)
        self._dress()

    def _sentence(self, job: Job, place: int) -> str:
        match job.state:
            case JobState.FAILED:
                return job_words.failure(job)
            case JobState.INTERRUPTED:
                return self.tr("It was rendering when the app stopped. Retry renders it from the start.")
            case JobState.CANCELLED:
                return self.tr("You cancelled this render. Retry renders it from the start.")
            case JobState.DONE:
                return self.tr("Its clip is no longer in the library. Retry makes it again.")
            case _:
                return self.tr("It is the {ordinal} in the queue and starts by itself.").format(
                    ordinal=job_words.ordinal(place)
                )

    def _dress(self) -> None:
        if self._job is not None:
            name, role = _ICONS.get(self._job.state, ("film", "secondary"))
            self._picture.setPixmap(icons.pixmap(name, 36, role, self.devicePixelRatioF()))
