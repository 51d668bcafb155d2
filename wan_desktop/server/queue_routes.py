"""What waits, runs and has ended: /queue, /interrupt, /history and the newer /api/jobs."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from aiohttp import web

from wan_desktop.domain.errors import InvalidRequest
from wan_desktop.domain.job import JobState
from wan_desktop.server import records
from wan_desktop.server.ledger import forget
from wan_desktop.server.replies import empty, failure, ok, ok_text, read_object

if TYPE_CHECKING:
    from wan_desktop.domain.job import Job
    from wan_desktop.server.desk import Desk

_STATUSES = {
    JobState.QUEUED: "pending",
    JobState.PAUSED: "pending",
    JobState.RUNNING: "in_progress",
    JobState.DONE: "completed",
    JobState.FAILED: "failed",
    JobState.CANCELLED: "cancelled",
    JobState.INTERRUPTED: "cancelled",
}
_MOST_LISTED = 1000


class QueueRoutes:
    """Looks at jobs and stops them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    # ---- /queue

    async def queue(self, _: web.Request) -> web.Response:
        """GET /queue."""
        return ok_text(self._desk.ledger.queue())

    async def change_queue(self, request: web.Request) -> web.Response:
        """POST /queue: {"clear": true} or {"delete": [ids]}; jobs that run are left alone."""
        body = await _body(request, self._desk)
        waiting = [job.id for job in self._desk.ledger.waiting()]
        asked = {self._desk.ledger.job_id(ident) for ident in _ids(body)}
        await self._cancel_waiting([ident for ident in waiting if body.get("clear") or ident in asked])
        return empty()

    async def interrupt(self, request: web.Request) -> web.Response:
        """POST /interrupt: whatever runs, or only {"prompt_id": id} if it runs."""
        body = await read_object(request, self._desk.settings.limits)
        running = self._desk.ledger.running()
        if body.get("prompt_id"):
            wanted = self._desk.ledger.job_id(str(body["prompt_id"]))
            running = [job for job in running if job.id == wanted]
        await self._cancel(running)
        return empty()

    async def _cancel_waiting(self, ids: list[str]) -> None:
        """Cancel those that still wait, all in one transaction: a thousand of them must not take a thousand."""
        host = self._desk.host

        def work() -> list[Job]:
            found = [job for ident in ids if (job := host.store.job(ident)) is not None]
            return [
                host.queue.cancel(job) for job in found if job.state in (JobState.QUEUED, JobState.PAUSED)
            ]

        for job in await self._desk.wait(host.store.run(work)) if ids else ():
            host.announce(job)
        await self._desk.caught_up()

    async def _cancel(self, jobs: list[Job]) -> None:
        asked = [self._desk.host.cancel(job.id) for job in jobs]
        for each in asked:
            with contextlib.suppress(InvalidRequest):  # somebody else took it off the list meanwhile
                await self._desk.wait(each)
        await self._desk.caught_up()

    # ---- /history

    async def history(self, request: web.Request) -> web.Response:
        """GET /history?max_items=N&offset=M."""
        most, offset = _whole(request, "max_items"), _whole(request, "offset")
        return ok(self._desk.ledger.history(most, -1 if offset is None else offset))

    async def history_of(self, request: web.Request) -> web.Response:
        """GET /history/{prompt_id}: {} while it waits or runs, and for an id that was never given."""
        prompt_id = request.match_info["prompt_id"]
        job = self._desk.ledger.job(prompt_id)
        if job is None:
            return ok(await self._lost(prompt_id))
        record = self._desk.ledger.record(job)
        shown = job.state.ended and not record.forgotten
        return ok({record.prompt_id: self._desk.ledger.history_entry(job)} if shown else {})

    async def _lost(self, prompt_id: str) -> dict[str, Any]:
        """A job that was taken off the list has ended all the same: nobody waits for it for ever."""
        store = self._desk.host.store

        def find() -> tuple[str, records.Record | None]:
            job_id = records.job_of(store, prompt_id)
            return job_id, records.find(store, job_id)

        job_id, record = await self._desk.wait(store.run(find))
        if record is None or record.forgotten:
            return {}
        return {prompt_id: self._desk.ledger.lost_entry(job_id, record)}

    async def change_history(self, request: web.Request) -> web.Response:
        """POST /history: {"clear": true} or {"delete": [ids]}; clips and the window's list stay."""
        body = await _body(request, self._desk)
        ledger = self._desk.ledger
        ended = {job.id: job for job in ledger.ended()}
        ids = [ledger.job_id(ident) for ident in _ids(body)]
        gone = ended.values() if body.get("clear") else [ended[i] for i in ids if i in ended]
        await self._desk.keep_records({job.id: forget(ledger.record(job)) for job in gone})
        return empty()

    # ---- /api/jobs

    async def jobs(self, request: web.Request) -> web.Response:
        """GET /api/jobs?status=a,b&limit=N&offset=M&sort_order=asc: every job, newest first."""
        ledger = self._desk.ledger
        wanted = {each.strip() for each in request.query.get("status", "").split(",") if each.strip()}
        if wanted - set(_STATUSES.values()):
            return failure(400, "invalid_status", "There is no such status.", ", ".join(sorted(wanted)))
        newest = request.query.get("sort_order", "desc") != "asc"
        found = [job for job in ledger.jobs.values() if not ledger.record(job).forgotten]
        found = [job for job in found if not wanted or _STATUSES[job.state] in wanted]
        found.sort(key=lambda job: job.created_at, reverse=newest)
        limit = min(_whole(request, "limit") or _MOST_LISTED, _MOST_LISTED)
        offset = max(_whole(request, "offset") or 0, 0)
        page = [self._job(job) for job in found[offset : offset + limit]]
        more = offset + len(page) < len(found)
        pages = {"offset": offset, "limit": limit, "total": len(found), "has_more": more}
        return ok({"jobs": page, "pagination": pages})

    async def job(self, request: web.Request) -> web.Response:
        """GET /api/jobs/{id}."""
        job = self._desk.ledger.job(request.match_info["prompt_id"])
        if job is None:
            return ok({"error": "Job not found"}, 404)
        record = self._desk.ledger.record(job)
        details = {
            "workflow": {"prompt": record.graph, "extra_data": record.extra_data},
            "outputs": self._desk.ledger.files(job),
        }
        return ok(self._job(job) | details)

    async def cancel_job(self, request: web.Request) -> web.Response:
        """POST /api/jobs/{id}/cancel: a job that waits or runs."""
        job = self._desk.ledger.job(request.match_info["prompt_id"])
        if job is None:
            return ok({"error": "Job not found"}, 404)
        going = not job.state.ended
        if going:
            await self._cancel([job])
        return ok({"cancelled": going})

    def _job(self, job: Job) -> dict[str, Any]:
        record, files = self._desk.ledger.record(job), self._desk.ledger.files(job)
        listed = [file for output in files.values() for file in output["images"]]
        return {
            "id": record.prompt_id,
            "status": _STATUSES[job.state],
            "priority": self._desk.ledger.number(job),
            "create_time": round(job.created_at * 1000),
            "execution_start_time": _milliseconds(job.started_at),
            "execution_end_time": _milliseconds(job.finished_at),
            "outputs_count": len(listed),
            "preview_output": listed[0] if listed else None,
        }


async def _body(request: web.Request, desk: Desk) -> dict[str, Any]:
    if not request.can_read_body:
        raise web.HTTPBadRequest(text="The body is no JSON object.")
    return await read_object(request, desk.settings.limits)


def _ids(body: dict[str, Any]) -> list[str]:
    listed = body.get("delete")
    return [ident for ident in listed if isinstance(ident, str)] if isinstance(listed, list) else []


def _whole(request: web.Request, name: str) -> int | None:
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"{name} is no whole number.") from error


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
