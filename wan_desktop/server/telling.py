"""What the host's events mean for the API: the ledger follows them, and sockets are told."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.events import (
    BackendState,
    ClipAdded,
    ClipRemoved,
    JobChanged,
    JobRemoved,
    Preview,
    Progress,
)
from wan_desktop.domain.job import JobState
from wan_desktop.server import history, records
from wan_desktop.server.narrator import Narrator
from wan_desktop.server.sockets import jpeg_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wan_desktop.domain.events import Event
    from wan_desktop.domain.job import Job
    from wan_desktop.server.desk import Desk
    from wan_desktop.server.narrator import Message
    from wan_desktop.server.records import Record

log = logging.getLogger(__name__)
_SWEEP_AFTER = 1000


class Teller:
    """Follows the host for a desk. Everything happens on the event loop, but `hear`, which is for any thread.

    `turn` is held while a prompt is queued, so that nothing is told of a job before its client is known; `expected`
    are the records of jobs that were queued just now, by their ids, until the host's word of them is taken in.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.turn = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event | asyncio.Future[None]] = asyncio.Queue()
        self._narrators: dict[str, Narrator] = {}
        self.expected: dict[str, Record] = {}
        self._following: asyncio.Task[None] | None = None
        self._removed = 0

    def begin(self, running: Mapping[str, Record]) -> None:
        """Follow from now on; `running` are the records of the jobs that run already, by their ids."""
        self._narrators = {job_id: Narrator(record) for job_id, record in running.items()}
        self._following = asyncio.create_task(self._follow())

    async def end(self) -> None:
        """Stop following."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)

    def hear(self, event: Event) -> None:
        """Take an event from the host; called on any thread."""
        try:
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)
        except RuntimeError:
            log.debug("an event after the server's end: %s", type(event).__name__)

    async def caught_up(self, job: Job | None = None) -> None:
        """Wait until everything that the host has told so far is taken in, and the new `job` at any rate."""
        marker = self._loop.create_future()
        self._events.put_nowait(marker)
        await marker
        if job is not None and job.id not in self._desk.ledger:
            await self._job_changed(job)  # its future may be done a moment before the host has told

    def running_node(self, client_id: str) -> str | None:
        """The node of that client's job that runs now."""
        for narrator in self._narrators.values():
            if narrator.record.client_id == client_id:
                return narrator.node
        return None

    # ---- following

    async def _follow(self) -> None:
        while True:
            event = await self._events.get()
            if isinstance(event, asyncio.Future):
                with contextlib.suppress(asyncio.InvalidStateError):  # whoever waited has gone
                    event.set_result(None)
                continue
            async with self.turn:
                try:
                    await self._take_in(event)
                except Exception:
                    log.exception("the API could not tell of %s", type(event).__name__)

    async def _take_in(self, event: Event) -> None:
        ledger = self._desk.ledger
        match event:
            case JobChanged(job):
                await self._job_changed(job)
            case Progress(job_id) if job_id in self._narrators:
                narrator = self._narrators[job_id]
                await self._tell(narrator.progress(event), narrator.record.client_id)
            case Preview(job_id, _, frames) if frames and job_id in self._narrators:
                await self._preview(self._narrators[job_id], frames[len(frames) // 2])
            case BackendState():
                self._desk.backend = event
            case ClipAdded(clip):
                ledger.add_clip(clip)
            case ClipRemoved(clip_id):
                ledger.drop_clip(clip_id)
            case JobRemoved(job_id):
                await self._job_removed(job_id)

    async def _job_removed(self, job_id: str) -> None:
        before = self._desk.ledger.remaining()
        self._desk.ledger.remove(job_id)
        self.expected.pop(job_id, None)
        if self._desk.ledger.remaining() != before:
            self._desk.tell_queue()
        self._removed += 1
        if self._removed % _SWEEP_AFTER == 0:
            store = self._desk.host.store
            await self._desk.wait(store.run(partial(records.sweep, store)))

    async def _job_changed(self, job: Job) -> None:
        ledger = self._desk.ledger
        before = ledger.find_id(job.id)
        again = before is not None and before.state.ended and not job.state.ended
        record = await self._record(job, remember=again) if before is None or again else None
        if record is not None:
            ledger.put(job, record)
        else:
            ledger.change(job)
        if job.state is JobState.RUNNING:
            await self._began(job, record)
        elif before is None or before.state is not job.state:  # else: another place in the queue, and such
            await self._rests(job, record, told=before is not None and before.state.ended)

    async def _began(self, job: Job, record: Record | None) -> None:
        if job.id in self._narrators:
            return
        narrator = self._narrators[job.id] = Narrator(record or await self._record(job))
        self._desk.tell_queue()
        await self._tell(narrator.begin(), narrator.record.client_id)

    async def _rests(self, job: Job, record: Record | None, *, told: bool) -> None:
        narrator = self._narrators.pop(job.id, None)
        if not job.state.ended or (told and narrator is None):
            self._desk.tell_queue()
            return
        narrator = narrator or Narrator(record or await self._record(job))
        record, ledger = narrator.record, self._desk.ledger
        clip = ledger.clip_of(job.id)
        await self._tell(narrator.end(job, history.files(job, record, clip)), record.client_id)
        self._desk.tell_queue()
        await self._tell([narrator.finally_()], record.client_id)
        await self._desk.freed_later()

    async def _record(self, job: Job, *, remember: bool = False) -> Record:
        """The job's record; with `remember` one that its client deleted from the history is in it again."""
        if job.id in self.expected:
            return self.expected.pop(job.id)
        store = self._desk.host.store

        def work() -> Record:
            record = records.find(store, job.id) or records.made_up(job)
            if remember and record.forgotten:
                record = replace(record, forgotten=False)
                records.keep(store, job.id, record)
            return record

        return await self._desk.wait(store.run(work))

    # ---- sockets

    async def _preview(self, narrator: Narrator, frame: Any) -> None:
        owner, sockets = narrator.record.client_id, self._desk.sockets
        if sockets.wants_previews(owner):
            jpeg = await self._desk.blocking(jpeg_of, frame)
            sockets.show(jpeg, narrator.preview_metadata(), owner)

    async def _tell(self, messages: Iterable[Message], owner: str | None) -> None:
        """Send them one by one: those of a graph of hundreds of nodes are long, and others wait meanwhile."""
        for message in messages:
            self._desk.sockets.tell([message], owner)
            await asyncio.sleep(0)
