"""The stage: what renders, the finished clip, or what to do first. It follows the running job by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QStackedLayout, QVBoxLayout, QWidget

from wan_desktop.domain.job import JobState
from wan_desktop.ui import theme
from wan_desktop.ui.panels.stage_clip import ClipPage
from wan_desktop.ui.panels.stage_empty import EmptyPage
from wan_desktop.ui.panels.stage_ended import EndedPage
from wan_desktop.ui.panels.stage_rendering import RenderingPage

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.events import Note, Preview, Progress
    from wan_desktop.domain.job import Clip, Job

MARGIN = 20


class StagePanel(QWidget):
    """`reuse_requested` carries a Draft, `image_requested` the path of a picture to start from.

    What the user chose by hand stays until he renders something new; a pill tells of what happens meanwhile.
    """

    reuse_requested = Signal(object)
    image_requested = Signal(str)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._job_id = ""
        self._by_hand = False
        self._previews: dict[str, Preview] = {}
        self.empty_page = EmptyPage(session)
        self.rendering_page = RenderingPage()
        self.clip_page = ClipPage(session)
        self.ended_page = EndedPage()
        self._pages = QStackedLayout()
        for page in (self.empty_page, self.rendering_page, self.clip_page, self.ended_page):
            self._pages.addWidget(page)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        column.addLayout(self._pages)
        self.pill = QPushButton(self)
        theme.set_kind(self.pill, "primary")
        self.pill.setCursor(Qt.CursorShape.PointingHandCursor)
        self.pill.clicked.connect(self._show_offered)
        self.pill.hide()
        self._offered = ""
        self._connect()
        self._show_what_runs()

    def _connect(self) -> None:
        session = self._session
        session.loaded.connect(self._show_what_runs)
        session.submitted.connect(self._submitted)
        session.job_changed.connect(self._job_changed)
        session.job_removed.connect(self._job_removed)
        session.progress.connect(self._progressed)
        session.preview.connect(self._previewed)
        session.note.connect(self._noted)
        session.clip_removed.connect(self._clip_removed)
        self.rendering_page.cancel_requested.connect(session.cancel)
        self.ended_page.cancel_requested.connect(session.cancel)
        self.ended_page.retry_requested.connect(self._retry)
        for page in (self.clip_page, self.ended_page):
            page.reuse_requested.connect(self.reuse_requested)
        self.empty_page.chosen.connect(self.reuse_requested)
        self.clip_page.image_requested.connect(self.image_requested)

    # ---- what is asked for

    def show_job(self, job: Job) -> None:
        """Show a job, chosen by hand: its preview while it renders, its clip when it is done."""
        self._by_hand = job.state is not JobState.RUNNING
        self._present(self._session.jobs.get(job.id, job), play=True)

    def show_clip(self, clip: Clip) -> None:
        """Show a clip, chosen by hand, and play it."""
        self._by_hand = True
        self._job_id = ""
        self._show_clip(clip, play=True)

    # ---- what the session tells

    def _show_what_runs(self) -> None:
        running = self._session.running_job()
        if running is not None and not self._by_hand:
            self._present(running)

    def _submitted(self, _job: Job) -> None:
        """The user rendered something: that is what he wants to see now."""
        self._by_hand = False
        self._show_what_runs()

    def _job_changed(self, job: Job) -> None:
        if job.state is not JobState.RUNNING:
            self._previews.pop(job.id, None)
        if job.id == self._job_id:
            self._present(job, play=self.rendering_page.isVisible())
        elif job.state is JobState.RUNNING:
            if self._by_hand:
                self._offer(job.id, self.tr("Rendering now · show it"))
            else:
                self._present(job)
        elif job.state is JobState.DONE and self._by_hand:
            self._offer(job.id, self.tr("Done · show it"))
        elif self._offered == job.id:
            self._offer("", "")

    def _job_removed(self, job_id: str) -> None:
        if job_id == self._offered:
            self._offer("", "")
        if job_id == self._job_id and self._pages.currentWidget() is not self.clip_page:
            self._leave()

    def _clip_removed(self, clip_id: str) -> None:
        if self.clip_page.clip is not None and self.clip_page.clip.id == clip_id:
            self.clip_page.close_clip()
            if self._pages.currentWidget() is self.clip_page:
                self._leave()

    def _progressed(self, progress: Progress) -> None:
        if progress.job_id == self._shown_running():
            self.rendering_page.take_progress(progress)

    def _previewed(self, preview: Preview) -> None:
        self._previews[preview.job_id] = preview
        if preview.job_id == self._shown_running():
            self.rendering_page.take_preview(preview)

    def _noted(self, note: Note) -> None:
        if note.job_id == self._shown_running():
            self.rendering_page.take_note(note)

    def _retry(self, job_id: str) -> None:
        self._by_hand = False
        self._session.retry(job_id)

    # ---- showing

    def _shown_running(self) -> str:
        shown = self.rendering_page.job
        return shown.id if shown is not None and self._pages.currentWidget() is self.rendering_page else ""

    def _present(self, job: Job, *, play: bool = False) -> None:
        self._job_id = job.id
        if job.id == self._offered:
            self._offer("", "")
        clip = self._session.clips.get(job.clip_id or "")
        if job.state is JobState.RUNNING:
            self._show_running(job)
        elif job.state is JobState.DONE and clip is not None:
            self._show_clip(clip, play=play)
        else:
            waiting = [
                j for j in self._session.jobs.values() if j.state in (JobState.QUEUED, JobState.RUNNING)
            ]
            ahead = sum(1 for j in waiting if j.state is JobState.RUNNING or j.order < job.order)
            self.ended_page.show_job(job, ahead + 1)
            self._turn_to(self.ended_page)

    def _show_running(self, job: Job) -> None:
        if self._shown_running() == job.id:
            return
        self.rendering_page.show_job(job, self._session.last_progress.get(job.id))
        if job.id in self._previews:
            self.rendering_page.take_preview(self._previews[job.id])
        self._turn_to(self.rendering_page)

    def _show_clip(self, clip: Clip, *, play: bool) -> None:
        self.clip_page.show_clip(clip, play=play)
        self._turn_to(self.clip_page)

    def _leave(self) -> None:
        """What was shown is gone."""
        self._job_id, self._by_hand = "", False
        running = self._session.running_job()
        if running is not None:
            self._present(running)
        else:
            self._turn_to(self.empty_page)

    def _turn_to(self, page: QWidget) -> None:
        if page is not self.clip_page:
            self.clip_page.close_clip()
        self._pages.setCurrentWidget(page)
        self.pill.raise_()

    # ---- the pill

    def _offer(self, job_id: str, words: str) -> None:
        self._offered = job_id
        self.pill.setText(words)
        self.pill.setAccessibleName(words)
        self.pill.setVisible(bool(job_id))
        self._place_pill()

    def _show_offered(self) -> None:
        job = self._session.jobs.get(self._offered)
        self._offer("", "")
        if job is not None:
            self.show_job(job)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the pill in the upper right corner."""
        super().resizeEvent(event)
        self._place_pill()

    def _place_pill(self) -> None:
        self.pill.adjustSize()
        self.pill.move(self.width() - MARGIN - 14 - self.pill.width(), MARGIN + 14)
        self.pill.raise_()
