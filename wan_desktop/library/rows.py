"""Rows of the database to jobs and clips, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.job import Clip, Job, JobState
from wan_desktop.domain.request import RenderRequest
from wan_desktop.domain.sentence import Sentence, sentence_to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

JOB_COLUMNS = (
    "id, state, position, created_at, started_at, finished_at, clip_id, error, notes, request, "
    "attempts, plan, kept_step, kept_steps, kept_latents, latents_of"
)
CLIP_COLUMNS = "id, job_id, path, thumbnail, created_at, size_bytes, deleted_at, recipe"


def job_to_row(job: Job) -> tuple[Any, ...]:
    """The values of JOB_COLUMNS."""
    return (
        job.id,
        job.state.value,
        job.order,
        job.created_at,
        job.started_at,
        job.finished_at,
        job.clip_id,
        None if job.error is None else to_text(job.error),
        to_text([sentence_to_json(note) for note in job.notes]),
        to_text(job.request.to_json()),
        job.attempts,
        job.plan,
        job.kept_step,
        job.kept_steps,
        int(job.kept_latents),
        job.latents_of,
    )


def job_from_row(row: Sequence[Any]) -> Job:
    """The job whose JOB_COLUMNS are `row`."""
    ident, state, order, created, started, finished, clip_id, error, notes, request, *kept = row
    attempts, plan, kept_step, kept_steps, kept_latents, latents_of = kept
    return Job(
        id=ident,
        request=RenderRequest.from_json(json.loads(request)),
        state=JobState(state),
        order=order,
        created_at=created,
        started_at=started,
        finished_at=finished,
        error=None if error is None else json.loads(error),
        clip_id=clip_id,
        notes=tuple(Sentence.from_json(note) for note in json.loads(notes)),
        attempts=attempts,
        plan=plan,
        kept_step=kept_step,
        kept_steps=kept_steps,
        kept_latents=bool(kept_latents),
        latents_of=latents_of,
    )


def clip_to_row(clip: Clip) -> tuple[Any, ...]:
    """The values of CLIP_COLUMNS."""
    return (
        clip.id,
        clip.job_id,
        clip.path,
        clip.thumbnail,
        clip.created_at,
        clip.size_bytes,
        clip.deleted_at,
        to_text(clip.recipe),
    )


def clip_from_row(row: Sequence[Any]) -> Clip:
    """The clip whose CLIP_COLUMNS are `row`."""
    ident, job_id, path, thumbnail, created, size, deleted, recipe = row
    return Clip(ident, job_id, path, thumbnail, created, size, json.loads(recipe), deleted)


def to_text(value: Any) -> str:
    """JSON in ASCII, so that any character of any language or file system can be stored."""
    return json.dumps(value, separators=(",", ":"))
