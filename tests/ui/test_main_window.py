"""The window: bars, banners, columns, shortcuts, closing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QComboBox, QMessageBox, QPushButton, QWidget

from wan_desktop.domain.errors import LibraryProblem
from wan_desktop.domain.events import AwakeState, BackendState
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.ui import theme


def held_render(qtbot, desk, words="a slow star"):
    """A job that renders until it is cancelled."""
    desk.backend.script(words, hold=Stage.DENOISING)
    desk.window.create_panel.prompt.editor.setPlainText(words)
    with qtbot.waitSignal(desk.session.submitted) as told:
        desk.window.create_panel.submit()
    job = told.args[0]
    qtbot.waitUntil(lambda: desk.session.jobs[job.id].state is JobState.RUNNING)
    return job


def test_the_device_is_named_as_it_gets_ready(desk, window):
    desk.backend.tell(BackendState("starting"))
    QApplication.processEvents()
    assert window.bar.device.text() == "Starting…"
    gpu = {
        "device": "cuda:0",
        "device_name": "NVIDIA RTX 4090",
        "vram_total": 24 * 2**30,
        "vram_free": 14.2 * 2**30,
    }
    desk.backend.tell(BackendState("ready", {**gpu, "problems": []}))
    QApplication.processEvents()
    assert window.bar.device.text() == "NVIDIA RTX 4090 · 9.8 / 24 GB"
    assert window.banners.texts() == []


def test_problems_of_the_backend_are_told_until_they_are_gone(desk, window):
    desk.ready(problems=["This PyTorch has no CUDA although an NVIDIA driver is here."])
    QApplication.processEvents()
    assert "no CUDA" in window.banners.texts()[0]
    desk.backend.tell(BackendState("failed", sentence="The render process does not start."))
    QApplication.processEvents()
    assert window.banners.texts() == ["The render process does not start."]
    desk.ready()
    QApplication.processEvents()
    assert window.banners.texts() == []
    assert window.banners.isHidden()


def test_opening_notes_are_told(closed_desk):
    closed_desk.opening_notes = ("The database was repaired.",)
    closed_desk.open()
    assert closed_desk.window.banners.texts() == ["The database was repaired."]
    closed_desk.close()


def test_a_refused_verb_without_a_field_is_told_in_a_banner(desk, window):
    desk.session.refused.emit(LibraryProblem("The clip {name} is gone.", name="x.mp4"))
    assert window.banners.texts() == ["The clip x.mp4 is gone."]


def test_jobs_of_last_time_wait_for_an_answer(qtbot, closed_desk):
    closed_desk.rendering = False
    closed_desk.open()
    closed_desk.window.create_panel.prompt.editor.setPlainText("a red ball")
    for _ in range(2):
        with qtbot.waitSignal(closed_desk.session.submitted):
            closed_desk.window.create_panel.submit()
    closed_desk.close()
    closed_desk.rendering = True
    closed_desk.open()
    window, session = closed_desk.window, closed_desk.session
    qtbot.waitUntil(lambda: window.banners.texts() == ["2 jobs are waiting from last time."])
    assert all(job.state is JobState.QUEUED for job in session.jobs.values())
    answer = next(b for b in window.banners.findChildren(QPushButton) if b.text() == "Render them")
    qtbot.mouseClick(answer, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(session.clips) == 2)
    assert window.banners.isHidden()
    closed_desk.close()


def test_tabs_count_live(qtbot, desk, window):
    assert window.side.tab_button("queue").text() == "Queue"
    held_render(qtbot, desk)
    assert window.side.tab_button("queue").text() == "Queue 1"
    desk.backend.release()
    qtbot.waitUntil(lambda: window.side.tab_button("library").text() == "Library 1")
    assert window.side.tab_button("queue").text() == "Queue"


def test_columns_collapse_and_come_back(window):
    left, right = window.actions_by_id["left"], window.actions_by_id["right"]
    assert left.isChecked()
    assert right.isChecked()
    left.trigger()
    right.trigger()
    assert [size > 0 for size in window.splitter.sizes()] == [False, True, False]
    window.actions_by_id["library"].trigger()
    assert window.side.tab() == "library"
    assert window.splitter.sizes()[2] > 0
    window.actions_by_id["prompt"].trigger()
    assert window.splitter.sizes()[0] > 0
    assert left.isChecked()


def test_the_arrangement_survives_a_restart(closed_desk):
    window = closed_desk.open()
    window.resize(1200, 760)
    window.side.show_tab("library")
    window.create_panel.advanced.fold.set_open(True)
    window.show_right(False)
    closed_desk.close()
    window = closed_desk.open()
    assert window.height() == 760  # the test's screen is narrower than the window
    assert window.side.tab() == "library"
    assert window.create_panel.advanced.fold.is_open()
    assert window.splitter.sizes()[2] == 0
    assert not window.actions_by_id["right"].isChecked()
    closed_desk.close()


def test_the_smallest_window_holds_everything(desk, window):
    window.resize(1024, 700)
    QApplication.processEvents()
    assert (window.width(), window.height()) == (1024, 700)
    assert window.create_panel.foot.render_button.isVisible()
    assert window.create_panel.foot.render_button.visibleRegion().boundingRect().height() >= 30
    assert window.minimumSizeHint().width() <= 1024
    assert window.minimumSizeHint().height() <= 700


def test_closing_while_a_clip_renders_asks_first(qtbot, desk, window):
    job = held_render(qtbot, desk)
    window.close()
    box = window.findChild(QMessageBox)
    assert window.isVisible()
    qtbot.mouseClick(box.buttons()[0], Qt.MouseButton.LeftButton)
    assert window.isVisible()
    assert desk.session.jobs[job.id].state is JobState.RUNNING


def test_stop_and_quit(qtbot, desk, window):
    job = held_render(qtbot, desk)
    window.close()
    box = window.findChild(QMessageBox)
    quit_now = next(b for b in box.buttons() if b.text() == "Stop and quit")
    qtbot.mouseClick(quit_now, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.isVisible())
    assert desk.session.jobs[job.id].state is JobState.RUNNING, (
        "it goes on the next time, it is not cancelled"
    )


def test_the_system_may_end_it_unasked(qtbot, desk, window):
    held_render(qtbot, desk)
    window.end()
    assert not window.isVisible()
    assert window.findChild(QMessageBox) is None


def test_cancel_by_shortcut(qtbot, desk, window):
    job = held_render(qtbot, desk)
    qtbot.keyClick(window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: desk.session.jobs[job.id].state is JobState.CANCELLED)


def test_pause_and_continue_by_shortcut(qtbot, desk, window):
    job = held_render(qtbot, desk)
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    able = {name: window.actions_by_id[name].isEnabled for name in ("pause", "continue")}
    assert (able["pause"](), able["continue"]()) == (True, False)
    qtbot.keyClick(window, Qt.Key.Key_P, both)
    qtbot.waitUntil(lambda: desk.session.jobs[job.id].state is JobState.PAUSED)
    assert (able["pause"](), able["continue"]()) == (False, True)
    qtbot.keyClick(window, Qt.Key.Key_C, both)
    qtbot.waitUntil(lambda: desk.session.jobs[job.id].state is JobState.DONE)
    assert desk.backend.requests[-1].kept_step == 1


def test_pause_and_continue_the_queue_by_shortcut(qtbot, desk, window):
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    with qtbot.waitSignal(desk.session.queue_changed):
        qtbot.keyClick(window, Qt.Key.Key_P, both)
    assert desk.session.queue_state.paused
    with qtbot.waitSignal(desk.session.queue_changed):
        qtbot.keyClick(window, Qt.Key.Key_C, both)
    assert not desk.session.queue_state.paused


def test_the_bar_says_whether_the_computer_stays_awake(qtbot, desk, window):
    desk.session._on_event(AwakeState(on=False, sentence="The system does not let it."))
    assert not window.bar.awake.isVisible(), "nothing renders"
    held_render(qtbot, desk)
    desk.session._on_event(AwakeState(on=True))
    assert window.bar.awake.isVisible()
    assert window.bar.awake.accessibleName() == "The computer stays awake while a clip renders"
    desk.session._on_event(AwakeState(on=False, sentence="The system does not let it."))
    assert window.bar.awake.toolTip() == "The system does not let it."
    desk.backend.release()
    qtbot.waitUntil(lambda: not window.bar.awake.isVisible())


def test_undo_brings_back_a_clip_that_was_deleted_on_the_stage(qtbot, desk, window):
    window.create_panel.prompt.editor.setPlainText("a ball")
    window.create_panel.submit()
    qtbot.waitUntil(lambda: len(desk.session.clips) == 1)
    clip = next(iter(desk.session.clips.values()))
    window.stage.show_clip(clip)
    window.stage.clip_page.delete_button.setFocus()
    qtbot.mouseClick(window.stage.clip_page.delete_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not desk.session.clips)
    window.side.library.grid.setFocus()
    qtbot.keyClick(window.side.library.grid, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: list(desk.session.clips) == [clip.id])


def test_undo_in_a_text_is_the_texts_own(qtbot, desk, window):
    editor = window.create_panel.prompt.editor
    editor.setFocus()
    qtbot.keyClicks(editor, "ab")
    qtbot.keyClick(editor, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert editor.toPlainText() == ""


def test_continue_uses_the_last_frame_and_shows_no_file_name_of_the_store(qtbot, desk, window):
    window.create_panel.prompt.editor.setPlainText("a ball")
    window.create_panel.submit()
    qtbot.waitUntil(lambda: len(desk.session.clips) == 1)
    window.stage.show_clip(next(iter(desk.session.clips.values())))
    qtbot.mouseClick(window.stage.clip_page.continue_button, Qt.MouseButton.LeftButton)
    section = window.create_panel.image
    qtbot.waitUntil(lambda: section.image() is not None)
    stored = window.create_panel.draft().stored_image
    assert stored
    assert stored not in section.canvas.accessibleDescription()
    assert window.create_panel.prompt.editor.toPlainText() == "a ball"


def test_what_cannot_be_done_is_grey(qtbot, desk, window, picture):
    able = {name: window.actions_by_id[name].isEnabled for name in ("cancel", "held", "remove-image")}
    assert [is_able() for is_able in able.values()] == [False] * 3
    window.create_panel.set_image(picture())
    assert able["remove-image"]()
    held_render(qtbot, desk)
    assert able["cancel"]()
    window.actions_by_id["cancel"].trigger()
    qtbot.waitUntil(lambda: not able["cancel"]())


def test_another_start_raises_the_window_and_hands_over_a_file(qtbot, desk, window, picture):
    window.showMinimized()
    desk.session.raise_window(picture())
    qtbot.waitUntil(lambda: not window.isMinimized())
    qtbot.waitUntil(lambda: window.create_panel.image.image() is not None)


def test_the_language_changes_at_once_and_nothing_is_lost(qtbot, desk, window):
    held_render(qtbot, desk)
    window.create_panel.prompt.editor.setPlainText("still here")
    desk.session.change_settings(replace(desk.session.settings, language="zh_CN"))
    qtbot.waitUntil(lambda: window.create_panel.foot.render_button.words() == "渲染")
    assert window.create_panel.prompt.editor.toPlainText() == "still here"
    assert window.actions_by_id["about"].text().startswith("关于")
    desk.session.change_settings(replace(desk.session.settings, language="en"))
    qtbot.waitUntil(lambda: window.create_panel.foot.render_button.words() == "Render")
    desk.backend.release()
    qtbot.waitUntil(lambda: len(desk.session.clips) == 1)
    assert window.side.tab_button("library").text() == "Library 1"


def test_the_appearance_changes_at_once(desk, window):
    assert theme.current() is theme.DARK
    desk.session.change_settings(replace(desk.session.settings, appearance="light"))
    assert theme.current() is theme.LIGHT


def test_every_action_has_words_a_command_and_its_own_keys(window):
    from wan_desktop.ui.actions import ACTIONS, MENUS

    keys = [a.keys for a in ACTIONS if a.keys] + [m[2] for m in MENUS]
    assert len(keys) == len(set(keys))
    assert len({a.id for a in ACTIONS}) == len(ACTIONS)
    for action in ACTIONS:
        assert window.actions_by_id[action.id].text()
        assert callable(getattr(window._commands, action.do))


def test_menus_open_by_keyboard(qtbot, window):
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    qtbot.keyClick(window, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    assert window.bar.menus.activeAction() is not None
    assert window.bar.menus.activeAction().text() == "Render"


def test_every_control_has_an_accessible_name(desk, window):
    from wan_desktop.ui.about_dialog import AboutDialog, KeysDialog
    from wan_desktop.ui.countdown import CountdownDialog
    from wan_desktop.ui.report_dialog import ReportDialog
    from wan_desktop.ui.settings_dialog import SettingsDialog
    from wan_desktop.ui.when_done import Then

    window.create_panel.advanced.fold.set_open(True)
    window.create_panel.prompt.open_negative(True)
    dialogs = [
        SettingsDialog(desk.session, window),
        AboutDialog(window),
        KeysDialog(window),
        ReportDialog(desk.session, window),
        CountdownDialog(Then.SLEEP, window),
    ]
    nameless = [describe(w) for root in (window, *dialogs) for w in controls(root) if not name_of(w)]
    for dialog in dialogs:
        dialog.deleteLater()
    assert nameless == [], "\n".join(nameless)


def test_tab_reaches_every_visible_control_of_the_form(qtbot, window):
    panel = window.create_panel
    panel.advanced.fold.set_open(True)
    panel.prompt.editor.setFocus()
    reached, widget = set(), panel.prompt.editor
    while widget not in reached and len(reached) < 500:
        reached.add(widget)
        widget = widget.nextInFocusChain()
    wanted = [
        panel.prompt.editor,
        panel.image.canvas,
        panel.length.slider,
        panel.advanced.steps,
        panel.advanced.seed,
        panel.foot.render_button,
        *panel.shape._segments._buttons.values(),
    ]
    assert all(control in reached and control.focusPolicy() & Qt.FocusPolicy.TabFocus for control in wanted)


def controls(root: QWidget) -> list[QWidget]:
    """Everything in `root` that takes the focus."""
    found = [
        w
        for w in root.findChildren(QWidget)
        if not isinstance(w.parentWidget(), QComboBox) and not _in_popup(w)
    ]
    return [w for w in found if w.focusPolicy() & Qt.FocusPolicy.TabFocus and not w.isHidden()]


def _in_popup(widget: QWidget) -> bool:
    """The list that a combo box opens speaks for the box."""
    parent = widget.parentWidget()
    return parent is not None and isinstance(parent.parentWidget(), QComboBox)


def name_of(widget: QWidget) -> str:
    text = getattr(widget, "text", None)
    return widget.accessibleName() or (str(text()) if callable(text) else "") or _parent_name(widget)


def _parent_name(widget: QWidget) -> str:
    """Boxes own the line edit inside them."""
    parent = widget.parentWidget()
    return parent.accessibleName() if parent is not None and widget.objectName().startswith("qt_") else ""


def describe(widget: QWidget) -> str:
    chain, parent = [type(widget).__name__], widget.parentWidget()
    while parent is not None and len(chain) < 5:
        chain.append(type(parent).__name__)
        parent = parent.parentWidget()
    return " < ".join(chain)


def test_the_window_imports_nothing_slow(tmp_path):
    code = (
        "import sys; import wan_desktop.ui.main_window; "
        "slow = ('torch', 'PIL', 'av', 'numpy', 'cv2', 'PySide6.QtMultimedia', 'diffusers'); "
        "print([m for m in slow if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "[]", done.stderr


def test_a_later_window_has_one_ring_around_its_prompt(qtbot, closed_desk):
    from wan_desktop.ui.widgets.focus_glow import _Ring

    for _ in range(2):
        window = closed_desk.open()
        qtbot.waitExposed(window)
        window.create_panel.prompt.editor.setFocus()
        qtbot.waitUntil(lambda window=window: len(window.findChildren(_Ring)) > 0)
        assert len(window.findChildren(_Ring)) == 1
        closed_desk.close()
