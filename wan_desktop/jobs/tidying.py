"""What is kept of renders goes when nobody counts on it: never while its job may begin, nor before that is stored."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from wan_desktop.domain.each import do_each
from wan_desktop.domain.errors import WanError
from wan_desktop.domain.job import JobState
from wan_desktop.jobs.running import log_refused

if TYPE_CHECKING:
    from wan_desktop.domain.job import Job
    from wan_desktop.jobs.host import Host

log = logging.getLogger(__name__)


class Tidying:
    """Removes kept files; what happens on the store's thread cannot meet a lease."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def remove_orphans(self) -> None:
        """In the store: remove what no job needs any more. Raises the first WanError when all else is done."""
        library, jobs = self._host.library, self._host.store.jobs()
        done = [
            job for job in jobs if job.state is JobState.DONE
        ]  # the program may have been lost before that
        do_each(
            (
                lambda: log.info("%d bytes belonged to no job", library.sweep_orphans(jobs)),
                *(partial(library.forget_snapshot, job) for job in done),
                self._remove_images,
            )
        )

    def _remove_images(self) -> None:
        swept = self._host.images.sweep(self._host.store.hashes, time.time())
        log.info("%d bytes of start images were named by nothing", swept)

    def bound(self, most_bytes: int) -> None:
        """Keep what ended jobs keep within `most_bytes`, and say so in their rows. Raises WanError."""
        jobs = self._host.jobs().result()
        for job in self._host.library.too_much(jobs, most_bytes):
            given_up = self._host.store.run(partial(self._give_up, job.id), self._forget_and_tell)
            given_up.add_done_callback(log_refused)

    def forget(self, job: Job) -> None:
        """On the store's thread, after the commit that says so: remove what the job keeps."""
        try:
            self._host.library.forget_kept(job)
        except WanError as error:
            log.warning("what job %s kept stays: %s", job.id, error)

    def _give_up(self, job_id: str) -> Job | None:
        """In the store: the job keeps nothing any more, if nobody wants it again."""
        now = self._host.store.job(job_id)
        if now is None or not now.state.may_be_swept:
            return None
        return self._host.queue.keep(replace(now, kept_step=0, kept_steps=0, kept_latents=False))

    def _forget_and_tell(self, job: Job | None) -> None:
        if job is not None:
            self.forget(job)
            self._host.announce(job)
