"""The host: one object with everything that can be asked of Wan Desktop, whoever asks.

The window's Session, the command line and the local socket all call these verbs; what happens comes back as
events to every listener. Verbs that store something return a future that is done after the commit; the event of it
comes before, on the store's thread, so that events have the order of what is stored.
"""

from __future__ import annotations

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.events import BackendState, ClipAdded, ClipRemoved, Event
from wan_desktop.jobs.intake import Intake
from wan_desktop.jobs.job_verbs import JobVerbs
from wan_desktop.jobs.queue import Queue
from wan_desktop.jobs.running import Running
from wan_desktop.jobs.tidying import Tidying

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from wan_desktop.domain.job import Clip
    from wan_desktop.jobs.ports import Backend, Images, Library, Models, Store

log = logging.getLogger(__name__)


class Host(JobVerbs):
    """The verbs and the state behind them. Listeners are called on whichever thread an event arises, and may not
    wait there for what is stored.

    `running` is the runner's door: what is leased, how it went on, how it ended.
    """

    def __init__(
        self, *, store: Store, library: Library, images: Images, models: Models, backend: Backend
    ) -> None:
        self.store = store
        self.library = library
        self.images = images
        self.models = models
        self.backend = backend
        self.queue = Queue(store)
        self.running = Running(self)
        self.tidying = Tidying(self)
        self._intake = Intake(library, images, models)
        self._worker = ThreadPoolExecutor(1, "intake")
        self._listeners: list[Callable[[Event], None]] = []
        self.backend_state: BackendState | None = None
        self.plans = 1
        """How many memory plans the render process has; known while it is replaced, too."""
        self._stop_backend_events = backend.subscribe(self._note_backend)

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` with the backend's and the queue's state and for every event from now on.

        Returns the way to stop.
        """

        stop_backend = self.backend.subscribe(lambda state: _tell(listener, state))
        with self.running.resting:  # so that no newer state was told before
            self._listeners.append(listener)
            _tell(listener, self.running.queue_state)

        def stop() -> None:
            stop_backend()
            if listener in self._listeners:
                self._listeners.remove(listener)

        return stop

    def emit(self, event: Event) -> None:
        """Tell every listener; one that fails is the others' and the host's loss in no way."""
        for listener in list(self._listeners):
            _tell(listener, event)

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

        return self.store.run(work, lambda gone: self.emit(ClipRemoved(gone.id)))

    def restore_clip(self, clip: Clip) -> Future[Clip]:
        """Bring a clip back from the bin; `clip` is what `delete_clip` returned."""

        def work() -> Clip:
            back = self.library.from_bin(clip)
            self.store.put_clip(back)
            return back

        return self.store.run(work, lambda back: self.emit(ClipAdded(back)))

    # ---- small things worth remembering

    def remember(self, key: str, value: Any) -> Future[None]:
        """Store a small JSON value, such as the text being typed."""
        return self.store.run(lambda: self.store.put_value(key, value))

    def recall(self, key: str) -> Future[Any]:
        """The remembered value, or None."""
        return self.store.run(lambda: self.store.value(key))

    # ---- the end

    def close(self) -> None:
        """Stop the render process and close the database; the runner must have stopped before."""
        self._worker.shutdown()
        self.backend.close()
        self._stop_backend_events()
        self.store.close()

    def _note_backend(self, state: BackendState) -> None:
        self.backend_state = state
        self.plans = int(state.info.get("plans", self.plans))


def _tell(listener: Callable[[Event], None], event: Event) -> None:
    try:
        listener(event)
    except Exception:  # the host's border: no render is lost over somebody who listens
        log.exception("a listener failed at %s", type(event).__name__)
