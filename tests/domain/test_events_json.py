"""Every event survives JSON."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from support.samples import a_clip, a_job

from wan_desktop.domain import events
from wan_desktop.domain.errors import OutOfMemory
from wan_desktop.domain.events import (
    AwakeState,
    BackendState,
    ClipAdded,
    ClipRemoved,
    Frame,
    JobChanged,
    JobRemoved,
    Kept,
    Note,
    Pausing,
    Planned,
    Preview,
    Progress,
    QueueState,
    Rendered,
    Resumed,
)
from wan_desktop.domain.events_json import (
    clip_from_json,
    clip_to_json,
    from_json,
    job_from_json,
    job_to_json,
    to_json,
)
from wan_desktop.domain.job import JobState, Stage

FAILED = a_job(
    "猫 \ud800 \n",
    state=JobState.FAILED,
    started_at=1.5,
    finished_at=2.5,
    error=OutOfMemory("No memory for {n}.", n=3).to_json(),
    notes=("One.", "Two."),
)
EVENTS = [
    Progress("a", Stage.DENOISING, 3, 20),
    Preview("a", 3, (Frame(2, 1, bytes(range(6))), Frame(1, 1, b"\xff\x00\x80"))),
    Note("a", "Something to know."),
    Kept("a", 7, 20),
    Kept("a", 20, 20, latents=True),
    Resumed("a", 7, 20),
    Planned("a", 2, "tiled"),
    Rendered("a", "/x.part", 25, {"device": "cpu", "seconds": {"total": 1.25}}),
    BackendState("ready", {"device": "cpu", "problems": []}, "A sentence."),
    JobChanged(FAILED),
    JobChanged(a_job(image="ab" * 32, clip_id="c")),
    JobRemoved("a"),
    ClipAdded(a_clip(deleted_at=3.0)),
    ClipRemoved("c"),
    Pausing("a"),
    QueueState(True, after_current=True),
    AwakeState(False, "There is no D-Bus here."),
]


def through_text(data):
    return json.loads(json.dumps(data))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_survives(event):
    assert from_json(through_text(to_json(event))) == event


def test_there_is_a_way_for_every_kind_of_event():
    assert {type(event) for event in EVENTS} == set(get_args(events.Event))


def test_jobs_and_clips_survive():
    assert job_from_json(through_text(job_to_json(FAILED))) == FAILED
    assert clip_from_json(through_text(clip_to_json(a_clip()))) == a_clip()


@pytest.mark.parametrize(
    "data",
    [{}, {"type": "Nothing"}, {"type": "Note"}, {"type": "Progress", "job_id": "a", "stage": "sleeping"}],
)
def test_other_data_is_no_event(data):
    with pytest.raises((KeyError, TypeError, ValueError)):
        from_json(data)
