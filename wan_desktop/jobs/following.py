"""Following one submitted job to its end, at the host or as its client."""

from __future__ import annotations

import contextlib
import queue
from typing import TYPE_CHECKING, Protocol

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, HostProblem, WanError
from wan_desktop.domain.events import BackendState, ClipAdded, Event, JobChanged, Note, Progress, QueueState
from wan_desktop.domain.job import JobState
from wan_desktop.domain.places import server_of

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable
    from concurrent.futures import Future

    from wan_desktop.domain.job import Clip, Job


class Followed(Protocol):
    """What is needed of a host or of its client."""

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call `listener` for every event from now on; returns the way to stop."""

    def cancel(self, job_id: str) -> Future[Job]:
        """Stop a waiting or running job."""


class Following:
    """One submitted job, followed to its end; an interrupt cancels it.

    `may_wait`: the job waits while the queue rests, which is then told. So is what keeps it from the card.
    """

    def __init__(self, host: Followed, show: Callable[[Event], None], *, may_wait: bool = False) -> None:
        self._host, self._show, self._may_wait = host, show, may_wait
        self._events: queue.SimpleQueue[Event | WanError] = queue.SimpleQueue()
        self._told: set[str] = set()

    def run(self, submit: Callable[[], Future[Job]], interrupted: threading.Event) -> tuple[Job, Clip | None]:
        """The ended job and its clip. Raises what `submit` raises, and HostProblem when the host goes away."""
        unsubscribe = self._host.subscribe(self._events.put)
        try:
            job = submit().result()
            self._show(JobChanged(job))
            return self._until_ended(job, interrupted)
        finally:
            unsubscribe()

    def lost(self, _: Future[None]) -> None:
        """The conversation with the host has ended."""
        self._events.put(
            HostProblem(
                QT_TRANSLATE_NOOP(
                    "errors",
                    "The Wan Desktop that was rendering has ended. The job is in its queue: open the window.",
                )
            )
        )

    def _until_ended(self, job: Job, interrupted: threading.Event) -> tuple[Job, Clip | None]:
        clip, asked = None, False
        while not job.state.ended:
            if interrupted.is_set() and not asked:
                asked = True
                self._host.cancel(job.id)
            with contextlib.suppress(queue.Empty):
                match self._events.get(timeout=0.1):
                    case WanError() as error:
                        raise error
                    case JobChanged(changed) if changed.id == job.id:
                        if changed.state is JobState.PAUSED:
                            self._show(Note(job.id, _why_paused(changed)))
                        job = changed
                    case QueueState(paused=True) if self._may_wait:
                        self._show(Note(job.id, "The queue is paused: continue it, and this job renders."))
                    case BackendState(info=info) if not server_of(job.request.model):
                        for problem in info.get("problems", ()):
                            self._tell_once(Note(job.id, problem))
                    case ClipAdded(added) if added.job_id == job.id:
                        clip = added
                    case (Progress() | Note()) as event if event.job_id == job.id:
                        self._show(event)
        return job, clip

    def _tell_once(self, note: Note) -> None:
        if note.sentence not in self._told:
            self._told.add(note.sentence)
            self._show(note)


def _why_paused(job: Job) -> str:
    why = "" if job.error is None else f" {WanError.from_json(job.error).sentence} It goes on by itself."
    return f"Paused.{why}"
