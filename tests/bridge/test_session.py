"""The window's view of the host: everything arrives on the window's thread, nothing blocks it."""

from __future__ import annotations

import threading

import pytest
from PySide6.QtCore import QThread
from support.bench import Bench

from wan_desktop.bridge.session import DRAFT_DELAY_MS, DRAFT_KEY
from wan_desktop.domain.errors import DiskProblem, InvalidRequest
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.request import Draft
from wan_desktop.domain.settings import Settings


def draft(prompt="a red ball", **values):
    return Draft(prompt=prompt, num_frames=5, num_inference_steps=2, **values)


@pytest.fixture
def rendering(tmp_path, qapp):
    bench = Bench(tmp_path, render=True)
    yield bench
    bench.close()


def test_a_job_from_submission_to_clip_told_on_the_windows_thread(qtbot, rendering):
    session, threads, stages = rendering.session, set(), []
    for signal in (
        session.submitted,
        session.job_changed,
        session.progress,
        session.preview,
        session.clip_added,
    ):
        signal.connect(lambda _value: threads.add(QThread.currentThread()))
    session.progress.connect(lambda progress: stages.append(progress.stage))
    with qtbot.waitSignal(session.submitted) as submitted:
        session.submit(draft())
    job = submitted.args[0]
    qtbot.waitUntil(
        lambda: job.id in session.jobs and session.jobs[job.id].state is JobState.DONE, timeout=20_000
    )
    assert threads == {session.thread()}
    assert list(dict.fromkeys(stages)) == list(Stage)
    clip = session.clips[session.jobs[job.id].clip_id]
    assert clip.request["prompt"] == "a red ball"
    assert session.running_job() is None


def test_a_refused_draft_is_told_and_nothing_is_queued(qtbot, session):
    with qtbot.waitSignal(session.refused) as refused:
        session.submit(draft(width=100, height=100))
    assert isinstance(refused.args[0], InvalidRequest)
    assert refused.args[0].field == "size"
    assert session.jobs == {}
    assert session.check(draft(width=100, height=100)).field == "size"
    assert session.check(draft()) is None


def test_verbs_return_at_once_while_the_database_is_busy(qtbot, bench, session):
    gate = threading.Event()
    bench.host.store.run(gate.wait)
    session.submit(draft())
    session.save_draft(draft("typed"))
    session.flush_draft()
    session.load()
    assert session.jobs == {}
    with qtbot.waitSignal(session.submitted):
        gate.set()


def test_cancel_retry_move_remove(qtbot, bench, session):
    jobs = [bench.add_job(name) for name in "ab"]
    session.cancel(jobs[0].id)
    qtbot.waitUntil(lambda: session.jobs[jobs[0].id].state is JobState.CANCELLED)
    session.retry(jobs[0].id)
    qtbot.waitUntil(lambda: session.jobs[jobs[0].id].state is JobState.QUEUED)
    session.move(jobs[0].id, jobs[1].id)
    qtbot.waitUntil(lambda: session.jobs[jobs[0].id].order < session.jobs[jobs[1].id].order)
    session.remove(jobs[0].id)
    qtbot.waitUntil(lambda: jobs[0].id not in session.jobs)


def test_pause_and_resume_tell_how_far_it_is(qtbot, rendering):
    session = rendering.session
    rendering.backend.script("a red ball", hold=Stage.DENOISING)
    with qtbot.waitSignal(session.submitted) as submitted:
        session.submit(draft())
    job_id = submitted.args[0].id
    qtbot.waitUntil(lambda: session.last_progress.get(job_id) is not None)
    with qtbot.waitSignal(session.pausing) as pausing:
        session.pause(job_id)
    assert pausing.args == [job_id]
    qtbot.waitUntil(lambda: session.jobs[job_id].state is JobState.PAUSED)
    assert session.stopping == set()
    assert session.jobs[job_id].kept_step == 1
    with qtbot.waitSignal(session.resumed) as resumed:
        session.resume(job_id)
    assert (resumed.args[0].step, resumed.args[0].total) == (1, 2)
    qtbot.waitUntil(lambda: session.jobs[job_id].state is JobState.DONE)
    assert session.went_on == {}, "what was told of a render ends with it"
    with qtbot.waitSignal(session.clip_added):
        session.decode_again(job_id, None)


