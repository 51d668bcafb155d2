"""The newer /api/jobs: every job whatever its state, one job, and cancelling one."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import InvalidRequest
from wan_desktop.domain.job import JobState
from wan_desktop.server import history
from wan_desktop.server.replies import ok

if TYPE_CHECKING:
    from aiohttp import web

    from wan_desktop.domain.job import Job
    from wan_desktop.server.desk import Desk
    from wan_desktop.server.ledger import Listed
    from wan_desktop.server.records import Record

_STATUSES = {
    JobState.QUEUED: "pending",
    JobState.PAUSED: "pending",
    JobState.RUNNING: "in_progress",
    JobState.DONE: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
    JobState.INTERRUPTED: "cancelled",
}
_SORTS = ("created_at", "execution_duration")
_MOST_LISTED = 1000


class JobRoutes:
    """Lists jobs and stops one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def jobs(self, request: web.Request) -> web.Response:
        """GET /api/jobs?status=a,b&sort_by=X&sort_order=asc&limit=N&offset=M: every job, newest first."""
        try:
            asked = _asked(request)
        except ValueError as error:
            return ok({"error": str(error)}, 400)
        found = [listed for listed in self._desk.ledger.all() if asked.wants(listed)]
        found.sort(key=asked.key, reverse=asked.newest)
        shown = found[asked.offset : asked.offset + asked.limit]
        page: list[dict[str, Any]] = []
        async for part in self._desk.read([each.job_id for each in shown]):
            page += [self._job(each, *part[each.job_id]) for each in shown[len(page) : len(page) + len(part)]]
        more = asked.offset + len(shown) < len(found)
        pages = {"offset": asked.offset, "limit": asked.limit, "total": len(found), "has_more": more}
        return ok({"jobs": page, "pagination": pages})

    async def job(self, request: web.Request) -> web.Response:
        """GET /api/jobs/{id}: one job with its workflow, outputs and status."""
        listed = self._desk.ledger.find(request.match_info["prompt_id"])
        async for part in self._desk.read([] if listed is None else [listed.job_id]):
            ((job_id, (job, record)),) = part.items()
            if listed is None or job is None or record is None:
                break
            ended = history.ended(job, record, self._desk.ledger.clip_of(job_id)) if job.state.ended else {}
            details = {
                "workflow": {"prompt": record.graph, "extra_data": record.extra_data},
                "outputs": ended.get("outputs", {}),
                "execution_status": ended.get("status"),
            }
            return ok(self._job(listed, job, record) | details)
        return ok({"error": "Job not found"}, 404)

    async def cancel_job(self, request: web.Request) -> web.Response:
        """POST /api/jobs/{id}/cancel: a job that waits or runs."""
        listed = self._desk.ledger.find(request.match_info["prompt_id"])
        if listed is None:
            return ok({"error": "Job not found"}, 404)
        going = not listed.state.ended
        if going:
            with contextlib.suppress(InvalidRequest):  # somebody else took it off the list meanwhile
                await self._desk.wait(self._desk.host.cancel(listed.job_id))
            await self._desk.teller.caught_up()
        return ok({"cancelled": going})

    def _job(self, listed: Listed, job: Job | None, record: Record | None) -> dict[str, Any]:
        files: dict[str, Any] = {}
        failed: dict[str, Any] | None = None
        if job is not None and record is not None:
            files = history.files(job, record, self._desk.ledger.clip_of(listed.job_id))
            failed = history.error_message(job, record) if job.state is JobState.FAILED else None
        shown = [(node, file) for node, output in files.items() for file in output["images"]]
        return {
            "id": listed.prompt_id,
            "status": _STATUSES[listed.state],
            "priority": listed.number,
            "create_time": round(listed.created_at * 1000),
            "error_message": failed["exception_message"] if failed else None,
            "execution_error": failed,
            "execution_start_time": _milliseconds(listed.started_at),
            "execution_end_time": _milliseconds(listed.finished_at),
            "outputs_count": len(shown),
            "preview_output": {**shown[0][1], "nodeId": shown[0][0], "mediaType": "images"}
            if shown
            else None,
            "workflow_id": listed.workflow_id,
        }


@dataclass(frozen=True, slots=True)
class _Asked:
    """Which jobs are asked for, in which order."""

    statuses: frozenset[str]
    workflow_id: str | None
    sort_by: str
    newest: bool
    limit: int
    offset: int

    def wants(self, listed: Listed) -> bool:
        """True when the job is among those asked for."""
        if self.statuses and _STATUSES[listed.state] not in self.statuses:
            return False
        return self.workflow_id is None or listed.workflow_id == self.workflow_id

    def key(self, listed: Listed) -> float:
        """What they are sorted by."""
        return listed.seconds if self.sort_by == "execution_duration" else listed.created_at


def _asked(request: web.Request) -> _Asked:
    """What the query says. Raises ValueError, with ComfyUI's own words."""
    query = request.query
    statuses = [each.strip().lower() for each in query.get("status", "").split(",") if each.strip()]
    known = list(dict.fromkeys(_STATUSES.values()))
    if wrong := [status for status in statuses if status not in known]:
        raise ValueError(
            f"Invalid status value(s): {', '.join(wrong)[:200]}. Valid values: {', '.join(known)}"
        )
    sort_by, order = query.get("sort_by", "created_at").lower(), query.get("sort_order", "desc").lower()
    if sort_by not in _SORTS:
        raise ValueError("sort_by must be 'created_at' or 'execution_duration'")
    if order not in ("asc", "desc"):
        raise ValueError("sort_order must be 'asc' or 'desc'")
    limit = _whole(query.get("limit"), "limit", _MOST_LISTED)
    if limit <= 0:
        raise ValueError("limit must be a positive integer")
    offset = max(_whole(query.get("offset"), "offset", 0), 0)
    return _Asked(
        frozenset(statuses),
        query.get("workflow_id"),
        sort_by,
        order == "desc",
        min(limit, _MOST_LISTED),
        offset,
    )


def _whole(text: str | None, name: str, default: int) -> int:
    try:
        return default if text is None else int(text)
    except ValueError as error:
        raise ValueError(f"{name} must be an integer") from error


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
