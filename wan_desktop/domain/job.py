"""A request in the queue, and a clip in the library."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, DiskProblem

if TYPE_CHECKING:
    from wan_desktop.domain.request import RenderRequest


class JobState(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    PAUSED = "paused"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def ended(self) -> bool:
        """True when nothing more happens to the job by itself."""
        return self in _ENDED

    @property
    def resumable(self) -> bool:
        """True when the user can let the job go on from what it keeps."""
        return self in _RESUMABLE

    @property
    def may_be_swept(self) -> bool:
        """True when what the job keeps may go to make room: nobody counts on it."""
        return self in _SWEEPABLE


_ENDED = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED})
_SWEEPABLE = frozenset({JobState.DONE, JobState.FAILED, JobState.CANCELLED})
_RESUMABLE = frozenset({JobState.PAUSED, JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED})


class Stage(StrEnum):
    """Where a running job is."""

    LOADING = "loading"
    ENCODING = "encoding"
    DENOISING = "denoising"
    DECODING = "decoding"
    SAVING = "saving"


STAGE_WORDS = {
    Stage.LOADING: QT_TRANSLATE_NOOP("stages", "Loading the model"),
    Stage.ENCODING: QT_TRANSLATE_NOOP("stages", "Reading the prompt"),
    Stage.DENOISING: QT_TRANSLATE_NOOP("stages", "Drawing"),
    Stage.DECODING: QT_TRANSLATE_NOOP("stages", "Developing frames"),
    Stage.SAVING: QT_TRANSLATE_NOOP("stages", "Saving"),
}
"""What a person reads for each stage; translated in the context "stages"."""


@dataclass(frozen=True, slots=True)
class Job:
    """A request in the queue. Times are seconds since 1970 (UTC). `order` sorts waiting jobs, lowest first.

    `error` is WanError.to_json() of a failed job, or why a paused one waits ("The disk is full"). `clip_id` names
    the clip that the job makes, from its first start on: so it is known again whatever comes in between.
    `notes` are worth telling ("The last 40 words were cut"): Sentences, or an older program's plain texts.

    What makes a job go on instead of starting again: `kept_step` of `kept_steps` steps are in its snapshot (0: none),
    `kept_latents` says that its finished latents are on disk, `attempts` counts the render processes that it
    lost in a row, `plan` is the memory plan's place in the engine's list (0: the first choice).
    The first start after a crash of the whole program counts too; only the user's own "continue" begins at 0 again.
    `latents_of` names another job whose kept latents this one decodes instead of denoising ("Decode again").
    """

    id: str
    request: RenderRequest
    state: JobState
    order: float
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None
    error: dict[str, Any] | None = None
    clip_id: str | None = None
    notes: tuple[str, ...] = ()
    attempts: int = 0
    plan: int = 0
    kept_step: int = 0
    kept_steps: int = 0
    kept_latents: bool = False
    latents_of: str | None = None

    @property
    def makes(self) -> str:
        """The id of the clip that the job makes, or has made."""
        return self.clip_id or self.id

    @property
    def waits_for_disk(self) -> bool:
        """True while the job is paused because a disk refused; it goes on by itself when there is room again."""
        return (
            self.state is JobState.PAUSED
            and self.error is not None
            and self.error.get("code") == DiskProblem.code
        )


REMOTE = "remote.json"
"""The file beside a job's snapshot that says which prompt of which server renders it."""


@dataclass(frozen=True, slots=True)
class WorkFiles:
    """Where a render keeps what it has done so far, all absolute; they cross the pipe to the render process.

    `part`: the clip being written, in the library folder. `snapshot`, `latents`: in the data folder; either may be
    there already, from an earlier try or from the job that `latents_of` names. `snapshot_every_s`: seconds between
    two snapshots while denoising (0: after every step).
    """

    part: str
    snapshot: str
    latents: str
    snapshot_every_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Clip:
    """A finished video in the library: an MP4, its thumbnail, its recipe. Paths are absolute."""

    id: str
    job_id: str
    path: str
    thumbnail: str
    created_at: float
    size_bytes: int
    recipe: dict[str, Any]
    deleted_at: float | None = None

    @property
    def request(self) -> dict[str, Any]:
        """The request part of the recipe, as RenderRequest.to_json() wrote it."""
        request: dict[str, Any] = self.recipe["request"]
        return request
