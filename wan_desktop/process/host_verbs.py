"""The host's verbs as clients ask for them: the values of a request to a call, the result to plain data."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.events import QueueState
from wan_desktop.domain.events_json import clip_to_json, job_to_json
from wan_desktop.domain.job import Job

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from wan_desktop.jobs.host import Host


def _decode_again(host: Host, request: dict[str, Any]) -> Future[Job]:
    plan = request.get("plan")
    return host.decode_again(str(request["job_id"]), None if plan is None else int(plan))


VERBS: dict[str, Callable[[Host, dict[str, Any]], Future[Any]]] = {
    "cancel": lambda host, request: host.cancel(str(request["job_id"])),
    "pause": lambda host, request: host.pause(str(request["job_id"])),
    "resume": lambda host, request: host.resume(str(request["job_id"])),
    "retry": lambda host, request: host.retry(str(request["job_id"])),
    "decode_again": _decode_again,
    "mend": lambda host, request: host.mend(str(request["job_id"]), str(request.get("way", ""))),
    "remove": lambda host, request: host.remove(str(request["job_id"])),
    "pause_queue": lambda host, request: host.pause_queue(bool(request.get("after_current"))),
    "resume_queue": lambda host, request: host.resume_queue(),
    "jobs": lambda host, request: host.jobs(),
    "clips": lambda host, request: host.clips(deleted=bool(request.get("deleted"))),
}
"""What needs nothing of the conversation itself. Each raises KeyError, TypeError or ValueError for a bad request."""


def encode(value: Any) -> Any:
    """What a verb's future gave: a job, jobs, clips, how the queue is, or nothing."""
    match value:
        case None:
            return None
        case list():
            return [encode(each) for each in value]
        case Job():
            return job_to_json(value)
        case QueueState():
            return asdict(value)
        case _:
            return clip_to_json(value)
