"""The stage while a job renders: its moving preview, its stage in words, the whole job's bar, Pause, Cancel."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from wan_desktop.bridge.job_progress import Clock, fraction
from wan_desktop.domain.job import Stage
from wan_desktop.ui import job_words, texts, theme
from wan_desktop.ui.icons import icon
from wan_desktop.ui.widgets.elided_label import ElidedLabel
from wan_desktop.ui.widgets.job_bar import JobBar
from wan_desktop.ui.widgets.preview_view import PreviewView

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QShowEvent

    from wan_desktop.domain.events import Note, Preview, Progress, Resumed
    from wan_desktop.domain.job import Job

TICK_MS = 500
WHOLE = 1000


class RenderingPage(QWidget):
    """Shows one running job at a time. `cancel_requested` and `pause_requested` carry its id."""

    cancel_requested = Signal(str)
    pause_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view = PreviewView()
        self.percent = QLabel()
        theme.set_kind(self.percent, "title")
        self.percent.setMinimumWidth(44)
        self.bar = JobBar()
        self.bar.setRange(0, WHOLE)
        self.bar.setAccessibleName(self.tr("The whole job"))
        self.times = QLabel()
        theme.set_kind(self.times, "value")
        self.stage = QLabel()
        self.note = ElidedLabel()
        theme.set_kind(self.note, "attention")
        self.prompt = ElidedLabel()
        theme.set_kind(self.prompt, "value")
        self.origin = ElidedLabel()
        theme.set_kind(self.origin, "good")
        self.pause_button = QPushButton(icon("pause"), self.tr("Pause"))
        self.pause_button.setAccessibleName(self.tr("Pause this render"))
        self.pause_button.setToolTip(self.tr("Stops after the present step, to go on from there"))
        self.pause_button.clicked.connect(lambda: self._job and self.pause_requested.emit(self._job.id))
        self.cancel_button = QPushButton(icon("cancel"), self.tr("Cancel"))
        self.cancel_button.setAccessibleName(self.tr("Cancel this render"))
        self.cancel_button.clicked.connect(self._cancel)
        self._job: Job | None = None
        self._progress: Progress | None = None
        self._pausing = False
        self._clock = Clock()
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._show_times)
        self._build()

    def _build(self) -> None:
        bar = QHBoxLayout()
        bar.setSpacing(12)
        bar.addWidget(self.percent)
        bar.addWidget(self.bar, 1)
        bar.addWidget(self.times)
        words = QVBoxLayout()
        words.setSpacing(3)
        for label in (self.stage, self.prompt, self.origin, self.note):
            words.addWidget(label)
        foot = QHBoxLayout()
        foot.setSpacing(12)
        foot.addLayout(words, 1)
        foot.addWidget(self.pause_button)
        foot.addWidget(self.cancel_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        column.addWidget(self.view, 1)
        column.addLayout(bar)
        column.addLayout(foot)

    # ---- what is shown

    @property
    def job(self) -> Job | None:
        """The job that is shown."""
        return self._job

    def show_job(self, job: Job, progress: Progress | None) -> None:
        """Begin to show a running job that is as far as `progress`."""
        self._job, self._clock = job, Clock()
        self._pausing = False
        self.view.clear()
        self.view.set_caption("")
        self.note.hide()
        self.origin.hide()
        self.prompt.setText(f"{job_words.job_line(job)} · {job_words.headline(job.request.prompt)}")
        self.pause_button.setEnabled(True)
        self.cancel_button.setEnabled(True)
        self.cancel_button.setText(self.tr("Cancel"))
        self._show_progress(progress)
        if progress is not None:
            self._clock.note(progress)

    def take_progress(self, progress: Progress) -> None:
        """The job has come further."""
        self._clock.note(progress)
        self._show_progress(progress)

    def take_preview(self, preview: Preview) -> None:
        """The clip as it looks now."""
        self.view.show_preview(preview)
        total = self._job.request.num_inference_steps if self._job is not None else preview.step
        self.view.set_caption(
            self.tr("Preview · step {step} of {total}").format(step=preview.step, total=total)
        )

    def take_note(self, note: Note) -> None:
        """Something to know about the job."""
        self.tell(note.sentence)

    def tell(self, sentence: str) -> None:
        """A sentence about the job."""
        self.note.setText(texts.note(sentence))
        self.note.show()

    def take_resumed(self, resumed: Resumed) -> None:
        """The job goes on from there."""
        self.origin.setText(job_words.went_on(resumed))
        self.origin.show()

    def take_pausing(self) -> None:
        """The job was told to pause, and will after its step."""
        self._pausing = True
        self.pause_button.setEnabled(False)
        self._show_progress(self._progress)

    def showEvent(self, event: QShowEvent) -> None:
        """Let the time run."""
        self._show_times()
        self._tick.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        self._tick.stop()

    def _show_progress(self, progress: Progress | None) -> None:
        self._progress = progress
        part = fraction(progress)
        self.bar.setValue(round(part * WHOLE))
        self.percent.setText(job_words.percent(part))
        self.stage.setText(self._stage_words(progress))
        if self.view.image.isNull():
            self.view.set_message("film", self.stage.text())
        self._show_times()

    def _stage_words(self, progress: Progress | None) -> str:
        if self._pausing:
            return job_words.pausing(progress)
        if progress is None:
            return texts.stage_name(Stage.LOADING)
        word = texts.stage_name(progress.stage)
        if progress.total == 0 or progress.done == 0:
            return word
        count = {"word": word, "done": progress.done, "total": progress.total}
        if progress.stage is Stage.DENOISING:
            return self.tr("{word} · step {done} of {total}").format(**count)
        if progress.stage is Stage.DECODING:
            return self.tr("{word} · frame {done} of {total}").format(**count)
        return self.tr("{word} · {done} of {total}").format(**count)

    def _show_times(self) -> None:
        job = self._job
        if job is None or job.started_at is None:
            return
        gone = self.tr("{time} gone").format(time=job_words.clock(time.time() - job.started_at))
        left = self._clock.remaining()
        if left is None:
            self.times.setText(gone)
        else:
            rest = self.tr("{time} left").format(time=job_words.clock(left + 0.999))
            self.times.setText(f"{gone} · {rest}")

    def _cancel(self) -> None:
        if self._job is not None:
            self.cancel_button.setEnabled(False)
            self.cancel_button.setText(self.tr("Cancelling…"))
            self.cancel_requested.emit(self._job.id)
