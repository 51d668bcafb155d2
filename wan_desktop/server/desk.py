"""What the routes share: the host, the ledger of its jobs, uploads, sockets, threads for what blocks."""

from __future__ import annotations

import asyncio
import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from wan_desktop.domain.errors import BadImage
from wan_desktop.domain.events import BackendState
from wan_desktop.domain.job import JobState
from wan_desktop.graph.names import ModelNames
from wan_desktop.server import derived, history, outputs, records
from wan_desktop.server.ledger import Ledger
from wan_desktop.server.loras import lora_files
from wan_desktop.server.sockets import Sockets
from wan_desktop.server.telling import Teller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from concurrent.futures import Future

    from wan_desktop.domain.job import Job
    from wan_desktop.jobs.host import Host
    from wan_desktop.jobs.ports import Store
    from wan_desktop.server.records import Record
    from wan_desktop.server.settings import ApiSettings
    from wan_desktop.server.uploads import Uploads

T = TypeVar("T")
_AT_ONCE = 256
_LOOK_AGAIN_SECONDS = 2.0
SLICE = 4
"""Jobs that are read from the store at once: the store's thread is others' too, and so is Python's lock."""


class Desk:
    """Lives on the event loop, but for what `graph.reading` asks of it (names, images, has_image), in any thread."""

    def __init__(self, host: Host, settings: ApiSettings, uploads: Uploads) -> None:
        self.host, self.settings, self.uploads = host, settings, uploads
        self.sockets = Sockets(settings.limits.sockets)
        self.backend = BackendState("starting")
        self.models = ModelNames((), settings.allow_demo)
        self.threads = ThreadPoolExecutor(4, "api")
        self.converting = ThreadPoolExecutor(1, "api-convert")
        self.pictures = asyncio.Semaphore(2)
        self.ledger = Ledger()
        self.number = 0
        self.teller = Teller(self)
        self._looked = -_LOOK_AGAIN_SECONDS
        self._looking = asyncio.Lock()
        self._free_later = False
        self._loop = asyncio.get_running_loop()
        self._unsubscribe: Callable[[], None] = lambda: None

    async def open(self) -> None:
        """Read what is there and follow from then on."""
        await self.blocking(self.uploads.prepare)
        self._unsubscribe = self.host.subscribe(self.teller.hear)
        store = self.host.store
        await self.wait(store.run(partial(records.sweep, store)))
        self.number = await self.wait(store.run(partial(records.number, store)))
        clips = await self.wait(self.host.clips())
        self.ledger = Ledger(clips)
        jobs = {job.id: job for job in await self.wait(self.host.jobs())}
        oldest_first = sorted(jobs.values(), key=lambda job: job.finished_at or job.created_at)
        running: dict[str, Record] = {}
        async for part in self.read([job.id for job in oldest_first]):
            running |= self._take_in(jobs, part)
        await self.look_at_models()
        self.teller.begin(running)

    def _take_in(self, jobs: dict[str, Job], part: dict[str, history.Found]) -> dict[str, Record]:
        """Put these jobs into the ledger; the records of those that run."""
        running: dict[str, Record] = {}
        for job_id, (_, record) in part.items():
            if record is not None:
                self.ledger.put(jobs[job_id], record)
                if jobs[job_id].state is JobState.RUNNING:
                    running[job_id] = record
        return running

    async def close(self) -> None:
        """Stop following."""
        self._unsubscribe()
        self.sockets.close()
        await self.teller.end()
        self.threads.shutdown(wait=False, cancel_futures=True)
        self.converting.shutdown(wait=False, cancel_futures=True)

    # ---- what a prompt can name (the Here of `graph.following`)

    @property
    def names(self) -> ModelNames:
        """The models."""
        return self.models

    def images(self) -> Sequence[str]:
        """The pictures that LoadImage offers; reads a folder."""
        return self.uploads.names()

    def has_image(self, name: str) -> bool:
        """True for an uploaded picture, and for a stored start image under the name that workflows give it."""
        return self.uploads.has(name) or self.stored_image(name) is not None

    def stored_image(self, name: str) -> str | None:
        """The sha256 of the stored start image that workflows call `name`, or None; looks at the disk."""
        sha256 = name.removesuffix(".png")
        with contextlib.suppress(BadImage, ValueError):
            if name != sha256 and self.host.images.path(sha256):
                return sha256
        return None

    async def look_at_models(self) -> None:
        """See which models and LoRAs are here; what was seen a moment ago still holds. One look at a time."""
        async with self._looking:
            if time.monotonic() - self._looked < _LOOK_AGAIN_SECONDS:
                return
            self.models = await self.blocking(self._names)
            self._looked = time.monotonic()

    def _names(self) -> ModelNames:
        return ModelNames(self.host.models.all(), self.settings.allow_demo, lora_files(self.settings.loras))

    # ---- files

    async def clip_file(self, name: str) -> Path | None:
        """The clip of that file name, or what is made of it; None when there is none. Raises WanError."""
        clip = self.ledger.clip_named(name)
        if clip is None or not await self.blocking(_is_plain_file, Path(clip.path)):
            return None
        if name.endswith(".mp4"):
            return Path(clip.path)
        store = self.host.store
        _, record = await self.wait(store.run(lambda: history.find(store, clip.job_id)))
        wanted = outputs.derived(name, record, clip) if record is not None else None
        if wanted is None:
            return None
        work = partial(derived.make, Path(clip.path), wanted, self.uploads.derived, name)
        return await self._loop.run_in_executor(self.converting, work)

    # ---- waiting for others

    async def wait(self, future: Future[T]) -> T:
        """What the host's future gives."""
        return await asyncio.wrap_future(future)

    async def blocking(self, work: Callable[..., T], *arguments: Any) -> T:
        """What `work` gives, done in a thread."""
        return await self._loop.run_in_executor(self.threads, work, *arguments)

    async def read(self, job_ids: Sequence[str]) -> AsyncIterator[dict[str, history.Found]]:
        """What the store has of those jobs by their ids, a slice at a time."""
        store = self.host.store
        for start in range(0, len(job_ids), SLICE):
            part = job_ids[start : start + SLICE]
            yield await self.wait(store.run(partial(_find_all, store, part)))

    async def forget(self, job_ids: Sequence[str]) -> None:
        """Take ended jobs out of the history for good."""
        store = self.host.store
        for start in range(0, len(job_ids), _AT_ONCE):
            part = job_ids[start : start + _AT_ONCE]
            await self.wait(store.run(partial(records.forget, store, part)))
            self.ledger.mark_forgotten(part)

    # ---- memory

    async def free(self) -> None:
        """Let the render process give its memory back: now, or when what runs has ended."""
        self._free_later = bool(self.ledger.running())
        if not self._free_later:
            await self.blocking(self.host.backend.rest)

    async def freed_later(self) -> None:
        """A job has ended: do what `free` was asked for meanwhile."""
        if self._free_later:
            await self.free()

    # ---- what sockets are told

    def status(self) -> dict[str, Any]:
        """How much is left to do, as ComfyUI says it."""
        return {"exec_info": {"queue_remaining": self.ledger.remaining()}}

    def tell_queue(self) -> None:
        """Tell everybody how much is left."""
        self.sockets.tell_everybody("status", {"status": self.status()})


def _find_all(store: Store, job_ids: Sequence[str]) -> dict[str, history.Found]:
    return {job_id: history.find(store, job_id) for job_id in job_ids}


def _is_plain_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
