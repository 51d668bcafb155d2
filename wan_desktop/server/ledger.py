"""Every job and clip in brief, in memory: a reply about the queue never waits for the database.

It lives on the server's event loop and follows the host's events; the store stays the truth. Of a job that has ended
only a few numbers are kept, of one that waits or runs also the text of its entry in the queue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from wan_desktop.domain.job import JobState
from wan_desktop.server.history import entry
from wan_desktop.server.outputs import ClipFile, stem_of
from wan_desktop.server.replies import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wan_desktop.domain.job import Clip, Job
    from wan_desktop.server.records import Record

MOST_HISTORY = 10_000
"""Ended jobs that are listed; older ones are still found by their ids."""
_WAITING = (JobState.QUEUED, JobState.PAUSED)


@dataclass(frozen=True, slots=True)
class Listed:
    """A job in brief. `prompt_id` is what its client calls it; `number` 0 when it came by another way."""

    job_id: str
    prompt_id: str
    number: float
    forgotten: bool
    state: JobState
    order: float
    created_at: float
    started_at: float | None
    finished_at: float | None
    clip_id: str | None
    workflow_id: str | None

    @property
    def seconds(self) -> float:
        """How long it rendered; 0 while that is not known."""
        return max((self.finished_at or 0) - self.started_at, 0.0) if self.started_at else 0.0


def listed(job: Job, record: Record) -> Listed:
    """The job in brief."""
    return Listed(
        job_id=job.id,
        prompt_id=record.prompt_id,
        number=record.number or 0,
        forgotten=record.forgotten,
        state=job.state,
        order=job.order,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        clip_id=job.clip_id,
        workflow_id=record.workflow_id,
    )


class Ledger:
    """Jobs and clips by id."""

    def __init__(self, clips: Iterable[Clip] = ()) -> None:
        self._live: dict[str, Listed] = {}
        self._ended: dict[str, Listed] = {}  # in the order in which they ended
        self._texts: dict[str, str] = {}
        self._prompts: dict[str, str] = {}
        self._clips: dict[str, ClipFile] = {}
        self._by_stem: dict[str, ClipFile] = {}
        self._by_job: dict[str, ClipFile] = {}
        self.bytes_waiting = 0
        for clip in clips:
            self.add_clip(clip)

    # ---- following

    def put(self, job: Job, record: Record) -> None:
        """A job is new, or goes on again after it had ended, or its record is another one."""
        self._put(listed(job, record))
        if not job.state.ended:
            self._drop_text(job.id)
            self._texts[job.id] = as_json(entry(record)[1:])[1:-1]
            self.bytes_waiting += len(self._texts[job.id])

    def change(self, job: Job) -> None:
        """A known job is further."""
        self._put(
            replace(
                self._at(job.id),
                state=job.state,
                order=job.order,
                started_at=job.started_at,
                finished_at=job.finished_at,
                clip_id=job.clip_id,
            )
        )

    def mark_forgotten(self, job_ids: Iterable[str]) -> None:
        """The client deleted these from its history."""
        for found in [self._ended[job_id] for job_id in job_ids if job_id in self._ended]:
            self._ended[found.job_id] = replace(found, forgotten=True)

    def remove(self, job_id: str) -> None:
        """The job was taken off the list."""
        found = self._live.pop(job_id, None) or self._ended.pop(job_id, None)
        if found is not None:
            self._prompts.pop(found.prompt_id, None)
            self._drop_text(job_id)

    def _put(self, found: Listed) -> None:
        self._live.pop(found.job_id, None)
        if found.prompt_id != found.job_id:
            self._prompts[found.prompt_id] = found.job_id
        if not found.state.ended:
            self._ended.pop(found.job_id, None)
            self._live[found.job_id] = found
            return
        self._drop_text(found.job_id)
        self._ended[found.job_id] = found
        if len(self._ended) > MOST_HISTORY:
            self.remove(next(iter(self._ended)))

    def _drop_text(self, job_id: str) -> None:
        self.bytes_waiting -= len(self._texts.pop(job_id, ""))

    def add_clip(self, clip: Clip) -> None:
        """A clip is in the library."""
        found = ClipFile(clip.id, clip.job_id, clip.path, int(clip.request["num_frames"]))
        self._clips[clip.id] = self._by_stem[PurePath(clip.path).stem] = self._by_job[clip.job_id] = found

    def drop_clip(self, clip_id: str) -> None:
        """A clip has left the library."""
        clip = self._clips.pop(clip_id, None)
        if clip is not None:
            self._by_stem.pop(PurePath(clip.path).stem, None)
            self._by_job.pop(clip.job_id, None)

    # ---- looking up

    def _at(self, job_id: str) -> Listed:
        return self._live[job_id] if job_id in self._live else self._ended[job_id]

    def __contains__(self, job_id: str) -> bool:
        return job_id in self._live or job_id in self._ended

    def find(self, prompt_id: str) -> Listed | None:
        """The job that a client calls `prompt_id`, or None."""
        job_id = self.job_id(prompt_id)
        return self._at(job_id) if job_id in self else None

    def find_id(self, job_id: str) -> Listed | None:
        """The job of that id, or None."""
        return self._at(job_id) if job_id in self else None

    def job_id(self, prompt_id: str) -> str:
        """The id of the job that a client calls `prompt_id`."""
        return self._prompts.get(prompt_id, prompt_id)

    def clip_of(self, job_id: str) -> ClipFile | None:
        """The clip of the job of that id, if it is in the library; the job may be gone."""
        found = self.find_id(job_id)
        clip = self._clips.get(found.clip_id or "") if found is not None else None
        return clip or self._by_job.get(job_id)

    def clip_named(self, name: str) -> ClipFile | None:
        """The clip that the file `name` is, or is made of; None when there is no such clip."""
        path = PurePath(name)
        if path.suffix == ".mp4":
            clip = self._by_stem.get(path.stem)
            return clip if clip is not None and PurePath(clip.path).name == name else None
        return self._by_stem.get(stem_of(name))

    def running(self) -> list[Listed]:
        """The jobs that render now."""
        return [found for found in self._live.values() if found.state is JobState.RUNNING]

    def waiting(self) -> list[Listed]:
        """The jobs that wait or rest, in the order in which they will run."""
        found = [found for found in self._live.values() if found.state in _WAITING]
        return sorted(found, key=lambda found: (found.order, found.created_at))

    def remaining(self) -> int:
        """How many run and wait."""
        return len(self._live)

    def all(self) -> list[Listed]:
        """Every job but those that their clients deleted from the history."""
        return [*self._live.values(), *self.ended()]

    def ended(self) -> list[Listed]:
        """The jobs of the history, oldest first."""
        return [found for found in self._ended.values() if not found.forgotten]

    def history(self, most: int | None, offset: int) -> list[Listed]:
        """`most` jobs of the history from `offset` on; a negative offset means the newest."""
        found = self.ended()
        if most is None:
            return found[max(offset, 0) :]
        start = max(len(found) - most, 0) if offset < 0 else offset
        return found[start : start + max(most, 0)]

    # ---- as ComfyUI shows them

    def queue(self) -> str:
        """The body of GET /queue, JSON. Numbers rise with the order of the queue, since clients sort by them."""
        pending, last = [], -float("inf")
        for found in self.waiting():
            last = max(found.number, last)
            pending.append(f"[{as_json(last)},{self._texts[found.job_id]}]")
        running = [f"[{as_json(found.number)},{self._texts[found.job_id]}]" for found in self.running()]
        return f'{{"queue_running":[{",".join(running)}],"queue_pending":[{",".join(pending)}]}}'
