"""The main job through the real window: real render process, real model, real library, and a restart."""

from __future__ import annotations

import time

import pytest
from PIL import Image
from PySide6.QtCore import QEvent, Qt, QTimer
from support.clips import frames_of, shares

from wan_desktop import app
from wan_desktop.config.paths import find_paths
from wan_desktop.domain.job import JobState
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
        return app.window_session(paths, take_library(paths.data)), paths

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
