"""What a render tells while it runs: a bar and sentences for people, JSON for programs."""

from __future__ import annotations

import sys

from wan_desktop.cli.output import line
from wan_desktop.domain.errors import WanError
from wan_desktop.domain.events import Event, JobChanged, Note, Progress
from wan_desktop.domain.job import STAGE_WORDS, Clip, Job, JobState, Stage
from wan_desktop.domain.mending import mends


class JsonPrinter:
    """One JSON object a line on standard output."""

    def event(self, event: Event) -> None:
        """Something happened to the job."""
        match event:
            case JobChanged(job) if job.state is JobState.QUEUED:
                line(event="queued", job=job.id, request=job.request.to_json())
            case Progress(job_id, stage, done, total):
                line(event="progress", job=job_id, stage=str(stage), done=done, total=total)
            case Note(job_id, sentence):
                line(event="note", job=job_id, sentence=sentence)

    def end(self, job: Job, clip: Clip | None) -> None:
        """The job has ended, with a clip or without."""
        if clip is not None:
            seconds = round((job.finished_at or 0) - (job.started_at or 0), 3)
            line(event="done", job=job.id, clip=clip.id, path=clip.path, seconds=seconds)
        elif job.error is not None:
            error = WanError.from_json(job.error)
            line(event="failed", job=job.id, code=error.code, sentence=error.sentence, action=error.action)
        else:
            line(event=str(job.state), job=job.id)


class TextPrinter:
    """A bar on a terminal, plain lines in a pipe, both on standard error; the clip's path on standard output."""

    def __init__(self) -> None:
        self._bar = sys.stderr.isatty()
        self._told = ""

    def event(self, event: Event) -> None:
        """Something happened to the job."""
        match event:
            case Progress(_, stage, done, total):
                self._progress(stage, done, total)
            case Note(_, sentence):
                self._say(sentence)

    def end(self, job: Job, clip: Clip | None) -> None:
        """The job has ended, with a clip or without."""
        if clip is not None:
            self._clear()
            print(clip.path)
        elif job.error is not None:
            error = WanError.from_json(job.error)
            self._say(f"Failed: {error.sentence}" + (f" {error.action}." if error.action else ""))
        elif job.state is JobState.INTERRUPTED:
            self._say("Interrupted: it goes on from its last kept step when Wan Desktop is opened again")
        else:
            self._say("Cancelled")
        for mend in mends(job, None)[:1]:
            self._say(f"{mend.words}: wan-desktop queue mend {job.id}")

    def _progress(self, stage: Stage, done: int, total: int) -> None:
        if self._bar:
            filled = round(30 * done / total) if total else 0
            count = f" {done}/{total}" if total else ""
            text = f"[{'█' * filled}{'·' * (30 - filled)}] {STAGE_WORDS[stage]}{count}"
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()
        elif stage != self._told or (total and done in (total, total // 2)):
            self._told = stage
            print(STAGE_WORDS[stage] + (f" {done}/{total}" if total else ""), file=sys.stderr, flush=True)

    def _say(self, sentence: str) -> None:
        self._clear()
        print(sentence, file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self._bar:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
