"""The real render process with the demo model: renders, is crashed and killed, and renders again."""

from __future__ import annotations

import dataclasses
import os
import signal
import sys

import av
import pytest
from support.engine_jobs import REQUEST, RESOURCES, a_job, a_model
from support.samples import FolderOfImages, OneModel, files_in

from wan_desktop import child
from wan_desktop.domain.errors import Cancelled, Paused, RenderProcessDied
from wan_desktop.domain.events import Kept, Progress, Rendered, Resumed
from wan_desktop.domain.job import Stage
from wan_desktop.jobs.cancel import CancelToken
from wan_desktop.process.render_process import RenderProcess

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    folder = tmp_path_factory.mktemp("render")
    settings = {
        "device": "cpu",
        "model": a_model(),
        "cache_dir": str(folder / "cache"),
        "resources_dir": str(RESOURCES),
        "log_dir": str(folder / "logs"),
    }
    made = RenderProcess(
        child.main, lambda: settings, models=OneModel(a_model()), images=FolderOfImages(folder)
    )
    made.start()
    yield made
    made.close()
    assert made.pid is None


def frames_rendered(backend, files):
    """Render to the end: how many frames a player finds in the clip."""
    *_, last = backend.render(a_job(), files, CancelToken())
    assert isinstance(last, Rendered)
    with av.open(files.part, format="mp4") as container:
        return sum(1 for _ in container.decode(video=0))


def until_drawing(backend, files, cancel):
    """A render that has begun to draw: its remaining events."""
    events = backend.render(a_job(num_inference_steps=200), files, cancel)
    for event in events:
        if isinstance(event, Progress) and event.stage is Stage.DENOISING:
            return events
    raise AssertionError("it never drew")


@pytest.mark.parametrize(
    ("number", "words"), [(signal.SIGKILL, "another program ended"), (signal.SIGSEGV, "crashed .*SIGSEGV")]
)
def test_a_process_that_dies_while_drawing_costs_one_job(backend, tmp_path, number, words):
    events = until_drawing(backend, files_in(tmp_path, "lost"), CancelToken())
    pid = backend.pid
    os.kill(pid, number)
    with pytest.raises(RenderProcessDied, match=words):
        list(events)
    assert frames_rendered(backend, files_in(tmp_path, "next")) == REQUEST.num_frames
    assert backend.pid != pid


def test_a_cancel_while_drawing_keeps_the_process(backend, tmp_path):
    cancel = CancelToken()
    events = until_drawing(backend, files_in(tmp_path, "cancelled"), cancel)
    pid = backend.pid
    cancel.cancel()
    with pytest.raises(Cancelled):
        list(events)
    assert frames_rendered(backend, files_in(tmp_path, "next")) == REQUEST.num_frames
    assert backend.pid == pid


def test_a_pause_gives_the_process_back_and_the_render_goes_on_where_it_stopped(backend, tmp_path):
    token, files, seen = CancelToken(), files_in(tmp_path, "paused"), []
    job = a_job(num_inference_steps=20)
    with pytest.raises(Paused):
        pause_at_step(backend, job, files, token, seen)
    kept = max(event.step for event in seen if isinstance(event, Kept))
    assert 2 <= kept < 20
    assert backend.pid is None
    again = list(backend.render(job, files, CancelToken()))
    assert [event.step for event in again if isinstance(event, Resumed)] == [kept]
    steps = [e.done for e in again if isinstance(e, Progress) and e.stage is Stage.DENOISING and e.done]
    assert steps[-1] == 20
    assert min(steps) >= kept
    assert isinstance(again[-1], Rendered)


def test_a_killed_process_costs_only_the_steps_since_its_snapshot(backend, tmp_path):
    files = dataclasses.replace(files_in(tmp_path, "killed"), snapshot_every_s=0.0)
    job, seen = a_job(num_inference_steps=20), []
    with pytest.raises(RenderProcessDied):
        kill_at_step(backend, job, files, seen)
    kept = max(event.step for event in seen if isinstance(event, Kept))
    again = list(backend.render(job, files, CancelToken()))
    assert next(event.step for event in again if isinstance(event, Resumed)) >= kept >= 1
    assert isinstance(again[-1], Rendered)


def pause_at_step(backend, job, files, token, seen):
    """Render, and pause when two steps are drawn."""
    for event in backend.render(job, files, token):
        seen.append(event)
        if isinstance(event, Progress) and (event.stage, event.done) == (Stage.DENOISING, 2):
            token.pause()


def kill_at_step(backend, job, files, seen):
    """Render, and kill the process when something is kept."""
    killed = False
    for event in backend.render(job, files, CancelToken()):
        seen.append(event)
        if isinstance(event, Kept) and not killed:
            killed = True
            os.kill(backend.pid, signal.SIGKILL)
