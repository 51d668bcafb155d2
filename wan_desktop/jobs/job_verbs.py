"""What can be asked of the jobs and of their queue; a part of the host."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from wan_desktop.domain.each import do_each
from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, BadOutput, InvalidRequest, WanError
from wan_desktop.domain.events import Event, JobChanged, JobRemoved, QueueState
from wan_desktop.domain.ids import new_id
from wan_desktop.domain.job import Job, JobState
from wan_desktop.domain.mending import mends

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import Future, ThreadPoolExecutor

    from wan_desktop.domain.events import BackendState
    from wan_desktop.domain.job import Clip
    from wan_desktop.domain.request import Draft
    from wan_desktop.jobs.intake import Intake
    from wan_desktop.jobs.ports import Backend, Library, Store
    from wan_desktop.jobs.queue import Queue
    from wan_desktop.jobs.running import Running
    from wan_desktop.jobs.tidying import Tidying

    Beside = Callable[[Job], Iterable[Job]]

log = logging.getLogger(__name__)

MOST_TRIES = 3
"""So many render processes may be lost over one job without getting further; then only the user lets it go on."""


def nothing_beside(_: Job) -> Iterable[Job]:
    """Nothing is stored beside a new job, and none has moved."""
    return ()


class JobVerbs:
    """The verbs of Host on jobs. Each future is done after the commit; then the change is announced."""

    store: Store
    library: Library
    backend: Backend
    queue: Queue
    running: Running
    tidying: Tidying
    backend_state: BackendState | None
    _intake: Intake
    _worker: ThreadPoolExecutor

    def emit(self, event: Event) -> None:
        """Tell every listener."""
        raise NotImplementedError

    # ---- jobs

    def submit(self, draft: Draft, beside: Beside = nothing_beside) -> Future[Job]:
        """Check the draft, store its image and queue it. The future raises InvalidRequest when it is refused.

        `beside` gets the new job in the same transaction, to store what belongs to it; it gives the jobs it moved.
        """
        return self._worker.submit(self._submitted, draft, beside)

    def _submitted(self, draft: Draft, beside: Beside = nothing_beside) -> Job:
        request = self._intake.request(draft)  # it reads a picture: not on the database's thread

        def work() -> list[Job]:
            job = self.queue.add(request)
            return [job, *beside(job)]

        return self.store.run(work, self.announce_all).result()[0]

    def check(self, draft: Draft) -> None:
        """Raise InvalidRequest if `submit` would refuse the draft's values (the image's content is not read)."""
        self._intake.check(draft)

    def cancel(self, job_id: str) -> Future[Job]:
        """Stop a waiting, paused or running job; ended ones stay as they are. What it has done so far is kept."""

        def work() -> Job:
            job = self.queue.get(job_id)
            if not self.running.cancel(job) and not job.state.ended:
                return self.queue.cancel(job)
            return job

        return self.store.run(work, self.announce)

    def pause(self, job_id: str) -> Future[Job]:
        """Let a waiting job rest at once, a running one after its present step; the GPU is given back.

        For a running job the future is done, and Pausing told, before it has paused: JobChanged tells of that.
        A job that waits for its disk no longer goes on by itself.
        """

        def work() -> Job:
            job = self.queue.get(job_id)
            if not self.running.pause(job) and job.state in (JobState.QUEUED, JobState.PAUSED):
                return self.queue.pause(job)
            return job

        return self.store.run(work, self.announce)

    def resume(self, job_id: str) -> Future[Job]:
        """Let a paused, interrupted, failed or cancelled job go on from what it keeps, before all others."""

        def work() -> Job:
            job = self.queue.get(job_id)
            if not self.running.resume(job) and job.state.resumable:
                return self.queue.resume(job)
            return job

        return self.store.run(work, self.announce)

    def resume_interrupted(self) -> Future[list[Job]]:
        """Let every interrupted job go on, but none over which the program was lost again and again."""

        def work() -> list[Job]:
            lost = [job for job in self.store.jobs() if job.state is JobState.INTERRUPTED]
            fit = sorted((j for j in lost if j.attempts < MOST_TRIES), key=lambda j: -(j.started_at or 0))
            return [self.queue.resume(job, attempts=job.attempts) for job in fit]

        return self.store.run(work, self.announce_all)

    def retry(self, job_id: str) -> Future[Job]:
        """Queue an ended or paused job again from the start, with the same request; what it kept is removed."""

        goes_already = False

        def work() -> Job:
            nonlocal goes_already
            job = self.queue.get(job_id)
            goes_already = job.state in (JobState.QUEUED, JobState.RUNNING)
            return job if goes_already else self.queue.retry(job)

        def then(job: Job) -> None:
            if not goes_already:
                self.tidying.forget(job)
            self.announce(job)

        return self.store.run(work, then)

    def decode_again(self, job_id: str, plan: int | None = None) -> Future[Job]:
        """Queue a new job that makes a clip of the latents that `job_id` keeps, with memory plan number `plan`.

        None: the job's own plan. The future raises InvalidRequest when no latents are kept, and the job's own
        BadOutput when they are no picture.
        """
        return self._worker.submit(self._decoded_again, job_id, plan)

    def _decoded_again(self, job_id: str, plan: int | None) -> Job:
        job = self.store.run(lambda: self.queue.get(job_id)).result()
        if not self.library.has_latents(job):
            raise InvalidRequest(
                QT_TRANSLATE_NOOP(
                    "errors", "What this job drew is no longer kept: render it again with the same seed."
                ),
                field="job",
                action=QT_TRANSLATE_NOOP("errors", "Start again with the same seed"),
            )
        if job.error is not None and job.error.get("code") == BadOutput.code:
            raise WanError.from_json(job.error)
        self._intake.check_library(job.request)
        ident = new_id()
        self.library.lend_latents(job.id, ident)
        chosen = job.plan if plan is None else plan
        return self.store.run(lambda: self.queue.decode_again(job, ident, chosen), self.announce).result()

    def mend(self, job_id: str, way: str = "") -> Future[Job]:
        """Queue a new job that makes the clip of one that came out wrong otherwise; that one keeps all it has.

        `way` is one of those that `mending.mends` gives, "" the likeliest. The future raises InvalidRequest when it
        gives none, and whatever `submit` and `decode_again` raise.
        """

        def work() -> Job:
            job = self.store.run(lambda: self.queue.get(job_id)).result()
            found = [mend for mend in mends(job, self.backend_state) if way in ("", mend.way)]
            if not found:
                raise InvalidRequest(
                    QT_TRANSLATE_NOOP("errors", "Nothing is wrong with this job that this would mend."),
                    field="job",
                )
            if found[0].plan is not None:
                return self._decoded_again(job_id, found[0].plan)
            return self._submitted(found[0].draft(job.request))

        return self._worker.submit(work)

    def move(self, job_id: str, before: str | None) -> Future[list[Job]]:
        """Put a waiting job before another waiting one, or last; the jobs whose order changed."""
        return self.store.run(lambda: self.queue.move(job_id, before), self.announce_all)

    def remove(self, job_id: str) -> Future[None]:
        """Take a job off the list with all it keeps; a running one is refused, its clip stays in the library."""

        def work() -> Job:
            job = self.queue.get(job_id)
            if job.state is JobState.RUNNING:
                raise InvalidRequest(
                    QT_TRANSLATE_NOOP("errors", "This job is rendering: cancel it first."), field="job"
                )
            self.queue.remove(job_id)
            return job

        def forget() -> None:
            job = self.store.run(work, lambda _: self.emit(JobRemoved(job_id))).result()
            try:
                self.library.forget(job)
            except WanError as error:
                log.warning("what job %s kept stays until the next start: %s", job_id, error)

        return self._worker.submit(forget)

    def jobs(self) -> Future[list[Job]]:
        """Every job: running and waiting ones in their order, then ended ones, newest first."""
        return self.store.run(self.store.jobs)

    def settle(self, clip: Clip) -> Future[Job | None]:
        """A clip was found that has no row. The job that makes it, if it does not render just now, is done."""

        def work() -> Job | None:
            job = self.store.job(clip.job_id)
            if job is None or job.makes != clip.id or job.state in (JobState.RUNNING, JobState.DONE):
                return None
            return self.queue.finish(job)

        return self.store.run(work, lambda job: None if job is None else self.announce(job))

    def sweep(self, most_bytes: int) -> Future[None]:
        """Remove what no job needs any more, and what ended jobs keep beyond `most_bytes`.

        Neither what renders nor what is about to be decoded again is touched: none begins or makes its folder
        meanwhile. What one removal is refused keeps no other from being done.
        """

        def work() -> None:
            do_each(
                (
                    lambda: self.store.run(self.tidying.remove_orphans).result(),
                    lambda: self.tidying.bound(most_bytes),
                )
            )

        return self._worker.submit(work)

    # ---- the whole queue

    @property
    def queue_state(self) -> QueueState:
        """Whether the queue rests; stored, so that it is the same after a restart."""
        return self.running.queue_state

    def pause_queue(self, after_current: bool = False) -> Future[QueueState]:
        """Begin no further job. What renders stops after its step and waits, or with `after_current` is finished.

        The GPU is given back then.
        """

        state = QueueState(True, after_current)

        def then(_: QueueState) -> None:
            self.running.rest(state)
            if not self.running.any:
                self._worker.submit(self.backend.rest)

        return self.store.run(lambda: self.running.store_state(state), then)

    def resume_queue(self) -> Future[QueueState]:
        """Go on with the jobs that wait."""
        state = QueueState(False)
        return self.store.run(lambda: self.running.store_state(state), self.running.rest)

    # ---- telling

    def announce(self, job: Job) -> None:
        """Tell every listener of a job whose change is stored: what `Store.run` gets to do after the commit."""
        self.emit(JobChanged(job))

    def announce_all(self, jobs: list[Job]) -> None:
        """The same of several."""
        for job in jobs:
            self.announce(job)
