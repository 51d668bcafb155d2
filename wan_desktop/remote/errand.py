"""One job at one server, from the upload to the downloaded file, over lost connections and restarts."""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP
from wan_desktop.domain.events import Note, Progress
from wan_desktop.domain.job import Stage
from wan_desktop.domain.places import ANY, server_of
from wan_desktop.graph.writing import workflow
from wan_desktop.remote import told
from wan_desktop.remote.answer import clip_in
from wan_desktop.remote.ears import Ears
from wan_desktop.remote.hearing import Hearing
from wan_desktop.remote.patience import AFTER, BEFORE, SENDING, Patience
from wan_desktop.remote.preparing import prepared
from wan_desktop.remote.problems import InTheWay, NotFound, RemoteProblem, Unreachable
from wan_desktop.remote.prompt import Prompt
from wan_desktop.remote.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.domain.job import Job
    from wan_desktop.domain.sentence import Sentence
    from wan_desktop.graph.checking import Graph
    from wan_desktop.remote.answer import Place
    from wan_desktop.remote.book import Remote
    from wan_desktop.remote.client import ComfyClient
    from wan_desktop.remote.pace import Pace
    from wan_desktop.remote.record import RecordFile

MOST_SENDS = 3
"""So often a job is sent to a server that has forgotten it; then it fails."""


