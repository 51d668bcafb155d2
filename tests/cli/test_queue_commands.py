"""`wan-desktop queue …` on the stored queue, and what a restart makes of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from support.models import OneModel
from support.scripted_backend import ScriptedBackend

from wan_desktop.config.paths import find_paths
from wan_desktop.domain.request import Draft
from wan_desktop.jobs.host import Host
from wan_desktop.library.database import Database
from wan_desktop.library.folder import LibraryFolder
from wan_desktop.library.images import ImageStore
from wan_desktop.library.kept import KeptFiles


def wan(*args):
    """Run the program to its end."""
    return subprocess.run(
        [sys.executable, "-m", "wan_desktop", *args], capture_output=True, text=True, timeout=60
    )


@pytest.fixture
def job():
    """A waiting job, stored by a program that has ended."""
    data = find_paths().create().data
    images = ImageStore(data / "images")
    library = LibraryFolder(data / "library", images, KeptFiles(data / "renders"))
    library.prepare()
    store = Database(data / "wan-desktop.sqlite")
    host = Host(store=store, library=library, images=images, models=OneModel(), backend=ScriptedBackend())
    stored = host.submit(Draft(prompt="a red ball", num_frames=5)).result()
    host.close()
    return stored


def test_a_stored_job_is_paused_continued_cancelled_and_removed(job):
    for verb, state in (
        ("pause", "paused"),
        ("continue", "queued"),
        ("cancel", "cancelled"),
        ("retry", "queued"),
    ):
        done = wan("queue", verb, job.id)
        assert done.stdout == f"{job.id}  {state}\n", done.stderr
    assert wan("queue", "remove", job.id).returncode == 0
    assert json.loads(wan("queue", "list", "--json").stdout) == []


def test_the_whole_queue_is_paused_and_continued(job):
    assert wan("queue", "pause", "--after-current").stdout == "paused after the present job\n"
    assert wan("queue", "continue").stdout == "continued\n"


def test_unknown_jobs_and_lost_latents_are_one_sentence(job):
    unknown = wan("queue", "pause", "nothing")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert "no job" in unknown.stderr
    lost = wan("queue", "decode", job.id)
    assert lost.returncode == 2
    assert "no longer kept" in lost.stderr
