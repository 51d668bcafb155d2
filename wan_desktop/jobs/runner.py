"""The runner: takes one job after the other from the queue through a backend into the library."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, Cancelled, WanError
from wan_desktop.domain.events import JobChanged, Note, Progress, Rendered
from wan_desktop.domain.job import JobState, Stage

if TYPE_CHECKING:
    from wan_desktop.domain.events import Event
    from wan_desktop.domain.job import Clip, Job
    from wan_desktop.jobs.cancel import CancelToken
    from wan_desktop.jobs.host import Host

log = logging.getLogger(__name__)


class Runner:
    """Runs jobs on the host's backend until told to stop.

    Jobs that waited before the runner was made are held back until `release`: nobody's computer starts to work
    on yesterday's queue unasked.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._held = frozenset(job.id for job in host.jobs().result() if job.state is JobState.QUEUED)
        self._stopped = threading.Event()
        self._finishing = threading.Event()
        self._wake = threading.Event()

    @property
    def held(self) -> frozenset[str]:
        """Ids of the jobs that wait for `release`."""
        return self._held

    def release(self) -> None:
        """Let the jobs of earlier times run too."""
        self._held = frozenset()
        self._wake.set()

    def run(self) -> None:
        """Work until `stop`; blocks. Call it in a thread of its own."""
        unsubscribe = self._host.subscribe(self._notice)
        try:
            while not self._stopped.is_set():
                self._wake.clear()
                leased = self._host.lease(skip=self._held)
                if leased is not None:
                    self.run_one(*leased)
                elif self._finishing.is_set():
                    break
                else:
                    self._wake.wait()
        finally:
            unsubscribe()

    def stop(self) -> None:
        """Take no further job; a running one goes on until it ends or is cancelled."""
        self._stopped.set()
        self._wake.set()

    def finish(self) -> None:
        """Stop once nothing is left to run."""
        self._finishing.set()
        self._wake.set()

    def _notice(self, event: Event) -> None:
        if isinstance(event, JobChanged) and event.job.state is JobState.QUEUED:
            self._wake.set()

    def run_one(self, job: Job, cancel: CancelToken) -> None:
        """Render one leased job and store how it ended; never raises for what can go wrong with a job."""
        try:
            clip, notes = self._render(job, cancel)
        except Cancelled:
            self._host.library.discard(job)
            self._host.end(lambda queue: queue.cancel(job))
        except WanError as error:
            self._fail(job, error)
        except Exception as error:
            log.exception("job %s failed unexpectedly", job.id)
            self._fail(
                job, WanError(QT_TRANSLATE_NOOP("errors", "Something unexpected happened: {why}"), why=error)
            )
        else:
            self._host.end(lambda queue: queue.finish(job, clip.id, notes), clip)

    def _render(self, job: Job, cancel: CancelToken) -> tuple[Clip, tuple[str, ...]]:
        host, notes = self._host, list[str]()
        host.library.check_space(job.request)
        rendered: Rendered | None = None
        for event in host.backend.render(job, host.library.work_files(job), cancel):
            host.emit(event)
            if isinstance(event, Note):
                notes.append(event.sentence)
            if isinstance(event, Rendered):
                rendered = event
        if rendered is None:
            raise WanError(QT_TRANSLATE_NOOP("errors", "The render ended without a clip."))
        host.emit(Progress(job.id, Stage.SAVING))
        return host.library.publish(replace(job, notes=tuple(notes)), rendered), tuple(notes)

    def _fail(self, job: Job, error: WanError) -> None:
        self._host.library.discard(job)
        self._host.end(lambda queue: queue.fail(job, error))
