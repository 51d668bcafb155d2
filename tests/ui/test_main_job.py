"""The main job through the real window: real render process, real model, real library, and a restart."""

from __future__ import annotations

import time

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtWidgets import QPushButton
from support.clips import frames_of, shares

from wan_desktop.app.window import window_session
from wan_desktop.config.paths import find_paths
from wan_desktop.config.settings_file import SettingsFile
from wan_desktop.domain.job import JobState
from wan_desktop.domain.settings import Settings
from wan_desktop.process.lock import take_library
from wan_desktop.ui.application import WindowApplication

WORDS = "a red ball moving right over a blue background"
LONGEST_STALL_S = 0.5
"""Generous: the figure that counts is the benchmark's."""


@pytest.fixture
def opened(qapp):
    """Opens the window on this test's own folders, as the program does."""

    def open_window():
        paths = find_paths().create()
        return window_session(paths, take_library(paths.data)), paths

    return open_window


class Stalls:
    """How late a 10 ms timer fires at most, in seconds."""

    def __init__(self) -> None:
        self.longest, self._last = 0.0, time.perf_counter()
        self._timer = QTimer(timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(10)

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last - 0.010)
        self._last = now


def render(qtbot, session, panel):
    """Click Render and wait for the clip."""
    with qtbot.waitSignal(session.submitted, timeout=10_000) as told:
        qtbot.mouseClick(panel.foot.render_button, Qt.MouseButton.LeftButton)
    job = told.args[0]
    qtbot.waitUntil(lambda: session.jobs[job.id].state.ended, timeout=200_000)
    ended = session.jobs[job.id]
    assert ended.state is JobState.DONE, ended.error
    return session.clips[ended.clip_id]


def show(qtbot, application, session, thread, parts, paths):
    application.show(session, parts.resources, paths.config / "window.ini")
    qtbot.waitExposed(application.window)
    with qtbot.waitSignal(session.loaded, timeout=10_000):
        session.load()
    thread.start()
    return application.window


def close(qapp, window):
    window.end()
    window.close()
    window.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_a_sentence_and_a_picture_become_clips_that_are_there_after_a_restart(
    qtbot, qapp, opened, tmp_path, drop, files
):
    picture = tmp_path / "start.png"
    Image.new("RGB", (512, 320), (30, 60, 220)).save(picture)
    context, paths = opened()
    application = WindowApplication([])
    previews = []
    with context as (session, thread, parts):
        window = show(qtbot, application, session, thread, parts, paths)
        session.preview.connect(previews.append)
        panel, stalls = window.create_panel, Stalls()
        qtbot.keyClicks(panel.prompt.editor, WORDS)
        panel.advanced.fold.set_open(True)
        panel.advanced.seed.clear()
        qtbot.keyClicks(panel.advanced.seed, "4")
        from_words = render(qtbot, session, panel)
        assert drop(window, files(str(picture)))
        qtbot.waitUntil(panel.image.has_image, timeout=10_000)
        assert "image" in panel.foot.render_button.accessibleName()
        from_picture = render(qtbot, session, panel)
        assert stalls.longest <= LONGEST_STALL_S
        qtbot.keyClicks(panel.prompt.editor, " and then")
        close(qapp, window)
    assert len(frames_of(from_words.path)) == 25
    middle = shares(frames_of(from_words.path)[12])
    assert middle["blue"] > 0.4
    assert middle["red"] > 0.005
    assert shares(frames_of(from_picture.path)[0])["blue"] > 0.8
    assert {len(p.frames) for p in previews} == {7}

    context, paths = opened()
    with context as (session, thread, parts):
        window = show(qtbot, application, session, thread, parts, paths)
        assert set(session.clips) == {from_words.id, from_picture.id}
        qtbot.waitUntil(lambda: window.create_panel.prompt.editor.toPlainText() != "", timeout=5_000)
        assert "and then" in window.create_panel.prompt.editor.toPlainText()
        assert window.create_panel.image.has_image()
        close(qapp, window)


def kept(session, job_id, steps):
    """True once so many steps of the job are on the disk."""
    return job_id in session.jobs and session.jobs[job_id].kept_step >= steps


def answer(qtbot, window, words):
    button = next(b for b in window.banners.findChildren(QPushButton) if b.text() == words)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_render_is_paused_continued_broken_off_and_still_becomes_its_clip(qtbot, qapp, opened):
    SettingsFile(find_paths().create().config).save(Settings(snapshot_every_s=0))
    context, paths = opened()
    application = WindowApplication([])
    with context as (session, thread, parts):
        window = show(qtbot, application, session, thread, parts, paths)
        qtbot.keyClicks(window.create_panel.prompt.editor, WORDS)
        with qtbot.waitSignal(session.submitted, timeout=10_000) as told:
            qtbot.mouseClick(window.create_panel.foot.render_button, Qt.MouseButton.LeftButton)
        job_id = told.args[0].id
        qtbot.waitUntil(lambda: kept(session, job_id, 2), timeout=200_000)
        qtbot.mouseClick(window.stage.rendering_page.pause_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: session.jobs[job_id].state is JobState.PAUSED, timeout=60_000)
        paused_at = session.jobs[job_id].kept_step
        assert window.stage.ended_page.title.text() == f"Paused at step {paused_at} of 20"
        qtbot.mouseClick(window.stage.ended_page.resume_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: kept(session, job_id, paused_at + 2), timeout=200_000)
        assert window.stage.rendering_page.origin.text() == f"Goes on from step {paused_at} of 20"
        close(qapp, window)

    context, paths = opened()
    with context as (session, thread, parts):
        window = show(qtbot, application, session, thread, parts, paths)
        broken_at = session.jobs[job_id].kept_step
        question = f"A render was interrupted at step {broken_at} of 20. Go on?"
        qtbot.waitUntil(lambda: window.banners.texts() == [question], timeout=10_000)
        assert broken_at >= paused_at + 2
        answer(qtbot, window, "Continue")
        with qtbot.waitSignal(session.resumed, timeout=200_000) as resumed:
            pass
        assert resumed.args[0].step >= broken_at, "the last snapshot may be newer than what was told of it"
        qtbot.waitUntil(lambda: len(session.clips) == 1, timeout=200_000)
        assert len(frames_of(next(iter(session.clips.values())).path)) == 25
        close(qapp, window)
