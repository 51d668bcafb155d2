"""What renders keep: found again, lent to another job, removed with its job, swept when it is too much."""

from __future__ import annotations

import os
import shutil
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest
from support.samples import a_job

from wan_desktop.domain.errors import DiskProblem
from wan_desktop.domain.job import JobState
from wan_desktop.library.folder import LibraryFolder
from wan_desktop.library.images import ImageStore
from wan_desktop.library.kept import KeptFiles

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def kept(tmp_path):
    return KeptFiles(tmp_path / "data" / "renders")


@pytest.fixture
def library(tmp_path, kept):
    made = LibraryFolder(
        tmp_path / "library", ImageStore(tmp_path / "images"), kept, snapshot_every_s=lambda: 7.0
    )
    made.prepare()
    return made


def keep(kept, job_id, *, snapshot=b"s" * 100, latents=b"l" * 50):
    kept.make_room(job_id)
    for file, data in ((kept.snapshot(job_id), snapshot), (kept.latents(job_id), latents)):
        if data:
            file.write_bytes(data)


def names(kept):
    return sorted(str(p.relative_to(kept.folder)) for p in kept.folder.rglob("*") if p.is_file())


def test_a_job_has_a_folder_of_its_own_beside_the_library(library, kept, tmp_path):
    files = library.work_files(a_job(id="aaaaaaaaaa"))
    assert Path(files.part).parent == tmp_path / "library"
    assert Path(files.snapshot).parent == Path(files.latents).parent == kept.folder / "aaaaaaaaaa"
    assert Path(files.snapshot).parent.is_dir()
    assert files.snapshot_every_s == 7.0


def test_discard_keeps_and_forget_removes(library, kept):
    job = a_job(id="aaaaaaaaaa")
    Path(library.work_files(job).part).write_bytes(b"half")
    keep(kept, job.id)
    library.discard(job)
    assert len(names(kept)) == 2
    assert library.has_latents(job)
    library.forget_snapshot(job)
    assert names(kept) == ["aaaaaaaaaa/latents.safetensors"]
    library.forget(job)
    library.forget(job)
    assert list(kept.folder.iterdir()) == []
    assert not library.has_latents(job)


def test_a_done_job_without_latents_leaves_no_folder(library, kept):
    job = a_job(id="aaaaaaaaaa")
    keep(kept, job.id, latents=b"")
    library.forget_snapshot(job)
    assert list(kept.folder.iterdir()) == []
    library.forget_snapshot(job)


@pytest.mark.parametrize("links", [True, False])
def test_lent_latents_outlive_the_job_that_made_them(kept, links, monkeypatch):
    if not links:
        monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(PermissionError(1, "no links here")))
    keep(kept, "aaaaaaaaaa")
    kept.lend_latents("aaaaaaaaaa", "bbbbbbbbbb")
    kept.forget("aaaaaaaaaa")
    assert names(kept) == ["bbbbbbbbbb/latents.safetensors"]
    assert kept.latents("bbbbbbbbbb").read_bytes() == b"l" * 50


def test_lending_what_is_not_there_is_told(kept):
    with pytest.raises(DiskProblem):
        kept.lend_latents("aaaaaaaaaa", "bbbbbbbbbb")


def test_orphans_and_half_written_files_are_swept_and_nothing_else(kept):
    for job_id in ("aaaaaaaaaa", "bbbbbbbbbb"):
        keep(kept, job_id)
        (kept.folder / job_id / ".snapshot.safetensors.part").write_bytes(b"half")
    (kept.folder / "stray").write_bytes(b"!")
    outside = kept.folder.parent / "outside"
    outside.mkdir()
    (outside / "precious").write_bytes(b"mine")
    (kept.folder / "link").symlink_to(outside)
    assert kept.sweep_orphans([a_job(id="aaaaaaaaaa", state=JobState.PAUSED)]) >= 4 + 154 + 1
    assert names(kept) == ["aaaaaaaaaa/latents.safetensors", "aaaaaaaaaa/snapshot.safetensors"]
    assert (outside / "precious").exists()
    assert not (kept.folder / "link").is_symlink()


