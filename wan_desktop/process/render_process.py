"""The local Backend: renders in a process of its own, which may die at any moment."""

from __future__ import annotations

import atexit
import logging
import queue
import time
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import Cancelled, RenderProcessDied
from wan_desktop.domain.events import Progress, Rendered
from wan_desktop.domain.job import Stage
from wan_desktop.process.keeper import Keeper

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from wan_desktop.domain.events import BackendState, RenderEvent
    from wan_desktop.domain.job import Job, WorkFiles
    from wan_desktop.jobs.cancel import CancelToken
    from wan_desktop.jobs.ports import Images, Models
    from wan_desktop.process.child_process import ChildProcess
    from wan_desktop.process.keeper import Mail, Target

log = logging.getLogger(__name__)

CONFIRM_SECONDS = 1.0
"""How long a cancel may stay unconfirmed before the process is killed and replaced."""


class RenderProcess:
    """Implements the Backend port. The Keeper owns the process; a render holds one conversation with it."""

    def __init__(
        self, target: Target, settings: Callable[[], dict[str, Any]], *, models: Models, images: Images
    ) -> None:
        """`target(connection, settings())` is what the process runs; `settings` is asked at each spawn."""
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

    def close(self) -> None:
        """End the process and give everything back. Safe to call again."""
        atexit.unregister(self.close)
        self._keeper.close()

    def render(self, job: Job, files: WorkFiles, cancel: CancelToken) -> Iterator[RenderEvent]:
        """As the port says. Raises RenderProcessDied when the process dies in the middle of the job.

        A process that died without a word on the job never began it: then the job goes to the next one, once.
        """
        cancel.raise_if_cancelled()
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
        finally:
            self._keeper.attend(None)

    def _attempt(
        self, job_id: str, message: tuple[Any, ...], mail: Mail, cancel: CancelToken, last: bool = False
    ) -> Generator[RenderEvent, None, bool]:
        """Render in one process; False when it died without a word on the job."""
        child = self._keeper.claim(job_id, mail, cancel)
        over = begun = False
        child.send(message)  # when nobody is left to read it, the keeper tells of the death
        try:
            while not over:
                cancel.raise_if_cancelled()
                answer = mail.get()
                over = answer[0] in ("failed", "cancelled", "died") or _is_rendered(answer)
                match answer:
                    case ("event", event):
                        begun = True
                        yield event
                    case ("failed", _, error):
                        raise error
                    case ("cancelled", _):
                        raise Cancelled()
                    case ("died", error):
                        if begun or last or not isinstance(error, RenderProcessDied):
                            raise error
                        return False
            return True
        finally:
            if not over:
                self._stop_job(child, job_id, mail)
            self._keeper.release(child)

    def _stop_job(self, child: ChildProcess, job_id: str, mail: Mail) -> None:
        """Cancel the job; a process that does not confirm in time is killed and replaced."""
        child.send(("cancel", job_id))
        deadline = time.monotonic() + CONFIRM_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            try:
                answer = mail.get(timeout=left)
            except queue.Empty:
                break
            if answer[0] in ("cancelled", "failed", "died") or _is_rendered(answer):
                return
        log.warning("a cancel was not confirmed within %g s: the render process is replaced", CONFIRM_SECONDS)
        self._keeper.replace(child)


def _is_rendered(answer: tuple[Any, ...]) -> bool:
    return answer[0] == "event" and isinstance(answer[1], Rendered)
