"""What runs now, and whether anything may: the host's side of the runners.

Methods marked "in the store" run inside `Store.run`, so that there is one writer and no lock.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from wan_desktop.domain.events import ClipAdded, JobChanged, Pausing, QueueState
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


class Running:
    """The jobs that are leased to runners, and the state of the whole queue."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._runs: dict[str, _Run] = {}
        self._keeping = threading.Lock()
        self._ending = False
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

    def pause_all(self, after_current: bool) -> QueueState:
        """Begin nothing new; without `after_current` what runs waits again after its step."""
        if not after_current:
            for job_id, run in self._runs.items():
                if not run.token.paused:
                    self._pause(job_id, JobState.QUEUED)
        return self._store_state(QueueState(True, after_current))

    def resume_all(self) -> QueueState:
        """Go on."""
        return self._store_state(QueueState(False))

    def _pause(self, job_id: str, then: JobState) -> bool:
        run = self._runs.get(job_id)
        if run is None:
            return False
        run.when_paused = then
        run.token.pause()
        self._host.emit(Pausing(job_id))
        return True

    def _store_state(self, state: QueueState) -> QueueState:
        value = {"paused": state.paused, "after_current": state.after_current}
        self._host.store.put_value(_KEY, value)
        self.queue_state = state
        return state

    # ---- for the runner, from its own thread

    def put_back(self, job_id: str) -> None:
        """A job that paused for want of room waits again, at its old place. Raises WanError."""

        def work() -> Job | None:
            job = self._host.store.job(job_id)
            return self._host.queue.put_back(job) if job is not None and job.waits_for_disk else None

        changed = self._host.store.run(work).result()
        if changed is not None:
            self._host.announce(changed)

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
        taken: list[Job] = []

        def work() -> None:
            if self.queue_state.paused and not even_paused:
                return
            with self._keeping:  # so that `interrupt` sees it, or it sees `interrupt`
                job = None if self._ending else self._host.queue.lease(skip, fits)
                if job is not None:
                    self._runs[job.id] = run
                    taken.append(job)

        try:
            self._host.store.run(work).result()
        except BaseException:
            for job in taken:
                self._runs.pop(job.id, None)
            raise
        if not taken:
            return None
        self._host.emit(JobChanged(taken[0]))
        return taken[0], run.token

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
            self._host.store.run(work).add_done_callback(self._tell_kept)

    def _tell_kept(self, stored: Future[Job | None]) -> None:
        error = stored.exception()
        if error is not None:
            log.warning("how far a job is could not be stored: %s", error)
        elif (job := stored.result()) is not None:
            self._host.announce(job)

    def end(self, job: Job, work: Callable[[Queue], Job], clip: Clip | None = None) -> Job:
        """Store how a running job ended, together with its clip if it has one, then announce both.

        Raises WanError when the database cannot be written; the job then still runs, and it may be tried again.
        """
        run = self._runs[job.id]

        def store() -> Job:
            if clip is not None:
                self._host.store.put_clip(clip)
            ended = work(self._host.queue)
            self._runs.pop(job.id, None)  # here, so that a verb that comes next finds it ended
            return ended

        try:
            ended = self._host.store.run(store).result()
        except BaseException:
            self._runs[job.id] = run
            raise
        if clip is not None:
            self._host.emit(ClipAdded(clip))
        self._host.announce(ended)
        return ended

    def paused(self, job: Job) -> Job:
        """The job has stopped after its step."""
        run = self._runs[job.id]  # asked in the store, so that a word counts until the end is stored
        return self.end(
            job,
            lambda queue: queue.put_back(job) if run.when_paused is JobState.QUEUED else queue.pause(job),
        )

    def cancelled(self, job: Job) -> Job:
        """The job has stopped: the user said so, or the program ends."""
        run = self._runs[job.id]
        return self.end(
            job,
            lambda queue: (
                queue.interrupt(job) if run.when_cancelled is JobState.INTERRUPTED else queue.cancel(job)
            ),
        )

    def interrupt(self) -> None:
        """The program ends: stop the jobs that run now; they go on from what they keep at the next start.

        Nothing is leased from now on.
        """
        with self._keeping:
            self._ending = True
            runs = list(self._runs.values())
        for run in runs:
            if not run.token.cancelled:
                run.when_cancelled = JobState.INTERRUPTED
                run.token.cancel(ending=True)

    def sweep(self, most_bytes: int) -> None:
        """Keep what ended jobs keep within `most_bytes`, and say so in their rows. Raises WanError."""
        jobs = self._host.jobs().result()
        for job in self._host.library.sweep_kept(jobs, most_bytes):
            self._host.store.run(partial(self._forgotten, job)).add_done_callback(self._tell_kept)

    def _forgotten(self, job: Job) -> Job | None:
        """In the store: the job keeps nothing any more."""
        now = self._host.store.job(job.id)
        if now is None:
            return None
        return self._host.queue.keep(replace(now, kept_step=0, kept_steps=0, kept_latents=False))
