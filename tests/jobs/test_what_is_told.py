"""What everybody is told is stored before, and comes in the order in which it was stored."""

from __future__ import annotations

import contextlib
import sqlite3
import threading

import pytest
from support.models import OneModel
from support.samples import a_clip
from support.scripted_backend import ScriptedBackend

from wan_desktop.domain.errors import WanError
from wan_desktop.domain.events import BackendState, ClipAdded, JobChanged, Pausing, QueueState
from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft
from wan_desktop.jobs.host import Host
from wan_desktop.library import opening
from wan_desktop.library.database import Database


def submit(host, prompt="a red ball"):
    return host.submit(Draft(prompt=prompt, num_frames=5, num_inference_steps=6)).result()


@pytest.fixture
def told(host):
    events = []
    host.subscribe(events.append)
    return events


def states(events):
    return [event.job.state for event in events if isinstance(event, JobChanged)]


class Late:
    """A future whose reader is woken only after `gate`, as a thread may be."""

    def __init__(self, future, gate):
        self.future, self.gate = future, gate

    def result(self):
        self.gate.wait(30)
        return self.future.result()


def test_a_thread_that_wakes_late_tells_nothing_late(host, told, monkeypatch):
    """The runner has stored an end; before its thread goes on somebody lets the job go on."""
    submit(host)
    job, _ = host.running.lease()
    gate, run = threading.Event(), host.store.run

    def end():
        host.running.end(job, lambda queue: queue.fail(job, WanError("odd").to_json()))

    thread = threading.Thread(target=end)

    def asked(*values):
        future = run(*values)
        return Late(future, gate) if threading.current_thread() is thread else future

    monkeypatch.setattr(host.store, "run", asked)
    thread.start()
    while run(lambda: host.store.job(job.id)).result().state is not JobState.FAILED:
        pass
    host.resume(job.id).result()
    gate.set()
    thread.join(timeout=30)
    assert states(told) == [JobState.QUEUED, JobState.RUNNING, JobState.FAILED, JobState.QUEUED]


def test_at_the_word_the_row_is_what_is_told(host, tmp_path):
    """Whoever looks into the database when told finds it, and nothing newer."""
    seen = []

    def look(event):
        if isinstance(event, JobChanged):
            with contextlib.closing(sqlite3.connect(tmp_path / "wan-desktop.sqlite")) as other:
                query = "SELECT state FROM jobs WHERE id = ?"
                seen.append((event.job.state.value, *other.execute(query, (event.job.id,)).fetchone()))

    host.subscribe(look)
    job = submit(host)
    asked = [host.pause(job.id), host.resume(job.id), host.pause(job.id), host.resume(job.id)]
    asked.append(host.cancel(job.id))
    for each in asked:
        each.result()
    assert [now for now, _ in seen] == ["queued", "paused", "queued", "paused", "queued", "cancelled"]
    assert all(now == stored for now, stored in seen)


def test_who_listens_from_now_on_hears_the_present_state_before_all_later_ones(host):
    events, heard = [], threading.Event()
    gate = threading.Event()
    host.store.run(gate.wait)
    asked = host.pause_queue()

    def listen(event):
        events.append(event)
        if event == QueueState(True):
            heard.set()

    host.subscribe(listen)
    gate.set()
    asked.result()
    assert heard.wait(30)
    host.store.run(lambda: None).result()
    assert [event for event in events if isinstance(event, QueueState)][-1] == QueueState(True)
    assert isinstance(events[0], BackendState)


def test_who_listens_no_more_hears_nothing(host):
    events = []
    stop = host.subscribe(events.append)
    stop()
    stop()
    host.store.run(lambda: None).result()
    del events[:]
    submit(host)
    host.backend.tell(BackendState("busy"))
    assert events == []


