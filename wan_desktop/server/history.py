"""Jobs that have ended, as ComfyUI shows them. Everything is made of the store's rows when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.job import JobState
from wan_desktop.server import outputs, records
from wan_desktop.server.replies import as_json, safe_sentence

if TYPE_CHECKING:
    from wan_desktop.domain.job import Job
    from wan_desktop.jobs.ports import Store
    from wan_desktop.server.outputs import ClipFile
    from wan_desktop.server.records import Record

Found = tuple["Job | None", "Record | None"]
"""What the store has of a job; the record may be there when the job is not any more."""


def find(store: Store, job_id: str) -> Found:
    """Inside `Store.run`: what is kept of that job."""
    job, record = store.job(job_id), records.find(store, job_id)
    return job, record or (records.made_up(job) if job is not None else None)


def as_text(found: Found, clip: ClipFile | None) -> str:
    """One entry of the history, JSON with its prompt id before it; "" when nothing is to be shown."""
    job, record = found
    if record is None or record.forgotten or (job is not None and not job.state.ended):
        return ""
    shown = lost(record, clip) if job is None else ended(job, record, clip)
    return f"{as_json(record.prompt_id)}:{as_json(shown)}"


def entry(record: Record) -> list[Any]:
    """A job in the queue or in the history: number, prompt id, prompt, extra data, output nodes."""
    return [record.number or 0, record.prompt_id, record.graph, record.extra_data, record.outputs]


def files(job: Job, record: Record, clip: ClipFile | None) -> dict[str, Any]:
    """The `outputs` of a finished job; nothing when its clip is gone."""
    return outputs.outputs_of(record, clip) if clip and job.state is JobState.DONE else {}


def ended(job: Job, record: Record, clip: ClipFile | None) -> dict[str, Any]:
    """An ended job."""
    return _entry(record, files(job, record, clip), _status(job, record))


def lost(record: Record, clip: ClipFile | None) -> dict[str, Any]:
    """A job that was taken off the list: its clip when there is one, else that it has ended."""
    last = _message("execution_success" if clip else "execution_interrupted", record.prompt_id, 0)
    if not clip:
        last[1] |= _where(record)
    status = {
        "status_str": "success" if clip else "error",
        "completed": clip is not None,
        "messages": [_message("execution_start", record.prompt_id, 0), last],
    }
    return _entry(record, outputs.outputs_of(record, clip) if clip else {}, status)


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


def _entry(record: Record, made: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    meta = {node: _meta(node) for node in made}
    return {"prompt": entry(record), "outputs": made, "status": status, "meta": meta}


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
        stopped = _message("execution_interrupted", record.prompt_id, job.finished_at or job.created_at)
        stopped[1] |= _where(record)
        messages.append(stopped)
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
