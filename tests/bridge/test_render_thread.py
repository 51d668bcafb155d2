"""The thread that renders begins whatever comes of getting the library ready."""

from __future__ import annotations

import pytest
from support.hosts import make_host
from support.models import OneModel
from support.scripted_backend import ScriptedBackend

from wan_desktop.bridge.render_thread import RenderThread
from wan_desktop.domain.errors import DiskProblem
from wan_desktop.domain.events import JobChanged
from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft
from wan_desktop.jobs.runner import Runner


@pytest.mark.parametrize("error", [DiskProblem("It is away."), RuntimeError("a fault of our own")])
def test_a_library_that_cannot_be_got_ready_keeps_no_job_from_rendering(qtbot, tmp_path, error):
    host = make_host(tmp_path, ScriptedBackend(), OneModel())

    def prepare():
        raise error

    runner, told, done = Runner(host), [], []
    thread = RenderThread(runner, prepare)
    thread.problem.connect(told.append)
    host.subscribe(
        lambda event: (
            done.append(event) if isinstance(event, JobChanged) and event.job.state is JobState.DONE else None
        )
    )
    thread.start()
    try:
        host.submit(Draft(prompt="a ball", num_frames=5, num_inference_steps=2)).result()
        qtbot.waitUntil(lambda: bool(done))
    finally:
        thread.finish()
        host.close()
    assert told == ([error] if isinstance(error, DiskProblem) else [])
