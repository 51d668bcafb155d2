"""The queue: jobs in their order, every change stored before it is announced.

All methods run on the store's thread (inside `Store.run`), so that there is one writer and no lock.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest
from wan_desktop.domain.ids import new_id
from wan_desktop.domain.job import Job, JobState

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.errors import WanError
    from wan_desktop.domain.request import RenderRequest
    from wan_desktop.jobs.ports import Store


class Queue:
    """What waits, runs and has ended."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, request: RenderRequest) -> Job:
        """Store a new waiting job behind all others."""
        now = time.time()
        job = Job(new_id(), request, JobState.QUEUED, self._last_order() + 1.0, now)
        return self._put(job)

    def get(self, job_id: str) -> Job:
        """The job of that id. Raises InvalidRequest when there is none."""
        job = self._store.job(job_id)
        if job is None:
            raise InvalidRequest(
                QT_TRANSLATE_NOOP("errors", "There is no job “{job}” in the queue."), field="job", job=job_id
            )
        return job

    def lease(self, skip: frozenset[str], fits: Callable[[Job], bool]) -> Job | None:
        """Mark the first waiting job that `fits` and is not in `skip` as running; None when there is none."""
        for job in self._store.waiting():
            if job.id not in skip and fits(job):
                now = time.time()
                begun = replace(job, state=JobState.RUNNING, started_at=now, error=None, clip_id=job.makes)
                return self._put(begun)
        return None

    def keep(self, job: Job) -> Job:
        """Store how far a running job is."""
        return self._put(job)

    def finish(self, job: Job) -> Job:
        """The job is done and its clip is in the library; its snapshot is not needed any more."""
        return self._end(replace(job, clip_id=job.makes, kept_step=0, kept_steps=0), JobState.DONE)

    def fail(self, job: Job, error: dict[str, Any]) -> Job:
        """The job failed; `error` is WanError.to_json(), it may hold the last lines of the render's "log" too."""
        return self._end(job, JobState.FAILED, error)

    def cancel(self, job: Job) -> Job:
        """The job was stopped by the user."""
        return self._end(job, JobState.CANCELLED)

    def interrupt(self, job: Job) -> Job:
        """The program ends in the middle of the job."""
        return self._end(job, JobState.INTERRUPTED)

    def pause(self, job: Job, error: WanError | None = None) -> Job:
        """The job rests until the user says so, or until what `error` tells is over."""
        told = None if error is None else error.to_json()
        return self._put(replace(job, state=JobState.PAUSED, error=told))

    def put_back(self, job: Job) -> Job:
        """The job waits again at its old place."""
        return self._put(replace(job, state=JobState.QUEUED, error=None))

    def resume(self, job: Job, *, attempts: int = 0) -> Job:
        """The job goes on from what it keeps, before all others."""
        order = min((j.order for j in self._store.waiting()), default=1.0) - 1.0
        changed = replace(job, order=order, attempts=attempts, finished_at=None)
        return self.put_back(changed)

    def retry(self, job: Job) -> Job:
        """Queue the job again, behind all others, with the same request and nothing of what it kept: another clip."""
        again = Job(job.id, job.request, JobState.QUEUED, self._last_order() + 1.0, job.created_at)
        return self._put(replace(again, clip_id=new_id()))

    def decode_again(self, job: Job, ident: str, plan: int) -> Job:
        """Queue a new job, before all others, that decodes the latents of `job`, which `ident` has already."""
        new = Job(
            ident,
            job.request,
            JobState.QUEUED,
            order=0.0,
            created_at=time.time(),
            plan=plan,
            kept_latents=True,
            latents_of=job.id,
        )
        return self.resume(new)

    def move(self, job_id: str, before: str | None) -> list[Job]:
        """Put a waiting job before the waiting job `before`, or last when None; the jobs whose order changed."""
        moved = self.get(job_id)
        line = self._store.waiting()
        if moved.state is not JobState.QUEUED or before == job_id:
            return []
        rest = [job for job in line if job.id != job_id]
        index = next((i for i, job in enumerate(rest) if job.id == before), len(rest))
        wanted = [*rest[:index], moved, *rest[index:]]
        places = [(job, old.order) for job, old in zip(wanted, line, strict=True)]
        return [self._put(replace(job, order=order)) for job, order in places if job.order != order]

    def remove(self, job_id: str) -> None:
        """Forget an ended or waiting job; its clip stays."""
        self._store.remove_job(job_id)

    def _last_order(self) -> float:
        return max((j.order for j in self._store.waiting()), default=0.0)

    def _end(self, job: Job, state: JobState, error: dict[str, Any] | None = None) -> Job:
        return self._put(replace(job, state=state, finished_at=time.time(), error=error))

    def _put(self, job: Job) -> Job:
        self._store.put_job(job)
        return job