def test_the_queues_rest_is_told_at_once_and_after_a_restart(qtbot, bench, session, tmp_path):
    with qtbot.waitSignal(session.queue_changed):
        session.pause_queue(after_current=True)
    assert (session.queue_state.paused, session.queue_state.after_current) == (True, True)
    bench.close()
    again = Bench(tmp_path)
    try:
        qtbot.waitUntil(lambda: again.session.queue_state.paused)
        with qtbot.waitSignals([again.session.queue_changed, again.session.held_changed]):
            again.session.resume_queue()
        assert not again.session.queue_state.paused
    finally:
        again.close()


def test_decoding_again_what_is_not_kept_is_refused(qtbot, bench, session):
    job = bench.add_job("a", JobState.DONE)
    with qtbot.waitSignal(session.refused) as refused:
        session.decode_again(job.id, None)
    assert refused.args[0].action == "Start again with the same seed"


def test_a_verb_on_nothing_is_refused(qtbot, session):
    with qtbot.waitSignal(session.refused):
        session.cancel("nothing")


def test_load_brings_jobs_clips_and_the_text_being_typed(qtbot, bench, session, tmp_path):
    job, clip = bench.add_job("kept", JobState.DONE), bench.add_clip("kept")
    with qtbot.waitSignal(session._call):
        session.save_draft(draft("half a sen"))
        session.flush_draft()
    bench.close()
    again = Bench(tmp_path)
    try:
        with qtbot.waitSignal(again.session.loaded):
            again.session.load()
        assert again.session.jobs == {job.id: job}
        assert again.session.clips == {clip.id: clip}
        assert Draft.from_json(again.session.draft).prompt == "half a sen"
    finally:
        again.close()


def test_typing_is_stored_within_a_second_even_while_it_goes_on(qtbot, bench, session):
    stored = []
    remember = bench.host.remember
    bench.host.remember = lambda key, value: (stored.append(value["prompt"]), remember(key, value))[1]
    for n in range(12):
        session.save_draft(draft("x" * (n + 1)))
        qtbot.wait(DRAFT_DELAY_MS // 5)
    assert len(stored) >= 2
    session.close()
    assert stored[-1] == "x" * 12
    assert bench.host.recall(DRAFT_KEY).result()["prompt"] == "x" * 12


def test_a_deleted_clip_can_be_brought_back(qtbot, bench, session):
    clip = bench.add_clip(real=True)
    binned = []
    with qtbot.waitSignal(session.clip_removed):
        session.delete_clip(clip, binned.append)
    qtbot.waitUntil(lambda: bool(binned))
    assert session.clips == {}
    with qtbot.waitSignal(session.clip_added):
        session.restore_clip(binned[0])
    assert session.clips[clip.id].path == clip.path


def test_settings_are_saved_before_they_are_used(session, qtbot):
    saved = []
    session._save_settings = saved.append
    with qtbot.waitSignal(session.settings_changed):
        session.change_settings(Settings(appearance="light"))
    assert session.settings.appearance == "light"
    assert saved == [Settings(appearance="light")]

    def full(_settings):
        raise DiskProblem("The disk is full.")

    session._save_settings = full
    with qtbot.waitSignal(session.refused):
        session.change_settings(Settings(appearance="dark"))
    assert session.settings.appearance == "light"


def test_a_call_from_another_thread_raises_the_window(qtbot, session):
    with qtbot.waitSignal(session.raise_requested) as raised:
        thread = threading.Thread(target=lambda: session.raise_window("/a/clip.mp4"))
        thread.start()
    thread.join()
    assert raised.args == ["/a/clip.mp4"]


def test_an_unexpected_error_reaches_the_exception_hook(qtbot, bench, session):
    def broken(_job_id):
        return bench.host.store.run(lambda: 1 / 0)

    bench.host.retry = broken
    with qtbot.capture_exceptions() as caught, qtbot.waitSignal(session._call):
        session.retry("x")
    qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][0] is ZeroDivisionError
