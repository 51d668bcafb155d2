"""What the window tells and asks when it opens: notes, and what to do with the work of last time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from wan_desktop.domain.job import JobState
from wan_desktop.ui import texts

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.job import Job
    from wan_desktop.ui.main_window import MainWindow

KEY = "last-time"


class Opening(QObject):
    """Asks once about interrupted renders and waiting jobs together; the setting `at_start` may answer beforehand.

    `answered` when nothing is asked any more: what is left then waits for the user.
    """

    answered = Signal()

    def __init__(self, session: Session, window: MainWindow) -> None:
        super().__init__(window)
        self._session, self._window = session, window
        self._open = True
        session.loaded.connect(self.begin)
        session.job_changed.connect(self._look_again)
        session.job_removed.connect(self._look_again)

    @property
    def asking(self) -> bool:
        """True until the question is answered."""
        return self._open

    @property
    def anything_left(self) -> bool:
        """True while something of last time could go on."""
        return bool(self._lost() or self._session.held_jobs)

    def tell_notes(self) -> None:
        """What was found while everything was opened."""
        for note in self._session.opening_notes:
            self._window.banners.show_banner(note, texts.note(note), "attention")

    def begin(self) -> None:
        """The jobs are there: ask, unless the settings have answered ("continue" is the host's own start)."""
        if self._session.settings.at_start == "ask":
            self.ask()
        else:
            self._close()

    def ask(self) -> None:
        """Show the question while it is open and there is something to ask."""
        lost, held = self._lost(), self._held()
        if not self._open:
            return
        if not lost and not held:
            self._window.banners.drop(KEY)
            return
        text = self._text(lost, held)
        if text in self._window.banners.texts():
            return  # who is about to press a button keeps it
        banner = self._window.banners.show_banner(KEY, text, "info", self._answers(lost, held))
        banner.dismissed.connect(self._close)

    def go_on(self) -> None:
        """Yes: what was interrupted goes on, then what waits."""
        for job in sorted(self._lost(), key=lambda job: -(job.started_at or job.created_at)):
            self._session.resume(job.id)  # each goes to the front of the queue
        self._session.release_held()
        if self._session.queue_state.paused:
            self._session.resume_queue()
        self._close()

    def _close(self) -> None:
        self._open = False
        self._window.banners.drop(KEY)
        self.answered.emit()

    def _look_again(self) -> None:
        if self._open and self._window.banners.has(KEY):
            self.ask()

    def _lost(self) -> list[Job]:
        return [job for job in self._session.jobs.values() if job.state is JobState.INTERRUPTED]

    def _held(self) -> int:
        return 0 if self._session.queue_state.paused else self._session.held_jobs

    # ---- words

    def _text(self, lost: list[Job], held: int) -> str:
        parts = [self._interrupted(lost), self._waiting(held)]
        text = parts[0] or parts[1]
        if all(parts):
            text = self.tr("{first} {second}").format(first=parts[0], second=parts[1])
        if not lost:
            return text
        return self.tr("{first} {second}").format(first=text, second=self.tr("Go on?"))

    def _interrupted(self, lost: list[Job]) -> str:
        if not lost:
            return ""
        if len(lost) > 1:
            return self.tr("{count} renders were interrupted.").format(count=len(lost))
        job = lost[0]
        if job.kept_latents:
            return self.tr("A render was interrupted while its frames were made.")
        if job.kept_step:
            text = self.tr("A render was interrupted at step {done} of {total}.")
            return text.format(done=job.kept_step, total=job.kept_steps)
        return self.tr("A render was interrupted before a step was kept.")

    def _waiting(self, held: int) -> str:
        if not held:
            return ""
        if held == 1:
            return self.tr("1 job is waiting from last time.")
        return self.tr("{count} jobs are waiting from last time.").format(count=held)

    def _answers(self, lost: list[Job], held: int) -> list[tuple[str, Callable[[], object]]]:
        if lost:
            return [(self.tr("Continue"), self.go_on), (self.tr("Not now"), self._close)]
        yes = self.tr("Render it") if held == 1 else self.tr("Render them")
        no = self.tr("Leave it") if held == 1 else self.tr("Leave them")
        return [(yes, self.go_on), (no, self._close)]
