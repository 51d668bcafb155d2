"""Jobs that paused because a disk refused: when they are tried again."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import WanError

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from wan_desktop.domain.job import Job
    from wan_desktop.jobs.host import Host

log = logging.getLogger(__name__)

MOST_PAUSE_SECONDS = 600.0
STOP_SECONDS = 5.0
"""How long the end waits for a look; a network disk may not answer for minutes."""


@dataclass
class _Wait:
    """One job that was refused. `tries` were in vain since it got further than `kept`; the next may be at `until`.

    `missing`: the disk has been seen without room, or away, since then. `tried`: it was put back.
    """

    kept: tuple[int, bool]
    tries: int
    until: float
    missing: bool = False
    tried: bool = False


class DiskWatch:
    """Looks every `every_s` seconds, in a thread of its own, while a job that is not `held` waits for its disk.

    A look costs next to nothing, a try may load a model. A disk that was seen without room, or away, and now has
    room is tried at once. One that has room, as far as can be seen, and refuses all the same is tried after
    `every_s`, and after twice as long each time that it brings the job no further, at most MOST_PAUSE_SECONDS.
    """

    def __init__(self, host: Host, held: Container[str], every_s: float, clock: Callable[[], float]) -> None:
        self._host, self._held = (
            host,
            held,
        )  # not the runner: in a ring they would be freed late, on any thread
        self._every_s, self._clock = every_s, clock
        self._waits: dict[str, _Wait] = {}
        self._soon, self._over = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to look."""
        self._thread = threading.Thread(target=self._watch, name="disk-watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._soon.set()
        if self._thread is not None:
            self._thread.join(STOP_SECONDS)

    def soon(self) -> None:
        """Something has changed: look now."""
        self._soon.set()

    def _watch(self) -> None:
        while not self._over.is_set():
            self._soon.clear()
            try:
                waiting = self._look()
            except WanError as error:
                log.error("the database refuses, looking again: %s", error)
                waiting = True
            self._soon.wait(self._every_s if waiting else None)

    def _look(self) -> bool:
        """Let those go on that may; True while some still wait. Raises WanError."""
        jobs = self._host.jobs().result()
        live = {job.id for job in jobs if not job.state.ended}
        self._waits = {job_id: wait for job_id, wait in self._waits.items() if job_id in live}
        waiting = [job for job in jobs if job.waits_for_disk and job.id not in self._held]
        for job in waiting:
            if self._may_try(job):
                self._waits[job.id].tried = True
                self._host.running.put_back(job.id)
        return bool(waiting)

    def _may_try(self, job: Job) -> bool:
        wait = self._waits.get(job.id)
        if wait is None or wait.tried:  # refused since the last look
            wait = self._waits[job.id] = self._refused(job, wait)
        if not self._has_room(job):
            wait.missing = True
            return False
        return wait.missing or self._clock() >= wait.until

    def _refused(self, job: Job, before: _Wait | None) -> _Wait:
        kept = (job.kept_step, job.kept_latents)
        tries = before.tries + 1 if before is not None and before.kept == kept else 0
        return _Wait(kept, tries, self._clock() + min(self._every_s * 2**tries, MOST_PAUSE_SECONDS))

    def _has_room(self, job: Job) -> bool:
        try:
            self._host.library.check_space(job.request)
        except WanError:
            return False
        return True
