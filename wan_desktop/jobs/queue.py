"""The queue: jobs in their order, every change stored before it is announced.

All methods run on the store's thread (inside `Store.run`), so that there is one writer and no lock.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, InvalidRequest, WanError
from wan_desktop.domain.ids import new_id
from wan_desktop.domain.job import Job, JobState

if TYPE_CHECKING:
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

    def lease(self, skip: frozenset[str]) -> Job | None:
        """Mark the first waiting job that is not in `skip` as running and return it; None when there is none."""
        for job in self._store.waiting():
            if job.id not in skip:
                return self._put(replace(job, state=JobState.RUNNING, started_at=time.time(), error=None))
        return None

    def finish(self, job: Job, clip_id: str, notes: tuple[str, ...]) -> Job:
        """The job is done and its clip is in the library."""
        return self._end(job, JobState.DONE, clip_id=clip_id, notes=notes)

    def fail(self, job: Job, error: WanError) -> Job:
        """The job failed with `error`."""
        return self._end(job, JobState.FAILED, error=error.to_json())

    def cancel(self, job: Job) -> Job:
        """The job was stopped by the user."""
        return self._end(job, JobState.CANCELLED)

    def retry(self, job_id: str) -> Job:
        """Queue an ended job again, behind all others, with the same request."""
        job = self.get(job_id)
        if not job.state.ended:
            return job
        again = replace(
            job,
            state=JobState.QUEUED,
            order=self._last_order() + 1.0,
            started_at=None,
            finished_at=None,
            error=None,
            clip_id=None,
            notes=(),
        )
        return self._put(again)

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

    def _end(
        self,
        job: Job,
        state: JobState,
        *,
        clip_id: str | None = None,
        notes: tuple[str, ...] = (),
        error: dict[str, object] | None = None,
    ) -> Job:
        ended = replace(
            job, state=state, finished_at=time.time(), clip_id=clip_id, notes=notes or job.notes, error=error
        )
        return self._put(ended)

    def _put(self, job: Job) -> Job:
        self._store.put_job(job)
        return job
