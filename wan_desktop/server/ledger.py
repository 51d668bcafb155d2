"""Every job and clip in memory, as the API shows them: a reply never waits for the database.

It lives on the server's event loop and follows the host's events; the store stays the truth.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.events import ClipAdded, ClipRemoved, JobChanged, JobRemoved
from wan_desktop.domain.job import JobState
from wan_desktop.server import outputs
from wan_desktop.server.records import Record, made_up
from wan_desktop.server.replies import as_json, safe_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wan_desktop.domain.events import Event
    from wan_desktop.domain.job import Clip, Job

MOST_HISTORY = 10_000
_WAITING = (JobState.QUEUED, JobState.PAUSED)


class Ledger:
    """Jobs, clips and records by id."""

    def __init__(self, jobs: Iterable[Job], clips: Iterable[Clip], records: dict[str, Record]) -> None:
        self.jobs = {job.id: job for job in jobs}
        self.records = records
        self._clips: dict[str, Clip] = {}
        self._by_stem: dict[str, Clip] = {}
        self._prompts = {record.prompt_id: job_id for job_id, record in records.items()}
        self._made_up: dict[str, Record] = {}
        self._texts: dict[str, str] = {}
        for clip in clips:
            self._add_clip(clip)

    # ---- following

    def note(self, event: Event) -> None:
        """Take in what happened."""
        match event:
            case JobChanged(job):
                self.jobs[job.id] = job
                if job.state.ended:
                    self._texts.pop(job.id, None)
                else:
                    self._remember(job.id)
                    self._entry_text(job)  # now, bit by bit, rather than a thousand at the first listing
            case JobRemoved(job_id):
                self.jobs.pop(job_id, None)
                self._made_up.pop(job_id, None)
                self._texts.pop(job_id, None)
            case ClipAdded(clip):
                self._add_clip(clip)
            case ClipRemoved(clip_id):
                self._drop_clip(clip_id)

    def _remember(self, job_id: str) -> None:
        """A job that goes on after its client deleted it from the history will be in the history again."""
        record = self.records.get(job_id)
        if record is not None and record.forgotten:
            self.records[job_id] = replace(record, forgotten=False)

    def set_record(self, job_id: str, record: Record) -> None:
        """A job's record is new, or another one."""
        self.records[job_id] = record
        self._texts.pop(job_id, None)
        self._prompts[record.prompt_id] = job_id

    def _add_clip(self, clip: Clip) -> None:
        self._clips[clip.id] = clip
        self._by_stem[PurePath(clip.path).stem] = clip

    def _drop_clip(self, clip_id: str) -> None:
        clip = self._clips.pop(clip_id, None)
        if clip is not None:
            self._by_stem.pop(PurePath(clip.path).stem, None)

    # ---- looking up

    def record(self, job: Job) -> Record:
        """What its client sent, or the template workflow with its values."""
        kept = self.records.get(job.id)
        if kept is not None:
            return kept
        if job.id not in self._made_up:
            self._made_up[job.id] = made_up(job)
        return self._made_up[job.id]

    def job_id(self, prompt_id: str) -> str:
        """The id of the job that a client calls `prompt_id`."""
        return self._prompts.get(prompt_id, prompt_id)

    def job(self, prompt_id: str) -> Job | None:
        """The job that a client calls `prompt_id`, or None."""
        return self.jobs.get(self.job_id(prompt_id))

    def clip_named(self, name: str) -> tuple[Clip, outputs.Derived | None] | None:
        """The clip behind a file's name, and what is to be made of it; None when no such file is offered."""
        path = PurePath(name)
        clip = self._by_stem.get(path.stem) if path.suffix == ".mp4" else None
        if clip is not None:
            return (clip, None) if PurePath(clip.path).name == name else None
        clip = self._by_stem.get(outputs.stem_of(name))
        job = self.jobs.get(clip.job_id) if clip else None
        record = self.records.get(clip.job_id) if clip else None
        record = self.record(job) if job else record
        wanted = outputs.derived(name, record, clip) if clip and record else None
        return (clip, wanted) if clip and wanted else None

    def running(self) -> list[Job]:
        """The jobs that render now."""
        return [job for job in self.jobs.values() if job.state is JobState.RUNNING]

    def waiting(self) -> list[Job]:
        """The jobs that wait or rest, in the order in which they will run."""
        found = [job for job in self.jobs.values() if job.state in _WAITING]
        return sorted(found, key=lambda job: (job.order, job.created_at))

    def remaining(self) -> int:
        """How many run and wait."""
        return sum(not job.state.ended for job in self.jobs.values())

    # ---- as ComfyUI shows them

    def queue(self) -> str:
        """The body of GET /queue, JSON. Numbers rise with the order of the queue, since clients sort by them."""
        pending, last = [], -float("inf")
        for job in self.waiting():
            last = max(self.number(job), last)
            pending.append(f"[{as_json(last)},{self._entry_text(job)}]")
        running = [f"[{as_json(self.number(job))},{self._entry_text(job)}]" for job in self.running()]
        return f'{{"queue_running":[{",".join(running)}],"queue_pending":[{",".join(pending)}]}}'

    def _entry_text(self, job: Job) -> str:
        """All of a job's entry but its number; kept, since a thousand of them are asked for again and again."""
        if job.id not in self._texts:
            self._texts[job.id] = as_json(self.entry(job)[1:])[1:-1]
        return self._texts[job.id]

    def number(self, job: Job) -> float:
        """The job's number; 0 for one that came by another way."""
        number = self.record(job).number
        return 0 if number is None else number

    def entry(self, job: Job) -> list[Any]:
        """A job in the queue or in the history: number, prompt id, prompt, extra data, output nodes."""
        record = self.record(job)
        return [self.number(job), record.prompt_id, record.graph, record.extra_data, record.outputs]

    def ended(self) -> list[Job]:
        """The jobs of the history, oldest first."""
        found = [job for job in self.jobs.values() if job.state.ended and not self.record(job).forgotten]
        return sorted(found, key=lambda job: job.finished_at or job.created_at)[-MOST_HISTORY:]

    def history(self, most: int | None, offset: int) -> dict[str, Any]:
        """The body of GET /history: `most` entries from `offset` on; a negative offset means the newest."""
        found = self.ended()
        if offset < 0:
            found = found[-most:] if most else found
        else:
            found = found[offset : offset + most if most is not None else None]
        return {self.record(job).prompt_id: self.history_entry(job) for job in found}

    def history_entry(self, job: Job) -> dict[str, Any]:
        """An ended job as the history shows it."""
        record = self.record(job)
        files = self.files(job)
        return {
            "prompt": self.entry(job),
            "outputs": files,
            "status": _status(job, record),
            "meta": {node: _meta(node) for node in files},
        }

    def files(self, job: Job) -> dict[str, Any]:
        """The `outputs` of a finished job; nothing when its clip is gone."""
        clip = self._clips.get(job.clip_id or "")
        return outputs.outputs_of(self.record(job), clip) if clip and job.state is JobState.DONE else {}

    def lost_entry(self, job_id: str, record: Record) -> dict[str, Any]:
        """The history of a job that was taken off the list: its clip when there is one, else that it has ended."""
        clip = next((clip for clip in self._clips.values() if clip.job_id == job_id), None)
        prompt = [record.number or 0, record.prompt_id, record.graph, record.extra_data, record.outputs]
        files = outputs.outputs_of(record, clip) if clip else {}
        last = _message("execution_success" if clip else "execution_interrupted", record.prompt_id, 0)
        if not clip:
            last[1] |= _where(record)
        status = {
            "status_str": "success" if clip else "error",
            "completed": clip is not None,
            "messages": [_message("execution_start", record.prompt_id, 0), last],
        }
        return {
            "prompt": prompt,
            "outputs": files,
            "status": status,
            "meta": {node: _meta(node) for node in files},
        }