class Errand:
    """Does the job. `tell` gets its events; `file` keeps which prompt it is."""

    def __init__(
        self,
        remote: Remote,
        client: ComfyClient,
        job: Job,
        file: RecordFile,
        tell: Callable[[RenderEvent], None],
        image: Path | None,
        pace: Pace,
    ) -> None:
        self._remote, self._client, self._job, self._file = remote, client, job, file
        self._tell, self._image, self._pace = tell, image, pace
        self._graph: Graph = workflow(job.request)
        self._prompt = Prompt(client, file, remote)
        self._posting: asyncio.Task[None] | None = None
        self._ears = Ears(client, self._hear, pace.retry_s)
        self._patience = Patience(pace, self._note)
        self._patience.lost_touch = self._prompt.record is not None
        self._noted: set[str] = set()
        self._times = {"asked": time.monotonic()} if self._prompt.record is None else {}

    async def run(self) -> None:
        """Have the clip in `file.download`. Raises RemoteProblem, DiskProblem, BadImage."""
        self._tell(Progress(self._job.id, Stage.LOADING))
        try:
            entry = await self._ended()
        finally:
            await self._ears.close()
        self._tell(Progress(self._job.id, Stage.SAVING))
        await self._patience.until_done(lambda: self._download(entry), AFTER)

    @property
    def sent(self) -> bool:
        """The server was given the job, now or before."""
        return self._posting is not None or self._prompt.record is not None

    def seconds(self) -> dict[str, float]:
        """How long it took in all, and of that until it was begun there; nothing when it was asked for before."""
        if "asked" not in self._times:
            return {}
        asked, now = self._times["asked"], time.monotonic()
        return {"total": round(now - asked, 3), "waiting": round(self._times.get("begun", asked) - asked, 3)}

    async def _ended(self) -> dict[str, Any]:
        """Have it rendered; the prompt's history entry."""
        if self._prompt.record is None:
            await self._send(1)
        else:
            self._note(told.asked_before(self._remote.name))
            await self._listen()
        while (entry := await self._until_ended()) is None:
            await self._send_again()
        return entry

    async def _download(self, entry: dict[str, Any]) -> None:
        """Fetch the clip. What failed, or is gone, is forgotten, so that going on means rendering again."""
        try:
            await self._client.download(clip_in(entry, self._remote.name), self._file.download)
        except NotFound as error:
            await self._prompt.look()  # a proxy's word? then this says the same, and it is tried again
            self._file.remove()
            raise RemoteProblem(
                QT_TRANSLATE_NOOP("errors", "The clip is no longer on the server “{name}”: render it again."),
                name=self._remote.name,
            ) from error
        except (Unreachable, InTheWay):
            raise
        except RemoteProblem:
            self._file.remove()
            raise

    # ---- sending

    async def _send(self, number: int) -> None:
        """Look at the server, upload, note the prompt's id, submit it."""
        sent, made = await self._patience.until_done(
            lambda: prepared(self._client, self._remote, self._job.request, self._image),
            BEFORE if number == 1 else AFTER,
        )
        self._graph = sent.graph
        if server_of(self._job.request.model) == ANY:
            self._note(told.taken_by(self._remote.name))
        for sentence in sent.notes:
            self._note(sentence)
        record = Record(
            self._remote.name,
            self._remote.url,
            prompt_id=str(uuid.uuid4()),
            client_id=uuid.uuid4().hex,
            sent_at=time.time(),
            sends=number,
            made=made,
        )
        self._prompt.store(record)
        await self._listen()  # first, so that nothing of the story is missed
        self._posting = asyncio.create_task(self._post(record))
        await asyncio.shield(self._posting)

    async def _post(self, record: Record) -> None:
        """Submit; when nobody knows whether it arrived, the server's queue is asked before it is sent again."""
        body = {"prompt": self._graph, "client_id": record.client_id, "prompt_id": record.prompt_id}
        first = True

        async def submit() -> None:
            nonlocal first
            if not first and (await self._prompt.look()).state != "gone":
                return
            first = False
            try:
                reply = await self._client.post("/prompt", body)
            except RemoteProblem as error:
                if not isinstance(error, SENDING):  # those are tried again
                    self._file.remove()
                raise
            ident = reply.get("prompt_id") if isinstance(reply, dict) else None
            if isinstance(ident, str) and ident:
                self._prompt.know_as(ident)

        await self._patience.until_done(submit, SENDING)

    async def _send_again(self) -> None:
        """The server does not know the prompt any more: it was restarted, or somebody removed it."""
        assert self._prompt.record is not None
        name, sends = self._remote.name, self._prompt.record.sends
        self._file.remove()
        if not (self._patience.lost_touch or self._ears.lost):
            raise RemoteProblem(
                QT_TRANSLATE_NOOP(
                    "errors", "The job was taken off the queue of the server “{name}”, by somebody there."
                ),
                name=name,
            )
        if sends >= MOST_SENDS:
            raise RemoteProblem(
                QT_TRANSLATE_NOOP(
                    "errors", "The server “{name}” has lost this job {count} times: look at its log."
                ),
                name=name,
                count=sends,
            )
        self._note(told.sent_again(name))
        self._patience.lost_touch = self._ears.lost = False
        await self._send(sends + 1)

    # ---- following

    async def _until_ended(self) -> dict[str, Any] | None:
        """The prompt's history entry; None when the server does not know it."""
        missed = 0
        while True:
            self._ears.changed.clear()
            place = await self._patience.until_done(self._prompt.look, AFTER)
            if place.state == "ended":
                return place.entry
            missed = missed + 1 if place.state == "gone" else 0
            if missed > 1:
                return None
            if place.state == "running":
                self._times.setdefault("begun", time.monotonic())
            if place.state == "waiting" and place.behind:
                self._note(told.behind_others(self._remote.name))
            pause = self._pace.quiet_poll_s if self._ears.listening and not missed else self._pace.poll_s
            await self._ears.pause(pause)

    async def _listen(self) -> None:
        assert self._prompt.record is not None
        await self._ears.open(
            self._prompt.record.client_id,
            lambda: Hearing(self._job.id, lambda: self._prompt.ident, self._graph),
        )

    # ---- stopping

    async def detach(self) -> None:
        """Leave the server as it is; what is just being sent arrives, so that its id means something."""
        if self._posting is not None and not self._posting.done():
            await asyncio.wait({self._posting}, timeout=self._pace.cancel_s)
            self._posting.cancel()

    async def withdraw(self) -> None:
        """Take our prompt, and nothing else, off the server: out of its queue, or interrupted if it runs."""
        place = await self._stop(interrupting=True)
        if place is not None and place.state == "running":
            self._note(told.cannot_stop_one(self._remote.name))
        self._file.remove()

    async def hold_back(self) -> None:
        """Take our prompt out of the server's queue; one that runs is rendered to its end and fetched later."""
        place = await self._stop(interrupting=False)
        if place is not None and place.state in ("running", "ended") and not _was_stopped(place):
            self._note(told.renders_on(self._remote.name))
        elif place is not None:
            self._file.remove()

    async def _stop(self, *, interrupting: bool) -> Place | None:
        """Where our prompt is after the stop; None when there is none, or nobody answers."""
        await self.detach()
        if self._prompt.record is None:
            return None
        try:
            async with asyncio.timeout(self._pace.cancel_s):
                return await self._prompt.stop(interrupting=interrupting)
        except (RemoteProblem, TimeoutError):
            self._note(told.not_stopped(self._remote.name))
            return None

    # ---- telling

    def _hear(self, event: RenderEvent) -> None:
        self._times.setdefault("begun", time.monotonic())
        self._tell(event)

    def _note(self, sentence: Sentence) -> None:
        """Tell the sentence, once."""
        if sentence in self._noted:
            return
        self._noted.add(sentence)
        self._tell(Note(self._job.id, sentence))


def _was_stopped(place: Place) -> bool:
    status = (place.entry or {}).get("status")
    return isinstance(status, dict) and status.get("status_str") == "error"
