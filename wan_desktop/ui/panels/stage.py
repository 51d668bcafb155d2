"""The stage: what renders, the finished clip, or what to do first. It follows the running job by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton, QStackedLayout, QVBoxLayout, QWidget

from wan_desktop.domain.job import Clip, JobState
from wan_desktop.ui import mending, theme
from wan_desktop.ui.panels.stage_clip import ClipPage
from wan_desktop.ui.panels.stage_empty import EmptyPage
from wan_desktop.ui.panels.stage_ended import EndedPage
from wan_desktop.ui.panels.stage_rendering import RenderingPage

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.events import Note, Preview, Progress, Resumed
    from wan_desktop.domain.job import Job

MARGIN = 20


class StagePanel(QWidget):
    """`reuse_requested` carries a Draft, `image_requested` the sha256 of a stored picture to start from.

    `report_requested` when a failure shall be reported, `turned` when another thing is shown.

    What the user chose by hand stays until he renders something new; a pill tells of what happens meanwhile.
    """

    reuse_requested = Signal(object)
    image_requested = Signal(str)
    report_requested = Signal()
    turned = Signal()

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
        session.state_changed.connect(self._state_changed)
        session.job_removed.connect(self._job_removed)
        session.progress.connect(self._progressed)
        session.preview.connect(self._previewed)
        session.note.connect(self._noted)
        session.resumed.connect(self._resumed)
        session.pausing.connect(self._pausing)
        session.clip_removed.connect(self._clip_removed)
        self.rendering_page.cancel_requested.connect(session.cancel)
        self.rendering_page.pause_requested.connect(session.pause)
        self.ended_page.asked.connect(self._do)
        for page in (self.clip_page, self.ended_page):
            page.reuse_requested.connect(self.reuse_requested)
        self.empty_page.chosen.connect(self.reuse_requested)
        self.clip_page.image_requested.connect(self.image_requested)

    # ---- what is asked for

    def show_job(self, job: Job) -> None:
        """Show a job, chosen by hand: its preview while it renders, its clip when it is done."""
        self._by_hand = job.state is not JobState.RUNNING
        self._present(self._session.jobs.get(job.id, job), play=True)

    def show_clip(self, clip: Clip, *, play: bool = True) -> None:
        """Show a clip, chosen by hand, and play it."""
        self._by_hand = True
        self._job_id = ""
        self._show_clip(clip, play=play)

    def show_again(self, thing: Clip | Job | None, *, by_hand: bool) -> None:
        """Show what was shown before, at rest; a running job comes first unless it was chosen `by_hand`."""
        running = self._session.running_job()
        if running is not None and not by_hand:
            thing = running
        if isinstance(thing, Clip):
            self._job_id = ""
            self._show_clip(thing, play=False)
        elif thing is not None:
            self._present(self._session.jobs.get(thing.id, thing))
        self._by_hand = by_hand

    @property
    def by_hand(self) -> bool:
        """True while what is shown was chosen by the user."""
        return self._by_hand

    def shown(self) -> Clip | Job | None:
        """The clip or the job that is shown; None before there is anything."""
        page = self._pages.currentWidget()
        if page is self.clip_page:
            return self.clip_page.clip
        return self._session.jobs.get(self._job_id)

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
        elif self._offered == job.id and not (job.state is JobState.DONE and self._by_hand):
            self._offer("", "")

    def _state_changed(self, job: Job) -> None:
        if job.state is JobState.DONE and self._by_hand and job.id != self._job_id:
            self._offer(job.id, self.tr("Done · show it"))

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

    def _resumed(self, resumed: Resumed) -> None:
        if resumed.job_id == self._shown_running():
            self.rendering_page.take_resumed(resumed)

    def _pausing(self, job_id: str) -> None:
        if job_id == self._shown_running():
            self.rendering_page.take_pausing()

    def _do(self, job_id: str, what: str) -> None:
        if what == "report":
            self.report_requested.emit()
            return
        if what in ("mend", "retry", "resume"):
            self._by_hand = False
        getattr(self._session, what)(job_id)

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
            self.ended_page.show_job(
                job,
                ahead + 1,
                queue_rests=self._session.queue_state.paused,
                mend=mending.likeliest(self._session, job),
            )
            self._turn_to(self.ended_page)

    def _show_running(self, job: Job) -> None:
        if self._shown_running() == job.id:
            return
        self.rendering_page.show_job(job, self._session.last_progress.get(job.id))
        if job.id in self._previews:
            self.rendering_page.take_preview(self._previews[job.id])
        if job.id in self._session.went_on:
            self.rendering_page.take_resumed(self._session.went_on[job.id])
        if self._session.notes.get(job.id):
            self.rendering_page.tell(self._session.notes[job.id][-1])
        if job.id in self._session.stopping:
            self.rendering_page.take_pausing()
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
        self.turned.emit()

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
