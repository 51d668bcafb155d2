"""A restart: one question about the work of last time, the settings that answer it, and the window as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton, QToolButton
from support.windows import Desk

from wan_desktop.domain.job import JobState, Stage


@pytest.fixture
def desk(qapp, tmp_path):
    """A desk that the test opens and closes; closed at the end."""
    desk = Desk(tmp_path)
    yield desk
    desk.close()


def submit(qtbot, desk, prompt):
    desk.window.create_panel.prompt.editor.setPlainText(prompt)
    with qtbot.waitSignal(desk.session.submitted) as told:
        desk.window.create_panel.submit()
    job_id = told.args[0].id
    qtbot.waitUntil(lambda: job_id in desk.session.jobs)
    return job_id


def break_off(qtbot, desk, waiting=0):
    """Open, render until something is kept, and end in the middle; the interrupted job's id."""
    desk.open()
    desk.backend.script("a slow star", hold=Stage.DECODING)
    job_id = submit(qtbot, desk, "a slow star")
    qtbot.waitUntil(lambda: desk.session.jobs[job_id].kept_latents)
    for number in range(waiting):
        submit(qtbot, desk, f"waits {number}")
    desk.close()
    return job_id


def reopen(qtbot, desk):
    window = desk.open()
    qtbot.waitExposed(window)
    qtbot.waitUntil(lambda: bool(desk.session.jobs))
    return window


def answer(qtbot, window, text):
    button = next(b for b in window.banners.findChildren(QPushButton) if b.text() == text)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_an_interrupted_render_and_a_waiting_queue_are_one_question(qtbot, desk):
    job_id = break_off(qtbot, desk, waiting=2)
    window = reopen(qtbot, desk)
    question = (
        "A render was interrupted while its frames were made. 2 jobs are waiting from last time. Go on?"
    )
    qtbot.waitUntil(lambda: window.banners.texts() == [question])
    assert desk.session.jobs[job_id].state is JobState.INTERRUPTED
    answer(qtbot, window, "Continue")
    qtbot.waitUntil(lambda: len(desk.session.clips) == 3)
    assert desk.backend.requests[0].id == job_id, "what was interrupted goes on first"
    assert desk.backend.requests[0].kept_latents
    assert window.banners.isHidden()


@pytest.mark.parametrize("how", ["Not now", "close"])
def test_not_now_leaves_everything_for_later(qtbot, desk, how):
    job_id = break_off(qtbot, desk, waiting=1)
    window = reopen(qtbot, desk)
    qtbot.waitUntil(lambda: bool(window.banners.texts()))
    if how == "close":
        cross = next(b for b in window.banners.findChildren(QToolButton) if b.accessibleName())
        qtbot.mouseClick(cross, Qt.MouseButton.LeftButton)
    else:
        answer(qtbot, window, how)
    assert window.banners.isHidden()
    assert desk.session.jobs[job_id].state is JobState.INTERRUPTED
    strip = window.side.queue
    assert strip.resting.isVisible()
    assert strip._resting_words.text() == "What waits from last time begins when you say so."
    qtbot.mouseClick(strip.go_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(desk.session.clips) == 1)
    assert not strip.resting.isVisible()
    assert desk.session.jobs[job_id].state is JobState.INTERRUPTED
    window.actions_by_id["held"].trigger()
    qtbot.waitUntil(lambda: len(desk.session.clips) == 2)


def test_the_setting_wait_asks_nothing(qtbot, desk):
    break_off(qtbot, desk, waiting=1)
    desk.settings = replace(desk.settings, at_start="wait")
    window = reopen(qtbot, desk)
    qtbot.waitUntil(lambda: window.side.queue.resting.isVisible())
    assert window.banners.texts() == []
    assert desk.backend.requests == []


