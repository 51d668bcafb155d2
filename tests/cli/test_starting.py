"""What a start finds: work to go on with, files of nobody, too much that is kept."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from support.loopback import Client
from support.samples import a_job
from support.scripted_backend import write_clip

from wan_desktop.app.parts import DATABASE, HostParts
from wan_desktop.app.window import window_session
from wan_desktop.config.paths import find_paths
from wan_desktop.config.settings_file import SettingsFile
from wan_desktop.domain.errors import DiskProblem
from wan_desktop.domain.events import Rendered
from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft
from wan_desktop.domain.settings import Settings
from wan_desktop.library.database import Database
from wan_desktop.process.lock import take_library


@pytest.fixture
def paths():
    return find_paths().create()


@pytest.fixture
def store(paths):
    """Store jobs as a program that has died left them."""

    def put(*jobs):
        database = Database(paths.data / DATABASE)
        database.run(lambda: [database.put_job(job) for job in jobs]).result()
        database.close()

    return put


def settings(paths, **values):
    SettingsFile(paths.config).save(replace(Settings(), **values))


@contextlib.contextmanager
def parts_of(paths):
    parts = HostParts(paths, rendering=False)
    try:
        yield parts
    finally:
        parts.host.close()


def keep(paths, job_id, size):
    folder = paths.data / "renders" / job_id
    folder.mkdir(parents=True)
    (folder / "latents.safetensors").write_bytes(b"x" * size)
    return folder


def test_a_job_may_come_before_the_library_is_looked_through(paths):
    """The very first start: whoever is quick was told to connect a disk."""
    with parts_of(paths) as parts:
        job = parts.host.submit(Draft(prompt="a red ball")).result()
        assert [each.id for each in parts.host.jobs().result()] == [job.id]


def test_a_library_folder_that_cannot_be_had_changes_no_settings(paths, tmp_path):
    (tmp_path / "a file").touch()
    with parts_of(paths) as parts:
        before, folder = parts.settings, parts.library.folder
        with pytest.raises(DiskProblem):
            parts.apply(replace(before, library_dir=str(tmp_path / "a file" / "clips")))
        assert (parts.settings, parts.library.folder) == (before, folder)
        assert SettingsFile(paths.config).load() == before


def test_files_of_no_job_and_what_is_too_much_go_at_the_start(paths, store):
    settings(paths, keep_gb=0)
    store(
        a_job(id="doneaaaaaa", state=JobState.DONE, kept_latents=True),
        a_job(id="pausedaaaa", state=JobState.PAUSED, kept_step=3, kept_steps=9),
    )
    done, paused, nobody = (keep(paths, name, 10) for name in ("doneaaaaaa", "pausedaaaa", "nobodyaaaa"))
    with parts_of(paths) as parts:
        parts.prepare_library()
        jobs = {job.id: job for job in parts.host.jobs().result()}
    assert [folder.exists() for folder in (done, paused, nobody)] == [False, True, False]
    assert (jobs["doneaaaaaa"].kept_latents, jobs["pausedaaaa"].kept_step) == (False, 3)


def test_a_library_that_is_away_keeps_nothing_else_from_being_tidied(paths, store, tmp_path):
    settings(paths, keep_gb=0, library_dir=str(tmp_path / "unplugged"))
    store(a_job(id="doneaaaaaa", state=JobState.DONE, kept_latents=True))
    done, nobody = (keep(paths, name, 10) for name in ("doneaaaaaa", "nobodyaaaa"))
    paths.logs.mkdir(exist_ok=True)
    old = paths.logs / "old.log"
    with old.open("wb") as file:
        file.truncate(60_000_000)
    with parts_of(paths) as parts:
        with pytest.raises(DiskProblem, match="unplugged is not there"):
            parts.prepare_library()
        (job,) = parts.host.jobs().result()
    assert [place.exists() for place in (done, nobody, old)] == [False, False, False]
    assert not job.kept_latents


@pytest.mark.parametrize(("makes", "state"), [(None, JobState.DONE), ("another222", JobState.QUEUED)])
def test_a_job_whose_clip_is_there_is_done_although_nobody_could_say_so(paths, store, makes, state):
    with parts_of(paths) as parts:
        parts.prepare_library()
        job = a_job(id="lostaaaaaa", kept_latents=True)
        files = parts.library.work_files(job)
        write_clip(Path(files.part), 256, 160, 5, 16)
        clip = parts.library.publish(job, Rendered(job.id, files.part, 5, {}))  # and here the power goes
    store(replace(job, state=JobState.QUEUED, clip_id=makes))
    with parts_of(paths) as parts:
        parts.prepare_library()
        (found,) = parts.host.jobs().result()
        assert [each.id for each in parts.host.clips().result()] == [clip.id]
    assert (found.state, found.clip_id) == (state, makes or clip.id)


@pytest.mark.parametrize(
    ("at_start", "state", "held"),
    [
        ("continue", JobState.QUEUED, 0),
        ("ask", JobState.INTERRUPTED, 1),
        ("wait", JobState.INTERRUPTED, 1),
    ],
)
def test_a_window_goes_on_by_itself_only_when_the_user_set_it(paths, store, qtbot, at_start, state, held):
    settings(paths, at_start=at_start)
    store(a_job(id="lostaaaaaa", kept_step=3, kept_steps=9), a_job(id="waitaaaaaa", state=JobState.QUEUED))
    with window_session(paths, take_library(paths.data)) as (session, _, parts):
        with qtbot.waitSignal(session.loaded):
            session.load()
        jobs = {job.id: job for job in parts.host.jobs().result()}
        assert (jobs["lostaaaaaa"].state, jobs["lostaaaaaa"].attempts) == (state, 1)
        assert session.held_jobs == held


def test_the_api_is_on_from_the_start_when_the_user_set_it_and_ends_with_the_window(paths, qtbot):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings(paths, api_on=True, api_port=port)
    with window_session(paths, take_library(paths.data)) as (session, _, _):
        session.load()
        qtbot.waitUntil(lambda: session.api.state.on)
        assert Client(f"http://127.0.0.1:{port}").get("/system_stats").status == 200
        session.change_settings(replace(session.settings, api_on=False))
        qtbot.waitUntil(lambda: not session.api.busy and not session.api.state.on)
        session.change_settings(replace(session.settings, api_on=True))
        qtbot.waitUntil(lambda: session.api.state.on)
    with socket.socket() as caller:
        assert caller.connect_ex(("127.0.0.1", port)) != 0
