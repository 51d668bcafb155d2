"""The host: one object with everything that can be asked of Wan Desktop, whoever asks.

The window's Session, the command line and the local socket all call these verbs; what happens comes back as
events to every listener. Verbs that store something return a future that is done after the commit.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, DiskProblem, InvalidRequest
from wan_desktop.domain.events import BackendState, ClipAdded, ClipRemoved, Event, JobChanged, JobRemoved
from wan_desktop.domain.job import Clip, Job, JobState
from wan_desktop.domain.validate import resolve
from wan_desktop.jobs.cancel import CancelToken
from wan_desktop.jobs.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from wan_desktop.domain.request import Draft, RenderRequest
    from wan_desktop.jobs.ports import Backend, Images, Library, Models, Store

T = TypeVar("T")


class Host:
    """The verbs and the state behind them. Listeners are called on whichever thread an event arises."""

    def __init__(
        self, *, store: Store, library: Library, images: Images, models: Models, backend: Backend
    ) -> None:
        self.store = store
        self.library = library
        self.images = images
        self.models = models
        self.backend = backend
        self.queue = Queue(store)
        self._intake = ThreadPoolExecutor(1, "intake")
        self._listeners: list[Callable[[Event], None]] = []
        self._tokens: dict[str, CancelToken] = {}
        self._backend_state: BackendState | None = None
        self._stop_backend_events = backend.subscribe(self._on_backend)

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with the backend's state and for every event from now on; returns the way to stop."""
        self._listeners.append(listener)
        if self._backend_state is not None:
            listener(self._backend_state)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def emit(self, event: Event) -> None:
        """Tell every listener."""
        for listener in list(self._listeners):
            listener(event)

    # ---- jobs

    def submit(self, draft: Draft) -> Future[Job]:
        """Check the draft, store its image and queue it. The future raises InvalidRequest when it is refused."""

        def work() -> Job:
            request = self._resolve(draft)  # reads and stores the picture: not on the database's thread
            self._check_library(request)
            return self.store.run(lambda: self.queue.add(request)).result()

        return self._then(self._intake.submit(work), self._announce)

    def check(self, draft: Draft) -> None:
        """Raise InvalidRequest if `submit` would refuse the draft's values (the image's content is not read)."""
        self._model_resolve(draft, image_size=None)

    def cancel(self, job_id: str) -> Future[Job]:
        """Stop a waiting or running job; ended ones stay as they are."""

        def work() -> Job:
            job = self.queue.get(job_id)
            if job.state is JobState.QUEUED:
                return self.queue.cancel(job)
            if job.id in self._tokens:
                self._tokens[job.id].cancel()
            return job

        return self._then(self.store.run(work), self._announce)

    def retry(self, job_id: str) -> Future[Job]:
        """Queue an ended job again."""
        return self._then(self.store.run(lambda: self.queue.retry(job_id)), self._announce)

    def move(self, job_id: str, before: str | None) -> Future[list[Job]]:
        """Put a waiting job before another waiting one, or last; the jobs whose order changed."""

        def announce(changed: list[Job]) -> None:
            for job in changed:
                self._announce(job)

        return self._then(self.store.run(lambda: self.queue.move(job_id, before)), announce)

    def remove(self, job_id: str) -> Future[None]:
        """Take a job off the list; a running one is refused, its clip stays in the library."""

        def work() -> None:
            if self.queue.get(job_id).state is JobState.RUNNING:
                raise InvalidRequest(
                    QT_TRANSLATE_NOOP("errors", "This job is rendering: cancel it first."), field="job"
                )
            self.queue.remove(job_id)

        return self._then(self.store.run(work), lambda _: self.emit(JobRemoved(job_id)))

    def jobs(self) -> Future[list[Job]]:
        """Every job: running and waiting ones in their order, then ended ones, newest first."""
        return self.store.run(self.store.jobs)

    # ---- the library

    def clips(self, *, deleted: bool = False) -> Future[list[Clip]]:
        """The library's clips, newest first, or those in its bin."""
        return self.store.run(lambda: self.store.clips(deleted=deleted))

    def delete_clip(self, clip: Clip) -> Future[Clip]:
        """Move a clip to the library's bin."""

        def work() -> Clip:
            gone = self.library.to_bin(clip, time.time())
            self.store.put_clip(gone)
            return gone

        return self._then(self.store.run(work), lambda gone: self.emit(ClipRemoved(gone.id)))

    def restore_clip(self, clip: Clip) -> Future[Clip]:
        """Bring a clip back from the bin; `clip` is what `delete_clip` returned."""

        def work() -> Clip:
            back = self.library.from_bin(clip)
            self.store.put_clip(back)
            return back

        return self._then(self.store.run(work), lambda back: self.emit(ClipAdded(back)))

    # ---- small things worth remembering

    def remember(self, key: str, value: Any) -> Future[None]:
        """Store a small JSON value, such as the text being typed."""
        return self.store.run(lambda: self.store.put_value(key, value))

    def recall(self, key: str) -> Future[Any]:
        """The remembered value, or None."""
        return self.store.run(lambda: self.store.value(key))

    # ---- for the runner

    def lease(self, skip: frozenset[str] = frozenset()) -> tuple[Job, CancelToken] | None:
        """The next job to run, with its cancel token, or None when nothing waits that is not in `skip`."""

        def work() -> tuple[Job, CancelToken] | None:
            job = self.queue.lease(skip)
            if job is None:
                return None
            self._tokens[job.id] = CancelToken()
            return job, self._tokens[job.id]

        leased = self.store.run(work).result()
        if leased:
            self.emit(JobChanged(leased[0]))
        return leased

    def end(self, work: Callable[[Queue], Job], clip: Clip | None = None) -> None:
        """Store how a running job ended, together with its clip if it has one, then announce both."""

        def store() -> Job:
            if clip is not None:
                self.store.put_clip(clip)
            job = work(self.queue)
            self._tokens.pop(job.id, None)
            return job

        job = self.store.run(store).result()
        if clip is not None:
            self.emit(ClipAdded(clip))
        self._announce(job)

    def cancel_running(self) -> None:
        """Stop the jobs that render now."""
        for token in list(self._tokens.values()):
            token.cancel()

    def close(self) -> None:
        """Stop the render process and close the database; the runner must have stopped before."""
        self._intake.shutdown()
        self.backend.close()
        self._stop_backend_events()
        self.store.close()

    def _announce(self, job: Job) -> None:
        self.emit(JobChanged(job))

    def _on_backend(self, state: BackendState) -> None:
        self._backend_state = state
        self.emit(state)

    @staticmethod
    def _then(future: Future[T], announce: Callable[[T], None]) -> Future[T]:
        """Announce the future's result once it is stored; a refused one is told by the future alone."""

        def done(finished: Future[T]) -> None:
            if not finished.cancelled() and finished.exception() is None:
                announce(finished.result())

        future.add_done_callback(done)
        return future

    def _resolve(self, draft: Draft) -> RenderRequest:
        size = None
        if draft.stored_image is not None:
            size = self.images.size(draft.stored_image)
        elif draft.image is not None:
            self._model_resolve(draft, image_size=None)  # wrong numbers are told before a picture is read
            stored, size = self.images.add(draft.image)
            draft = replace(draft, stored_image=stored)
        return self._model_resolve(draft, image_size=size)

    def _check_library(self, request: RenderRequest) -> None:
        try:
            self.library.check_space(request)
        except DiskProblem as error:
            raise DiskProblem(error.template, field="library", action=error.action, **error.values) from error

    def _model_resolve(self, draft: Draft, image_size: tuple[int, int] | None) -> RenderRequest:
        return resolve(draft, self.models.get(draft.model), image_size)
