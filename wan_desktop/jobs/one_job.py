"""One job from its lease to its end: tried again when it can go on, and never without what it has done."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import (
    QT_TRANSLATE_NOOP,
    BadOutput,
    Cancelled,
    DiskProblem,
    OutOfMemory,
    Paused,
    RenderProcessDied,
    WanError,
)
from wan_desktop.domain.events import Kept, Note, Planned, Progress, Rendered, Resumed
from wan_desktop.domain.job import Stage
from wan_desktop.domain.sentence import Sentence, both
from wan_desktop.jobs.job_verbs import MOST_TRIES

if TYPE_CHECKING:
    from collections.abc import Callable

    from wan_desktop.domain.events import RenderEvent
    from wan_desktop.domain.job import Clip, Job
    from wan_desktop.jobs.cancel import CancelToken
    from wan_desktop.jobs.host import Host
    from wan_desktop.jobs.ports import Backend

log = logging.getLogger(__name__)

_GONE = QT_TRANSLATE_NOOP("notes", "What was kept of this render is gone, so it starts again.")


class OneJob:
    """Renders one leased job. `end` says in one call how it ended, to be stored by the runner."""

    def __init__(
        self, host: Host, backend: Backend, job: Job, token: CancelToken, log_tail: Callable[[float], str]
    ) -> None:
        self._host, self._backend, self._token, self._log_tail = host, backend, token, log_tail
        self.job = job
        self._bad_after = 0

    def run(self) -> Callable[[], Job]:
        """Render; the function that stores how it ended. Never raises for what can go wrong with a job."""
        running = self._host.running
        try:
            clip = self._clip()
        except Cancelled:
            return self._after(lambda: running.cancelled(self.job))
        except Paused:
            self._backend.rest()
            return self._after(lambda: running.paused(self.job))
        except DiskProblem as error:
            problem = error
            self._backend.rest()  # the render process may hold the unfinished file open, and with it the room
            return self._after(lambda: running.end(self.job, lambda queue: queue.pause(self.job, problem)))
        except WanError as error:
            return self._failed(error)
        except Exception as error:
            log.exception("job %s failed unexpectedly", self.job.id)
            return self._failed(
                WanError(QT_TRANSLATE_NOOP("errors", "Something unexpected happened: {why}"), why=error)
            )
        return lambda: self._done(clip)

    # ---- trying

    def _clip(self) -> Clip:
        """Try until there is a clip: a lost process or missing memory is no end while tries or plans are left."""
        library = self._host.library
        while True:
            self._heed_user()
            try:
                return library.published(self.job) or library.publish(self.job, self._render())
            except (BadOutput, DiskProblem, OutOfMemory, RenderProcessDied) as error:
                self._heed_user()  # what the user has said counts more
                if not self._may_try_again(error):
                    raise

    def _may_try_again(self, error: WanError) -> bool:
        """Is there something to try after `error`? Then it is noted, and the job is ready for it."""
        job = self.job
        match error:
            case BadOutput():
                if job.kept_latents or job.kept_step <= self._bad_after:
                    return False
                self._bad_after = job.kept_step
                self._backend.rest()  # its process, or the card, may have been at fault: a fresh one tries once
                self._note(both(error.sentence, self._what_is_kept()))
            case RenderProcessDied():
                self._change(attempts=job.attempts + 1)
                state = self._host.backend_state
                if self.job.attempts >= MOST_TRIES or (state is not None and state.state == "failed"):
                    return False
                self._note(both(error.sentence, self._what_is_kept()))
            case OutOfMemory():
                if job.plan + 1 >= self._host.plans:
                    return False
                self._change(plan=job.plan + 1)
                self._note(both(self._another_plan(), self._what_is_kept()))
            case _:
                return False
        return True

    def _heed_user(self) -> None:
        self._token.raise_if_cancelled()
        self._token.raise_if_paused()

    def _render(self) -> Rendered:
        host, rendered = self._host, None
        host.library.check_space(self.job.request)
        self._look_at_what_is_kept()
        for event in self._backend.render(self.job, host.library.work_files(self.job), self._token):
            host.emit(event)
            self._heed(event)
            if isinstance(event, Rendered):
                rendered = event
        if rendered is None:
            raise WanError(QT_TRANSLATE_NOOP("errors", "The render ended without a clip."))
        host.emit(Progress(self.job.id, Stage.SAVING))
        return rendered

    def _look_at_what_is_kept(self) -> None:
        """What is gone is promised no longer."""
        job = self.job
        if not (job.kept_step or job.kept_latents) or self._host.library.keeps(job):
            return
        self._change(kept_step=0, kept_steps=0, kept_latents=False)
        if job.latents_of is None:
            self._note(Sentence(_GONE))

    def _heed(self, event: RenderEvent) -> None:
        job = self.job
        match event:
            case Note(_, sentence):
                self._change(notes=tuple(dict.fromkeys((*job.notes, sentence))))
            case Kept(_, step, total, latents):
                further = latents or step > job.kept_step
                self._change(
                    kept_step=step,
                    kept_steps=total,
                    kept_latents=latents or job.kept_latents,
                    attempts=0 if further else job.attempts,
                )
            case Resumed(_, step, total):
                self._change(kept_step=step, kept_steps=total, kept_latents=step == total)
            case Planned(_, number, _):
                self._change(plan=number)

    def _another_plan(self) -> Sentence:
        template = QT_TRANSLATE_NOOP(
            "notes",
            "Memory ran out: it goes on with a plan that needs less and takes longer ({plan} of {plans}).",
        )
        return Sentence(template, plan=self.job.plan + 1, plans=self._host.plans)

    def _what_is_kept(self) -> Sentence:
        if self.job.kept_latents:
            return Sentence(QT_TRANSLATE_NOOP("notes", "Everything that was drawn is kept."))
        if self.job.kept_step:
            template = QT_TRANSLATE_NOOP("notes", "It goes on after step {step} of {steps}.")
            return Sentence(template, step=self.job.kept_step, steps=self.job.kept_steps)
        return Sentence(QT_TRANSLATE_NOOP("notes", "It starts again."))

    def _change(self, **values: object) -> None:
        self.job = replace(self.job, **values)  # type: ignore[arg-type]
        self._host.running.keep(self.job)

    def _note(self, sentence: Sentence) -> None:
        note = Note(self.job.id, sentence)
        self._host.emit(note)
        self._heed(note)

    # ---- ending

    def _done(self, clip: Clip) -> Job:
        return self._host.running.end(
            self.job,
            lambda queue: queue.finish(self.job),
            clip,
            then=lambda: self._tidy(self._host.library.forget_snapshot),
        )

    def _after(self, store: Callable[[], Job]) -> Callable[[], Job]:
        self._tidy(self._host.library.discard)
        return store

    def _failed(self, error: WanError) -> Callable[[], Job]:
        told = error.to_json()
        if isinstance(error, RenderProcessDied) and (tail := self._log_tail(self.job.started_at or 0.0)):
            told["log"] = tail
        return self._after(lambda: self._host.running.end(self.job, lambda queue: queue.fail(self.job, told)))

    def _tidy(self, work: Callable[[Job], None]) -> None:
        """A file that cannot be removed now is swept at the next start; it is no reason to end otherwise."""
        try:
            work(self.job)
        except WanError as error:
            log.warning("job %s leaves a file behind: %s", self.job.id, error)
