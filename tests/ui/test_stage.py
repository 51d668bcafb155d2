"""The stage follows what renders, shows how each job ends, and leaves what was chosen by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLayout, QPushButton, QWidget
from support.bench import Bench
from support.scripted_backend import moving_frames

from wan_desktop.domain.errors import DiskProblem, OutOfMemory
from wan_desktop.domain.events import JobChanged, JobRemoved, Note, Preview, Progress
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.domain.request import Draft
from wan_desktop.ui.panels.stage import StagePanel
from wan_desktop.ui.panels.stage_recipe import RecipeDialog
from wan_desktop.ui.widgets.toast import Toast

DIRECT = Qt.FindChildOption.FindDirectChildrenOnly


@pytest.fixture
def bench(tmp_path, qapp):
    bench = Bench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def rendering(tmp_path, qapp):
    bench = Bench(tmp_path, render=True)
    yield bench
    bench.close()


@pytest.fixture
def make_stage(qtbot):
    stages = []

    def make(bench):
        stage = StagePanel(bench.session)
        stage.resize(744, 700)
        qtbot.addWidget(stage)
        stage.show()
        qtbot.waitExposed(stage)
        stages.append(stage)
        return stage

    yield make
    for stage in stages:
        stage.clip_page.close_clip()


@pytest.fixture
def stage(make_stage, bench):
    return make_stage(bench)


def page(stage):
    return stage._pages.currentWidget()


def change(bench, job, **fields):
    changed = replace(job, **fields)
    bench.session._on_event(JobChanged(changed))
    return changed


def start(bench, job):
    return change(bench, job, state=JobState.RUNNING, started_at=1.0)


def finish(bench, job, clip):
    return change(bench, job, state=JobState.DONE, finished_at=2.0, clip_id=clip.id)


def draft(prompt, **values):
    return Draft(prompt=prompt, num_frames=5, num_inference_steps=3, seed=7, **values)


# ---- empty


def test_at_first_it_says_what_to_do_and_an_example_fills_the_form(bench, stage, qtbot):
    assert page(stage) is stage.empty_page
    examples = stage.empty_page.findChildren(QPushButton)
    assert [button.text() for button in examples] == list(bench.session.model().examples)
    with qtbot.waitSignal(stage.reuse_requested) as reused:
        examples[0].click()
    assert reused.args == [Draft(prompt=examples[0].text())]


# ---- rendering


def test_a_whole_render_from_submission_to_the_playing_clip(rendering, make_stage, qtbot):
    stage = make_stage(rendering)
    rendering.backend.script("ball", hold=Stage.DECODING, notes=("Something to know.",))
    rendering.session.submit(draft("a ball"))
    rendering_page = stage.rendering_page
    qtbot.waitUntil(lambda: rendering_page.stage.text() == "Developing frames")
    assert page(stage) is rendering_page
    assert rendering_page.view._caption == "Preview · step 3 of 3"
    assert not rendering_page.view.image.isNull()
    assert rendering_page.note.text() == "Something to know."
    assert rendering_page.percent.text() == "86 %"
    rendering.backend.release()
    qtbot.waitUntil(lambda: page(stage) is stage.clip_page)
    qtbot.waitUntil(lambda: stage.clip_page.player.playing)
    assert stage.clip_page.prompt.text() == "a ball"
    assert stage.clip_page.note.text() == "Something to know."


@pytest.mark.parametrize(
    ("progress", "words"),
    [
        ((Stage.LOADING,), "Loading the model"),
        ((Stage.ENCODING,), "Reading the prompt"),
        ((Stage.DENOISING, 0, 20), "Drawing"),
        ((Stage.DENOISING, 7, 20), "Drawing · step 7 of 20"),
        ((Stage.DECODING, 9, 25), "Developing frames · frame 9 of 25"),
        ((Stage.SAVING,), "Saving"),
    ],
)
def test_each_stage_is_told_in_words(bench, stage, progress, words):
    job = start(bench, bench.add_job("a"))
    bench.session._on_event(Progress(job.id, *progress))
    assert stage.rendering_page.stage.text() == words


def test_the_preview_moves(bench, stage, qtbot):
    job = start(bench, bench.add_job("a"))
    view = stage.rendering_page.view
    assert view._words == "Loading the model"
    bench.session._on_event(Preview(job.id, 4, moving_frames(64, 40, 4)))
    first = view.image.copy()
    assert (first.width(), first.height()) == (64, 40)
    qtbot.waitUntil(lambda: view.image != first)


def test_elapsed_and_remaining_times(bench, stage, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("wan_desktop.ui.panels.stage_rendering.time.time", lambda: now[0])
    job = change(bench, bench.add_job("a"), state=JobState.RUNNING, started_at=900.0)
    times = stage.rendering_page.times
    assert times.text() == "1:40 gone"
    clock = stage.rendering_page._clock
    clock._now = lambda: now[0]
    for step in range(11):
        now[0] += 6.0
        bench.session._on_event(Progress(job.id, Stage.DENOISING, step, 20))
    assert times.text() == "2:46 gone · 1:22 left"


def test_only_the_shown_jobs_events_count(bench, stage):
    start(bench, bench.add_job("a"))
    bench.session._on_event(Progress("another", Stage.DENOISING, 10, 20))
    bench.session._on_event(Preview("another", 10, moving_frames(64, 40, 2)))
    bench.session._on_event(Note("another", "not for this one"))
    assert stage.rendering_page.bar.value() == 0
    assert stage.rendering_page.view.image.isNull()
    assert not stage.rendering_page.note.isVisible()


def test_cancel_cancels_and_retry_queues_again(rendering, make_stage, qtbot):
    stage = make_stage(rendering)
    rendering.backend.script("ball", hold=Stage.DENOISING)
    rendering.session.submit(draft("a ball"))
    qtbot.waitUntil(lambda: page(stage) is stage.rendering_page)
    stage.rendering_page.cancel_button.click()
    assert not stage.rendering_page.cancel_button.isEnabled()
    qtbot.waitUntil(lambda: page(stage) is stage.ended_page)
    assert stage.ended_page.title.text() == "Cancelled"
    rendering.backend.release()  # a cancel that came before the hold has not
    stage.ended_page.retry_button.click()
    qtbot.waitUntil(lambda: page(stage) is stage.clip_page)


# ---- how jobs end


def test_a_failure_is_one_sentence_with_its_way_out(rendering, make_stage, qtbot):
    stage = make_stage(rendering)
    rendering.backend.script(
        "ball", fail=OutOfMemory("The GPU has no memory left.", action="Use a smaller size")
    )
    rendering.session.submit(draft("a ball"))
    qtbot.waitUntil(lambda: page(stage) is stage.ended_page)
    ended = stage.ended_page
    assert ended.title.text() == "Failed"
    assert ended.sentence.text() == "The GPU has no memory left."
    assert ended.action.text() == "What helps: Use a smaller size"
    assert ended.retry_button.isVisible()
    with qtbot.waitSignal(stage.reuse_requested) as reused:
        ended.reuse_button.click()
    assert (reused.args[0].prompt, reused.args[0].num_frames) == ("a ball", 5)


@pytest.mark.parametrize(
    ("state", "title", "words", "retry"),
    [
        (JobState.INTERRUPTED, "Interrupted", "Nothing of it could be kept", True),
        (JobState.CANCELLED, "Cancelled", "You cancelled", True),
        (JobState.DONE, "Done", "no longer in the library", True),
        (JobState.QUEUED, "Waiting", "the 2nd in the queue", False),
    ],
)
def test_every_other_end_has_its_sentence(bench, stage, state, title, words, retry):
    start(bench, bench.add_job("runs"))
    job = replace(bench.add_job("a"), state=state)
    bench.session.jobs[job.id] = job
    stage.show_job(job)
    assert page(stage) is stage.ended_page
    assert stage.ended_page.title.text() == title
    assert words in stage.ended_page.sentence.text()
    assert stage.ended_page.retry_button.isVisible() is retry
    assert stage.ended_page.cancel_button.isVisible() is not retry


def test_a_long_sentence_is_shown_whole(bench, stage):
    error = DiskProblem(
        "The disk of {place} is full: free some space, then try again.", place="/a/long/path/" * 8
    )
    stage.show_job(replace(bench.add_job("a"), state=JobState.FAILED, error=error.to_json()))
    label = stage.ended_page.sentence
    QTest.qWait(1)
    assert label.height() >= label.heightForWidth(label.width())


# ---- following


def test_it_follows_from_one_job_to_the_next(bench, stage):
    first, second = bench.add_job("first"), bench.add_job("second")
    first = start(bench, first)
    assert stage.rendering_page.job.id == first.id
    finish(bench, first, bench.add_clip("first", real=True))
    assert page(stage) is stage.clip_page
    start(bench, second)
    assert page(stage) is stage.rendering_page
    assert stage.rendering_page.job.id == second.id


def test_a_clip_chosen_by_hand_stays_and_a_pill_offers_the_rest(bench, stage, qtbot):
    watched, made = bench.add_clip("watched", real=True), bench.add_clip("made", real=True)
    stage.show_clip(watched)
    job = start(bench, bench.add_job("new"))
    assert stage.clip_page.clip is watched
    assert stage.pill.isVisible()
    assert stage.pill.text() == "Rendering now · show it"
    job = finish(bench, job, made)
    assert stage.clip_page.clip is watched
    assert stage.pill.text() == "Done · show it"
    assert stage.rect().contains(stage.pill.geometry())
    QTest.mouseClick(stage.pill, Qt.MouseButton.LeftButton)
    assert stage.clip_page.clip is made
    assert not stage.pill.isVisible()
    stage.show_clip(watched)
    change(bench, job, kept_latents=False)  # what it kept was swept: that is no news
    assert not stage.pill.isVisible()


def test_the_pill_goes_when_its_job_is_removed_or_fails(bench, stage):
    stage.show_clip(bench.add_clip("watched", real=True))
    job = start(bench, bench.add_job("new"))
    change(bench, job, state=JobState.CANCELLED)
    assert not stage.pill.isVisible()
    job = start(bench, bench.add_job("newer"))
    assert stage.pill.isVisible()
    bench.session._on_event(JobRemoved(job.id))
    assert not stage.pill.isVisible()


def test_rendering_something_new_takes_the_stage_again(rendering, make_stage, qtbot):
    stage = make_stage(rendering)
    stage.show_clip(rendering.add_clip("watched", real=True))
    rendering.backend.script("ball", hold=Stage.DENOISING)
    rendering.session.submit(draft("a ball"))
    qtbot.waitUntil(lambda: page(stage) is stage.rendering_page)
    assert not stage.pill.isVisible()


def test_coming_back_to_a_running_job_shows_its_last_preview(bench, stage):
    job = start(bench, bench.add_job("runs"))
    bench.session._on_event(Progress(job.id, Stage.DENOISING, 10, 20))
    bench.session._on_event(Preview(job.id, 10, moving_frames(64, 40, 2)))
    stage.show_clip(bench.add_clip("watched", real=True))
    stage.show_job(bench.session.jobs[job.id])
    assert page(stage) is stage.rendering_page
    assert stage.rendering_page.view.image.width() == 64
    assert stage.rendering_page.stage.text() == "Drawing · step 10 of 20"


def test_a_stage_built_during_a_render_shows_it(bench, make_stage):
    job = start(bench, bench.add_job("runs"))
    assert make_stage(bench).rendering_page.job.id == job.id


def test_a_removed_job_leaves_the_stage(bench, stage):
    job = bench.add_job("a", JobState.CANCELLED, finished_at=1.0)
    stage.show_job(job)
    bench.session._on_event(JobRemoved(job.id))
    assert page(stage) is stage.empty_page


# ---- a clip


@pytest.fixture
def shown(bench, stage, qtbot):
    clip = bench.add_clip("a red ball", real=True)
    stage.show_clip(clip)
    qtbot.waitUntil(lambda: stage.clip_page.player.frame >= 0)
    return stage


def test_a_clip_says_what_it_is(shown):
    assert shown.clip_page.details.text() == "256×160 · 1.6 s · Demo · seed 7 · 12 kB"
    assert shown.clip_page.badge.isVisible()


def test_a_clip_of_the_large_model_has_its_name_and_no_badge(bench, stage):
    clip = bench.add_clip("a", real=True)
    request = {**clip.request, "model": "/models/Wan2.2-TI2V-5B-Diffusers", "preset": "official"}
    stage.show_clip(replace(clip, recipe={"request": request}))
    assert not stage.clip_page.badge.isVisible()
    assert "Wan2.2-TI2V-5B-Diffusers" in stage.clip_page.details.text()
    assert "Official" in stage.clip_page.details.text()


def test_reuse_gives_the_draft_that_makes_it_again(bench, shown, qtbot):
    with qtbot.waitSignal(shown.reuse_requested) as reused:
        shown.clip_page.reuse_button.click()
    reused_draft = reused.args[0]
    assert (reused_draft.prompt, reused_draft.seed, reused_draft.width) == ("a red ball", 7, 256)


def test_continue_gives_the_last_frame_as_a_lasting_picture(bench, shown, qtbot):
    from wan_desktop.media.clips import frame_at

    with qtbot.waitSignal(shown.image_requested) as requested:
        shown.clip_page.continue_button.click()
    stored = bench.session.image_path(requested.args[0])
    picture = bench.session.load_image(str(stored))
    assert picture.tobytes() == frame_at(shown.clip_page.clip.path, 24).tobytes()
    assert stored.is_relative_to(bench.folder)
    assert shown.clip_page.continue_button.isEnabled()


def test_continue_of_a_clip_whose_file_is_gone_says_so(bench, stage, qtbot):
    stage.show_clip(bench.add_clip("gone"))
    stage.clip_page.continue_button.click()
    qtbot.waitUntil(lambda: stage.findChild(Toast, "toast") is not None)
    assert "is not there" in stage.findChild(Toast, "toast")._label.text()
    assert stage.clip_page.continue_button.isEnabled()


def test_delete_leaves_the_stage_and_undo_brings_the_clip_back(bench, shown, qtbot):
    clip = shown.clip_page.clip
    shown.clip_page.delete_button.click()
    qtbot.waitUntil(lambda: page(shown) is shown.empty_page)
    assert not Path(clip.path).exists()
    qtbot.waitUntil(lambda: (toast := shown.findChild(Toast, "toast")) is not None and toast.isVisible())
    shown.findChild(Toast, "toast").act()
    qtbot.waitUntil(lambda: clip.id in bench.session.clips)
    assert Path(clip.path).exists()


def test_a_delete_that_is_refused_keeps_the_clip_on_the_stage(bench, shown, qtbot, monkeypatch):
    def full(_clip, _now):
        raise DiskProblem("The disk is read-only.")

    monkeypatch.setattr(bench.host.library, "to_bin", full)
    with qtbot.waitSignal(bench.session.refused):
        shown.clip_page.delete_button.click()
    qtbot.waitUntil(lambda: shown.clip_page.player.frame == 0)
    assert page(shown) is shown.clip_page


def test_how_it_was_made_shows_and_copies_the_recipe(bench, shown, qtbot):
    shown.clip_page.recipe_button.click()
    dialog = shown.findChild(RecipeDialog)
    assert dialog.isVisible()
    names = dict(dialog._rows())
    assert names["Prompt"] == "a red ball"
    assert names["Seed"] == "7"
    assert names["Length"] == "1.6 s · 25 frames at 16 a second"
    dialog.copy_button.click()
    assert json.loads(QGuiApplication.clipboard().text()) == shown.clip_page.clip.recipe
    dialog.close()


def squeeze(stage, width):
    """Give the stage the width that its window leaves it, however little."""
    stage.layout().setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
    stage.setMinimumSize(0, 0)
    stage.resize(width, 660)
    assert stage.width() == width


@pytest.mark.parametrize("width", [384, 480, 720])
def test_no_button_is_too_narrow_for_its_words(shown, qtbot, width):
    squeeze(shown, width)
    bottom = shown.clip_page.delete_button.parent().findChildren(QPushButton, options=DIRECT)
    worded = [one for one in bottom if one.isVisible() and one.text()]
    qtbot.waitUntil(lambda: all(one.width() >= one.sizeHint().width() for one in worded))
    assert all(one.text() or not one.icon().isNull() for one in bottom)


@pytest.mark.parametrize("width", [384, 720])
def test_nothing_of_the_first_page_is_cut_off(stage, width):
    squeeze(stage, width)
    parts = [part for part in stage.empty_page.findChildren(QWidget) if part.isVisible()]
    assert [part for part in parts if not part.parentWidget().rect().contains(part.geometry())] == []
    labels = [part for part in parts if isinstance(part, QLabel) and not part.wordWrap()]
    assert [label.text() for label in labels if label.width() < label.sizeHint().width()] == []


def test_every_button_has_an_accessible_name(shown):
    from PySide6.QtWidgets import QAbstractButton

    nameless = [
        b
        for b in shown.findChildren(QAbstractButton)
        if b is not shown.pill and not (b.accessibleName() or b.text())
    ]
    assert nameless == []
