"""What the routes share: the host, the ledger that follows it, uploads, sockets, and what happens in which order."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from wan_desktop.domain.events import BackendState, JobChanged, Preview, Progress
from wan_desktop.domain.job import JobState
from wan_desktop.graph.names import ModelNames
from wan_desktop.server import derived, records
from wan_desktop.server.ledger import Ledger
from wan_desktop.server.narrator import Narrator
from wan_desktop.server.sockets import Sockets, jpeg_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from wan_desktop.domain.events import Event
    from wan_desktop.domain.job import Job
    from wan_desktop.jobs.host import Host
    from wan_desktop.server.records import Record
    from wan_desktop.server.settings import ApiSettings
    from wan_desktop.server.uploads import Uploads

T = TypeVar("T")
log = logging.getLogger(__name__)
_MOST_LORAS = 2000
_LOOK_AGAIN_SECONDS = 2.0


class Desk:
    """Everything lives on the event loop, but `hear`, which the host calls from its own threads.

    `turn` is held while a prompt is taken in, so that nothing is told of a job before its client is known.
    """

    def __init__(self, host: Host, settings: ApiSettings, uploads: Uploads) -> None:
        self.host, self.settings, self.uploads = host, settings, uploads
        self.sockets = Sockets(settings.limits.sockets)
        self.turn = asyncio.Lock()
        self.backend = BackendState("starting")
        self.models = ModelNames((), settings.allow_demo)
        self.threads = ThreadPoolExecutor(4, "api")
        self.converting = ThreadPoolExecutor(1, "api-convert")
        self._looked = -_LOOK_AGAIN_SECONDS
        self.ledger: Ledger
        self.number = 0
        self._loop = asyncio.get_running_loop()
        self._events: asyncio.Queue[Event | asyncio.Future[None]] = asyncio.Queue()
        self._narrators: dict[str, Narrator] = {}
        self._unsubscribe: Callable[[], None] = lambda: None
        self._following: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Read what is there and follow from then on."""
        await self.blocking(self.uploads.prepare)
        self._unsubscribe = self.host.subscribe(self.hear)
        store = self.host.store
        known, self.number = await self.wait(store.run(lambda: records.load(store)))
        jobs, clips = await self.wait(self.host.jobs()), await self.wait(self.host.clips())
        self.ledger = Ledger(jobs, clips, known)
        await self.look_at_models()
        for job in self.ledger.running():
            self._narrators[job.id] = Narrator(self.ledger.record(job))
        self._following = asyncio.create_task(self._follow())

    async def close(self) -> None:
        """Stop following."""
        self._unsubscribe()
        self.sockets.close()
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.converting.shutdown(wait=False, cancel_futures=True)

    # ---- what a prompt can name (the Here of `graph.following`)

    @property
    def names(self) -> ModelNames:
        """The models."""
        return self.models

    def images(self) -> Sequence[str]:
        """The pictures that LoadImage offers."""
        return self.uploads.names()

    def has_image(self, name: str) -> bool:
        """True for an uploaded picture, and for a stored start image under the name that workflows give it."""
        return self.uploads.has(name) or self.stored_image(name) is not None

    def stored_image(self, name: str) -> str | None:
        """The sha256 of the stored start image that workflows call `name`, or None."""
        sha256 = name.removesuffix(".png")
        known = any(job.request.image == sha256 for job in self.ledger.jobs.values())
        return sha256 if known and name != sha256 else None

    async def look_at_models(self) -> None:
        """See which models and LoRAs are here; what was seen a moment ago still holds."""
        if time.monotonic() - self._looked < _LOOK_AGAIN_SECONDS:
            return
        models, loras = await self.blocking(self.host.models.all), await self.blocking(self._loras)
        self.models = ModelNames(models, self.settings.allow_demo, loras)
        self._looked = time.monotonic()

    def _loras(self) -> dict[str, str]:
        """The LoRA files of the folder that was named, by their names in it."""
        folder = Path(self.settings.loras)
        found = islice(folder.rglob("*.safetensors"), _MOST_LORAS) if self.settings.loras else ()
        return {path.relative_to(folder).as_posix(): str(path) for path in sorted(found) if path.is_file()}

    # ---- files

    async def clip_file(self, name: str) -> Path | None:
        """The clip of that file name, or what is made of it; None when there is none. Raises WanError."""
        found = self.ledger.clip_named(name)
        if found is None:
            return None
        clip, wanted = found
        path = Path(clip.path)
        if path.is_symlink() or not path.is_file():
            return None
        if wanted is None:
            return path
        work = partial(derived.make, path, wanted, self.uploads.derived, name)
        return await self._loop.run_in_executor(self.converting, work)

    # ---- waiting for others

    async def wait(self, future: Future[T]) -> T:
        """What the host's future gives."""
        return await asyncio.wrap_future(future)

    async def blocking(self, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` gives, done in a thread."""
        return await self._loop.run_in_executor(self.threads, work, *arguments)

    async def caught_up(self, job: Job | None = None) -> None:
        """Wait until everything that the host has told so far is taken in, and the new `job` at any rate."""
        marker = self._loop.create_future()
        self._events.put_nowait(marker)
        await marker
        if job is not None and job.id not in self.ledger.jobs:
            self._job_changed(job)  # its future may be done a moment before the host has told

    # ---- following

    def hear(self, event: Event) -> None:
        """Take an event from the host; called on any thread."""
        try:
            self._loop.call_soon_threadsafe(self._events.put_nowait, event)
        except RuntimeError:
            log.debug("an event after the server's end: %s", type(event).__name__)

    async def _follow(self) -> None:
        while True:
            event = await self._events.get()
            if isinstance(event, asyncio.Future):
                event.set_result(None)
                continue
            async with self.turn:
                try:
                    await self._take_in(event)
                except Exception:
                    log.exception("the API could not tell of %s", type(event).__name__)

    async def _take_in(self, event: Event) -> None:
        match event:
            case JobChanged(job):
                self._job_changed(job)
            case Progress(job_id):
                self._tell(job_id, lambda narrator: narrator.progress(event))
            case Preview(job_id, _, frames) if frames:
                await self._preview(job_id, frames[len(frames) // 2])
            case BackendState():
                self.backend = event
            case _:
                before = self.ledger.remaining()
                self.ledger.note(event)
                if self.ledger.remaining() != before:
                    self.tell_queue()

    def _job_changed(self, job: Job) -> None:
        before = self.ledger.jobs.get(job.id)
        if before is not None and before.state is JobState.QUEUED and job.state is JobState.QUEUED:
            self.ledger.note(JobChanged(job))
            return
        self.ledger.note(JobChanged(job))
        record = self.ledger.record(job)
        narrator = self._narrators.get(job.id)
        if job.state is JobState.RUNNING:
            if narrator is None:
                narrator = self._narrators[job.id] = Narrator(record)
                self.tell_queue()
                self.sockets.tell(narrator.begin(), record.client_id)
            return
        self._narrators.pop(job.id, None)
        if job.state.ended and (narrator or before is None or not before.state.ended):
            narrator = narrator or Narrator(record)
            self.sockets.tell(narrator.end(job, self.ledger.files(job)), record.client_id)
            self.tell_queue()
            self.sockets.tell([narrator.finally_()], record.client_id)
        else:
            self.tell_queue()

    async def _preview(self, job_id: str, frame: Any) -> None:
        narrator = self._narrators.get(job_id)
        owner = narrator.record.client_id if narrator else None
        if narrator is None or not self.sockets.wants_previews(owner):
            return
        jpeg = await self.blocking(jpeg_of, frame)
        self.sockets.show(jpeg, narrator.preview_metadata(), owner)

    def _tell(self, job_id: str, tell: Callable[[Narrator], Any]) -> None:
        narrator = self._narrators.get(job_id)
        if narrator is not None:
            self.sockets.tell(tell(narrator), narrator.record.client_id)

    # ---- what sockets are told

    def status(self) -> dict[str, Any]:
        """How much is left to do, as ComfyUI says it."""
        return {"exec_info": {"queue_remaining": self.ledger.remaining()}}

    def tell_queue(self) -> None:
        """Tell everybody how much is left."""
        self.sockets.tell_everybody("status", {"status": self.status()})

    def running_node(self, client_id: str) -> str | None:
        """The node that runs now in a job of that client."""
        for narrator in self._narrators.values():
            if narrator.record.client_id == client_id:
                return narrator.node
        return None

    async def keep_records(self, found: dict[str, Record]) -> None:
        """Store records by job id, all in one transaction, and show them."""
        store = self.host.store

        def work() -> None:
            for job_id, record in found.items():
                records.keep(store, job_id, record)

        await self.wait(store.run(work))
        for job_id, record in found.items():
            self.ledger.set_record(job_id, record)