def test_a_snapshot_that_is_being_written_is_not_swept(kept):
    keep(kept, "aaaaaaaaaa")
    half = kept.folder / "aaaaaaaaaa" / ".snapshot.safetensors.part"
    half.write_bytes(b"half")
    assert kept.sweep_orphans([a_job(id="aaaaaaaaaa", state=JobState.RUNNING)]) == 0
    assert half.exists()


def test_what_cannot_be_removed_keeps_nothing_else_from_going(kept, monkeypatch):
    for job_id in ("aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"):
        keep(kept, job_id)
    real = shutil.rmtree

    def refuse(place):
        if place.name == "bbbbbbbbbb":
            raise PermissionError(13, "held")
        real(place)

    monkeypatch.setattr(shutil, "rmtree", refuse)
    assert kept.sweep_orphans([]) > 0
    assert {name.split("/")[0] for name in names(kept)} == {"bbbbbbbbbb"}


def test_sweeping_without_a_folder_is_nothing(kept):
    assert kept.sweep_orphans([]) == 0
    assert kept.too_much([a_job()], 0) == []


def test_ended_jobs_lose_what_they_keep_oldest_first_and_others_never(kept):
    states = [JobState.DONE, JobState.PAUSED, JobState.INTERRUPTED, JobState.QUEUED, JobState.RUNNING]
    states += [JobState.FAILED, JobState.CANCELLED]
    jobs = [
        replace(a_job(id=f"{n}aaaaaaaaa"), state=state, finished_at=n + 1.0) for n, state in enumerate(states)
    ]
    for job in jobs:
        keep(kept, job.id)
    assert kept.too_much(jobs, 7 * 150) == []
    assert [job.state for job in kept.too_much(jobs, 6 * 150)] == [JobState.DONE]
    assert [job.state for job in kept.too_much(jobs, 0)] == [
        JobState.DONE,
        JobState.FAILED,
        JobState.CANCELLED,
    ]


def test_unfinished_work_stays_longer_than_what_has_its_clip(kept):
    failed = replace(a_job(id="failedaaaa"), state=JobState.FAILED, finished_at=1.0)
    done = replace(a_job(id="doneaaaaaa"), state=JobState.DONE, finished_at=2.0)
    for job in (failed, done):
        keep(kept, job.id)
    assert kept.too_much([failed, done], 200) == [done]
    assert kept.too_much([failed, done], 0) == [done, failed]


def test_room_for_what_is_kept_is_wanted_before_a_render_begins(library, kept, tmp_path, monkeypatch):
    request = replace(a_job().request, width=1280, height=704, num_frames=121)
    elsewhere = {"library": 10**12, "renders": 400_000_000}
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(1, 1, elsewhere[Path(folder).name]))
    real = os.stat(tmp_path)
    monkeypatch.setattr(
        Path, "stat", lambda self, **_: Device(real, 1 if self.name == "library" else 2), raising=True
    )
    with pytest.raises(
        DiskProblem, match=r"Not enough disk space in .*renders: 4\d\d MB needed, 400 MB free"
    ):
        library.check_space(request)
    elsewhere["renders"] = 600_000_000
    library.check_space(request)


class Device:
    """A stat result on another disk."""

    def __init__(self, real, device):
        self._real, self.st_dev = real, device

    def __getattr__(self, name):
        return getattr(self._real, name)


def test_a_data_folder_that_cannot_be_is_a_disk_problem(tmp_path):
    (tmp_path / "file").write_text("in the way")
    kept = KeptFiles(tmp_path / "file" / "renders")
    for work in (lambda: kept.make_room("aaaaaaaaaa"), lambda: kept.lend_latents("a", "b")):
        with pytest.raises(DiskProblem):
            work()