def test_a_listener_that_fails_hurts_neither_the_store_nor_the_others(host, told, caplog):
    def fail(event):
        raise RuntimeError("a listener's own fault")

    host.subscribe(fail)
    later = []
    host.subscribe(later.append)
    assert submit(host).state is JobState.QUEUED
    assert states(told) == states(later) == [JobState.QUEUED]
    assert "a listener's own fault" in caplog.text


# ---- a commit that fails


@pytest.fixture
def hasty(tmp_path, host, monkeypatch):
    """A host whose database does not wait for others, and the way to let its commits fail."""
    pragmas = [pragma.replace("busy_timeout = 5000", "busy_timeout = 0") for pragma in opening._PRAGMAS]
    monkeypatch.setattr(opening, "_PRAGMAS", pragmas)
    store = Database(tmp_path / "hasty.sqlite")
    hasty = Host(
        store=store, library=host.library, images=host.images, models=OneModel(), backend=ScriptedBackend()
    )
    yield hasty
    hasty.close()


@contextlib.contextmanager
def no_commits(host):
    """Somebody reads the database for so long: nothing can be committed."""
    with contextlib.closing(sqlite3.connect(host.store.path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM jobs").fetchall()
        yield


def test_a_queue_whose_rest_could_not_be_stored_does_not_rest(hasty):
    job = submit(hasty)
    _, token = hasty.running.lease()
    events = []
    hasty.subscribe(events.append)
    with no_commits(hasty), pytest.raises(WanError):
        hasty.pause_queue().result()
    assert hasty.queue_state == QueueState(False)
    assert not token.paused
    hasty.pause_queue().result()
    assert token.paused
    assert [e for e in events if isinstance(e, Pausing | QueueState)] == [
        QueueState(False),
        QueueState(True),
        Pausing(job.id),
    ]


def test_a_job_whose_lease_could_not_be_stored_does_not_run(hasty):
    job = submit(hasty)
    events = []
    hasty.subscribe(events.append)
    with no_commits(hasty), pytest.raises(WanError):
        hasty.running.lease()
    assert not hasty.running.any
    assert states(events) == []
    assert hasty.cancel(job.id).result().state is JobState.CANCELLED


def test_an_end_that_could_not_be_stored_leaves_the_job_running(hasty):
    submit(hasty)
    job, token = hasty.running.lease()
    events = []
    hasty.subscribe(events.append)
    with no_commits(hasty):
        with pytest.raises(WanError):
            hasty.running.end(job, lambda queue: queue.cancel(job))
        with contextlib.suppress(WanError):  # even then the word is heard
            hasty.cancel(job.id).result()
        assert token.cancelled
    assert states(events) == []
    assert hasty.running.cancelled(job).state is JobState.CANCELLED
    assert not hasty.running.any


@pytest.mark.parametrize("ask", [lambda host, job: host.retry(job.id), lambda host, job: host.sweep(0)])
def test_what_is_kept_goes_only_once_it_is_stored_that_it_may(hasty, ask):
    job = submit(hasty)
    hasty.cancel(job.id).result()
    hasty.library.kept.make_room(job.id)
    snapshot = hasty.library.kept.snapshot(job.id)
    snapshot.write_bytes(b"hours")
    with no_commits(hasty):
        with contextlib.suppress(WanError):
            ask(hasty, job).result()
        hasty.store.run(lambda: None).exception()
    assert snapshot.exists()
    ask(hasty, job).result()
    hasty.store.run(lambda: None).result()
    assert not snapshot.exists()


def test_a_clip_is_told_with_its_job_or_not_at_all(hasty):
    submit(hasty)
    job, _ = hasty.running.lease()
    clip, events = a_clip(), []
    hasty.subscribe(events.append)
    with no_commits(hasty), pytest.raises(WanError):
        hasty.running.end(job, lambda queue: queue.finish(job), clip)
    assert [e for e in events if isinstance(e, ClipAdded)] == []
    hasty.running.end(job, lambda queue: queue.finish(job), clip)
    assert [type(e) for e in events][-2:] == [ClipAdded, JobChanged]