def forget(record: Record) -> Record:
    """The record of a job that its client deleted from the history."""
    return replace(record, forgotten=True)


def error_message(job: Job, record: Record) -> dict[str, Any]:
    """What is told of a failed job: the sentence, never a traceback or a path."""
    error = WanError.from_json(job.error or {})
    sentence = safe_sentence(error)
    return {
        "prompt_id": record.prompt_id,
        **_where(record),
        "exception_message": f"{sentence} {error.action}".strip() + "\n",
        "exception_type": error.code,
        "traceback": [],
        "current_inputs": {},
        "current_outputs": list(record.order),
        "timestamp": _milliseconds(job.finished_at),
    }


def _status(job: Job, record: Record) -> dict[str, Any]:
    done = job.state is JobState.DONE
    messages = [
        _message("execution_start", record.prompt_id, job.started_at or job.created_at),
        _message("execution_cached", record.prompt_id, job.started_at or job.created_at, nodes=[]),
    ]
    if done:
        messages.append(_message("execution_success", record.prompt_id, job.finished_at))
    elif job.state is JobState.FAILED:
        messages.append(["execution_error", error_message(job, record)])
    else:
        ended = _message("execution_interrupted", record.prompt_id, job.finished_at or job.created_at)
        ended[1] |= _where(record)
        messages.append(ended)
    return {"status_str": "success" if done else "error", "completed": done, "messages": messages}


def _message(kind: str, prompt_id: str, when: float | None, **more: Any) -> list[Any]:
    return [kind, {**more, "prompt_id": prompt_id, "timestamp": _milliseconds(when)}]


def _where(record: Record) -> dict[str, Any]:
    kind = record.graph.get(record.sampler, {}).get("class_type", "KSampler")
    return {"node_id": record.sampler, "node_type": kind, "executed": []}


def _meta(node: str) -> dict[str, Any]:
    return {"node_id": node, "display_node": node, "parent_node": None, "real_node_id": node}


def _milliseconds(seconds: float | None) -> int:
    return round((seconds or 0) * 1000)
