"""What happens when the queue is done: nothing, quit, sleep, shut down. Only until the program ends."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QObject, Signal

from wan_desktop.bridge.background import in_background
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP
from wan_desktop.domain.job import JobState
from wan_desktop.ui import power

if TYPE_CHECKING:
    from wan_desktop.bridge.session import Session
    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.job import Job


class Then(StrEnum):
    """The choices."""

    NOTHING = "nothing"
    QUIT = "quit"
    SLEEP = power.SLEEP
    SHUT_DOWN = power.SHUT_DOWN


_WORDS = {
    Then.NOTHING: QT_TRANSLATE_NOOP("when_done", "Do nothing"),
    Then.QUIT: QT_TRANSLATE_NOOP("when_done", "Quit Wan Desktop"),
    Then.SLEEP: QT_TRANSLATE_NOOP("when_done", "Put the computer to sleep"),
    Then.SHUT_DOWN: QT_TRANSLATE_NOOP("when_done", "Shut down the computer"),
}
_SHORT = {
    Then.NOTHING: QT_TRANSLATE_NOOP("when_done", "nothing"),
    Then.QUIT: QT_TRANSLATE_NOOP("when_done", "quit"),
    Then.SLEEP: QT_TRANSLATE_NOOP("when_done", "sleep"),
    Then.SHUT_DOWN: QT_TRANSLATE_NOOP("when_done", "shut down"),
}
_BY_POWER = (Then.SLEEP, Then.SHUT_DOWN)


def words(then: Then) -> str:
    """The choice as it stands in the menu."""
    return QCoreApplication.translate("when_done", _WORDS[then])


def short(then: Then) -> str:
    """The choice in one word."""
    return QCoreApplication.translate("when_done", _SHORT[then])


class WhenDone(QObject):
    """One per session (`when_done`). `due` carries the Then whose time has come; `changed` follows a choice.

    The time has come when a job has ended by itself, none runs and none waits. What the user paused or cancelled
    brings no shutdown about: he is there.
    """

    changed = Signal()
    due = Signal(object)
    refused = Signal(object)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self.then = Then.NOTHING
        self._able: dict[Then, bool] = {}
        session.state_changed.connect(self._state_changed)

    def choose(self, then: Then) -> None:
        """Do `then` at the end of the queue, once."""
        self.then = then
        self.changed.emit()

    def can(self, then: Then) -> bool:
        """Whether this computer lets us; True while `ask` has not answered."""
        return self._able.get(then, True)

    def ask(self) -> None:
        """Ask the system what it lets us do; `changed` follows."""
        in_background(self, lambda: {then: power.can(then) for then in _BY_POWER}, self._told, self._refused)

    def do(self, then: Then) -> None:
        """Put the computer to sleep or shut it down; `refused` follows when it does not do that."""
        self.choose(Then.NOTHING)
        in_background(self, lambda: power.do(then), lambda _done: None, self._refused)

    def _told(self, able: dict[Then, bool]) -> None:
        self._able = able
        self.changed.emit()

    def _refused(self, error: WanError) -> None:
        self.refused.emit(error)

    def _state_changed(self, job: Job) -> None:
        if self.then is Then.NOTHING or not _ended_by_itself(job):
            return
        live = (JobState.RUNNING, JobState.QUEUED)
        if not any(other.state in live for other in self._session.jobs.values()):
            self.due.emit(self.then)


def _ended_by_itself(job: Job) -> bool:
    return job.state in (JobState.DONE, JobState.FAILED) or (
        job.state is JobState.PAUSED and job.error is not None
    )


def when_done(session: Session) -> WhenDone:
    """The session's WhenDone."""
    found: WhenDone | None = session.findChild(WhenDone)
    return found or WhenDone(session)
