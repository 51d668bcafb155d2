"""One job at one server, from the upload to the downloaded file, over lost connections and restarts."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP
from wan_desktop.domain.events import Note, Progress
from wan_desktop.domain.job import Stage
from wan_desktop.domain.places import ANY, server_of
from wan_desktop.domain.sentence import Sentence, both
from wan_desktop.graph.writing import workflow
from wan_desktop.remote.answer import Place, clip_in, in_history, in_queue
from wan_desktop.remote.ears import Ears
from wan_desktop.remote.hearing import Hearing
from wan_desktop.remote.preparing import prepared
from wan_desktop.remote.problems import NotFound, RemoteProblem, Unreachable
from wan_desktop.remote.record import Record

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.domain.job import Job
    from wan_desktop.graph.checking import Graph
    from wan_desktop.remote.book import Remote
    from wan_desktop.remote.client import ComfyClient
    from wan_desktop.remote.pace import Pace
    from wan_desktop.remote.record import RecordFile

T = TypeVar("T")

MOST_SENDS = 3
"""So often a job is sent to a server that has forgotten it; then it fails."""
_MOST_SEEN = 200

_ASKED = QT_TRANSLATE_NOOP("notes", "“{name}” was already asked for this job: its answer is waited for.")
_SENT_AGAIN = QT_TRANSLATE_NOOP(
    "notes", "“{name}” no longer knows this job, as after a restart: it is sent again."
)
_TAKEN = QT_TRANSLATE_NOOP("notes", "“{name}” was free and renders it.")
_BEHIND = QT_TRANSLATE_NOOP("notes", "It waits on “{name}” behind other jobs.")
_NO_PAUSE = QT_TRANSLATE_NOOP(
    "notes", "“{name}” cannot pause: it renders on, and the clip is fetched when you continue."
)
_NOT_STOPPED = QT_TRANSLATE_NOOP("notes", "“{name}” could not be told to stop: it may go on with the job.")
_TRIED_AGAIN = QT_TRANSLATE_NOOP("notes", "It is tried again.")


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
        self._record = file.read()
        self._posting: asyncio.Task[None] | None = None
        self._ears = Ears(client, tell, pace.retry_s)
        self._lost_touch = self._record is not None
        self._told: set[str] = set()

    async def run(self) -> None:
        """Have the clip in `file.download`. Raises RemoteProblem, DiskProblem, BadImage."""
        self._tell(Progress(self._job.id, Stage.LOADING))
        self._recognise()
        try:
            entry = await self._ended()
        finally:
            await self._ears.close()
        self._tell(Progress(self._job.id, Stage.SAVING))
        await self._patiently(lambda: self._download(entry))

    def _recognise(self) -> None:
        """What another server was asked for is no longer wanted of it. One that has moved may be the same one."""
        record, remote = self._record, self._remote
        if record is not None and record.server != remote.name:
            self._record = None
        elif record is not None and record.address != remote.url:
            self._record = replace(record, address=remote.url)
            self._file.write(self._record)

    async def _ended(self) -> dict[str, Any]:
        """Have it rendered; the prompt's history entry."""
        if self._record is None:
            await self._send(1)
        else:
            self._note(Sentence(_ASKED, name=self._remote.name))
            await self._listen()
        while (entry := await self._until_ended()) is None:
            await self._send_again()
        return entry

    async def _download(self, entry: dict[str, Any]) -> None:
        """Fetch the clip. What failed, or is gone, is forgotten, so that going on means rendering again."""
        try:
            await self._client.download(clip_in(entry, self._remote.name), self._file.download)
        except Unreachable:
            raise
        except NotFound as error:
            self._file.remove()
            raise RemoteProblem(
                QT_TRANSLATE_NOOP("errors", "The clip is no longer on the server “{name}”: render it again."),
                name=self._remote.name,
            ) from error
        except RemoteProblem:
            self._file.remove()
            raise

    # ---- sending

    async def _send(self, number: int) -> None:
        """Look at the server, upload, note the prompt's id, submit it."""
        sent, made = await self._patiently(
            lambda: prepared(self._client, self._remote, self._job.request, self._image)
        )
        self._graph = sent.graph
        if server_of(self._job.request.model) == ANY:
            self._note(Sentence(_TAKEN, name=self._remote.name))
        for sentence in sent.notes:
            self._note(sentence)
        self._record = Record(
            self._remote.name,
            self._remote.url,
            prompt_id=str(uuid.uuid4()),
            client_id=uuid.uuid4().hex,
            sent_at=time.time(),
            sends=number,
            made=made,
        )
        self._file.write(self._record)
        await self._listen()  # first, so that nothing of the story is missed
        self._posting = asyncio.create_task(self._post(self._record))
        await asyncio.shield(self._posting)

    async def _post(self, record: Record) -> None:
        """Submit; when nobody knows whether it arrived, the server's queue is asked before it is sent again."""
        body = {"prompt": self._graph, "client_id": record.client_id, "prompt_id": record.prompt_id}
        first = True

        async def submit() -> None:
            nonlocal first
            if not first and (await self._look()).state != "gone":
                return
            first = False
            try:
                told = await self._client.post("/prompt", body)
            except RemoteProblem as error:
                if not isinstance(error, Unreachable | NotFound):  # those are tried again
                    self._file.remove()
                raise
            ident = told.get("prompt_id") if isinstance(told, dict) else None
            if isinstance(ident, str) and ident:
                self._know_as(ident)

        await self._patiently(submit)

    async def _send_again(self) -> None:
        """The server does not know the prompt any more: it was restarted, or somebody removed it."""
        assert self._record is not None
        name, sends = self._remote.name, self._record.sends
        self._file.remove()
        if not (self._lost_touch or self._ears.lost):
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
        self._note(Sentence(_SENT_AGAIN, name=name))
        self._lost_touch = self._ears.lost = False
        await self._send(sends + 1)

    def _know_as(self, prompt_id: str) -> None:
        if self._record is not None and self._record.prompt_id != prompt_id:
            self._record = replace(self._record, prompt_id=prompt_id)
            self._file.write(self._record)

    # ---- following

    async def _until_ended(self) -> dict[str, Any] | None:
        """The prompt's history entry; None when the server does not know it."""
        told, missed = False, 0
        while True:
            self._ears.changed.clear()
            place = await self._patiently(self._look)
            if place.state == "ended":
                return place.entry
            missed = missed + 1 if place.state == "gone" else 0
            if missed > 1:
                return None
            if place.state == "waiting" and place.behind and not told:
                told = True
                self._note(Sentence(_BEHIND, name=self._remote.name))
            pause = self._pace.quiet_poll_s if self._ears.listening and not missed else self._pace.poll_s
            await self._ears.pause(pause)

    async def _look(self) -> Place:
        """Where the prompt is. The queue is asked before the history: a prompt moves in this direction only."""
        record = self._record
        assert record is not None
        found, ident = in_queue(await self._client.get("/queue"), record.prompt_id, record.client_id)
        for path in (f"/history/{record.prompt_id}", f"/history?max_items={_MOST_SEEN}"):
            if found is None:
                found, ident = in_history(await self._client.get(path), record.prompt_id, record.client_id)
        self._know_as(ident)
        return found or Place("gone")

    async def _listen(self) -> None:
        assert self._record is not None
        await self._ears.open(
            self._record.client_id, lambda: Hearing(self._job.id, self._prompt_id, self._graph)
        )

    def _prompt_id(self) -> str | None:
        return None if self._record is None else self._record.prompt_id

    # ---- stopping

    async def detach(self) -> None:
        """Leave the server as it is; what is just being sent arrives, so that its id means something."""
        if self._posting is not None and not self._posting.done():
            await asyncio.wait({self._posting}, timeout=self._pace.cancel_s)
            self._posting.cancel()

    async def withdraw(self) -> None:
        """Take our prompt, and nothing else, off the server: out of its queue, or interrupted if it runs."""
        await self._stop(interrupting=True)
        self._file.remove()

    async def hold_back(self) -> None:
        """Take our prompt out of the server's queue; one that runs is rendered to its end and fetched later."""
        place = await self._stop(interrupting=False)
        if place is not None and place.state in ("running", "ended") and not _was_stopped(place):
            self._note(Sentence(_NO_PAUSE, name=self._remote.name))
        elif place is not None:
            self._file.remove()

    async def _stop(self, *, interrupting: bool) -> Place | None:
        """Where our prompt is after the stop; None when there is none, or nobody answers."""
        await self.detach()
        if self._record is None:
            return None
        try:
            async with asyncio.timeout(self._pace.cancel_s):
                return await self._stop_there(self._record.prompt_id, interrupting)
        except (RemoteProblem, TimeoutError):
            self._note(Sentence(_NOT_STOPPED, name=self._remote.name))
            return None

    async def _stop_there(self, prompt_id: str, interrupting: bool) -> Place:
        while True:
            place = await self._look()
            if place.state == "waiting":
                await self._client.post("/queue", {"delete": [prompt_id]})
            elif place.state == "running" and interrupting:
                await self._client.post("/interrupt", {"prompt_id": prompt_id})
            else:
                return place
            await asyncio.sleep(min(self._pace.poll_s, 0.2))

    # ---- patience

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do it; while the server does not answer, again and again until `give_up_s` are over."""
        since, told = time.monotonic(), False
        while True:
            try:
                return await work()
            except (Unreachable, NotFound) as error:
                most = self._pace.first_s if self._record is None else self._pace.give_up_s
                fatal = isinstance(error, NotFound) and self._record is None
                if fatal or time.monotonic() - since > most:
                    raise
                self._lost_touch = True
                if not told:
                    told = True
                    self._note(both(error.sentence, Sentence(_TRIED_AGAIN)))
            await asyncio.sleep(self._pace.retry_s)

    def _note(self, sentence: Sentence) -> None:
        """Tell the sentence, once."""
        if sentence in self._told:
            return
        self._told.add(sentence)
        self._tell(Note(self._job.id, sentence))


def _was_stopped(place: Place) -> bool:
    status = (place.entry or {}).get("status")
    return isinstance(status, dict) and status.get("status_str") == "error"
