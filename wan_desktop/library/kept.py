"""What renders keep to go on from: a folder a job in the data folder, with its snapshot and its latents."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from typing import TYPE_CHECKING

from wan_desktop.domain.job import REMOTE, JobState
from wan_desktop.media.files import disk_errors, make_folder, replace_file, sync_file, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from wan_desktop.domain.job import Job
    from wan_desktop.domain.request import RenderRequest

log = logging.getLogger(__name__)

SNAPSHOT, LATENTS = "snapshot.safetensors", "latents.safetensors"
_KEPT = (SNAPSHOT, LATENTS, REMOTE)
_BYTES_PER_PIXEL, _LEAST_BYTES = 4, 8_000_000
"""Twice the 5 B's need: 48 float32 per 16x16x4 pixels are 0.19 bytes a pixel, and a snapshot holds five such, twice
while the new one replaces the old."""


class KeptFiles:
    """`folder`/{job id}/ holds the snapshot and the latents of a job; whatever else lies there is half-written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def snapshot(self, job_id: str) -> Path:
        """Where the job's snapshot is, or will be."""
        return self.folder / job_id / SNAPSHOT

    def latents(self, job_id: str) -> Path:
        """Where the job's finished latents are, or will be."""
        return self.folder / job_id / LATENTS

    def make_room(self, job_id: str) -> None:
        """Make the job's folder, private to the user. Raises DiskProblem."""
        with disk_errors(self.folder):
            make_folder(self.folder / job_id, 0o700)

    def lend_latents(self, source: str, job_id: str) -> None:
        """Give the job the latents of the job `source`: a second name of the same file, or a copy.

        Either job may be removed afterwards. Raises DiskProblem.
        """
        target = self.latents(job_id)
        self.make_room(job_id)
        part = target.with_name(f".{target.name}.part")
        with disk_errors(self.folder):
            part.unlink(missing_ok=True)
            try:
                os.link(self.latents(source), part)
            except OSError:  # a file system without links, or there is no such file: then the copy says so
                shutil.copyfile(self.latents(source), part)
                sync_file(part)
            replace_file(part, target)

    def forget(self, job_id: str) -> None:
        """Remove what the job keeps. Raises DiskProblem."""
        with disk_errors(self.folder):
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self.folder / job_id)

    def forget_snapshot(self, job_id: str) -> None:
        """The job's clip is safe: only its latents stay. Raises DiskProblem."""
        home = self.folder / job_id
        with disk_errors(self.folder), contextlib.suppress(FileNotFoundError):
            others = [file for file in home.iterdir() if file.name != LATENTS]
            for file in others:
                file.unlink(missing_ok=True)
            if not self.latents(job_id).exists():
                home.rmdir()
                sync_folder(self.folder)
            elif others:
                sync_folder(home)

    # ---- keeping it within bounds

    def sweep_orphans(self, jobs: Iterable[Job]) -> int:
        """Remove the folders of no job, and half-written files of jobs that do not render; how many bytes.

        What cannot be removed stays, and is told in the log. Raises DiskProblem when the folder cannot be read.
        """
        known = {job.id: job for job in jobs}
        found: list[Path] = []
        with disk_errors(self.folder):
            for place in _entries(self.folder):
                job = known.get(place.name)
                if job is None or place.is_symlink() or not place.is_dir():
                    found.append(place)
                elif job.state is not JobState.RUNNING:
                    found += [file for file in _entries(place) if file.name not in _KEPT]
        return sum(map(_removed, found))

    def too_much(self, jobs: Iterable[Job], most_bytes: int) -> list[Job]:
        """The ended jobs that must give up what they keep, so that all stays within `most_bytes`, oldest first.

        Those that have their clip come before those that have none: of the latter it is hours of work. A job that may
        go on by itself or by one word (waiting, running, paused, interrupted) never loses its work.
        """
        jobs = sorted(
            jobs, key=lambda job: (job.state is not JobState.DONE, job.finished_at or job.created_at)
        )
        sizes = {job.id: _size(self.folder / job.id) for job in jobs}
        total = sum(sizes.values())
        found: list[Job] = []
        for job in jobs:
            if total <= most_bytes:
                break
            if job.state.may_be_swept and sizes[job.id]:
                total -= sizes[job.id]
                found.append(job)
        return found


def kept_bytes(request: RenderRequest) -> int:
    """An upper estimate of the room that the request's snapshots and latents need."""
    return _LEAST_BYTES + request.width * request.height * request.num_frames * _BYTES_PER_PIXEL


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _size(place: Path) -> int:
    """The bytes of the files right inside `place`; 0 when it is not there."""
    total = 0
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(place) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):  # it may go while others are looked at
                total += entry.stat(follow_symlinks=False).st_size
    return total


def _removed(place: Path) -> int:
    try:
        return _remove(place)
    except OSError as error:
        log.warning("%s, which belongs to no job, stays: %s", place, error)
        return 0


def _remove(place: Path) -> int:
    """Remove a file, or a folder with all in it; how many bytes."""
    if place.is_dir() and not place.is_symlink():
        size = _size(place)
        shutil.rmtree(place)
        return size
    size = place.lstat().st_size
    place.unlink(missing_ok=True)
    return size
