"""A clip that is in the folder is filed once, whatever kept the program from saying so."""

from __future__ import annotations

import time

import pytest
from support.chain_engine import ChainEngine
from support.hosts import make_host
from support.models import OneModel
from support.restarts import a_host, work_off

from wan_desktop.domain.errors import DiskProblem
from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft
from wan_desktop.jobs.cancel import CancelToken
from wan_desktop.media import files

DRAFT = Draft(prompt="a cat", seed=1, width=128, height=96, num_frames=5, num_inference_steps=3)


def lost_at_publishing(folder, before=lambda: None):
    """A job whose clip is there, and the program is lost before the database hears of it."""
    with a_host(folder, ChainEngine()) as host:
        host.submit(DRAFT).result()
        job, _ = host.running.lease()
        *_, rendered = ChainEngine().render(job, host.library.work_files(job), CancelToken())
        before()
        clip = host.library.publish(job, rendered)
    return job, clip


def the_only_clip(host):
    (clip,) = host.clips().result()
    (file,) = host.library.files()
    assert str(file) == clip.path
    return clip


@pytest.mark.parametrize("seconds", [-86_400.0, 86_400.0], ids=["back a day", "on a day"])
def test_a_clock_that_was_set_does_not_file_it_twice(tmp_path, monkeypatch, seconds):
    now = time.time
    with monkeypatch.context() as patch:
        job, clip = lost_at_publishing(
            tmp_path, before=lambda: patch.setattr(time, "time", lambda: now() + seconds)
        )
    assert abs(clip.created_at - job.started_at) > 80_000
    engine = ChainEngine()
    with a_host(tmp_path, engine) as host:
        (job,) = host.jobs().result()
        assert (job.state, job.clip_id) == (JobState.DONE, clip.id)
        work_off(host)
        assert the_only_clip(host).id == clip.id
    assert engine.resumed == {}


def test_a_library_that_was_away_at_the_start_is_not_given_it_again(tmp_path):
    """Its disk comes back only when the job has gone on: nothing is drawn, nothing is there twice."""
    job, clip = lost_at_publishing(tmp_path)
    away = (tmp_path / "library").rename(tmp_path / "away")
    engine = ChainEngine()
    host = make_host(tmp_path, engine, OneModel())
    try:
        (tmp_path / "library").rmdir()
        away.rename(tmp_path / "library")
        work_off(host)
        found = the_only_clip(host)
        assert (found.id, found.created_at, found.size_bytes) == (clip.id, clip.created_at, clip.size_bytes)
        (done,) = host.jobs().result()
        assert (done.id, done.state) == (job.id, JobState.DONE)
        assert list(tmp_path.rglob("*.part")) == []
    finally:
        host.close()
    assert engine.resumed == {}


def test_a_name_that_may_not_last_is_no_clip_yet_and_the_next_try_takes_it_up(tmp_path, monkeypatch):
    with a_host(tmp_path, ChainEngine()) as host:
        host.submit(DRAFT).result()
        job, _ = host.running.lease()
        *_, rendered = ChainEngine().render(job, host.library.work_files(job), CancelToken())
        real = files.sync_folder

        def refuse(folder):
            if folder == host.library.folder:
                raise OSError(5, "no answer")
            real(folder)

        with monkeypatch.context() as patch:
            patch.setattr(files, "sync_folder", refuse)
            with pytest.raises(DiskProblem):
                host.library.publish(job, rendered)
        clip = host.library.published(job)
        assert clip is not None
        assert (tmp_path / "library" / ".thumbnails" / f"{clip.id}.jpg").is_file()


def test_a_job_that_is_rendered_again_makes_another_clip(tmp_path):
    with a_host(tmp_path, ChainEngine()) as host:
        job = host.submit(DRAFT).result()
        work_off(host)
        host.retry(job.id).result()
        work_off(host)
        first, second = sorted(host.clips().result(), key=lambda clip: clip.id != job.id)
        assert (first.id, first.job_id, second.job_id) == (job.id, job.id, job.id)
        assert {str(file) for file in host.library.files()} == {first.path, second.path}


def test_what_only_looks_like_the_clip_is_written_over(tmp_path):
    """A file of its name that nobody can read is none of it."""
    _, clip = lost_at_publishing(tmp_path)
    with open(clip.path, "r+b") as file:
        file.truncate(700)
    with a_host(tmp_path, ChainEngine()) as host:
        host.resume_interrupted().result()
        work_off(host)
        assert the_only_clip(host).id == clip.id
