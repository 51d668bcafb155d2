"""Work is never lost: pauses, deaths, missing memory, full disks and restarts go on from what is kept."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from support.hosts import make_host
from support.models import OneModel
from support.scripted_backend import ScriptedBackend
from support.waiting import Waiter

from wan_desktop.domain.errors import (
    BadOutput,
    DiskProblem,
    EncodeFailed,
    InvalidRequest,
    OutOfMemory,
    RenderProcessDied,
    SnapshotUnfit,
)
from wan_desktop.domain.events import AwakeState, BackendState, JobChanged, Note, Pausing, QueueState, Resumed
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.recipe import notes_of
from wan_desktop.domain.request import Draft
from wan_desktop.jobs import disk_watch
from wan_desktop.jobs.runner import Lane, Runner

DIED = RenderProcessDied("It crashed.", action="Try again")


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def run(host):
    """Start a runner on the host; its waiter."""
    threads, runners = [], []

    def start(**values):
        waiter, runner = Waiter(host), Runner(host, **values)
        thread = threading.Thread(target=runner.run)
        thread.start()
        runners.append(runner)
        threads.append(thread)
        waiter.runner, waiter.runner_thread = runner, thread
        return waiter

    yield start
    for runner in runners:
        runner.stop()
    host.running.interrupt()
    for thread in threads:
        thread.join(timeout=30)
        assert not thread.is_alive()


def draft(prompt="a red ball", steps=6):
    return Draft(prompt=prompt, num_frames=5, num_inference_steps=steps)


def submit(host, prompt="a red ball", steps=6):
    return host.submit(draft(prompt, steps)).result()


def resumed_at(waiter, job):
    return [e.step for e in waiter.events if isinstance(e, Resumed) and e.job_id == job.id]


def kept(host, job):
    return Path(host.library.work_files(job).snapshot), Path(host.library.work_files(job).latents)


def test_a_running_job_pauses_after_its_step_and_goes_on_from_there(host, backend, run):
    backend.script("slow", hold=Stage.DENOISING)
    waiter, job = run(), submit(host, "slow")
    waiter.stage(job.id, Stage.DENOISING)
    assert host.pause(job.id).result().state is JobState.RUNNING
    waiter.until(lambda e: e == Pausing(job.id))
    paused = waiter.state(job.id, JobState.PAUSED)
    assert (paused.kept_step, paused.kept_steps, paused.error) == (1, 6, None)
    assert backend.rests >= 1
    assert host.resume(job.id).result().state is JobState.QUEUED
    done = waiter.state(job.id, JobState.DONE)
    assert resumed_at(waiter, job) == [1]
    assert (done.kept_step, done.kept_latents, done.attempts) == (0, True, 0)
    waiter.wait(lambda: not kept(host, job)[0].exists())  # the clip is safe, and may be decoded again
    assert kept(host, job)[1].exists()


def test_a_waiting_job_pauses_at_once_and_comes_back_in_front(host, backend, run):
    backend.script("first", hold=Stage.DENOISING)
    waiter, first = run(), submit(host, "first")
    waiter.stage(first.id, Stage.DENOISING)
    a, b = submit(host, "a"), submit(host, "b")
    assert host.pause(b.id).result().state is JobState.PAUSED
    host.resume(b.id).result()
    backend.release()
    waiter.state(a.id, JobState.DONE)
    assert [job.id for job in backend.requests] == [first.id, b.id, a.id]


def test_resume_takes_back_a_pause_that_has_not_happened_yet(host, backend, run):
    waiter, job = run(), None
    gate = threading.Event()

    def hold(event):  # the runner's thread waits between two steps
        if isinstance(event, Resumed):
            return
        if getattr(event, "step", None) == 2 and not gate.is_set():
            host.pause(job.id).result()
            host.resume(job.id).result()
            gate.set()

    host.subscribe(hold)
    job = submit(host)
    waiter.state(job.id, JobState.DONE)
    assert not [e for e in waiter.events if isinstance(e, JobChanged) and e.job.state is JobState.PAUSED]
    assert resumed_at(waiter, job) == [2]


def test_a_lost_process_goes_on_from_the_snapshot_by_itself(host, backend, run):
    backend.script("shaky", fail=DIED, after=2, times=1)
    waiter, job = run(), submit(host, "shaky")
    done = waiter.state(job.id, JobState.DONE)
    assert resumed_at(waiter, job) == [2]
    assert [(each.attempts, each.plan) for each in backend.requests] == [(0, 0), (1, 0)]
    assert done.attempts == 0  # it came further
    assert any("after step 2 of 6" in note for note in done.notes)
    (clip,) = host.clips().result()
    assert notes_of(clip.recipe) == done.notes


def test_only_processes_lost_without_progress_between_count(host, backend, run):
    """A long job may lose one each day: it fails when three in a row bring it no further."""
    backend.script("shaky", fail=DIED, after=1)
    lost = []

    def further(event):  # after each loss the next one comes a step later
        if isinstance(event, Note) and "crashed" in str(event.sentence):
            lost.append(event)
            backend.script("shaky", fail=DIED, after=len(lost) + 1 if len(lost) < 5 else 99)

    host.subscribe(further)
    waiter, job = run(), submit(host, "shaky")
    done = waiter.state(job.id, JobState.DONE)
    assert (len(lost), done.attempts, resumed_at(waiter, job)) == (5, 0, [1, 2, 3, 4, 5])


def test_the_program_lost_three_times_with_progress_between_is_no_reason_to_stop(host, tmp_path):
    """Each start finds the job interrupted, and goes on by itself while each run brought it further."""
    submit(host)
    for step in range(1, 6):
        job, _ = host.running.lease()
        host.running.keep(replace(job, attempts=0, kept_step=step, kept_steps=6))
        host.close()  # and the row still says that it runs, as after a crash
        host = make_host(tmp_path, ScriptedBackend(), OneModel())
        (again,) = host.resume_interrupted().result()
        assert again.attempts == 1
    host.close()


def test_after_three_lost_processes_it_fails_with_the_log_and_keeps_its_snapshot(host, backend, run):
    backend.script("shaky", fail=DIED, after=2)
    waiter = run(log_tail=lambda since: since and "Fatal Python error: Segmentation fault")
    job = submit(host, "shaky")
    failed = waiter.state(job.id, JobState.FAILED)
    assert failed.error["template"] == "It crashed."
    assert failed.error["log"] == "Fatal Python error: Segmentation fault"
    assert (failed.attempts, failed.kept_step, len(backend.requests)) == (3, 2, 3)
    assert kept(host, job)[0].read_text() == "2"
    backend.script("shaky")
    assert host.resume(job.id).result().attempts == 0
    waiter.state(job.id, JobState.DONE)
    assert resumed_at(waiter, job)[-1] == 2


@pytest.mark.parametrize(("verb", "state"), [("cancel", JobState.CANCELLED), ("pause", JobState.PAUSED)])
def test_what_the_user_says_counts_more_than_the_last_lost_process(host, backend, run, verb, state):
    backend.script("shaky", fail=DIED, after=2)
    tries = []

    def say(event):  # on the runner's thread, as the third process has begun
        if isinstance(event, Resumed):
            tries.append(event)
            if len(tries) == 2:
                getattr(host, verb)(event.job_id).result()

    host.subscribe(say)
    waiter, job = run(), submit(host, "shaky")
    ended = waiter.state(job.id, state)
    assert (ended.kept_step, ended.error, len(backend.requests)) == (2, None, 3)


def test_a_fault_of_our_own_costs_one_job_a_rest_and_the_next_is_taken(host, backend, run):
    faults = [RuntimeError("the desktop's own service went away")]

    @contextlib.contextmanager
    def awake():
        if faults:
            raise faults.pop()
        yield None

    first, second = submit(host, "first"), submit(host, "second")
    waiter = run(awake=awake)
    waiter.runner.release()
    waiter.state(first.id, JobState.INTERRUPTED)
    waiter.state(second.id, JobState.DONE)
    host.resume(first.id).result()
    waiter.state(first.id, JobState.DONE)


def test_a_process_that_cannot_start_is_not_tried_again(host, backend, run):
    backend.script("shaky", fail=DIED, at=Stage.LOADING)
    backend.tell(BackendState("failed", {}, "No engine is here."))
    waiter, job = run(), submit(host, "shaky")
    waiter.state(job.id, JobState.FAILED)
    assert len(backend.requests) == 1


def test_missing_memory_takes_the_next_plan_until_there_is_none(host, backend, run):
    backend.tell(BackendState("ready", {"plans": 3}))
    backend.script("huge", fail=OutOfMemory("The GPU is full."), at=Stage.DECODING, times=2)
    waiter, job = run(), submit(host, "huge")
    done = waiter.state(job.id, JobState.DONE)
    assert [each.plan for each in backend.requests] == [0, 1, 2]
    assert (done.plan, done.attempts) == (2, 0)
    assert resumed_at(waiter, job) == [6, 6]  # what was drawn is not drawn again
    assert any("3 of 3" in note for note in done.notes)
    backend.script("huge", fail=OutOfMemory("The GPU is full."), at=Stage.DECODING)
    other = submit(host, "huge")
    assert waiter.state(other.id, JobState.FAILED).error["code"] == "out_of_memory"
    assert len(backend.requests) == 6


def test_a_full_disk_pauses_the_job_and_it_goes_on_when_there_is_room(host, backend, run):
    backend.script("large", fail=DiskProblem("The disk is full."), after=3, times=1)
    waiter = run(disk_retry_s=0.02)
    job = submit(host, "large")
    paused = waiter.state(job.id, JobState.PAUSED)
    assert paused.error["template"] == "The disk is full."
    assert paused.kept_step == 3
    assert not list(host.library.folder.glob(".*.part"))
    done = waiter.state(job.id, JobState.DONE)
    assert resumed_at(waiter, job) == [3]
    assert (done.error, done.attempts) == (None, 0)


def test_a_library_that_comes_back_lets_the_jobs_go_on_in_their_order(host, backend, run):
    backend.script("first", hold=Stage.DENOISING)
    waiter = run(disk_retry_s=0.02)
    first = submit(host, "first")
    waiter.stage(first.id, Stage.DENOISING)
    a, b = submit(host, "a"), submit(host, "b")
    away = host.library.folder.rename(host.library.folder.with_name("away"))
    backend.release()
    for job in (first, a, b):
        waiter.state(job.id, JobState.PAUSED)
    away.rename(host.library.folder)
    for job in (first, a, b):
        waiter.state(job.id, JobState.DONE)
    assert [each.id for each in backend.requests] == [first.id, first.id, a.id, b.id]
    assert resumed_at(waiter, first) == [6]


def count_looks(host, monkeypatch):
    """How often a disk was looked at, and whether it has room."""
    looks, check = [], host.library.check_space
    disk = {"room": True}

    def look(request):
        looks.append(request)
        if not disk["room"]:
            raise DiskProblem("The disk is full.")
        check(request)

    monkeypatch.setattr(host.library, "check_space", look)
    return looks, disk


def pauses(waiter):
    return [e for e in waiter.events if isinstance(e, JobChanged) and e.job.state is JobState.PAUSED]


def few_looks_later(waiter, looks):
    seen = len(looks)
    waiter.wait(lambda: len(looks) > seen + 3)


def test_a_disk_that_refuses_again_and_again_is_tried_less_and_less_often(host, backend, run, monkeypatch):
    """It has room, as far as can be seen: a try may load a model for minutes, a look costs nothing."""
    clock, (looks, _) = Clock(), count_looks(host, monkeypatch)
    backend.script("large", fail=DiskProblem("A quota is used up."), at=Stage.LOADING)
    waiter = run(disk_retry_s=0.01, clock=clock)
    submit(host, "large")
    for tries in range(1, 6):
        waiter.wait(lambda tries=tries: len(backend.requests) == tries)
        few_looks_later(waiter, looks)
        clock.now += 0.009 * 2 ** (tries - 1)
        few_looks_later(waiter, looks)
        assert len(backend.requests) == tries
        clock.now += 0.002 * 2 ** (tries - 1)


def test_a_disk_that_has_room_again_is_noticed_at_the_next_look(host, backend, run, monkeypatch):
    """However often it was tried in vain before: no time passes on this clock."""
    clock, (looks, disk) = Clock(), count_looks(host, monkeypatch)
    backend.script("large", fail=DiskProblem("The disk is full."), after=3, times=3)
    waiter = run(disk_retry_s=0.01, clock=clock)
    job = submit(host, "large")
    for tries in range(1, 4):
        waiter.wait(lambda tries=tries: len(backend.requests) == tries)
        waiter.wait(lambda tries=tries: len(pauses(waiter)) == tries)
        disk["room"] = False
        few_looks_later(waiter, looks)
        assert len(backend.requests) == tries
        disk["room"] = True
    waiter.state(job.id, JobState.DONE)


def beside(backend):
    return Lane(backend, lambda job: "beside" in job.request.prompt)


def not_beside(job):
    return "beside" not in job.request.prompt


def test_a_disk_is_looked_after_while_the_other_backend_renders(host, backend, run):
    other = ScriptedBackend()
    backend.script("slow", hold=Stage.DENOISING)
    other.script("beside", fail=DiskProblem("The disk is full."), after=3, times=1)
    waiter = run(fits=not_beside, lanes=[beside(other)], disk_retry_s=0.02)
    slow = submit(host, "slow")
    waiter.stage(slow.id, Stage.DENOISING)
    job = submit(host, "beside")
    waiter.state(job.id, JobState.PAUSED)
    waiter.state(job.id, JobState.DONE)
    backend.release()


def test_who_is_to_finish_waits_for_a_disk_that_a_job_of_another_backend_waits_for(
    host, backend, run, monkeypatch
):
    looks, disk = count_looks(host, monkeypatch)
    other = ScriptedBackend()
    other.script("beside", fail=DiskProblem("The disk is full."), after=3, times=1)
    waiter = run(fits=not_beside, lanes=[beside(other)], disk_retry_s=0.02)
    job = submit(host, "beside")
    waiter.until(lambda e: getattr(e, "step", None) == 3)
    disk["room"] = False
    waiter.state(job.id, JobState.PAUSED)
    waiter.runner.finish()
    few_looks_later(waiter, looks)
    disk["room"] = True
    waiter.state(job.id, JobState.DONE)
    waiter.runner_thread.join(timeout=30)
    assert not waiter.runner_thread.is_alive()


def test_a_disk_that_does_not_answer_keeps_no_program_from_ending(host, backend, run, monkeypatch):
    monkeypatch.setattr(disk_watch, "STOP_SECONDS", 0.1)
    backend.script("large", fail=DiskProblem("The disk is full."), after=3)
    waiter = run(disk_retry_s=0.02)
    job, asked, answer = submit(host, "large"), threading.Event(), threading.Event()
    waiter.until(lambda e: getattr(e, "step", None) == 1)
    monkeypatch.setattr(host.library, "check_space", lambda _: asked.set() or answer.wait(30))
    waiter.state(job.id, JobState.PAUSED)
    assert asked.wait(30)
    waiter.runner.stop()
    waiter.runner_thread.join(timeout=10)
    assert not waiter.runner_thread.is_alive()
    answer.set()


def test_the_user_may_let_a_job_rest_that_waits_for_its_disk(host, backend, run):
    clock = Clock()
    backend.script("large", fail=DiskProblem("The disk is full."), after=3, times=1)
    waiter = run(disk_retry_s=0.01, clock=clock)
    job = submit(host, "large")
    waiter.state(job.id, JobState.PAUSED)
    assert host.pause(job.id).result().error is None
    clock.now += 1000
    other = submit(host, "other")
    waiter.state(other.id, JobState.DONE)
    assert host.jobs().result()[0].state is JobState.PAUSED


@pytest.mark.parametrize(("verb", "state"), [("cancel", JobState.CANCELLED), ("pause", JobState.PAUSED)])
def test_what_the_user_says_counts_more_than_a_full_disk(host, backend, run, verb, state):
    backend.script("large", fail=DiskProblem("The disk is full."), after=3)
    asked = []

    def say(event):  # on the runner's thread, just before the disk refuses
        if getattr(event, "step", None) == 3 and not asked:
            asked.append(getattr(host, verb)(event.job_id).result())

    host.subscribe(say)
    waiter = run(disk_retry_s=0.01)
    job = submit(host, "large")
    assert waiter.state(job.id, state).error is None
    assert len(backend.requests) == 1


@pytest.mark.parametrize(
    ("first", "then", "end", "state"),
    [
        (lambda host, job: host.pause(job.id).result(), "resume", "paused", JobState.QUEUED),
        (lambda host, job: host.running.interrupt(), "cancel", "cancelled", JobState.CANCELLED),
    ],
)
def test_a_word_that_comes_while_a_job_stops_still_counts(host, monkeypatch, first, then, end, state):
    submit(host)
    job, _ = host.running.lease()
    first(host, job)
    gate, run = threading.Event(), host.store.run
    run(gate.wait)  # so that the word is heard after the runner has asked to store the end
    word = getattr(host, then)(job.id)

    def ask(*values):
        future = run(*values)
        gate.set()
        return future

    monkeypatch.setattr(host.store, "run", ask)
    assert getattr(host.running, end)(job).state is state
    assert word.result().state is JobState.RUNNING


@pytest.mark.parametrize(
    ("error", "action"),
    [
        (SnapshotUnfit("It was made by other weights.", action="Start again"), "Start again"),
        (BadOutput("There is no picture in it."), ""),
        (EncodeFailed("The encoder refused."), ""),
    ],
)
def test_what_no_second_try_mends_fails_and_keeps_what_there_is(host, backend, run, error, action):
    backend.script("odd", fail=error, at=Stage.DECODING)
    waiter, job = run(), submit(host, "odd")
    failed = waiter.state(job.id, JobState.FAILED)
    assert (failed.error["code"], failed.error["action"]) == (error.code, action)
    assert failed.kept_latents
    assert kept(host, job)[1].exists()
    assert len(backend.requests) == 1


BAD = BadOutput("There is no picture in it.", action="Use a lower guidance")


def test_numbers_that_are_no_picture_are_drawn_once_more_from_the_last_good_step(host, backend, run):
    backend.script("odd", fail=BAD, after=3, times=1)
    waiter, job = run(), submit(host, "odd")
    done = waiter.state(job.id, JobState.DONE)
    assert resumed_at(waiter, job) == [3]
    assert backend.rests == 1  # in a fresh process: the old one or its card may have been at fault
    assert any("after step 3 of 6" in str(note) for note in done.notes)


def test_numbers_that_are_never_a_picture_fail_with_what_helps_and_can_go_on_from_the_last_good_step(
    host, backend, run
):
    backend.script("odd", fail=BAD, after=3)
    waiter, job = run(), submit(host, "odd")
    failed = waiter.state(job.id, JobState.FAILED)
    assert (failed.error["code"], failed.error["action"]) == ("bad_output", "Use a lower guidance")
    assert (len(backend.requests), failed.kept_step, failed.kept_latents) == (2, 3, False)
    backend.script("odd")
    host.resume(job.id).result()
    waiter.state(job.id, JobState.DONE)
    assert resumed_at(waiter, job) == [3, 3]


def test_numbers_that_are_no_picture_and_nothing_kept_fail_at_once(host, backend, run):
    backend.script("odd", fail=BAD, at=Stage.ENCODING)
    waiter, job = run(), submit(host, "odd")
    waiter.state(job.id, JobState.FAILED)
    assert len(backend.requests) == 1


def test_no_clip_is_made_again_of_what_is_no_picture(host, backend, run):
    backend.script("odd", fail=BAD, at=Stage.DECODING)
    waiter, job = run(), submit(host, "odd")
    waiter.state(job.id, JobState.FAILED)
    assert kept(host, job)[1].exists()
    with pytest.raises(BadOutput, match="no picture"):
        host.decode_again(job.id).result()
    assert [j.id for j in host.jobs().result()] == [job.id]


def test_what_was_kept_and_is_gone_is_not_promised_any_more(host, backend, run):
    backend.script("slow", fail=EncodeFailed("odd"), after=3, times=1)
    waiter, job = run(), submit(host, "slow")
    assert waiter.state(job.id, JobState.FAILED).kept_step == 3
    kept(host, job)[0].unlink()
    backend.script("slow", hold=Stage.ENCODING)
    host.resume(job.id).result()
    waiter.until(lambda e: isinstance(e, Note) and "is gone" in e.sentence)
    host.cancel(job.id).result()
    cancelled = waiter.state(job.id, JobState.CANCELLED)
    assert (cancelled.kept_step, cancelled.kept_steps) == (0, 0)
    assert any("is gone" in str(note) for note in cancelled.notes)


def test_latents_that_nobody_could_tell_of_are_known_when_it_goes_on(host, backend, run):
    """The power went when they were safe and before the row said so."""
    backend.script("odd", fail=EncodeFailed("odd"), at=Stage.DECODING, times=1)
    waiter, job = run(), submit(host, "odd")
    failed = waiter.state(job.id, JobState.FAILED)
    before = replace(failed, kept_latents=False, kept_step=2)
    host.store.run(lambda: host.store.put_job(before)).result()
    host.resume(job.id).result()
    assert waiter.state(job.id, JobState.DONE).kept_latents
    host.decode_again(job.id).result()


def test_plans_that_are_left_are_tried_although_the_process_is_being_replaced(host, backend, run):
    backend.tell(BackendState("ready", {"plans": 3}))
    backend.script("huge", fail=OutOfMemory("The GPU is full."), at=Stage.DECODING, times=1)
    host.subscribe(
        lambda event: (
            backend.tell(BackendState("starting"))
            if getattr(event, "stage", None) is Stage.DECODING
            else None
        )
    )
    waiter, job = run(), submit(host, "huge")
    assert waiter.state(job.id, JobState.DONE).plan == 1


def test_a_clip_that_could_not_be_published_is_developed_again_not_drawn_again(
    host, backend, run, monkeypatch
):
    from wan_desktop.library import folder

    def refuse(*_):
        raise EncodeFailed("It does not read back.")

    with monkeypatch.context() as patched:
        patched.setattr(folder, "verify", refuse)
        waiter, job = run(), submit(host)
        assert waiter.state(job.id, JobState.FAILED).kept_latents
    host.resume(job.id).result()
    waiter.state(job.id, JobState.DONE)
    assert resumed_at(waiter, job) == [6]


def test_retry_begins_again_and_forgets_what_was_kept(host, backend, run):
    backend.script("shaky", fail=EncodeFailed("odd"), after=3, times=1)
    waiter, job = run(), submit(host, "shaky")
    waiter.state(job.id, JobState.FAILED)
    again = host.retry(job.id).result()
    assert (again.kept_step, again.attempts, again.error, again.notes) == (0, 0, None, ())
    waiter.state(job.id, JobState.DONE)
    assert resumed_at(waiter, job) == []


def test_a_job_that_has_begun_by_itself_is_not_retried_and_keeps_its_work(host):
    submit(host)
    job, _ = host.running.lease()
    snapshot = kept(host, job)[0]
    snapshot.write_text("3")
    host.running.end(job, lambda queue: queue.pause(job, DiskProblem("The disk is full.")))
    host.running.put_back(job.id)
    assert host.retry(job.id).result().state is JobState.QUEUED
    host.running.lease()
    assert host.retry(job.id).result().state is JobState.RUNNING
    assert snapshot.exists()


def test_a_job_that_goes_on_while_room_is_made_keeps_its_work(host, monkeypatch):
    """It had ended when the sweep chose what to remove."""
    job = submit(host)
    snapshot = kept(host, job)[0]
    snapshot.write_text("3")
    host.cancel(job.id).result()
    choose = host.library.too_much

    def and_then(jobs, most_bytes):
        chosen = choose(jobs, most_bytes)
        host.resume(job.id).result()
        return chosen

    monkeypatch.setattr(host.library, "too_much", and_then)
    host.sweep(0).result()
    host.store.run(lambda: None).result()
    assert snapshot.exists()


def test_a_lease_that_could_not_be_stored_is_none(host, monkeypatch):
    job, run = submit(host), host.store.run

    def refuse(work, then):
        def stored():
            work()
            raise DiskProblem("The disk is full.")

        return run(stored, then)

    with monkeypatch.context() as patched:
        patched.setattr(host.store, "run", refuse)
        with pytest.raises(DiskProblem):
            host.running.lease()
    assert not host.running.any
    assert host.cancel(job.id).result().state is JobState.CANCELLED


def test_a_cancelled_job_can_go_on_after_all(host, backend, run):
    waiter, job = run(), submit(host)
    asked = []

    def cancel(event):
        if getattr(event, "step", None) == 4 and not asked:
            asked.append(host.cancel(job.id).result())

    host.subscribe(cancel)
    host.resume(job.id)
    if not asked:
        waiter.state(job.id, JobState.CANCELLED)
    host.resume(job.id).result()
    waiter.state(job.id, JobState.DONE)
    assert resumed_at(waiter, job)


def test_the_whole_queue_rests_and_remembers_it(host, backend, run, tmp_path):
    backend.script("first", hold=Stage.DENOISING)
    waiter, first = run(), submit(host, "first")
    second = submit(host, "second")
    waiter.stage(first.id, Stage.DENOISING)
    assert host.pause_queue().result() == QueueState(True)
    waiter.until(lambda e: isinstance(e, JobChanged) and e.job.id == first.id and e.job.kept_step == 1)
    waiter.state(first.id, JobState.QUEUED, after=waiter.events.index(QueueState(True)))
    assert host.recall("queue").result() == {"paused": True, "after_current": False}
    assert len(backend.requests) == 1
    host.resume_queue().result()
    waiter.state(second.id, JobState.DONE)
    assert [job.id for job in backend.requests] == [first.id, first.id, second.id]
    assert resumed_at(waiter, first) == [1]


def test_a_queue_that_rests_rests_after_a_restart_too(host, tmp_path):
    job = submit(host)
    host.pause_queue().result()
    host.close()
    with contextlib.closing(make_host(tmp_path, ScriptedBackend(), OneModel())) as second:
        assert second.queue_state == QueueState(True)
        assert second.running.lease() is None
        second.resume_queue().result()
        leased, _ = second.running.lease()
        assert leased.id == job.id


def test_the_queue_may_rest_after_the_present_job(host, backend, run):
    backend.script("first", hold=Stage.DENOISING)
    waiter, first = run(), submit(host, "first")
    second = submit(host, "second")
    waiter.stage(first.id, Stage.DENOISING)
    host.pause_queue(after_current=True).result()
    backend.release()
    waiter.state(first.id, JobState.DONE)
    waiter.wait(lambda: backend.rests == 1)
    assert host.jobs().result()[0].id == second.id
    assert Waiter(host).until(lambda e: isinstance(e, QueueState)) == QueueState(True, True)
    host.resume_queue().result()
    waiter.state(second.id, JobState.DONE)


def test_the_computer_stays_awake_until_the_last_of_several_has_ended(host, backend, run):
    backend.script("slow", hold=Stage.DENOISING)
    beside = Lane(ScriptedBackend(), lambda job: "beside" in job.request.prompt)
    waiter = run(
        fits=lambda job: "slow" in job.request.prompt,
        lanes=[beside],
        awake=lambda: contextlib.nullcontext(AwakeState(True)),
    )
    slow, other = submit(host, "slow"), submit(host, "beside")
    waiter.stage(slow.id, Stage.DENOISING)
    waiter.state(other.id, JobState.DONE)
    last = submit(host, "beside")  # when it begins, the one before is over in every way
    waiter.state(last.id, JobState.RUNNING)
    assert AwakeState(False) not in waiter.events
    backend.release()
    waiter.state(slow.id, JobState.DONE)
    waiter.until(lambda e: e == AwakeState(False))


def test_a_runner_may_be_told_to_work_although_the_queue_rests(host, backend, run):
    host.pause_queue().result()
    waiter, job = run(even_paused=True), submit(host)
    waiter.state(job.id, JobState.DONE)


def test_decode_again_makes_a_second_clip_of_the_same_latents(host, backend, run):
    waiter, job = run(), submit(host)
    waiter.state(job.id, JobState.DONE)
    new = host.decode_again(job.id, plan=1).result()
    assert (new.latents_of, new.plan, new.request, new.kept_latents) == (job.id, 1, job.request, True)
    waiter.state(new.id, JobState.DONE)
    assert resumed_at(waiter, new) == [6]
    assert len(host.clips().result()) == 2


def test_the_second_clip_does_not_need_the_first_job(host, backend, run):
    backend.script("first", hold=Stage.DENOISING)
    waiter, job = run(), submit(host)
    waiter.state(job.id, JobState.DONE)
    first = submit(host, "first")
    waiter.stage(first.id, Stage.DENOISING)
    new = host.decode_again(job.id).result()
    host.remove(job.id).result()
    assert not kept(host, job)[1].exists()
    backend.release()
    waiter.state(new.id, JobState.DONE)
    assert resumed_at(waiter, new) == [6]


def test_decode_again_is_refused_when_nothing_is_kept(host):
    job = submit(host)
    with pytest.raises(InvalidRequest, match="no longer kept"):
        host.decode_again(job.id).result()
    assert [j.id for j in host.jobs().result()] == [job.id]


def test_a_program_that_ends_leaves_its_job_interrupted_and_the_next_goes_on(host, backend, run, tmp_path):
    backend.script("slow", hold=Stage.DECODING)
    waiter, job = run(), submit(host, "slow")
    waiter.stage(job.id, Stage.DECODING)
    waiter.runner.stop()
    host.running.interrupt()
    lost = waiter.state(job.id, JobState.INTERRUPTED)
    assert (lost.kept_latents, lost.attempts) == (True, 0)
    waiter.runner_thread.join(timeout=30)
    host.close()
    with contextlib.closing(make_host(tmp_path, ScriptedBackend(), OneModel())) as second:
        runner, later = Runner(second), Waiter(second)
        runner.go_on()
        runner.finish()
        runner.run()
    assert later.state(job.id, JobState.DONE).attempts == 0
    assert resumed_at(later, job) == [6]


def test_nothing_begins_while_the_program_ends(host, backend, run):
    backend.script("slow", hold=Stage.DENOISING)
    waiter, job = run(), submit(host, "slow")
    waiting = submit(host, "next")
    waiter.stage(job.id, Stage.DENOISING)
    host.running.interrupt()
    waiter.state(job.id, JobState.INTERRUPTED)
    assert host.running.lease() is None
    assert [j.state for j in host.jobs().result() if j.id == waiting.id] == [JobState.QUEUED]


def test_a_database_that_cannot_be_written_delays_the_end_and_loses_nothing(host, backend, run, monkeypatch):
    put, refusals = host.store.put_job, []

    def refuse(job):
        if job.state is JobState.DONE and len(refusals) < 3:
            refusals.append(job)
            raise DiskProblem("The disk is full.")
        put(job)

    monkeypatch.setattr(host.store, "put_job", refuse)
    waiter = run(disk_retry_s=0.01)
    job, other = submit(host), submit(host, "other")
    waiter.state(other.id, JobState.DONE)
    assert len(refusals) == 3
    assert [clip.job_id for clip in host.clips().result()] == [other.id, job.id]
    assert len(backend.requests) == 2


def test_a_job_that_takes_the_program_down_is_not_resumed_for_ever(host, backend):
    job = submit(host)
    lost = replace(job, state=JobState.INTERRUPTED, attempts=3)
    host.store.run(lambda: host.store.put_job(lost)).result()
    assert host.resume_interrupted().result() == []
    assert host.resume(job.id).result().attempts == 0


def test_old_ended_jobs_give_up_what_they_keep(host, backend, run):
    waiter = run(keep_bytes=lambda: 10)  # one job's latents are 7 bytes
    jobs = []
    for name in "abc":
        jobs.append(submit(host, name))
        waiter.state(jobs[-1].id, JobState.DONE)
    waiter.until(lambda e: isinstance(e, JobChanged) and e.job.id == jobs[1].id and not e.job.kept_latents)
    waiter.wait(lambda: not kept(host, jobs[1])[1].exists())
    assert [kept(host, job)[1].exists() for job in jobs] == [False, False, True]


def test_notes_of_every_try_are_kept_once(host, backend, run):
    backend.script("shaky", fail=DIED, after=2, times=2, notes=("The last words were cut.",))
    waiter, job = run(), submit(host, "shaky")
    notes = waiter.state(job.id, JobState.DONE).notes
    assert notes.count("The last words were cut.") == 1
    assert len([e for e in waiter.events if isinstance(e, Note) and "crashed" in e.sentence]) == 2
