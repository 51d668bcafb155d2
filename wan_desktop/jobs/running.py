"""What runs now, and whether anything may: the host's side of the runners.

Methods marked "in the store" run inside `Store.run`, so that there is one writer and no lock.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wan_desktop.domain.events import ClipAdded, Pausing, QueueState
from wan_desktop.domain.job import JobState
from wan_desktop.jobs.cancel import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from wan_desktop.domain.job import Clip, Job
    from wan_desktop.jobs.host import Host
    from wan_desktop.jobs.queue import Queue

log = logging.getLogger(__name__)

_KEY = "queue"


@dataclass
class _Run:
    """One leased job: its token, and what becomes of it when the token has stopped it."""

    token: CancelToken = field(default_factory=CancelToken)
    when_paused: JobState = JobState.PAUSED
    when_cancelled: JobState = JobState.CANCELLED
    unsaved: Job | None = None

    def interrupt(self) -> None:
        """The program ends: the job goes on at the next start, unless the user has cancelled it."""
        if not self.token.cancelled:
            self.when_cancelled = JobState.INTERRUPTED
            self.token.cancel(ending=True)


class Running:
    """The jobs that are leased to runners, and the state of the whole queue."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._runs: dict[str, _Run] = {}
        self._keeping = threading.Lock()
        self._ending = False
        self.resting = threading.Lock()
        """Held while `queue_state` changes and is told."""
        told = host.store.run(lambda: host.store.value(_KEY)).result()
        paused = isinstance(told, dict) and told.get("paused") is True
        self.queue_state = QueueState(paused, paused and told.get("after_current") is True)

    @property
    def any(self) -> bool:
        """True while a job runs."""
        return bool(self._runs)

    # ---- verbs on running jobs, in the store; False when the job does not run

    def cancel(self, job: Job) -> bool:
        """Say stop to the job."""
        run = self._runs.get(job.id)
        if run is not None:
            run.when_cancelled = JobState.CANCELLED
            run.token.cancel()
        return run is not None

    def pause(self, job: Job) -> bool:
        """Say pause to the job."""
        return self._pause(job.id, JobState.PAUSED)

    def resume(self, job: Job) -> bool:
        """A job that is about to pause goes on instead, as soon as it has."""
        run = self._runs.get(job.id)
        if run is not None and run.token.paused:
            run.when_paused = JobState.QUEUED
        return run is not None

    # ---- the whole queue

    def store_state(self, state: QueueState) -> QueueState:
        """In the store: remember whether the queue rests; `rest` follows after the commit."""
        self._host.store.put_value(_KEY, {"paused": state.paused, "after_current": state.after_current})
        return state

    def rest(self, state: QueueState) -> None:
        """What was stored holds: when the queue rests, and not only after the current job, what runs waits again."""
        with self.resting:
            self.queue_state = state
            self._host.emit(state)
        if state.paused and not state.after_current:
            for job_id, run in self._runs.items():
                if not run.token.paused:
                    self._pause(job_id, JobState.QUEUED)

    def _pause(self, job_id: str, then: JobState) -> bool:
        run = self._runs.get(job_id)
        if run is None:
            return False
        run.when_paused = then
        run.token.pause()
        self._host.emit(Pausing(job_id))
        return True

    # ---- for the runner, from its own thread

    def put_back(self, job_id: str) -> None:
        """A job that paused for want of room waits again, at its old place. Raises WanError."""

        def work() -> Job | None:
            job = self._host.store.job(job_id)
            return self._host.queue.put_back(job) if job is not None and job.waits_for_disk else None

        self._host.store.run(work, self._tell).result()

    def lease(
        self,
        skip: frozenset[str] = frozenset(),
        *,
        fits: Callable[[Job], bool] = lambda job: True,
        even_paused: bool = False,
    ) -> tuple[Job, CancelToken] | None:
        """The next job to run, with its token; None when the queue rests, or nothing waits that may run.

        It `fits` and is not in `skip`. Raises WanError when it cannot be stored; the job then waits still.
        """
        run = _Run()

        def work() -> Job | None:
            if self._ending or (self.queue_state.paused and not even_paused):
                return None
            return self._host.queue.lease(skip, fits)

        def begin(job: Job | None) -> None:
            if job is None:
                return
            with self._keeping:  # so that `interrupt` sees it, or it sees `interrupt`
                self._runs[job.id] = run
                ending = self._ending
            self._host.announce(job)
            if ending:
                run.interrupt()

        job = self._host.store.run(work, begin).result()
        return None if job is None else (job, run.token)

    def keep(self, job: Job) -> None:
        """Store how far the running job is, without waiting; of many calls the newest is stored."""

        def work() -> Job | None:
            run = self._runs.get(job.id)
            if run is None:
                return None
            with self._keeping:
                newest, run.unsaved = run.unsaved, None
            return None if newest is None else self._host.queue.keep(newest)

        run = self._runs[job.id]
        with self._keeping:
            pending, run.unsaved = run.unsaved is not None, job
        if not pending:
            self._host.store.run(work, self._tell).add_done_callback(log_refused)

    def _tell(self, job: Job | None) -> None:
        if job is not None:
            self._host.announce(job)

    def end(
        self,
        job: Job,
        work: Callable[[Queue], Job],
        clip: Clip | None = None,
        then: Callable[[], None] = lambda: None,
    ) -> Job:
        """Store how a running job ended, together with its clip if it has one, do `then` and announce both.

        `then` comes before anybody can begin the job again.
        Raises WanError when the database cannot be written; the job then still runs, and it may be tried again.
        """

        def store() -> Job:
            if clip is not None:
                self._host.store.put_clip(clip)
            return work(self._host.queue)

        def tell(ended: Job) -> None:
            self._runs.pop(job.id, None)  # here, so that a verb that comes next finds it ended
            then()
            if clip is not None:
                self._host.emit(ClipAdded(clip))
            self._host.announce(ended)

        return self._host.store.run(store, tell).result()

    def give_up(self, job_id: str) -> None:
        """Nobody works on the job any more, if it still runs: it is interrupted. Raises WanError."""

        def work() -> Job | None:
            return self._host.queue.interrupt(self._host.queue.get(job_id)) if job_id in self._runs else None

        def tell(job: Job | None) -> None:
            self._runs.pop(job_id, None)
            self._tell(job)

        self._host.store.run(work, tell).result()

    def paused(self, job: Job) -> Job:
        """The job has stopped after its step."""
        run = self._runs[job.id]  # asked in the store, so that a word counts until the end is stored
        return self.end(
            job,
            lambda queue: queue.put_back(job) if run.when_paused is JobState.QUEUED else queue.pause(job),
        )

    def cancelled(self, job: Job) -> Job:
        """The job has stopped: the user said so, the program ends, or its backend is no longer there."""
        run = self._runs[job.id]  # asked in the store, so that a word counts until the end is stored

        def stopped(queue: Queue) -> Job:
            match run.when_cancelled:
                case JobState.INTERRUPTED:
                    return queue.interrupt(job)
                case JobState.QUEUED:
                    return queue.put_back(job)
                case _:
                    return queue.cancel(job)

        return self.end(job, stopped)

    def interrupt(self) -> None:
        """The program ends: stop the jobs that run now; they go on from what they keep at the next start.

        Nothing is leased from now on.
        """
        with self._keeping:
            self._ending = True
            runs = list(self._runs.values())
        for run in runs:
            run.interrupt()

    def hand_back(self, job_id: str) -> None:
        """Its backend is no longer there: the job waits again, and goes on from what it keeps with another one."""
        run = self._runs.get(job_id)
        if run is not None and not run.token.cancelled:
            run.when_cancelled = JobState.QUEUED
            run.token.cancel(ending=True)


def log_refused(stored: Future[Job | None]) -> None:
    """Tell in the log what could not be stored of a job; it is not lost, and comes again."""
    error = stored.exception()
    if error is not None:
        log.warning("how far a job is could not be stored: %s", error)
