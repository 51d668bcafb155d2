"""The host reads events from the pipe, and makes nothing else of what comes through it."""

from __future__ import annotations

import os
import pickle
from multiprocessing import Pipe

import pytest
from support.samples import a_job, files_in

from wan_desktop.domain.errors import OutOfMemory, Paused, RenderProcessDied, SnapshotUnfit
from wan_desktop.domain.events import (
    BackendState,
    Frame,
    Kept,
    Note,
    Planned,
    Preview,
    Progress,
    Rendered,
    Resumed,
)
from wan_desktop.domain.job import Stage
from wan_desktop.jobs.cancel import CancelToken
from wan_desktop.process.messages import receive

MESSAGES = [
    ("event", Progress("j", Stage.DENOISING, 1, 2)),
    ("event", Preview("j", 1, (Frame(1, 1, b"rgb"),))),
    ("event", Note("j", "A sentence.")),
    ("event", Kept("j", 1, 2, latents=True)),
    ("event", Resumed("j", 1, 2)),
    ("event", Planned("j", 2, "tiled")),
    ("event", Rendered("j", "/x", 5, {"seconds": {"total": 1.5}, "levers": ["a"], "none": None})),
    ("event", BackendState("ready", {"vram_total": 2**40, "problems": []}, "")),
    ("alive", "j"),
]


@pytest.fixture
def pipe():
    here, there = Pipe()
    yield here, there
    here.close()
    there.close()


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message[1]).__name__)
def test_messages_arrive_as_they_were_sent(pipe, message):
    pipe[1].send(message)
    assert receive(pipe[0]) == message


@pytest.mark.parametrize("error", [OutOfMemory("No {n}.", n=3, action="x"), SnapshotUnfit("odd"), Paused()])
def test_errors_arrive_as_their_own_kind(pipe, error):
    pipe[1].send(("failed", "j", error))
    got = receive(pipe[0])[2]
    assert (type(got), got.to_json()) == (type(error), error.to_json())


class Call:
    """A pickle that calls."""

    def __init__(self, function, *values):
        self._call = function, values

    def __reduce__(self):
        return self._call


@pytest.mark.parametrize(
    "evil",
    [
        Call(os.system, "true"),
        Call(eval, "1"),
        Call(getattr, Note, "__init__"),
        Call(__import__, "os"),
        "no tuple",
        (),
        CancelToken,
    ],
    ids=repr,
)
def test_nothing_else_is_made_of_a_message(pipe, evil):
    pipe[1].send(evil)
    with pytest.raises(pickle.UnpicklingError):
        receive(pipe[0])


def test_a_process_that_sends_something_else_is_ended_and_nothing_is_called(backend, states, tmp_path):
    trap = tmp_path / "trap"
    with pytest.raises(RenderProcessDied):
        list(backend.render(a_job(f"evil {trap} deaf"), files_in(tmp_path), CancelToken()))
    assert not trap.exists()
    states.until("ready", times=2)
