"""What happens when the queue is done: the choice, the minute to say no, and a computer that refuses."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from wan_desktop.domain.errors import DiskProblem, WanError
from wan_desktop.domain.events import JobChanged
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.ui import countdown, power
from wan_desktop.ui.when_done import Then, when_done


@pytest.fixture
def asked(monkeypatch):
    """What the system was asked to do; nothing is done."""
    done = []
    monkeypatch.setattr(power, "do", done.append)
    return done


def submit(qtbot, desk, prompt):
    desk.window.create_panel.prompt.editor.setPlainText(prompt)
    with qtbot.waitSignal(desk.session.submitted) as told:
        desk.window.create_panel.submit()
    return told.args[0].id


def dialog(window):
    return window._end_of_queue.dialog


def test_the_menu_chooses_and_the_button_says_it(desk, window):
    foot = window.side.queue.foot
    menu = foot.done_button.menu()
    labels = [action.text() for action in menu.actions()]
    assert labels == [
        "Do nothing",
        "Quit Wan Desktop",
        "Put the computer to sleep",
        "Shut down the computer",
    ]
    menu.actions()[2].trigger()
    assert when_done(desk.session).then is Then.SLEEP
    assert foot.done_button.accessibleName() == "When done: sleep"


def test_what_the_computer_does_not_let_us_do_is_grey_and_says_why(qtbot, monkeypatch, desk, window):
    monkeypatch.setattr(power, "can", lambda what: what == power.SHUT_DOWN)
    menu = window.side.queue.foot.done_button.menu()
    with qtbot.waitSignal(when_done(desk.session).changed):
        menu.aboutToShow.emit()
    able = {Then(action.data()): action for action in menu.actions()}
    assert able[Then.SHUT_DOWN].isEnabled()
    assert not able[Then.SLEEP].isEnabled()
    assert "does not let programs" in able[Then.SLEEP].toolTip()


def test_a_minute_to_say_no_then_it_is_done(qtbot, monkeypatch, asked, desk, window):
    monkeypatch.setattr(countdown, "SECONDS", 3)
    when_done(desk.session).choose(Then.SHUT_DOWN)
    first, second = submit(qtbot, desk, "one"), submit(qtbot, desk, "two")
    qtbot.waitUntil(lambda: dialog(window) is not None)
    assert {desk.session.jobs[job].state for job in (first, second)} == {JobState.DONE}
    assert dialog(window).sentence.text() == "Shut down the computer in 3 seconds."
    shown = dialog(window)
    shown._timer.setInterval(5)
    with qtbot.waitSignal(shown.agreed):
        pass
    qtbot.waitUntil(lambda: asked == [Then.SHUT_DOWN])
    assert when_done(desk.session).then is Then.NOTHING


def test_stop_stops_it(qtbot, asked, desk, window):
    when_done(desk.session).choose(Then.SLEEP)
    submit(qtbot, desk, "one")
    qtbot.waitUntil(lambda: dialog(window) is not None)
    qtbot.mouseClick(dialog(window).stop_button, Qt.MouseButton.LeftButton)
    assert dialog(window) is None
    assert when_done(desk.session).then is Then.NOTHING
    assert asked == []


def test_a_new_job_puts_it_off(qtbot, asked, desk, window):
    when_done(desk.session).choose(Then.SLEEP)
    submit(qtbot, desk, "one")
    qtbot.waitUntil(lambda: dialog(window) is not None)
    first = dialog(window)
    desk.backend.script("two", hold=Stage.DENOISING)
    submit(qtbot, desk, "two")
    qtbot.waitUntil(lambda: dialog(window) is None)
    assert asked == []
    desk.backend.release()
    qtbot.waitUntil(lambda: dialog(window) not in (None, first))


def test_quit_closes_the_window(qtbot, desk, window):
    when_done(desk.session).choose(Then.QUIT)
    submit(qtbot, desk, "one")
    qtbot.waitUntil(lambda: dialog(window) is not None)
    qtbot.mouseClick(dialog(window).now_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.isVisible())


def test_a_failed_last_job_ends_the_queue_too(qtbot, asked, desk, window):
    when_done(desk.session).choose(Then.SLEEP)
    desk.backend.script("bad", fail=WanError("It does not work."))
    submit(qtbot, desk, "bad")
    qtbot.waitUntil(lambda: dialog(window) is not None)


def test_a_job_that_waits_for_its_disk_ends_the_queue_too(qtbot, asked, desk, window):
    when_done(desk.session).choose(Then.SLEEP)
    desk.backend.script("big", fail=DiskProblem("The disk is full."))
    submit(qtbot, desk, "big")
    qtbot.waitUntil(lambda: dialog(window) is not None)


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_what_the_user_stops_shuts_nothing_down(qtbot, asked, desk, window, verb):
    when_done(desk.session).choose(Then.SLEEP)
    desk.backend.script("slow", hold=Stage.DENOISING)
    job_id = submit(qtbot, desk, "slow")
    qtbot.waitUntil(lambda: desk.session.jobs[job_id].state is JobState.RUNNING)
    getattr(desk.session, verb)(job_id)
    stopped = JobState.PAUSED if verb == "pause" else JobState.CANCELLED
    qtbot.waitUntil(lambda: desk.session.jobs[job_id].state is stopped)
    assert dialog(window) is None
    assert when_done(desk.session).then is Then.SLEEP


def test_an_older_job_that_loses_what_it_kept_shuts_nothing_down(qtbot, asked, desk, window):
    job_id = submit(qtbot, desk, "one")
    qtbot.waitUntil(lambda: desk.session.jobs[job_id].state is JobState.DONE)
    job = desk.session.jobs[job_id]
    when_done(desk.session).choose(Then.SLEEP)
    desk.session._on_event(JobChanged(replace(job, kept_latents=False)))
    assert dialog(window) is None


def test_a_refusal_is_told(qtbot, monkeypatch, desk, window):
    def refuse(_what):
        raise WanError("The computer did not do it ({why}). Your clips are safe.", why="Access denied")

    monkeypatch.setattr(power, "do", refuse)
    with qtbot.waitSignal(when_done(desk.session).refused):
        when_done(desk.session).do(Then.SLEEP)
    assert "Access denied" in window.banners.texts()[0]


# ---- the commands


@pytest.mark.parametrize(
    ("platform", "sleep", "off"),
    [
        ("linux", "systemctl suspend", "systemctl poweroff"),
        ("darwin", "pmset sleepnow", 'osascript -e tell application "System Events" to shut down'),
        ("win32", "rundll32.exe powrprof.dll,SetSuspendState 0,1,0", "shutdown /s /t 0"),
    ],
)
def test_each_system_has_its_commands(monkeypatch, platform, sleep, off):
    monkeypatch.setattr(power.sys, "platform", platform)
    assert " ".join(power.command(power.SLEEP)) == sleep
    assert " ".join(power.command(power.SHUT_DOWN)) == off


def test_an_unknown_system_can_do_neither(monkeypatch):
    monkeypatch.setattr(power.sys, "platform", "plan9")
    assert power.command(power.SLEEP) == ()
    assert not power.can(power.SLEEP)


def program(folder, name, text):
    file = folder / name
    file.write_text(f"#!{sys.executable}\n{text}")
    file.chmod(0o755)
    return str(file)


def test_a_command_that_fails_says_why(monkeypatch, tmp_path):
    failing = program(tmp_path, "off", "import sys; sys.exit('Interactive authentication required.')")
    monkeypatch.setattr(power, "command", lambda _what: (failing,))
    with pytest.raises(WanError, match=r"Interactive authentication required\."):
        power.do(power.SHUT_DOWN)
    monkeypatch.setattr(power, "command", lambda _what: (str(tmp_path / "nothing"),))
    with pytest.raises(WanError, match="Your clips are safe"):
        power.do(power.SHUT_DOWN)


def test_a_command_that_works_says_nothing(monkeypatch, tmp_path):
    mark = tmp_path / "done"
    working = program(tmp_path, "off", f"open({str(mark)!r}, 'w').close()")
    monkeypatch.setattr(power, "command", lambda _what: (working,))
    power.do(power.SLEEP)
    assert mark.exists()
