"""POST /prompt: a workflow becomes a job."""

from __future__ import annotations

import contextlib
import math
import re
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import InvalidRequest, ModelDamaged, ModelMissing
from wan_desktop.graph import reading
from wan_desktop.graph.found import lora_place
from wan_desktop.graph.problems import PromptRefused, refused
from wan_desktop.server import records
from wan_desktop.server.history import find
from wan_desktop.server.records import MAX_CLIENT_ID, Record
from wan_desktop.server.replies import failure, ok, read_json, safe_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiohttp import web

    from wan_desktop.domain.job import Job
    from wan_desktop.domain.request import Draft
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
        desk.number += 1
        try:
            asked = _asked(body, desk.number)
            await desk.look_at_models()
            found = await desk.blocking(self._read, body["prompt"], asked)
            draft = await self._with_picture(found)
            async with desk.teller.turn:
                if self._full:
                    return failure(429, "queue_full", "The queue is full: wait until some of it is done.")
                await self._check_id(asked["prompt_id"])
                job, record = await self._queue(found, draft, asked)
        except PromptRefused as refusal:
            return ok(refusal.to_json(), 400)
        await desk.teller.caught_up(job)
        return ok({"prompt_id": record.prompt_id, "number": record.number, "node_errors": found.node_errors})

    @property
    def _full(self) -> bool:
        ledger, limits = self._desk.ledger, self._desk.settings.limits
        waiting = len(ledger.waiting()) + len(self._desk.teller.expected)
        return waiting >= limits.waiting_jobs or ledger.bytes_waiting >= limits.waiting_bytes

    def _read(self, prompt: Any, asked: dict[str, Any]) -> Reading:
        """What the workflow asks for; looks at the disk."""
        records.check_size(prompt, asked["extra_data"], self._desk.settings.limits)
        return reading.read(prompt, self._desk)

    async def _check_id(self, prompt_id: str | None) -> None:
        """Refuse an id that is in use: two jobs of one name could not be told apart."""
        if prompt_id is None:
            return
        store = self._desk.host.store

        def is_known() -> bool:
            job_id = records.job_of(store, prompt_id)
            return job_id != prompt_id or find(store, job_id) != (None, None)

        if await self._desk.wait(store.run(is_known)):
            raise refused(
                "invalid_prompt_id", "This prompt_id is in use: send another one, or none.", prompt_id
            )

    # ---- the start image

    async def _with_picture(self, found: Reading) -> Draft:
        """The draft with its start image, which is stored before anything waits for it."""
        if found.start is None:
            return found.draft
        async with self._desk.pictures:
            with _refusals_of(found):
                sha256 = await self._desk.blocking(self._stored, found)
        return reading.with_image(found.draft, stored=sha256)

    def _stored(self, found: Reading) -> str:
        """The sha256 of the start image in the store; blocks. Values that are wrong are told before it is made."""
        assert found.start is not None
        uploads, host = self._desk.uploads, self._desk.host
        stored = self._desk.stored_image(found.start.name) if not found.start.scales else None
        if stored is not None and not uploads.has(found.start.name):
            return stored
        host.check(found.draft)
        with uploads.incoming() as folder:
            sha256, _ = host.images.add(str(uploads.start_image(found.start, folder)))
        return sha256

    # ---- the queue

    async def _queue(self, found: Reading, draft: Draft, asked: dict[str, Any]) -> tuple[Job, Record]:
        desk, extra = self._desk, records.public_extra(asked["extra_data"], asked["client_id"])
        numbers = {other.job_id: other.number for other in desk.ledger.waiting()}
        numbers |= {ident: other.number or 0 for ident, other in desk.teller.expected.items()}

        def record_of(job: Job) -> Record:
            return Record(
                asked["prompt_id"] or job.id,
                found.graph,
                found.outputs,
                found.order,
                found.sampler,
                asked["number"],
                extra,
                asked["client_id"],
            )

        with _refusals_of(found):
            job = await desk.wait(
                desk.host.submit(draft, lambda job: self._keep(job, record_of(job), numbers))
            )
        record = desk.teller.expected[job.id] = record_of(job)
        return job, record

    def _keep(self, job: Job, record: Record, numbers: dict[str, float]) -> list[Job]:
        """In the store: remember the record, put the job before those with a higher number; the jobs that moved."""
        host = self._desk.host
        records.keep(host.store, job.id, record)
        records.keep_number(host.store, self._desk.number)
        waiting = [other.id for other in host.store.waiting() if other.id != job.id]
        number = record.number or 0
        before = next((ident for ident in waiting if numbers.get(ident, 0) > number), None)
        return host.queue.move(job.id, before) if before is not None else []


@contextlib.contextmanager
def _refusals_of(found: Reading) -> Iterator[None]:
    """Tell what the host refuses at the node where it stands."""
    try:
        yield
    except (InvalidRequest, ModelMissing, ModelDamaged) as error:
        field = error.field or ("model" if isinstance(error, ModelMissing | ModelDamaged) else "")
        one = lora_place(str(error.values.get("file")))
        field = one if one in found.places else field
        raise reading.unfit(found, field, safe_sentence(error)) from error


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
