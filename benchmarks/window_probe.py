"""Runs inside the real window's process: notes when it can be seen, how late its event loop is, how long clips take.

`python -m benchmarks.window_probe STARTED RENDERS FILE [SEARCH]`: STARTED is time.monotonic() of whoever started this
process, RENDERS how many clips to render one after the other, FILE where the JSON goes, SEARCH what to type into the
library's search field before the end.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow

from benchmarks.fresh import PROMPT
from wan_desktop.bridge.session import Session
from wan_desktop.domain.job import Job, JobState
from wan_desktop.domain.request import Draft
from wan_desktop.ui.panels.library import LibraryPanel

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.events import BackendState

TICK_S = 0.010
TYPING_MS = 200


class Probe(QObject):
    """Watches one window from its first picture to the end of its last render and of a search, and closes it."""

    def __init__(self, session: Session, started: float, renders: int, search: str = "") -> None:
        super().__init__()
        self.search = list(search)
        self.session, self.started, self.left, self.idle = session, started, renders, not renders
        self.seen: dict[str, Any] = {"renders": [], "failed": ""}
        self.lateness: list[float] = []
        self.submitted = self.last_tick = 0.0
        self.timer = QTimer(self, timerType=Qt.TimerType.PreciseTimer, interval=round(TICK_S * 1000))
        self.timer.timeout.connect(self.tick)
        self.doing = "opening"
        self.worst: list[tuple[float, str]] = []
        session.progress.connect(lambda event: self.now(f"{event.stage} {event.done}/{event.total}"))
        session.preview.connect(lambda event: self.now(f"preview of step {event.step}"))
        session.clip_added.connect(lambda _: self.now("clip added"))
        session.backend_changed.connect(self.backend)
        session.job_changed.connect(self.job)
        session.refused.connect(lambda error: self.fail(str(error)))
        self.application = QApplication.instance() or QApplication([])
        self.application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The window can be seen once it has been painted for the first time."""
        if (
            event.type() == QEvent.Type.Paint
            and isinstance(watched, QMainWindow)
            and "visible_s" not in self.seen
        ):
            self.seen["visible_s"] = -1.0
            QTimer.singleShot(0, self.visible)  # after all that is painted with it
        return False

    def visible(self) -> None:
        """The first picture is there: from now on no tick may be late."""
        self.seen["visible_s"] = time.monotonic() - self.started
        self.application.removeEventFilter(self)
        self.last_tick = time.monotonic()
        self.timer.start()
        self.next()

    def now(self, doing: str) -> None:
        """Note what the window has just been told, to say what a late tick came after."""
        self.doing = doing

    def tick(self) -> None:
        """Note how late the event loop is, and what it was told last when it was very late."""
        now = time.monotonic()
        late = now - self.last_tick - TICK_S
        self.lateness.append(late)
        if late > 0.03:
            self.worst.append((round(late, 3), self.doing))
        self.last_tick = now

    def backend(self, state: BackendState) -> None:
        """Note when the render process is ready."""
        if state.state == "ready":
            self.seen.setdefault("ready_s", time.monotonic() - self.started)
            if self.idle:
                self.type_on()

    def next(self) -> None:
        """Submit the next clip; with none left wait for the render process at least."""
        if self.left:
            self.left -= 1
            self.submitted = time.monotonic()
            self.session.submit(Draft(prompt=PROMPT, seed=self.left))
        elif not self.idle or "ready_s" in self.seen:
            self.type_on()

    def type_on(self) -> None:
        """Type the next letter of the search as a user would; after the last one is done with, end."""
        if not self.search:
            return self.end()
        [panel] = [each for each in self.application.allWidgets() if isinstance(each, LibraryPanel)]
        self.now(f"typed {self.search[0]!r} in the search")
        began = time.monotonic()
        panel.search_field.insert(self.search.pop(0))
        self.seen.setdefault("letter_s", []).append(time.monotonic() - began)
        QTimer.singleShot(TYPING_MS, self.type_on)

    def job(self, job: Job) -> None:
        """A clip is done: note its seconds from click to library."""
        if job.state is JobState.DONE:
            self.seen["renders"].append(time.monotonic() - self.submitted)
            QTimer.singleShot(0, self.next)
        elif job.state.ended:
            self.fail(str(job.error))

    def fail(self, why: str) -> None:
        """Something that must not happen did: say so and stop."""
        self.seen["failed"] = why
        self.end()

    def end(self) -> None:
        """Close the window as a user would."""
        self.timer.stop()
        for window in QApplication.topLevelWidgets():
            window.close()


def main(started: float, renders: int, file: Path, search: str = "") -> None:
    """Open the real window, watch it, write what was seen."""
    probes: list[Probe] = []
    make_session: Callable[..., None] = Session.__init__

    def make_and_watch(session: Session, *arguments: Any, **named: Any) -> None:
        make_session(session, *arguments, **named)
        probes.append(Probe(session, started, renders, search))

    Session.__init__ = make_and_watch  # type: ignore[assignment]
    from wan_desktop.cli.main import run

    code = run([])
    [probe] = probes
    late = sorted(probe.lateness) or [0.0]
    seen = {**probe.seen, "exit_code": code, "ticks": len(probe.lateness)}
    seen |= {"longest_stall_s": late[-1], "stall_p99_s": late[int(len(late) * 0.99)]}
    seen["late_after"] = sorted(probe.worst, reverse=True)[:8]
    seen["torch_in_window"] = "torch" in sys.modules
    file.write_text(json.dumps(seen), "utf-8")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
