"""Jobs from submission to clip, on a real database and a real library folder."""

from __future__ import annotations

import shutil
import threading

import pytest

from wan_desktop.domain.errors import BadImage, DiskProblem, EncodeFailed, InvalidRequest, OutOfMemory
from wan_desktop.domain.events import BackendState, ClipAdded, ClipRemoved, JobChanged, JobRemoved, Progress
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.request import Draft
from wan_desktop.jobs.runner import Runner


class Waiter:
    """Collects a host's events and waits for one."""

    def __init__(self, host):
        self.events = []
        self._new = threading.Condition()
        host.subscribe(self._add)

    def _add(self, event):
        with self._new:
            self.events.append(event)
            self._new.notify_all()

    def until(self, wanted):
        with self._new:
            found = self._new.wait_for(lambda: next((e for e in self.events if wanted(e)), None), timeout=30)
        assert found, self.events
        return found

    def state(self, job_id, state):
        return self.until(
            lambda e: isinstance(e, JobChanged) and e.job.id == job_id and e.job.state is state
        ).job


@pytest.fixture
def running(host):
    """The host's waiter, while its runner works in a thread."""
    waiter, runner = Waiter(host), Runner(host)
    thread = threading.Thread(target=runner.run)
    thread.start()
    yield waiter
    for job in host.jobs().result():
        host.cancel(job.id).result()
    runner.stop()
    thread.join(timeout=30)
    assert not thread.is_alive()


def draft(prompt="a red ball", **values):
    return Draft(prompt=prompt, num_frames=5, num_inference_steps=2, **values)


def test_a_job_becomes_a_clip(host, running):
    job = host.submit(draft(seed=3)).result()
    assert job.state is JobState.QUEUED
    done = running.state(job.id, JobState.DONE)
    clip = running.until(lambda e: isinstance(e, ClipAdded)).clip
    assert done.clip_id == clip.id
    assert host.clips().result() == [clip]
    assert clip.recipe["request"]["seed"] == 3
    stages = [e.stage for e in running.events if isinstance(e, Progress)]
    assert list(dict.fromkeys(stages)) == list(Stage)


def test_the_clip_is_announced_before_its_job_is_done(host, running):
    job = host.submit(draft()).result()
    running.state(job.id, JobState.DONE)
    kinds = [type(e) for e in running.events if isinstance(e, ClipAdded) or (isinstance(e, JobChanged))]
    assert kinds.index(ClipAdded) < len(kinds) - 1


def test_jobs_run_in_their_order_and_a_waiting_one_can_be_moved(host, running, backend):
    backend.script("first", hold=Stage.DENOISING)
    first = host.submit(draft("first")).result()
    running.state(first.id, JobState.RUNNING)
    a, b, c = (host.submit(draft(name)).result() for name in "abc")
    host.move(c.id, before=a.id).result()
    host.move(a.id, before=None).result()
    backend.release()
    running.state(a.id, JobState.DONE)
    assert [job.id for job in backend.requests] == [first.id, c.id, b.id, a.id]


def test_moving_to_the_front_behind_and_between_keeps_every_job(host):
    ids = [host.submit(draft(str(n))).result().id for n in range(4)]
    for n in range(60):  # halving distances must not run out
        host.move(ids[n % 4], before=ids[(n + 2) % 4]).result()
    assert sorted(j.id for j in host.jobs().result()) == sorted(ids)
    orders = [j.order for j in host.jobs().result()]
    assert len(set(orders)) == 4


def test_cancel_while_waiting_and_while_running(host, running, backend):
    backend.script("slow", hold=Stage.DECODING)
    slow, waiting = host.submit(draft("slow")).result(), host.submit(draft("next")).result()
    running.until(lambda e: isinstance(e, Progress) and e.stage is Stage.DECODING)
    host.cancel(waiting.id).result()
    host.cancel(slow.id).result()
    running.state(slow.id, JobState.CANCELLED)
    assert running.state(waiting.id, JobState.CANCELLED).clip_id is None
    assert host.clips().result() == []


def test_a_failed_job_keeps_its_sentence_and_the_next_one_runs(host, running, backend):
    backend.script("huge", fail=OutOfMemory("The GPU is full.", action="Use a smaller size"))
    failed, fine = host.submit(draft("huge")).result(), host.submit(draft("fine")).result()
    error = running.state(failed.id, JobState.FAILED).error
    assert (error["code"], error["template"], error["action"]) == (
        "out_of_memory", "The GPU is full.", "Use a smaller size",
    )  # fmt: skip
    running.state(fine.id, JobState.DONE)


