"""The Backend that renders on a ComfyUI server, or on another Wan Desktop's API."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import Cancelled, EncodeFailed, Paused
from wan_desktop.domain.events import BackendState, Note, Rendered
from wan_desktop.domain.places import ANY, server_of
from wan_desktop.remote import told
from wan_desktop.remote.client import ComfyClient
from wan_desktop.remote.errand import Errand
from wan_desktop.remote.pace import Pace
from wan_desktop.remote.problems import RemoteProblem
from wan_desktop.remote.record import RecordFile
from wan_desktop.remote.result import take_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.domain.job import Job, WorkFiles
    from wan_desktop.jobs.cancel import CancelToken
    from wan_desktop.jobs.ports import Images
    from wan_desktop.remote.book import Remote
    from wan_desktop.remote.result import Writer
    from wan_desktop.remote.turns import Turns


class ComfyBackend:
    """Implements the Backend port. Between two renders it holds nothing.

    `writer` encodes a clip that comes in another format, `with_token` gives the entry its token before each render:
    a keyring may take its time, or ask. `turns` passes a job for whoever is free on to others. A pause lets go: what
    waits there is taken back, what runs there is rendered to its end and fetched when the job goes on. When the
    program ends, the server goes on too.
    """

    def __init__(
        self,
        remote: Remote,
        *,
        images: Images,
        writer: Callable[[Path, int, int, int], AbstractContextManager[Writer]],
        with_token: Callable[[Remote], Remote] = lambda remote: remote,
        turns: Turns | None = None,
        pace: Pace = Pace(),  # noqa: B008 - frozen
    ) -> None:
        self._remote, self._images, self._writer, self._pace = remote, images, writer, pace
        self._with_token, self._turns = with_token, turns
        self._state = BackendState("ready", {"device": "remote", "device_name": remote.name, "problems": []})

    @property
    def name(self) -> str:
        """What the user calls the server."""
        return self._remote.name

    def start(self) -> None:
        """There is nothing to get ready here."""

    def subscribe(self, listener: Callable[[BackendState], None]) -> Callable[[], None]:
        """As the port says; the state never changes, since a server is looked at when a job comes."""
        listener(self._state)
        return lambda: None

    def rest(self) -> None:
        """The server's GPU is its own affair."""

    def close(self) -> None:
        """Nothing is held."""

    def render(self, job: Job, files: WorkFiles, cancel: CancelToken) -> Iterator[RenderEvent]:
        """As the port says. Raises RemoteProblem, DiskProblem, BadImage, EncodeFailed, Cancelled and Paused."""
        cancel.raise_if_cancelled()
        cancel.raise_if_paused()
        request, file = job.request, RecordFile(files)
        image = self._images.path(request.image) if request.image else None
        remote = self._with_token(self._remote)
        others = self._turns if self._others(job) else None
        pace = self._pace if others is None else replace(self._pace, first_s=0.0)
        conversation = _Conversation(remote, job, file, cancel, image, pace)
        try:
            yield from self._fetch(conversation)
        except RemoteProblem as error:
            if others is None or conversation.sent or cancel.cancelled:
                raise
            yield Note(job.id, told.passed_on(error.sentence))
            others.pass_on(remote.name, job.id)
            raise Cancelled() from error
        finally:
            self._settle(job, conversation, others)
        record = file.read()
        made = dict(record.made) if record is not None else {}
        try:
            codec = take_in(file.download, Path(files.part), request, self._remote.name, self._writer)
        except EncodeFailed:
            file.remove()  # the server has nothing better: next time it must render again
            raise
        yield Rendered(
            job.id,
            files.part,
            request.num_frames,
            {
                "device": made.pop("device", self._remote.name),
                "remote": made,
                "came_as": codec,
                "seconds": conversation.seconds,
            },
        )

    def _others(self, job: Job) -> bool:
        """The job is for whoever is free, and somebody else may take it if this server cannot."""
        free = server_of(job.request.model) == ANY
        return free and self._turns is not None and self._turns.others(self._remote.name, job.id)

    def _settle(self, job: Job, conversation: _Conversation, others: Turns | None) -> None:
        """Once it was sent, or nobody else is left, it is nobody's turn any more."""
        if self._turns is not None and (conversation.sent or others is None):
            self._turns.over(job.id)

    def _fetch(self, conversation: _Conversation) -> Iterator[RenderEvent]:
        conversation.start()
        try:
            while (item := conversation.mail.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            conversation.leave()


class _Conversation(threading.Thread):
    """About one job, in an event loop of its own; puts events, then an error or None, into `mail`."""

    def __init__(
        self, remote: Remote, job: Job, file: RecordFile, cancel: CancelToken, image: Path | None, pace: Pace
    ) -> None:
        super().__init__(name=f"remote-{remote.name}", daemon=True)
        self.seconds: dict[str, float] = {}
        self.sent = False
        self.mail: queue.SimpleQueue[RenderEvent | BaseException | None] = queue.SimpleQueue()
        self._remote, self._job, self._file = remote, job, file
        self._cancel, self._image, self._pace = cancel, image, pace
        self._loop, self._said, self._left = asyncio.new_event_loop(), asyncio.Event(), False

    def run(self) -> None:
        """The thread's work."""
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._converse())
        except BaseException as error:  # noqa: BLE001 - the thread's border: `render` raises it
            self.mail.put(error)
        else:
            self.mail.put(None)

    def leave(self) -> None:
        """Nobody waits for the job any more: end, and leave the server as it is."""
        self._left = True
        self._look_up()
        self.join()

    def _look_up(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._said.set)

    async def _converse(self) -> None:
        self._cancel.on_change(self._look_up)
        async with ComfyClient(self._remote) as client:
            errand = Errand(
                self._remote, client, self._job, self._file, self.mail.put, self._image, self._pace
            )
            work = asyncio.create_task(errand.run())
            said = asyncio.create_task(self._said.wait())
            try:
                await asyncio.wait({work, said}, return_when=asyncio.FIRST_COMPLETED)
                if not work.done():
                    await _stopped(work)
                    await self._obey(errand)
                work.result()
                self.seconds = errand.seconds()
            finally:
                self.sent = errand.sent
                said.cancel()

    async def _obey(self, errand: Errand) -> None:
        """What was said: cancel, pause, or that the program ends."""
        if self._left or self._cancel.ending:
            await errand.detach()
        elif self._cancel.cancelled:
            await errand.withdraw()
        else:
            await errand.hold_back()
            raise Paused()
        raise Cancelled()


async def _stopped(work: asyncio.Task[object]) -> None:
    work.cancel()
    await asyncio.wait({work})
