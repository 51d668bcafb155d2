"""The library folder: clips, their thumbnails, the bin. It may be a USB stick, so every access may fail."""

from __future__ import annotations

import logging
import os
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wan_desktop.domain.errors import QT_TRANSLATE_NOOP, DiskProblem, LibraryProblem
from wan_desktop.domain.ids import clip_name
from wan_desktop.domain.job import Clip, WorkFiles
from wan_desktop.domain.recipe import make_recipe
from wan_desktop.library.found import read_clip
from wan_desktop.library.listing import BIN, clip_id, clips_in, clips_in_bin, move_into
from wan_desktop.library.publishing import recipe_tags, remux, verify
from wan_desktop.library.space import check_space, check_there, make_folder
from wan_desktop.media.clips import thumbnail
from wan_desktop.media.files import disk_errors, replace_file, sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wan_desktop.domain.events import Rendered
    from wan_desktop.domain.job import Job
    from wan_desktop.domain.request import RenderRequest
    from wan_desktop.jobs.ports import Images
    from wan_desktop.library.kept import KeptFiles

BIN_DAYS = 30
_THUMBNAILS = ".thumbnails"
log = logging.getLogger(__name__)


class LibraryFolder:
    """The Library of jobs.ports on a folder, and on the folder of what renders keep.

    `images` finds the start images that recipes embed; `snapshot_every_s` is asked at each render."""

    def __init__(
        self,
        folder: Path,
        images: Images,
        kept: KeptFiles,
        *,
        snapshot_every_s: Callable[[], float] = lambda: 15.0,
    ) -> None:
        self.folder = folder.absolute()
        self.kept = kept
        self._images = images
        self._snapshot_every_s = snapshot_every_s
        self._parts: dict[str, Path] = {}

    def use(self, folder: Path) -> None:
        """Keep clips in `folder` from now on, making it if need be; clips made before stay where they are.

        Raises DiskProblem, and the folder stays the old one.
        """
        make_folder(folder.absolute(), create=True)
        self.folder = folder.absolute()

    # ---- before and while a job runs

    def prepare(self, *, create: bool = True) -> None:
        """Make sure the folder is there and sweep what a crash left; without `create` it must be there already.

        Raises DiskProblem. Only the host may call it: sweeping removes `.part` files.
        """
        make_folder(self.folder, create=create)
        self.sweep_parts()

    def check_space(self, request: RenderRequest) -> None:
        """Raise DiskProblem when a folder is not writable, gone, or has no room for the clip and what is kept."""
        check_space(self.folder, self.kept.folder, request)

    def work_files(self, job: Job) -> WorkFiles:
        """Where the render process writes: the `.part` file here, snapshot and latents in the data folder.

        Raises DiskProblem.
        """
        self.kept.make_room(job.id)
        snapshot, latents = self.kept.snapshot(job.id), self.kept.latents(job.id)
        return WorkFiles(str(self.part_file(job)), str(snapshot), str(latents), self._snapshot_every_s())

    def part_file(self, job: Job) -> Path:
        """Where the render process writes the job's clip: `.{job id}.part` in the library folder.

        The same file until the job is published or discarded, also when `use` changes the folder meanwhile.
        """
        return self._parts.setdefault(job.id, self.folder / f".{job.id}.part")

    def discard(self, job: Job) -> None:
        """Remove what an unfinished job left in the folder; nothing to do when the folder is gone."""
        part_file = self.part_file(job)
        for part in (part_file, _finished(part_file)):
            try:
                part.unlink(missing_ok=True)
            except NotADirectoryError:
                continue
            except OSError as error:
                if os.path.lexists(part):  # False also when its disk answers with an error
                    raise DiskProblem(
                        QT_TRANSLATE_NOOP(
                            "errors", "The unfinished file {path} cannot be removed ({why}): delete it."
                        ),
                        path=part,
                        why=error.strerror or str(error),
                    ) from error
        self._parts.pop(job.id, None)

    # ---- what a job keeps

    def keeps(self, job: Job) -> bool:
        """True when a snapshot or latents of the job are there. Raises DiskProblem."""
        with disk_errors(self.kept.folder):
            return self.kept.snapshot(job.id).is_file() or self.kept.latents(job.id).is_file()

    def has_latents(self, job: Job) -> bool:
        """True when the job's finished latents are there to be decoded again. Raises DiskProblem."""
        with disk_errors(self.kept.folder):
            return self.kept.latents(job.id).is_file()

    def lend_latents(self, source: str, job_id: str) -> None:
        """Give the job `job_id` the latents of the job `source`. Raises DiskProblem."""
        self.kept.lend_latents(source, job_id)

    def forget(self, job: Job) -> None:
        """Remove what the job keeps, with its half-written clip. Raises DiskProblem."""
        self.discard(job)
        self.kept.forget(job.id)

    def forget_snapshot(self, job: Job) -> None:
        """The job's clip is safe: only its latents stay. Raises DiskProblem."""
        self.kept.forget_snapshot(job.id)

    def forget_kept(self, job: Job) -> None:
        """Remove what the job keeps. Raises DiskProblem."""
        self.kept.forget(job.id)

    def sweep_orphans(self, jobs: Iterable[Job]) -> int:
        """Remove what is kept of other jobs than these, and half-written files; the bytes. Raises DiskProblem."""
        return self.kept.sweep_orphans(jobs)

    def too_much(self, jobs: Iterable[Job], most_bytes: int) -> list[Job]:
        """The ended jobs, the oldest first, that must give up what they keep: else it is more than `most_bytes`."""
        return self.kept.too_much(jobs, most_bytes)

    # ---- publishing

    def published(self, job: Job) -> Clip | None:
        """The clip of the job when its file is there although nobody could store that; the id in its recipe tells.

        Its name is made durable once more. Raises DiskProblem.
        """
        home = self.part_file(job).parent
        check_there(home)
        with disk_errors(home):
            named = (path for path in clips_in(home) if clip_id(path) == job.makes)
            clips = [read_clip(path, lambda ident: _thumbnail(home, ident)) for path in named]
            clip = next(
                (each for each in clips if each and (each.id, each.job_id) == (job.makes, job.id)), None
            )
            if clip is not None:
                sync_folder(home)
        if clip is not None:
            self._tidy(job)
        return clip

    def publish(self, job: Job, rendered: Rendered) -> Clip:
        """Make the `.part` file a clip: recipe in, read back, fsync, rename, thumbnail. Not yet in the store.

        Raises EncodeFailed when the file is not the video that was asked for, DiskProblem when the disk refuses. Then
        the folder holds no half clip; it may hold the whole one, which `published` finds.
        """
        part = self.part_file(job)
        home, finished = part.parent, _finished(part)
        ident, now = job.makes, time.time()
        target, small = home / clip_name(job.request.prompt, ident, now), _thumbnail(home, ident)
        recipe = make_recipe(job, ident, now, rendered.made_by)
        with disk_errors(home):
            image = None if job.request.image is None else self._images.path(job.request.image)
            tags = recipe_tags(recipe, job.request, image)
            remux(Path(rendered.path), finished, tags)
            verify(finished, tags, job.request)
            small.parent.mkdir(exist_ok=True)
            try:
                thumbnail(finished, small)  # what cannot be decoded is no clip
                replace_file(finished, target)
                size = target.stat().st_size
            except BaseException:
                small.unlink(missing_ok=True)
                raise
        self._tidy(job)
        return Clip(ident, job.id, str(target), str(small), now, size, recipe)

    def _tidy(self, job: Job) -> None:
        try:
            self.discard(job)
        except DiskProblem as error:
            log.warning("the clip is there, its unfinished file is swept at the next start: %s", error)

    def thumbnail_file(self, ident: str) -> Path:
        """Where the thumbnail of the clip of that id lies."""
        return _thumbnail(self.folder, ident)

    # ---- the bin

    def to_bin(self, clip: Clip, now: float) -> Clip:
        """Move the clip's files to the bin's folder of the day; the clip with its new paths and `deleted_at`.

        A file that is already gone is no reason to keep the clip. Raises DiskProblem.
        """
        home = Path(clip.path).parent  # not always this folder: the user may have changed it since
        check_there(home)
        day = home / BIN / time.strftime("%Y-%m-%d", time.localtime(now))
        with disk_errors(home):
            day.mkdir(parents=True, exist_ok=True)
            path, small = move_into(Path(clip.path), day), move_into(Path(clip.thumbnail), day)
        return replace(clip, path=str(path), thumbnail=str(small), deleted_at=now)

    def from_bin(self, clip: Clip) -> Clip:
        """Bring the clip's files back; the clip with its new paths. Raises LibraryProblem, DiskProblem."""
        home = Path(clip.path).parents[2]
        check_there(home)
        if not Path(clip.path).is_file():
            raise LibraryProblem(
                QT_TRANSLATE_NOOP("errors", "The clip is no longer in the bin: its {days} days are over."),
                days=BIN_DAYS,
            )
        small = home / _THUMBNAILS / Path(clip.thumbnail).name
        with disk_errors(home):
            small.parent.mkdir(exist_ok=True)
            path = move_into(Path(clip.path), home)
            move_into(Path(clip.thumbnail), small.parent)
            if not small.exists():
                thumbnail(path, small)
        return replace(clip, path=str(path), thumbnail=str(small), deleted_at=None)

    # ---- keeping the folder tidy

    def files(self) -> list[Path]:
        """The MP4 files in the folder. Raises DiskProblem."""
        return clips_in(self.folder)

    def binned_files(self) -> list[Path]:
        """The MP4 files in the bin. Raises DiskProblem."""
        return clips_in_bin(self.folder)

    def sweep_parts(self) -> int:
        """Remove the `.part` files that a crash left, and none of a job that runs; how many."""
        running = {path for part in list(self._parts.values()) for path in (part, _finished(part))}
        with disk_errors(self.folder):
            found = [*self.folder.glob(".*.part"), *(self.folder / _THUMBNAILS).glob(".*.part")]
            parts = [part for part in found if part.is_file() and part not in running]
            for part in parts:
                part.unlink(missing_ok=True)
        return len(parts)

    def sweep_bin(self, now: float) -> list[str]:
        """Delete for good what has been in the bin for over 30 days; the ids of the clips that are gone."""
        oldest = time.strftime("%Y-%m-%d", time.localtime(now - BIN_DAYS * 86_400))
        gone: list[str] = []
        with disk_errors(self.folder):
            for day in (self.folder / BIN).glob("????-??-??"):
                if day.name < oldest and day.is_dir():
                    gone += [clip_id(path) for path in clips_in(day)]
                    shutil.rmtree(day)
        return gone


def _finished(part: Path) -> Path:
    """Beside a job's `.part` file: the same video with its recipe."""
    return part.with_suffix(".finished.part")


def _thumbnail(home: Path, ident: str) -> Path:
    return home / _THUMBNAILS / f"{ident}.jpg"
