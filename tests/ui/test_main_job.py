"""The main job through the real window: real render process, real model, real library, and a restart."""

from __future__ import annotations

from contextlib import contextmanager

from PIL import Image
from PySide6.QtCore import QEvent, Qt
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


def render(qtbot, session, panel):
    """Click Render and wait for the clip."""
    with qtbot.waitSignal(session.submitted) as told:
        qtbot.mouseClick(panel.foot.render_button, Qt.MouseButton.LeftButton)
    job = told.args[0]
    qtbot.waitUntil(lambda: session.jobs[job.id].state.ended, timeout=200_000)
    ended = session.jobs[job.id]
    assert ended.state is JobState.DONE, ended.error
    return session.clips[ended.clip_id]


@contextmanager
def shown(qtbot, qapp, application):
    """The window and its session. They are gone afterwards, also when the test failed: no other test meets them."""
    paths = find_paths().create()
    with window_session(paths, take_library(paths.data)) as (session, thread, parts):
        application.show(session, parts.resources, paths.config / "window.ini")
        window = application.window
        try:
            qtbot.waitExposed(window)
            with qtbot.waitSignal(session.loaded):
                session.load()
            thread.start()
            yield window, session
        finally:
            window.end()
            window.close()
            window.deleteLater()
            qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_a_sentence_and_a_picture_become_clips_that_are_there_after_a_restart(
    qtbot, qapp, tmp_path, drop, files
):
    picture = tmp_path / "start.png"
    Image.new("RGB", (512, 320), (30, 60, 220)).save(picture)
    application = WindowApplication([])
    previews = []
    with shown(qtbot, qapp, application) as (window, session):
        session.preview.connect(previews.append)
        panel = window.create_panel
        qtbot.keyClicks(panel.prompt.editor, WORDS)
        panel.advanced.fold.set_open(True)
        panel.advanced.seed.clear()
        qtbot.keyClicks(panel.advanced.seed, "4")
        from_words = render(qtbot, session, panel)
        assert drop(window, files(str(picture)))
        qtbot.waitUntil(panel.image.has_image)
        assert "image" in panel.foot.render_button.accessibleName()
        from_picture = render(qtbot, session, panel)
        qtbot.keyClicks(panel.prompt.editor, " and then")
    assert len(frames_of(from_words.path)) == 25
    middle = shares(frames_of(from_words.path)[12])
    assert middle["blue"] > 0.4
    assert middle["red"] > 0.005
    assert shares(frames_of(from_picture.path)[0])["blue"] > 0.8
    assert {len(p.frames) for p in previews} == {7}

    with shown(qtbot, qapp, application) as (window, session):
        assert set(session.clips) == {from_words.id, from_picture.id}
        qtbot.waitUntil(lambda: window.create_panel.prompt.editor.toPlainText() != "")
        assert "and then" in window.create_panel.prompt.editor.toPlainText()
        qtbot.waitUntil(window.create_panel.image.has_image)


def kept(session, job_id, steps):
    """True once so many steps of the job are on the disk."""
    return job_id in session.jobs and session.jobs[job_id].kept_step >= steps


def answer(qtbot, window, words):
    button = next(b for b in window.banners.findChildren(QPushButton) if b.text() == words)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_a_render_is_paused_continued_broken_off_and_still_becomes_its_clip(qtbot, qapp):
    SettingsFile(find_paths().create().config).save(Settings(snapshot_every_s=0))
    application = WindowApplication([])
    with shown(qtbot, qapp, application) as (window, session):
        qtbot.keyClicks(window.create_panel.prompt.editor, WORDS)
        with qtbot.waitSignal(session.submitted) as told:
            qtbot.mouseClick(window.create_panel.foot.render_button, Qt.MouseButton.LeftButton)
        job_id = told.args[0].id
        qtbot.waitUntil(lambda: kept(session, job_id, 2), timeout=200_000)
        qtbot.mouseClick(window.stage.rendering_page.pause_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: session.jobs[job_id].state is JobState.PAUSED)
        paused_at = session.jobs[job_id].kept_step
        assert window.stage.ended_page.title.text() == f"Paused at step {paused_at} of 20"
        qtbot.mouseClick(window.stage.ended_page.resume_button, Qt.MouseButton.LeftButton)
        qtbot.waitUntil(lambda: kept(session, job_id, paused_at + 2), timeout=200_000)
        assert window.stage.rendering_page.origin.text() == f"Goes on from step {paused_at} of 20"

    with shown(qtbot, qapp, application) as (window, session):
        broken_at = session.jobs[job_id].kept_step
        question = f"A render was interrupted at step {broken_at} of 20. Go on?"
        qtbot.waitUntil(lambda: window.banners.texts() == [question])
        assert broken_at >= paused_at + 2
        answer(qtbot, window, "Continue")
        with qtbot.waitSignal(session.resumed, timeout=200_000) as resumed:
            pass
        assert resumed.args[0].step >= broken_at, "the last snapshot may be newer than what was told of it"
        qtbot.waitUntil(lambda: len(session.clips) == 1, timeout=200_000)
        assert len(frames_of(next(iter(session.clips.values())).path)) == 25
