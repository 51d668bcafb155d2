"""The stage for a job without a clip: waiting, paused, failed, cancelled, interrupted; and the ways on."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QPlainTextEdit, QPushButton, QWidget

from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft
from wan_desktop.ui import icons, job_words, mending, texts, theme
from wan_desktop.ui.icons import icon
from wan_desktop.ui.widgets.centred import centred_column
from wan_desktop.ui.widgets.flow_layout import FlowLayout
from wan_desktop.ui.widgets.fold import Fold

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from wan_desktop.domain.job import Job
    from wan_desktop.domain.mending import Mend

WIDEST = 600
LOG_HEIGHT = 150
_ICONS = {
    JobState.FAILED: ("warning", "error"),
    JobState.INTERRUPTED: ("warning", "attention"),
    JobState.CANCELLED: ("stop", "secondary"),
    JobState.QUEUED: ("queue", "secondary"),
    JobState.PAUSED: ("pause", "attention"),
    JobState.DONE: ("film", "secondary"),
}


class EndedPage(QFrame):
    """Shows one job. `asked` carries its id and "mend", "resume", "retry", "pause", "cancel", "remove" or "report".

    `reuse_requested` carries its Draft.
    """

    asked = Signal(str, str)
    reuse_requested = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        theme.set_kind(self, "stage")
        self._job: Job | None = None
        self._picture, self.title, self.sentence, self.action, self.details = (QLabel() for _ in range(5))
        theme.set_kind(self.title, "title")
        theme.set_kind(self.action, "value")
        theme.set_kind(self.details, "value")
        self.notes = QLabel()
        theme.set_kind(self.notes, "attention")
        self.mend_button = self._button("mend", "", icon("wand", "on_accent"))
        self.mend_button.setAccessibleName(self.tr("Make it another way"))
        theme.set_kind(self.mend_button, "primary")
        self.resume_button = self._button("resume", self.tr("Continue"), icon("play", "on_accent"))
        theme.set_kind(self.resume_button, "primary")
        self.retry_button = self._button("retry", self.tr("Try again"), icon("retry"))
        self.pause_button = self._button("pause", self.tr("Pause"), icon("pause"))
        self.cancel_button = self._button("cancel", self.tr("Cancel"), icon("cancel"))
        self.remove_button = self._button("remove", self.tr("Remove"), icon("close"))
        self.report_button = self._button("report", self.tr("Report a problem…"), icon("info"))
        self.reuse_button = QPushButton(self.tr("Reuse settings"))
        self.reuse_button.setAccessibleName(self.reuse_button.text())
        self.reuse_button.clicked.connect(
            lambda: self._job and self.reuse_requested.emit(Draft.from_request(self._job.request))
        )
        self.log = Fold(self.tr("What the log says"))
        self.log_text = QPlainTextEdit()
        self._build()
        theme.theme_changed.connect(self._dress)

    def _button(self, what: str, text: str, picture: QIcon) -> QPushButton:
        button = QPushButton(picture, text)
        button.setAccessibleName(text)
        button.clicked.connect(partial(self._ask, what))
        return button

    def _ask(self, what: str, _checked: bool = False) -> None:
        if self._job is not None:
            self.asked.emit(self._job.id, what)

    def _build(self) -> None:
        column = centred_column(self, WIDEST)
        for label in (self._picture, self.title, self.sentence, self.action, self.notes, self.details):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(label is not self._picture)
            column.addWidget(label)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        buttons = QWidget()
        flow = FlowLayout(buttons, 8, centred=True)
        for button in (
            self.mend_button,
            self.resume_button,
            self.retry_button,
            self.pause_button,
            self.cancel_button,
            self.reuse_button,
            self.remove_button,
            self.report_button,
        ):
            flow.addWidget(button)
        column.addSpacing(12)
        column.addWidget(buttons)
        self.log_text.setReadOnly(True)
        self.log_text.setFixedHeight(LOG_HEIGHT)
        self.log_text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.log_text.setAccessibleName(self.tr("What the log says"))
        self.log_text.setTabChangesFocus(True)
        self.log.body.addWidget(self.log_text)
        column.addWidget(self.log)

    @property
    def job(self) -> Job | None:
        """The job that is shown."""
        return self._job

    def show_job(self, job: Job, place: int, *, queue_rests: bool = False, mend: Mend | None = None) -> None:
        """Show a job; `place` is its place in the queue when it waits, `queue_rests` says that nothing begins.

        `mend` is what most likely mends its clip, which came out wrong.
        """
        another = self._job is None or self._job.id != job.id
        self._job = job
        self.title.setText(self._title(job))
        self.sentence.setText(
            self._waits(place, queue_rests) if job.state is JobState.QUEUED else self._sentence(job)
        )
        self.action.setText(job_words.helps(job))
        self.action.setVisible(bool(self.action.text()))
        self.notes.setText("\n".join(texts.note(note) for note in job.notes))
        self.notes.setVisible(bool(job.notes))
        self.details.setText(f"{job_words.headline(job.request.prompt)}\n{job_words.job_line(job)}")
        self._show_buttons(job, mend)
        text = job_words.log_of(job)
        self.log.setVisible(bool(text))
        self.log_text.setPlainText(text)
        if another:
            self.log.set_open(False)
        self._dress()

    def _show_buttons(self, job: Job, mend: Mend | None) -> None:
        goes_on, live = job_words.can_go_on(job), job.state in (JobState.QUEUED, JobState.RUNNING)
        self.resume_button.setVisible(goes_on)
        self.retry_button.setVisible(not live)
        self.pause_button.setVisible(job.state is JobState.QUEUED)
        self.cancel_button.setVisible(live)
        self.remove_button.setVisible(not live)
        self.report_button.setVisible(job.state is JobState.FAILED)
        self.mend_button.setVisible(mend is not None)
        self.mend_button.setText("" if mend is None else mending.words(mend))
        self.resume_button.setText(job_words.continue_words(job))
        self.retry_button.setText(job_words.again_words(job))
        for button in (self.mend_button, self.resume_button, self.retry_button):
            if button.text():
                button.setAccessibleName(button.text())
        self._show_first(self.resume_button, "play", first=mend is None)
        self._show_first(self.retry_button, "retry", first=mend is None and not goes_on)

    def _show_first(self, button: QPushButton, picture: str, *, first: bool) -> None:
        """One button stands out: the likeliest way on."""
        theme.set_kind(button, "primary" if first else "")
        button.setIcon(icon(picture, "on_accent" if first else "text"))

    def _title(self, job: Job) -> str:
        if job.state in (JobState.PAUSED, JobState.INTERRUPTED, JobState.CANCELLED):
            return job_words.stopped_at(job)
        return texts.state_name(job.state)

    def _sentence(self, job: Job) -> str:
        kept = job_words.can_go_on(job)
        match job.state:
            case JobState.FAILED:
                return job_words.failure(job)
            case JobState.PAUSED if job.error is not None:
                return job_words.failure(job)
            case JobState.PAUSED if job.kept_step or job.kept_latents:
                return self.tr("What is done so far is kept, and its memory is free for other programs.")
            case JobState.PAUSED if job_words.there(job):
                return self.tr(
                    "It rests until you continue it. What a server renders meanwhile is fetched then."
                )
            case JobState.INTERRUPTED if job_words.there(job):
                return self.tr(
                    "The app stopped while a server rendered it. Its clip is fetched when you continue."
                )
            case JobState.PAUSED:
                return self.tr("It has not begun, and waits until you continue it.")
            case JobState.INTERRUPTED if kept:
                return self.tr("It was rendering when the app stopped. What was done until then is kept.")
            case JobState.INTERRUPTED:
                return self.tr("It was rendering when the app stopped. Nothing of it could be kept.")
            case JobState.CANCELLED if kept:
                return self.tr("You cancelled this render. What was done until then is kept.")
            case JobState.CANCELLED:
                return self.tr("You cancelled this render.")
            case _:
                return self.tr("Its clip is no longer in the library.")

    def _waits(self, place: int, queue_rests: bool) -> str:
        text = (
            self.tr("It is the {ordinal} in the queue, which is paused.")
            if queue_rests
            else self.tr("It is the {ordinal} in the queue and starts by itself.")
        )
        return text.format(ordinal=job_words.ordinal(place))

    def _dress(self) -> None:
        if self._job is not None:
            name, role = _ICONS.get(self._job.state, ("film", "secondary"))
            self._picture.setPixmap(icons.pixmap(name, 36, role, self.devicePixelRatioF()))
