"""The local Backend: renders in a process of its own, which may die at any moment."""

from __future__ import annotations

import atexit
import logging
import queue
import time
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import Cancelled, Paused, RenderProcessDied
from wan_desktop.domain.events import Progress, Rendered
from wan_desktop.domain.job import Stage
from wan_desktop.process.keeper import Keeper
from wan_desktop.process.patience import Limits, Patience

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from wan_desktop.domain.events import BackendState, RenderEvent
    from wan_desktop.domain.job import Job, WorkFiles
    from wan_desktop.jobs.cancel import CancelToken
    from wan_desktop.jobs.ports import Images, Models
    from wan_desktop.process.child_process import ChildProcess
    from wan_desktop.process.keeper import Target
    from wan_desktop.process.patience import Mail

log = logging.getLogger(__name__)


class RenderProcess:
    """Implements the Backend port. The Keeper owns the process; a render holds one conversation with it."""

    def __init__(
        self,
        target: Target,
        settings: Callable[[], dict[str, Any]],
        *,
        models: Models,
        images: Images,
        limits: Limits = Limits(),  # noqa: B008 - frozen
    ) -> None:
        """`target(connection, settings())` is what the process runs; `settings` is asked at each spawn."""
        self._limits = limits
        self._keeper = Keeper(target, settings)
        self._models = models
        self._images = images
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """The process's id, or None when there is none."""
        return self._keeper.pid

    def start(self) -> None:
        """Begin to get ready, without waiting."""
        self._keeper.start()

    def subscribe(self, listener: Callable[[BackendState], None]) -> Callable[[], None]:
        """As the port says. A listener hears the changes in their order and must not block."""
        return self._keeper.subscribe(listener)

    def restart(self) -> None:
        """Have a fresh process with the present settings; a job in the old one is rendered to its end first."""
        self._keeper.restart()

    def rest(self) -> None:
        """End the process and give its memory back until the next render; a busy one is left alone. Blocks."""
        self._keeper.rest()

    def close(self) -> None:
        """End the process and give everything back. Safe to call again."""
        atexit.unregister(self.close)
        self._keeper.close()

    def render(self, job: Job, files: WorkFiles, cancel: CancelToken) -> Iterator[RenderEvent]:
        """As the port says. Raises RenderProcessDied when the process dies, or hangs, in the middle of the job.

        A process that died without a word on the job never began it: then the job goes to the next one, once.
        """
        cancel.raise_if_cancelled()
        cancel.raise_if_paused()
        model = self._models.get(job.request.model)
        image = str(self._images.path(job.request.image)) if job.request.image else None
        message = ("render", job, model, image, files)
        mail: Mail = queue.SimpleQueue()
        self._keeper.attend(mail)
        try:
            cancel.on_change(lambda: mail.put(("look",)))
            yield Progress(job.id, Stage.LOADING)
            if not (yield from self._attempt(job.id, message, mail, cancel)):
                yield from self._attempt(job.id, message, mail, cancel, last=True)
        except Paused:
            self._keeper.rest()
            raise
        finally:
            self._keeper.attend(None)

    def _attempt(
        self, job_id: str, message: tuple[Any, ...], mail: Mail, cancel: CancelToken, last: bool = False
    ) -> Generator[RenderEvent, None, bool]:
        """Render in one process; False when it died without a word on the job."""
        patience = Patience(self._limits)
        child = self._keeper.claim(job_id, mail, cancel, patience)
        over = begun = pausing = False
        child.send(message)  # when nobody is left to read it, the keeper tells of the death
        try:
            while not over:
                if cancel.paused and not pausing:
                    pausing = child.send(("pause", job_id))
                    patience.begin_again()
                cancel.raise_if_cancelled()
                answer = self._answer(child, job_id, mail, patience, hurry=pausing and patience.early)
                over = _is_last(answer)
                match answer:
                    case ("event", event):
                        begun = True
                        yield event
                    case ("failed", _, error):
                        if isinstance(error, RenderProcessDied):  # it can render nothing more, and says so
                            self._keeper.replace(child)
                        raise error
                    case ("cancelled", _):
                        raise Cancelled()
                    case ("paused", _):
                        raise Paused()
                    case ("died", error):
                        if begun or last or not isinstance(error, RenderProcessDied):
                            raise error
                        return False
            return True
        finally:
            if not over:
                self._stop_job(child, job_id, mail)
            self._keeper.release(child)

    def _answer(
        self, child: ChildProcess, job_id: str, mail: Mail, patience: Patience, *, hurry: bool
    ) -> tuple[Any, ...]:
        """The next message on the job. One who is silent for too long is killed, and counts as dead.

        A pause waits for the step, however long that takes; `hurry`: before drawing there is nothing to wait for,
        and the process has a second to say so.
        """
        answer = patience.next(mail, self._limits.confirm_s if hurry else None)
        if answer is not None:
            return answer
        if hurry:
            return ("paused", job_id)
        log.warning("the render process is silent: it is replaced")
        self._keeper.replace(child)
        return ("died", patience.died())

    def _stop_job(self, child: ChildProcess, job_id: str, mail: Mail) -> None:
        """Cancel the job; a process that does not confirm in time is killed and replaced."""
        child.send(("cancel", job_id))
        deadline = time.monotonic() + self._limits.confirm_s
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer = mail.get(timeout=left)
            except queue.Empty:
                break
            if _is_last(answer):
                return
        log.warning("a cancel was not confirmed in time: the render process is replaced")
        self._keeper.replace(child)


def _is_last(answer: tuple[Any, ...]) -> bool:
    """Nothing more follows on the job."""
    return answer[0] in ("cancelled", "paused", "failed", "died") or (
        answer[0] == "event" and isinstance(answer[1], Rendered)
    )
