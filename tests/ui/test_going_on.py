"""Pause, continue, start again, develop again: what the stage and the queue offer, on a real host."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolTip
from support.bench import Bench

from wan_desktop.domain.errors import BadOutput, DiskProblem, RenderProcessDied, SnapshotUnfit
from wan_desktop.domain.events import JobChanged, Note, Pausing, Progress, QueueState
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.request import Draft
from wan_desktop.ui import again, job_words
from wan_desktop.ui.job_verbs import card_verbs
from wan_desktop.ui.panels.library import LibraryPanel
from wan_desktop.ui.panels.queue import QueuePanel
from wan_desktop.ui.panels.stage import StagePanel


@pytest.fixture
def bench(tmp_path, qapp):
    bench = Bench(tmp_path, render=True)
    yield bench
    bench.close()


@pytest.fixture
def quiet(tmp_path, qapp):
    """A bench that renders nothing: jobs are as the test says."""
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def show(qtbot):
    """Shows a panel made for a bench: `show(StagePanel, bench)`."""
    stages = []

    def make(kind, bench):
        panel = kind(bench.session)
        panel.resize(744 if kind is StagePanel else 348, 700)
        qtbot.addWidget(panel)
        panel.show()
        qtbot.waitExposed(panel)
        if kind is StagePanel:
            stages.append(panel)
        return panel

    yield make
    for stage in stages:
        stage.clip_page.close_clip()


def page(stage):
    return stage._pages.currentWidget()


def submit(qtbot, bench, prompt="a slow ball", **values):
    draft = Draft(prompt=prompt, num_frames=5, num_inference_steps=3, seed=7, **values)
    with qtbot.waitSignal(bench.session.submitted) as told:
        bench.session.submit(draft)
    return told.args[0].id


def until(qtbot, bench, job_id, state):
    qtbot.waitUntil(lambda: bench.session.jobs[job_id].state is state)
    return bench.session.jobs[job_id]


def held(qtbot, bench, prompt="a slow ball"):
    """A job that draws until something is said to it."""
    bench.backend.script(prompt, hold=Stage.DENOISING)
    job_id = submit(qtbot, bench, prompt)
    qtbot.waitUntil(
        lambda: (p := bench.session.last_progress.get(job_id)) is not None and p.stage is Stage.DENOISING
    )
    return job_id


def pause(qtbot, bench, job_id):
    bench.session.pause(job_id)
    return until(qtbot, bench, job_id, JobState.PAUSED)


# ---- one job, from the stage


def test_pause_on_the_stage_then_continue_to_the_clip(qtbot, bench, show):
    stage = show(StagePanel, bench)
    job_id = held(qtbot, bench)
    with qtbot.waitSignal(bench.session.pausing):
        qtbot.mouseClick(stage.rendering_page.pause_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page(stage) is stage.ended_page)
    ended = stage.ended_page
    assert ended.title.text() == "Paused at step 1 of 3"
    assert ended.resume_button.text() == "Continue from step 1"
    assert ended.retry_button.text() == "Start again"
    assert ended.remove_button.isVisible()
    assert not ended.cancel_button.isVisible()
    with qtbot.waitSignal(bench.session.resumed):
        qtbot.mouseClick(ended.resume_button, Qt.MouseButton.LeftButton)
    until(qtbot, bench, job_id, JobState.DONE)
    qtbot.waitUntil(lambda: page(stage) is stage.clip_page)
    assert [job.kept_step for job in bench.backend.requests] == [0, 1], "it went on, it did not begin anew"


def test_while_it_pauses_the_stage_says_so(quiet, show):
    stage = show(StagePanel, quiet)
    job = quiet.add_job("a", JobState.RUNNING, started_at=1.0)
    rendering = stage.rendering_page
    assert rendering.pause_button.isEnabled()
    quiet.session._on_event(Progress(job.id, Stage.DENOISING, 2, 20))
    quiet.session._on_event(Pausing(job.id))
    assert rendering.stage.text() == "Pausing after this step…"
    assert not rendering.pause_button.isEnabled()
    assert rendering.cancel_button.isEnabled()
    quiet.session._on_event(Progress(job.id, Stage.DENOISING, 3, 20))
    assert rendering.stage.text() == "Pausing after this step…"


def test_a_render_that_goes_on_says_from_where_also_to_who_looks_later(qtbot, bench, show):
    job_id = held(qtbot, bench)
    pause(qtbot, bench, job_id)
    bench.backend.script("a slow ball", hold=Stage.DECODING)
    bench.backend._released.clear()
    bench.session.resume(job_id)
    qtbot.waitUntil(lambda: job_id in bench.session.went_on)
    stage = show(StagePanel, bench)
    assert stage.rendering_page.origin.text() == "Goes on from step 1 of 3"
    assert stage.rendering_page.origin.isVisible()


def test_start_again_forgets_what_was_kept(qtbot, bench, show):
    stage = show(StagePanel, bench)
    job_id = held(qtbot, bench)
    pause(qtbot, bench, job_id)
    qtbot.waitUntil(lambda: page(stage) is stage.ended_page)
    stage.ended_page.retry_button.click()
    until(qtbot, bench, job_id, JobState.DONE)
    assert [job.kept_step for job in bench.backend.requests] == [0, 0]


def test_a_cancelled_job_with_something_kept_can_go_on(qtbot, bench, show):
    stage = show(StagePanel, bench)
    job_id = held(qtbot, bench)
    pause(qtbot, bench, job_id)
    bench.session.cancel(job_id)
    until(qtbot, bench, job_id, JobState.CANCELLED)
    assert stage.ended_page.title.text() == "Cancelled at step 1 of 3"
    stage.ended_page.resume_button.click()
    until(qtbot, bench, job_id, JobState.DONE)
    assert bench.backend.requests[-1].kept_step == 1


def test_a_waiting_job_rests_and_comes_back(qtbot, quiet, show):
    stage = show(StagePanel, quiet)
    job = quiet.add_job("waits")
    stage.show_job(job)
    stage.ended_page.pause_button.click()
    until(qtbot, quiet, job.id, JobState.PAUSED)
    assert stage.ended_page.title.text() == "Paused"
    assert "has not begun" in stage.ended_page.sentence.text()
    stage.ended_page.resume_button.click()
    until(qtbot, quiet, job.id, JobState.QUEUED)


def test_a_waiting_job_of_a_resting_queue_does_not_promise_to_start(quiet, show):
    stage = show(StagePanel, quiet)
    job = quiet.add_job("waits")
    quiet.session._on_event(QueueState(paused=True))
    stage.show_job(job)
    assert stage.ended_page.sentence.text() == "It is the 1st in the queue, which is paused."


# ---- failures


def test_a_failure_shows_its_log_and_continues_from_its_step(quiet, show):
    error = RenderProcessDied("The render process stopped.").to_json() | {"log": "line one\nCUDA error 719"}
    stage = show(StagePanel, quiet)
    job = quiet.add_job("a", JobState.FAILED, kept_step=6, kept_steps=20, error=error, finished_at=1.0)
    stage.show_job(job)
    ended = stage.ended_page
    assert ended.resume_button.text() == "Continue from step 6"
    assert ended.log.isVisible()
    assert not ended.log_text.isVisible()
    ended.log.set_open(True)
    assert ended.log_text.isVisible()
    assert "CUDA error 719" in ended.log_text.toPlainText()
    other = quiet.add_job("b", JobState.FAILED, error=DiskProblem("x").to_json(), finished_at=2.0)
    stage.show_job(other)
    assert not ended.log.isVisible()
    assert not ended.resume_button.isVisible()
    assert ended.retry_button.text() == "Try again"


def test_an_unfit_snapshot_starts_again_with_the_same_seed(qtbot, bench, show):
    stage = show(StagePanel, bench)
    unfit = SnapshotUnfit("The model has changed.", action="Start again with the same seed")
    bench.backend.script("a slow ball", fail=unfit, after=1, times=1)
    job_id = submit(qtbot, bench)
    failed = until(qtbot, bench, job_id, JobState.FAILED)
    assert failed.kept_step == 1
    assert not stage.ended_page.resume_button.isVisible()
    assert stage.ended_page.retry_button.text() == "Start again with the same seed"
    stage.ended_page.retry_button.click()
    until(qtbot, bench, job_id, JobState.DONE)
    assert [job.request.seed for job in bench.backend.requests] == [7, 7]


def test_numbers_that_are_no_picture_say_what_helps_and_are_not_gone_on_from(quiet, show):
    error = BadOutput("The numbers overflowed.", action="Use a lower guidance").to_json()
    stage = show(StagePanel, quiet)
    job = quiet.add_job("a", JobState.FAILED, kept_latents=True, error=error, finished_at=1.0)
    stage.show_job(job)
    assert stage.ended_page.action.text() == "What helps: Use a lower guidance"
    assert not stage.ended_page.resume_button.isVisible()
    queue = show(QueuePanel, quiet)
    texts = [block.text for block in queue._delegate._blocks(job, queue.model.index(0), queue.font())]
    assert texts == ["Failed · The numbers overflowed.", "What helps: Use a lower guidance"]


def test_numbers_that_are_no_picture_can_go_on_from_the_last_good_step(quiet, show):
    error = BadOutput("The numbers overflowed.", action="Use a lower guidance").to_json()
    stage = show(StagePanel, quiet)
    job = quiet.add_job("a", JobState.FAILED, kept_step=12, kept_steps=20, error=error, finished_at=1.0)
    stage.show_job(job)
    assert stage.ended_page.action.text() == "What helps: Use a lower guidance"
    assert stage.ended_page.resume_button.isVisible()
    assert stage.ended_page.resume_button.text() == "Continue from step 12"
    assert stage.ended_page.retry_button.text() == "Start again with the same seed"


def test_a_full_disk_pauses_with_its_reason(qtbot, bench, show):
    stage = show(StagePanel, bench)
    full = DiskProblem("The disk of {place} is full.", place="/video", action="Free disk space")
    bench.backend.script("a slow ball", fail=full, after=2)
    job_id = submit(qtbot, bench)
    job = until(qtbot, bench, job_id, JobState.PAUSED)
    assert stage.ended_page.title.text() == "Paused at step 2 of 3"
    assert stage.ended_page.sentence.text() == "The disk of /video is full."
    assert stage.ended_page.action.text() == "What helps: Free disk space"
    assert job_words.state_line(job, 0, None) == "Paused at step 2 of 3 · The disk of /video is full."


# ---- the card


@pytest.mark.parametrize(
    ("fields", "verbs"),
    [
        ({"state": JobState.RUNNING}, ["pause", "cancel"]),
        ({"state": JobState.QUEUED}, ["pause", "cancel"]),
        ({"state": JobState.PAUSED}, ["resume", "retry", "remove"]),
        ({"state": JobState.CANCELLED}, ["retry", "remove"]),
        ({"state": JobState.CANCELLED, "kept_step": 3, "kept_steps": 9}, ["resume", "retry", "remove"]),
        ({"state": JobState.INTERRUPTED, "kept_latents": True}, ["resume", "retry", "remove"]),
        ({"state": JobState.DONE, "kept_latents": True}, ["retry", "remove"]),
    ],
)
def test_a_card_offers_what_fits(quiet, fields, verbs):
    job = replace(quiet.add_job("a"), **fields)
    assert card_verbs(job, stopping=False) == verbs
    if job.state is JobState.RUNNING:
        assert card_verbs(job, stopping=True) == ["cancel"]


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"state": JobState.PAUSED, "kept_step": 12, "kept_steps": 20}, "Paused at step 12 of 20"),
        ({"state": JobState.PAUSED}, "Paused"),
        (
            {"state": JobState.QUEUED, "kept_step": 12, "kept_steps": 20},
            "Waiting · 2nd · goes on from step 12",
        ),
        ({"state": JobState.INTERRUPTED, "kept_step": 12, "kept_steps": 20}, "Interrupted at step 12 of 20"),
        (
            {"state": JobState.INTERRUPTED, "kept_latents": True},
            "Interrupted · drawn, its frames are still to be made",
        ),
    ],
)
def test_a_card_says_how_far_it_is(quiet, fields, line):
    assert job_words.state_line(replace(quiet.add_job("a"), **fields), 2, None) == line


def test_the_small_buttons_pause_and_continue_and_say_so(qtbot, bench, show):
    panel = show(QueuePanel, bench)
    job_id = held(qtbot, bench)

    def at(name):
        index = panel.model.index(panel.model.row_of(job_id))
        card = panel._delegate.card_rect(panel.view.visualRect(index))
        return panel._delegate.buttons(card, bench.session.jobs[job_id])[name].center().toPoint()

    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=at("pause"))
    until(qtbot, bench, job_id, JobState.PAUSED)
    spot = at("resume")
    tip = QHelpEvent(QEvent.Type.ToolTip, spot, panel.view.viewport().mapToGlobal(spot))
    QApplication.sendEvent(panel.view.viewport(), tip)
    assert QToolTip.text() == "Continue from step 1"
    QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=spot)
    until(qtbot, bench, job_id, JobState.DONE)


def test_a_card_grows_with_its_words(quiet, show):
    panel = show(QueuePanel, quiet)
    job = quiet.add_job("a", JobState.RUNNING, started_at=1.0)
    height = panel.view.visualRect(panel.model.index(0)).height()
    quiet.session._on_event(Note(job.id, "Every frame is black: try another seed, or a lower guidance."))
    panel.view.executeDelayedItemsLayout()
    assert panel.view.visualRect(panel.model.index(0)).height() > height


def test_a_note_stays_on_the_card_when_the_clip_is_done(quiet, show):
    panel = show(QueuePanel, quiet)
    job = quiet.add_job("a", JobState.DONE, started_at=1.0, finished_at=2.0, notes=("Nothing moves.",))
    index = panel.model.index(0)
    texts = [block.text for block in panel._delegate._blocks(job, index, panel.font())]
    assert texts == ["Done · 1 s", "Nothing moves."]


def test_the_row_of_buttons_follows_the_selection(qtbot, quiet, show):
    panel = show(QueuePanel, quiet)
    waiting = quiet.add_job("waits")
    rests = quiet.add_job("rests", JobState.PAUSED)
    verbs = panel.verbs

    def shown():
        names = ("pause", "resume", "stop", "retry", "remove", "clear")
        return [name for name in names if getattr(verbs, f"{name}_button").isVisible()]

    panel.select(waiting.id)
    assert shown() == ["pause", "stop"]
    panel.select(rests.id)
    assert shown() == ["resume", "retry", "remove"]
    assert verbs.retry_button.text() == "Start again"
    panel.view.selectAll()
    verbs.pause_button.click()
    until(qtbot, quiet, waiting.id, JobState.PAUSED)
    verbs.resume_button.click()
    until(qtbot, quiet, waiting.id, JobState.QUEUED)
    until(qtbot, quiet, rests.id, JobState.QUEUED)


def test_clear_finished_keeps_what_could_go_on(qtbot, quiet, show):
    panel = show(QueuePanel, quiet)
    quiet.add_job("kept", JobState.CANCELLED, finished_at=1.0, kept_step=2, kept_steps=9)
    assert not panel.verbs.clear_button.isVisible()
    gone = quiet.add_job("gone", JobState.DONE, finished_at=2.0)
    panel.verbs.clear_button.click()
    qtbot.waitUntil(lambda: gone.id not in quiet.session.jobs)
    assert [job.request.prompt for job in panel.model.jobs()] == ["kept"]


# ---- the whole queue


def test_the_queue_pauses_now_and_goes_on(qtbot, bench, show):
    panel = show(QueuePanel, bench)
    job_id = held(qtbot, bench)
    now, _after = panel.foot.pause_menu.actions()
    assert panel.foot.pause_button.menu() is panel.foot.pause_menu
    now.trigger()
    job = until(qtbot, bench, job_id, JobState.QUEUED)
    assert job.kept_step == 1
    assert panel.resting.isVisible()
    assert panel.foot.pause_button.text() == "Continue"
    qtbot.mouseClick(panel.foot.pause_button, Qt.MouseButton.LeftButton)
    until(qtbot, bench, job_id, JobState.DONE)
    assert not panel.resting.isVisible()
    assert panel.foot.pause_button.text() == "Pause queue"


def test_the_queue_pauses_after_this_one(qtbot, bench, show):
    panel = show(QueuePanel, bench)
    job_id = held(qtbot, bench)
    second = submit(qtbot, bench, "the next one")
    panel.foot.pause_menu.actions()[1].trigger()
    qtbot.waitUntil(lambda: bench.session.queue_state == QueueState(True, True))
    assert panel._resting_words.text() == "The queue stops after this one."
    bench.backend.release()
    until(qtbot, bench, job_id, JobState.DONE)
    assert bench.session.jobs[second].state is JobState.QUEUED
    assert panel._resting_words.text() == "The queue is paused: nothing begins by itself."
    panel.foot.pause_button.click()
    until(qtbot, bench, second, JobState.DONE)


def test_a_queue_with_nothing_running_pauses_by_one_click(qtbot, quiet, show):
    panel = show(QueuePanel, quiet)
    quiet.add_job("waits")
    assert panel.foot.pause_button.menu() is None
    with qtbot.waitSignal(quiet.session.queue_changed):
        qtbot.mouseClick(panel.foot.pause_button, Qt.MouseButton.LeftButton)
    assert quiet.session.queue_state.paused


# ---- develop again


def entries(menu: QMenu):
    return {action.text(): action for action in menu.actions()}


def test_the_frames_of_a_clip_are_made_again_from_the_library(qtbot, bench, show):
    library = show(LibraryPanel, bench)
    job_id = submit(qtbot, bench, "a quick ball")
    until(qtbot, bench, job_id, JobState.DONE)
    qtbot.waitUntil(lambda: library.model.rowCount() == 1)
    library.grid.selectAll()
    submenu = entries(library.context_menu())["Develop the frames again"].menu()
    entries(submenu)["As before"].trigger()
    qtbot.waitUntil(lambda: library.model.rowCount() == 2)
    new = next(job for job in bench.session.jobs.values() if job.latents_of == job_id)
    assert "frames made again" in job_words.job_line(new)


def test_it_is_offered_only_while_latents_are_kept(qtbot, quiet, show):
    library, stage = show(LibraryPanel, quiet), show(StagePanel, quiet)
    clip = quiet.add_clip(real=True)
    job = replace(quiet.add_job("a"), id=clip.job_id, state=JobState.DONE, clip_id=clip.id)
    quiet.session._on_event(JobChanged(job))
    library.select(clip.id)
    stage.show_clip(clip, play=False)
    assert "Develop the frames again" not in entries(library.context_menu())
    assert not stage.clip_page.again_button.isVisible()
    quiet.session._on_event(JobChanged(replace(job, kept_latents=True)))
    assert "Develop the frames again" in entries(library.context_menu())
    assert stage.clip_page.again_button.isVisible()


@pytest.mark.parametrize(
    ("device", "plans", "plan", "offered"),
    [
        ("cpu", 1, 0, [("As before", None)]),
        ("cpu", 2, 0, [("As before", None), ("With less memory", 1)]),
        ("cuda:0", 3, 0, [("As before", None), ("With less memory", 1), ("On the processor", 2)]),
        ("cuda:0", 3, 1, [("As before", None), ("On the processor", 2)]),
        ("cuda:0", 3, 2, [("As before", None)]),
    ],
)
def test_the_choices_are_the_plans_there_are(qtbot, quiet, device, plans, plan, offered):
    from wan_desktop.domain.events import BackendState

    quiet.session._on_event(BackendState("ready", {"device": device, "plans": plans}))
    job = replace(quiet.add_job("a"), state=JobState.DONE, kept_latents=True, plan=plan)
    assert again.choices(quiet.session, job) == offered


def test_a_clip_tells_its_notes_when_its_job_has_left_the_list(quiet, show):
    stage = show(StagePanel, quiet)
    clip = quiet.add_clip(real=True)
    clip = replace(clip, recipe={**clip.recipe, "notes": ["Every frame is black."]})
    stage.show_clip(clip, play=False)
    assert stage.clip_page.note.text() == "Every frame is black."
    assert stage.clip_page.note.isVisible()
