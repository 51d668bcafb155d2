"""What waits, runs and has ended: /queue, /interrupt, /history."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from aiohttp import web

from wan_desktop.domain.errors import InvalidRequest
from wan_desktop.domain.job import JobState
from wan_desktop.server import records
from wan_desktop.server.history import as_text, find
from wan_desktop.server.replies import NotJson, empty, ok, ok_text, read_object

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from wan_desktop.domain.job import Job
    from wan_desktop.server.desk import Desk
    from wan_desktop.server.history import Found

_SENT_WHOLE = 64
"""Jobs; a longer history is sent while it is read."""
_BREATH_SECONDS = 0.001
"""Between two pieces of a long history: on a busy computer who never rests waits longest for the next turn."""


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
        waiting = [found.job_id for found in self._desk.ledger.waiting()]
        asked = {self._desk.ledger.job_id(ident) for ident in _ids(body)}
        await self._cancel_waiting([ident for ident in waiting if body.get("clear") or ident in asked])
        return empty()

    async def interrupt(self, request: web.Request) -> web.Response:
        """POST /interrupt: whatever runs, or only {"prompt_id": id} if it runs. A body that is no JSON is none."""
        try:
            body = await read_object(request, self._desk.settings.limits)
        except NotJson:
            body = {}
        running = self._desk.ledger.running()
        if body.get("prompt_id"):
            wanted = self._desk.ledger.job_id(str(body["prompt_id"]))
            running = [found for found in running if found.job_id == wanted]
        await self._cancel([found.job_id for found in running])
        return empty()

    async def _cancel_waiting(self, ids: list[str]) -> None:
        """Cancel those that still wait, all in one transaction: a thousand of them must not take a thousand."""
        host = self._desk.host

        def work() -> list[Job]:
            found = [job for ident in ids if (job := host.store.job(ident)) is not None]
            return [
                host.queue.cancel(job) for job in found if job.state in (JobState.QUEUED, JobState.PAUSED)
            ]

        if ids:
            await self._desk.wait(host.store.run(work, host.announce_all))
        await self._desk.teller.caught_up()

    async def _cancel(self, ids: list[str]) -> None:
        asked = [self._desk.host.cancel(ident) for ident in ids]
        for each in asked:
            with contextlib.suppress(InvalidRequest):  # somebody else took it off the list meanwhile
                await self._desk.wait(each)
        await self._desk.teller.caught_up()

    # ---- /history

    async def history(self, request: web.Request) -> web.StreamResponse:
        """GET /history?max_items=N&offset=M, sent as it is read: thousands of clips hold nobody else up."""
        most, offset = _whole(request, "max_items"), _whole(request, "offset")
        found = self._desk.ledger.history(most, -1 if offset is None else offset)
        slices = self._slices([each.job_id for each in found])
        if len(found) <= _SENT_WHOLE:
            return ok_text("{" + ",".join([text async for text in slices]) + "}")
        response = web.StreamResponse()
        response.content_type, response.charset = "application/json", "utf-8"
        await response.prepare(request)
        before = "{"
        async for text in slices:
            await response.write((before + text).encode())
            before = ","
        await response.write_eof(("}" if before == "," else "{}").encode())
        return response

    async def _slices(self, job_ids: list[str]) -> AsyncIterator[str]:
        """The entries of those jobs, JSON, some at a time."""
        clip_of = self._desk.ledger.clip_of
        async for part in self._desk.read(job_ids):
            texts = [as_text(found, clip_of(job_id)) for job_id, found in part.items()]
            if text := ",".join(text for text in texts if text):
                yield text
            if len(job_ids) > _SENT_WHOLE:
                await asyncio.sleep(_BREATH_SECONDS)

    async def history_of(self, request: web.Request) -> web.Response:
        """GET /history/{prompt_id}: {} while it waits or runs, and for an id that was never given.

        A job that was taken off the list has ended all the same: nobody waits for it for ever.
        """
        prompt_id, ledger, store = request.match_info["prompt_id"], self._desk.ledger, self._desk.host.store
        listed = ledger.find(prompt_id)
        if listed is not None and (listed.forgotten or not listed.state.ended):
            return ok({})

        def work() -> tuple[str, Found]:
            job_id = records.job_of(store, prompt_id)
            return job_id, find(store, job_id)

        job_id, found = await self._desk.wait(store.run(work))
        return ok_text("{" + as_text(found, ledger.clip_of(job_id)) + "}")

    async def change_history(self, request: web.Request) -> web.Response:
        """POST /history: {"clear": true} or {"delete": [ids]}; clips and the window's list stay."""
        body = await _body(request, self._desk)
        ledger = self._desk.ledger
        ended = [found.job_id for found in ledger.ended()]
        asked = {ledger.job_id(ident) for ident in _ids(body)}
        await self._desk.forget([ident for ident in ended if body.get("clear") or ident in asked])
        return empty()


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
