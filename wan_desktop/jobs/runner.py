"""The runner: takes one job after the other from the queue through a backend into the library."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.events import AwakeState, JobChanged, QueueState
from wan_desktop.domain.job import JobState
from wan_desktop.jobs.disk_watch import DiskWatch
from wan_desktop.jobs.one_job import OneJob
from wan_desktop.jobs.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from wan_desktop.domain.events import Event
    from wan_desktop.domain.job import Job
    from wan_desktop.jobs.cancel import CancelToken
    from wan_desktop.jobs.host import Host
    from wan_desktop.jobs.ports import Backend

log = logging.getLogger(__name__)
T = TypeVar("T")

DISK_RETRY_SECONDS = 10.0
"""How often a job that waits for room on a disk looks for it."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A backend beside the host's own, and the jobs that `fits` it; it runs one at a time, beside the others'."""

    backend: Backend
    fits: Callable[[Job], bool]


class Runner:
    """Runs jobs on the host's backend, and each lane's on its own, until told to stop.

    Jobs that waited before the runner was made are held back until `release`: nobody's computer starts to work
    on yesterday's queue unasked.
    """

    def __init__(
        self,
        host: Host,
        *,
        fits: Callable[[Job], bool] = lambda job: True,
        lanes: Sequence[Lane] = (),
        even_paused: bool = False,
        awake: Callable[[], AbstractContextManager[AwakeState | None]] = contextlib.nullcontext,
        log_tail: Callable[[float], str] = lambda since: "",
        keep_bytes: Callable[[], int] = lambda: 10 * 10**9,
        disk_retry_s: float = DISK_RETRY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fits` tells which jobs are the host's own backend's, `lanes` are further backends.

        `even_paused`: run jobs although the queue rests. `awake` holds the computer awake while a job renders.

        `log_tail` gives the render process's last words after a time (seconds since 1970), `keep_bytes` what ended
        jobs may keep, `clock` seconds.
        """
        self._host = host
        self._main = Worker(Lane(host.backend, fits))
        self._workers = [Worker(lane) for lane in lanes]
        self._changing = threading.Lock()
        self._leaving: list[Worker] = []
        self._running = False
        self._even_paused, self._awake = even_paused, awake
        self._log_tail, self._keep_bytes = log_tail, keep_bytes
        self._disk_retry_s = disk_retry_s
        self._holding = threading.Lock()
        self._held = {job.id: job.state for job in host.jobs().result() if _waits(job)}
        self._disks = DiskWatch(host, self._held, disk_retry_s, clock)
        self._awake_told: AwakeState | None = None
        self._stopped = threading.Event()
        self._finishing = threading.Event()

    @property
    def held(self) -> frozenset[str]:
        """Ids of the jobs that wait for `release`."""
        return frozenset(self._held)

    def release(self) -> None:
        """Let the jobs of earlier times run too."""
        with self._holding:
            self._held.clear()
        self._disks.soon()
        self._wake()

    def go_on(self) -> None:
        """Let everything of earlier times run, what was interrupted first."""
        self._host.resume_interrupted().result()
        self.release()

    def use_lanes(self, lanes: Sequence[Lane]) -> None:
        """Have these further backends from now on; those that were there before go on undisturbed.

        What renders on one that is no longer there waits again, and goes on with whoever takes it.
        """
        with self._changing:
            stay = [worker for worker in self._workers if any(worker.lane is lane for lane in lanes)]
            gone = [worker for worker in self._workers if worker not in stay]
            new = [Worker(lane) for lane in lanes if not any(worker.lane is lane for worker in stay)]
            self._workers = [*stay, *new]
            self._leaving = [worker for worker in (*self._leaving, *gone) if worker.alive]
            if self._running:
                for worker in new:
                    worker.start(self._work)
        for worker in gone:
            worker.ended.set()
            if worker.job_id is not None:
                self._host.running.hand_back(worker.job_id)
        self._wake()

    def run(self) -> None:
        """Work until `stop`; blocks. Call it in a thread of its own."""
        unsubscribe = self._host.subscribe(self._notice)
        self._disks.start()
        with self._changing:
            self._running = True
            for worker in self._workers:
                worker.start(self._work)
        try:
            self._work(self._main)
        except BaseException:
            self.stop()
            raise
        finally:
            with self._changing:
                self._running = False
                workers = [*self._workers, *self._leaving]
            for worker in workers:
                worker.join()
            self._disks.stop()
            unsubscribe()

    def _work(self, worker: Worker) -> None:
        """Run the worker's jobs."""
        lane = worker.lane
        while not (self._stopped.is_set() or worker.ended.is_set()):
            worker.wake.clear()
            over = self._finishing.is_set() and not self._one_waits(
                lane
            )  # asked before the lease: it may come now
            leased = self._patiently(
                lambda: self._host.running.lease(self.held, fits=lane.fits, even_paused=self._even_paused)
            )
            if leased is not None:
                self._run_for(worker, *leased)
                continue
            if over:
                break
            worker.wake.wait()

    def _one_waits(self, lane: Lane) -> bool:
        """Does a job of the lane wait for its disk, after which it goes on by itself?"""
        jobs = self._patiently(lambda: self._host.jobs().result()) or []
        return any(job.waits_for_disk and job.id not in self.held and lane.fits(job) for job in jobs)

    def _run_for(self, worker: Worker, job: Job, cancel: CancelToken) -> None:
        worker.job_id = job.id
        if worker.ended.is_set():  # between the lease and now
            self._host.running.hand_back(job.id)
        try:
            self.run_one(job, cancel, worker.lane.backend)
        except Exception:  # a thread's border: the next job is taken, and this one can go on
            log.exception("job %s was given up", job.id)
            self._patiently(lambda: self._host.running.give_up(job.id))
        worker.job_id = None

    def _wake(self) -> None:
        for worker in (self._main, *self._workers, *self._leaving):
            worker.wake.set()

    def stop(self) -> None:
        """Take no further job; a running one goes on until it ends or is cancelled."""
        self._stopped.set()
        self._wake()

    def finish(self) -> None:
        """Stop once nothing is left to run."""
        self._finishing.set()
        self._wake()

    def run_one(self, job: Job, cancel: CancelToken, backend: Backend | None = None) -> None:
        """Render one leased job and store how it ended; never raises for what can go wrong with a job.

        `backend` is the host's own unless it is given.
        """
        backend = backend or self._host.backend
        with self._awake() as state:
            self._tell_awake(state)
            store = OneJob(self._host, backend, job, cancel, self._log_tail).run()
        ended = self._patiently(store)
        if state is not None and state.on and not self._host.running.any:
            self._tell_awake(AwakeState(False))
        if ended is not None and ended.state.ended:
            self._sweep()
        if self._host.queue_state.paused and not self._even_paused:
            backend.rest()

    def _patiently(self, work: Callable[[], T]) -> T | None:
        """Do what needs the database; while that fails, try again until told to stop. None: it was in vain."""
        while True:
            try:
                return work()
            except WanError as error:
                log.error("the database refuses, trying again: %s", error)
                if self._stopped.wait(min(self._disk_retry_s, 5.0)):
                    return None

    def _tell_awake(self, state: AwakeState | None) -> None:
        if state is not None and state != self._awake_told:
            self._awake_told = state
            self._host.emit(state)

    def _sweep(self) -> None:
        try:
            self._host.tidying.bound(self._keep_bytes())
        except WanError as error:
            log.warning("what ended jobs keep could not be swept: %s", error)

    def _notice(self, event: Event) -> None:
        match event:
            case JobChanged(job):
                with self._holding:
                    if job.id in self._held and self._held[job.id] is not job.state:
                        del self._held[job.id]  # the user has decided about it
                if job.waits_for_disk:
                    self._disks.soon()
                self._wake()
            case QueueState():
                self._wake()


def _waits(job: Job) -> bool:
    """The job would go on by itself."""
    return job.state is JobState.QUEUED or job.waits_for_disk
