"""POST /prompt: a workflow becomes a job."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import DiskProblem, InvalidRequest, ModelDamaged, ModelMissing
from wan_desktop.domain.job import JobState
from wan_desktop.graph import reading
from wan_desktop.graph.problems import PromptRefused, refused
from wan_desktop.server import records
from wan_desktop.server.records import MAX_CLIENT_ID, Record
from wan_desktop.server.replies import failure, ok, read_json, safe_sentence

if TYPE_CHECKING:
    from pathlib import Path

    from aiohttp import web

    from wan_desktop.domain.job import Job
    from wan_desktop.graph.reading import Reading
    from wan_desktop.server.desk import Desk

_PROMPT_ID = re.compile(r"[A-Za-z0-9._:@-]{1,128}")


class Prompts:
    """Takes prompts in."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def status(self, _: web.Request) -> web.Response:
        """GET /prompt: how much is left to do."""
        return ok(self._desk.status())

    async def post(self, request: web.Request) -> web.Response:
        """POST /prompt: check the workflow, queue it, reply with its id."""
        desk = self._desk
        body = await read_json(request, desk.settings.limits)
        async with desk.turn:
            desk.number += 1
            try:
                asked = _asked(body, desk.number)
                if len(desk.ledger.waiting()) >= desk.settings.limits.waiting_jobs:
                    return failure(429, "queue_full", "The queue is full: wait until some of it is done.")
                await self._check_id(asked["prompt_id"])
                await desk.look_at_models()
                found = reading.read(body["prompt"], desk)
                job, record = await self._queue(found, asked)
            except PromptRefused as refusal:
                return ok(refusal.to_json(), 400)
            except DiskProblem as error:
                return failure(507, error.code, safe_sentence(error))
        await self._place(job, record)
        return ok({"prompt_id": record.prompt_id, "number": record.number, "node_errors": found.node_errors})

    async def _check_id(self, prompt_id: str | None) -> None:
        """Refuse an id that is in use: two jobs of one name could not be told apart."""
        if prompt_id is None:
            return
        store = self._desk.host.store
        job_id = await self._desk.wait(store.run(lambda: records.job_of(store, prompt_id)))
        if job_id != prompt_id or prompt_id in self._desk.ledger.jobs:
            raise refused(
                "invalid_prompt_id", "This prompt_id is in use: send another one, or none.", prompt_id
            )

    async def _queue(self, found: Reading, asked: dict[str, Any]) -> tuple[Job, Record]:
        job = await self._submit(found)
        record = Record(
            asked["prompt_id"] or job.id,
            found.graph,
            found.outputs,
            found.order,
            found.sampler,
            asked["number"],
            records.public_extra(asked["extra_data"], asked["client_id"]),
            asked["client_id"],
        )
        desk, store = self._desk, self._desk.host.store

        def keep() -> None:
            records.keep(store, job.id, record)
            records.keep_number(store, desk.number)

        await desk.wait(store.run(keep))
        desk.ledger.set_record(job.id, record)
        return job, record

    async def _submit(self, found: Reading) -> Job:
        desk = self._desk
        try:
            if found.start is None:
                return await desk.wait(desk.host.submit(found.draft))
            stored = desk.stored_image(found.start.name) if not found.start.scales else None
            if stored is not None:
                return await desk.wait(desk.host.submit(reading.with_image(found.draft, stored=stored)))
            return await desk.blocking(self._submit_with_picture, found)
        except (InvalidRequest, ModelMissing, ModelDamaged) as error:
            field = error.field or ("model" if isinstance(error, ModelMissing | ModelDamaged) else "")
            raise reading.unfit(found, field, safe_sentence(error)) from error

    def _submit_with_picture(self, found: Reading) -> Job:
        """Make the start image and submit; blocks. The host has its own copy before the picture goes."""
        assert found.start is not None
        with self._desk.uploads.incoming() as folder:
            picture: Path = self._desk.uploads.start_image(found.start, folder)
            return self._desk.host.submit(reading.with_image(found.draft, path=str(picture))).result()

    async def _place(self, job: Job, record: Record) -> None:
        """Put the job before those with a higher number: lower numbers run first."""
        desk = self._desk
        await desk.caught_up()
        for other in desk.ledger.waiting():
            if (
                other.id != job.id
                and other.state is JobState.QUEUED
                and desk.ledger.number(other) > (record.number or 0)
            ):
                await desk.wait(desk.host.move(job.id, other.id))
                return await desk.caught_up()
        return None


def _asked(body: Any, number: int) -> dict[str, Any]:
    """What a prompt's body says beside the graph. Raises PromptRefused."""
    if not isinstance(body, dict) or "prompt" not in body:
        raise refused("no_prompt", "No prompt provided", "No prompt provided")
    prompt_id = body.get("prompt_id")
    if prompt_id is not None and not (isinstance(prompt_id, str) and _PROMPT_ID.fullmatch(prompt_id)):
        raise refused(
            "invalid_prompt_id", "The prompt_id must be 1 to 128 letters, digits or one of . _ : @ -"
        )
    client_id = body.get("client_id")
    known = isinstance(client_id, str) and 0 < len(client_id) <= MAX_CLIENT_ID
    return {
        "prompt_id": prompt_id,
        "client_id": client_id if known else None,
        "extra_data": body.get("extra_data"),
        "number": _number(body, number),
    }


def _number(body: dict[str, Any], number: int) -> float:
    if body.get("number") is None:
        return -number if body.get("front") else number
    try:
        given = float(body["number"])
    except (TypeError, ValueError, OverflowError) as error:
        raise refused("invalid_number", "The number is no number.") from error
    if not math.isfinite(given):
        raise refused("invalid_number", "The number is no number.")
    return given