def test_a_queue_that_was_paused_is_paused_and_asks_only_about_what_was_interrupted(qtbot, desk):
    break_off(qtbot, desk, waiting=1)
    desk.rendering = False
    reopen(qtbot, desk)
    with qtbot.waitSignal(desk.session.queue_changed):
        desk.session.pause_queue(after_current=False)
    desk.close()
    desk.rendering = True
    window = reopen(qtbot, desk)
    question = "A render was interrupted while its frames were made. Go on?"
    qtbot.waitUntil(lambda: window.banners.texts() == [question])
    assert window.side.queue._resting_words.text() == "The queue is paused: nothing begins by itself."
    answer(qtbot, window, "Continue")
    qtbot.waitUntil(lambda: len(desk.session.clips) == 2)
    assert not desk.session.queue_state.paused


def test_the_question_follows_what_happens_to_the_jobs_and_the_language(qtbot, desk):
    job_id = break_off(qtbot, desk)
    window = reopen(qtbot, desk)
    qtbot.waitUntil(lambda: bool(window.banners.texts()))
    desk.session.change_settings(replace(desk.session.settings, language="zh_CN"))
    qtbot.waitUntil(lambda: window.create_panel.foot.render_button.words() == "渲染")
    assert len(window.banners.texts()) == 1
    shown = window.banners._banners["last-time"]
    desk.backend.release()
    other = submit(qtbot, desk, "something else meanwhile")
    qtbot.waitUntil(lambda: desk.session.jobs[other].state is JobState.DONE)
    assert window.banners._banners["last-time"] is shown, "its buttons stay under the mouse"
    desk.session.remove(job_id)
    qtbot.waitUntil(lambda: window.banners.texts() == [])


def test_the_text_the_order_and_the_clip_come_back(qtbot, desk):
    desk.open()
    made = submit(qtbot, desk, "a finished clip")
    qtbot.waitUntil(lambda: desk.session.jobs[made].state is JobState.DONE)
    desk.backend.script("first", hold=Stage.DENOISING)
    first = submit(qtbot, desk, "first")
    ids = [submit(qtbot, desk, f"waits {number}") for number in range(3)]
    desk.session.move(ids[2], ids[0])
    qtbot.waitUntil(lambda: desk.session.jobs[ids[2]].order < desk.session.jobs[ids[0]].order)
    clip = desk.session.clips[desk.session.jobs[made].clip_id]
    desk.window.side.show_tab("library")
    desk.window.stage.show_clip(clip)
    desk.window.create_panel.prompt.editor.setPlainText("half a sentence")
    desk.close()
    window = reopen(qtbot, desk)
    qtbot.waitUntil(lambda: window.stage.shown() == clip)
    assert window.create_panel.prompt.editor.toPlainText() == "half a sentence"
    assert window.side.tab() == "library"
    assert [c.id for c in window.side.library.selected()] == [clip.id]
    assert not window.stage.clip_page.player.playing
    waiting = [job.id for job in window.side.queue.model.waiting()]
    assert waiting == [ids[2], ids[0], ids[1]]
    assert desk.session.jobs[first].state is JobState.INTERRUPTED


def test_the_arrangement_is_kept_while_the_window_is_open(qtbot, desk):
    """A power cut asks nobody: what closing would keep is on the disk a second later."""
    from wan_desktop.ui.window_state import WindowState

    window = desk.open()
    window.side.show_tab("library")
    window.show_right(False)
    qtbot.waitUntil(lambda: window._arrangement.kept)
    other = WindowState(desk.folder / "window.ini")
    assert other.tab() == "library"
    assert other.restore_splitter(window.splitter)
    assert not window.splitter.shown(2)


def test_a_change_of_language_keeps_what_is_shown(qtbot, desk):
    desk.open()
    made = submit(qtbot, desk, "a finished clip")
    qtbot.waitUntil(lambda: desk.session.jobs[made].state is JobState.DONE)
    clip = desk.session.clips[desk.session.jobs[made].clip_id]
    desk.window.stage.show_clip(clip)
    desk.session.change_settings(replace(desk.session.settings, language="zh_CN"))
    qtbot.waitUntil(lambda: desk.window.create_panel.foot.render_button.words() == "渲染")
    assert desk.window.stage.shown() == clip
    QApplication.processEvents()
