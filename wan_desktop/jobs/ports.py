"""What the host needs from the outside, as narrow Protocols. Adapters live in library, models, process, remote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from wan_desktop.domain.events import BackendState, Rendered, RenderEvent
    from wan_desktop.domain.job import Clip, Job, WorkFiles
    from wan_desktop.domain.model import ModelSpec
    from wan_desktop.domain.request import Lora, RenderRequest
    from wan_desktop.jobs.cancel import CancelToken

T = TypeVar("T")


class Store(Protocol):
    """The database: one thread, one connection. Methods other than `run` are called inside `run`'s function."""

    def run(self, work: Callable[[], T], then: Callable[[T], object] | None = None) -> Future[T]:
        """Do `work` on the database's thread, in one transaction, in the order of the calls.

        After the commit, and before anything else is stored, `then` gets the result on the same thread, where it
        must not wait for another `run`; then the future is done. If `work` raises, everything it stored is rolled
        back, and `then` is not called.
        """

    def put_job(self, job: Job) -> None:
        """Add the job, or replace the one with its id."""

    def remove_job(self, job_id: str) -> None:
        """Forget the job; no error if there is none."""

    def job(self, job_id: str) -> Job | None:
        """The job of that id, or None."""

    def waiting(self) -> list[Job]:
        """The queued jobs by `order`, lowest first."""

    def jobs(self) -> list[Job]:
        """Every job: running ones, then waiting ones by `order`, then ended ones, newest first."""

    def put_clip(self, clip: Clip) -> None:
        """Add the clip, or replace the one with its id."""

    def clips(self, *, deleted: bool = False) -> list[Clip]:
        """The library's clips, newest first; with `deleted` those in the bin instead."""

    def put_value(self, key: str, value: Any) -> None:
        """Remember a small JSON value: the text being typed, and such."""

    def value(self, key: str) -> Any:
        """The remembered value, or None."""

    def keys(self, prefix: str) -> list[str]:
        """The keys of remembered values that begin with `prefix`."""

    def drop_value(self, key: str) -> None:
        """Forget the value; no error if there is none."""

    def hashes(self) -> set[str]:
        """Every sha256, in hex, that a job, a clip (also in the bin) or a remembered value names."""

    def close(self) -> None:
        """Finish what was asked for and close."""


class Library(Protocol):
    """The library folder: clips, thumbnails, the bin."""

    @property
    def folder(self) -> Path:
        """Where the clips lie now, absolute."""

    def check_space(self, request: RenderRequest) -> None:
        """Raise DiskProblem when a folder is not writable, gone, or has no room for the clip and what is kept."""

    def work_files(self, job: Job) -> WorkFiles:
        """Where the render process writes the job's clip (a `.part` file in the library folder) and what it keeps."""

    def published(self, job: Job) -> Clip | None:
        """The clip of the job when its file is in the folder although nobody could store that. Raises DiskProblem."""

    def publish(self, job: Job, rendered: Rendered) -> Clip:
        """Make the `.part` file a clip: recipe in, read back, fsync, rename, thumbnail. Not yet in the store."""

    def discard(self, job: Job) -> None:
        """Remove the half-written clip that an unfinished job left; its snapshot and latents stay. DiskProblem."""

    def forget(self, job: Job) -> None:
        """Remove the job's snapshot and latents too: it will never go on."""

    def forget_snapshot(self, job: Job) -> None:
        """The job's clip is safe: only its latents stay."""

    def keeps(self, job: Job) -> bool:
        """True when a snapshot or latents of the job are there."""

    def has_latents(self, job: Job) -> bool:
        """True when the job's finished latents are there to be decoded again."""

    def lend_latents(self, source: str, job_id: str) -> None:
        """Give the job `job_id` latents of its own, those of the job `source`. Raises DiskProblem."""

    def forget_kept(self, job: Job) -> None:
        """Remove the job's snapshot and latents. Raises DiskProblem."""

    def sweep_orphans(self, jobs: Iterable[Job]) -> int:
        """Remove what is kept of other jobs than these, and half-written files; the bytes. Raises DiskProblem."""

    def too_much(self, jobs: Iterable[Job], most_bytes: int) -> list[Job]:
        """The ended jobs, the oldest first, that must give up what they keep: else it is more than `most_bytes`."""

    def to_bin(self, clip: Clip, now: float) -> Clip:
        """Move the clip's files to the bin; the clip with its new paths and `deleted_at`."""

    def from_bin(self, clip: Clip) -> Clip:
        """Bring the clip's files back; the clip with its new paths."""


class Images(Protocol):
    """The image store: start images by the sha256 of their bytes."""

    def add(self, path: str) -> tuple[str, tuple[int, int]]:
        """Check and store the picture; (sha256, (width, height) after EXIF turn). Raises BadImage."""

    def size(self, sha256: str) -> tuple[int, int]:
        """The stored picture's (width, height) after EXIF turn. Raises BadImage when there is none."""

    def path(self, sha256: str) -> Path:
        """The file that holds the picture. Raises BadImage when there is none."""

    def sweep(self, named: Callable[[], Container[str]], now: float) -> int:
        """Remove pictures that are not in `named()`, nor were for long; how many bytes. Raises DiskProblem."""


class Models(Protocol):
    """The models on this computer."""

    def all(self) -> Sequence[ModelSpec]:
        """Every usable model, the built-in one last."""

    def get(self, model: str | None) -> ModelSpec:
        """The model of that id or folder; None: the chosen one. Raises ModelMissing or ModelDamaged."""

    def check_loras(self, loras: Sequence[Lora]) -> tuple[Lora, ...]:
        """`loras` with absolute paths and fingerprints. Raises InvalidRequest, field "lora", for one that is none."""


class Backend(Protocol):
    """Who renders: this computer, another one."""

    def start(self) -> None:
        """Begin to get ready, without waiting."""

    def render(self, job: Job, files: WorkFiles, cancel: CancelToken) -> Iterator[RenderEvent]:
        """Render the job into `files.part`, going on from what `files` holds; the last event is Rendered.

        Raises Cancelled, Paused (after the current step is kept; the GPU is given back) or another WanError.
        """

    def subscribe(self, listener: Callable[[BackendState], None]) -> Callable[[], None]:
        """Call `listener` with the present state and at each change, from any thread; returns the way to stop."""

    def rest(self) -> None:
        """Give the GPU back until the next render; nothing happens while one runs. It may take seconds."""

    def close(self) -> None:
        """End whatever runs and give everything back."""