def test_a_fault_nobody_expected_fails_the_job_and_not_the_runner(host, running, backend):
    backend.script("odd", fail=RuntimeError("boom"))
    odd, fine = host.submit(draft("odd")).result(), host.submit(draft("fine")).result()
    assert "boom" in running.state(odd.id, JobState.FAILED).error["values"]["why"]
    running.state(fine.id, JobState.DONE)


def test_retry_runs_the_same_request_again(host, running, backend):
    backend.script("once", fail=EncodeFailed("odd"))
    job = host.submit(draft("once", seed=5)).result()
    running.state(job.id, JobState.FAILED)
    backend.script("once")
    host.retry(job.id).result()
    done = running.state(job.id, JobState.DONE)
    assert done.request.seed == 5
    assert done.error is None


def test_notes_are_kept_with_the_job(host, running, backend):
    backend.script("long", notes=("The last words were cut.",))
    job = host.submit(draft("long")).result()
    assert running.state(job.id, JobState.DONE).notes == ("The last words were cut.",)


def test_a_running_job_cannot_be_removed_but_an_ended_one_can(host, running, backend):
    backend.script("slow", hold=Stage.DENOISING)
    job = host.submit(draft("slow")).result()
    running.state(job.id, JobState.RUNNING)
    with pytest.raises(InvalidRequest, match="cancel it first"):
        host.remove(job.id).result()
    backend.release()
    running.state(job.id, JobState.DONE)
    host.remove(job.id).result()
    running.until(lambda e: isinstance(e, JobRemoved))
    assert host.jobs().result() == []
    assert len(host.clips().result()) == 1


def test_refused_drafts_are_not_queued(host, tmp_path):
    with pytest.raises(InvalidRequest, match="empty"):
        host.submit(Draft()).result()
    with pytest.raises(BadImage):
        host.submit(Draft(image=str(tmp_path / "missing.png"))).result()
    assert host.jobs().result() == []


def test_a_library_that_is_gone_is_told_before_anything_is_queued(host):
    shutil.rmtree(host.library.folder)
    with pytest.raises(DiskProblem, match="is not there") as refused:
        host.submit(draft()).result()
    assert refused.value.field == "library"
    assert host.jobs().result() == []


def test_a_stored_image_no_longer_depends_on_its_file(host, running, tmp_path):
    from PIL import Image

    picture = tmp_path / "start.png"
    Image.new("RGB", (400, 250), "teal").save(picture)
    job = host.submit(Draft(image=str(picture), num_frames=5, num_inference_steps=1)).result()
    picture.unlink()
    done = running.state(job.id, JobState.DONE)
    assert len(done.request.image) == 64
    assert host.images.size(done.request.image) == (400, 250)


def test_jobs_of_an_earlier_time_wait_until_they_are_released(host):
    old = host.submit(draft("old")).result()
    runner, waiter = Runner(host), Waiter(host)
    thread = threading.Thread(target=runner.run)
    thread.start()
    new = host.submit(draft("new")).result()
    waiter.state(new.id, JobState.DONE)
    assert runner.held == {old.id}
    runner.release()
    waiter.state(old.id, JobState.DONE)
    runner.stop()
    thread.join(timeout=30)
    assert not thread.is_alive()


def test_deleting_and_bringing_back_a_clip(host, running):
    job = host.submit(draft()).result()
    running.state(job.id, JobState.DONE)
    (clip,) = host.clips().result()
    gone = host.delete_clip(clip).result()
    running.until(lambda e: isinstance(e, ClipRemoved))
    assert host.clips().result() == []
    back = host.restore_clip(gone).result()
    assert host.clips().result() == [back]
    assert back.path == clip.path


def test_small_values_are_remembered(host):
    assert host.recall("draft").result() is None
    host.remember("draft", {"prompt": "half a sen"}).result()
    assert host.recall("draft").result() == {"prompt": "half a sen"}


def test_a_late_listener_hears_how_the_backend_is(host):
    waiter = Waiter(host)
    assert waiter.until(lambda e: isinstance(e, BackendState)).state == "ready"
