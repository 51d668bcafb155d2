"""Report a problem: a real file, with and without prompts, shown in its folder."""

from __future__ import annotations

import zipfile

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel

from wan_desktop.domain.errors import WanError
from wan_desktop.ui import reveal
from wan_desktop.ui.report_dialog import ReportDialog
from wan_desktop.ui.widgets.toast import Toast


@pytest.fixture
def revealed(monkeypatch):
    """The files that the file manager was asked to show."""
    shown = []
    monkeypatch.setattr(reveal, "_reveal", lambda path: shown.append(path) or True)
    return shown


@pytest.fixture
def dialog(qtbot, desk, window):
    desk.window.create_panel.prompt.editor.setPlainText("a birthday surprise")
    desk.backend.script("birthday", fail=WanError("It does not work."))
    with qtbot.waitSignal(desk.session.submitted) as told:
        desk.window.create_panel.submit()
    qtbot.waitUntil(lambda: desk.session.jobs[told.args[0].id].state.ended)
    window.actions_by_id["report"].trigger()
    return window.findChild(ReportDialog)


def text_of(path):
    with zipfile.ZipFile(path) as report:
        return report.read("report.json").decode()


def test_it_says_what_goes_in_and_that_nothing_is_sent(dialog):
    text = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert "Not in it" in text
    assert "Nothing is sent" in text
    assert not dialog.prompts.isChecked()


@pytest.mark.parametrize("with_prompts", [False, True])
def test_it_saves_where_the_user_says_and_shows_it(
    qtbot, monkeypatch, window, dialog, revealed, tmp_path, with_prompts
):
    target = tmp_path / "mine.zip"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    dialog.prompts.setChecked(with_prompts)
    with qtbot.waitSignal(dialog.finished):
        qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    assert ("a birthday surprise" in text_of(target)) is with_prompts
    qtbot.waitUntil(lambda: revealed == [target])
    assert window.findChild(Toast)._label.text() == "Saved: mine.zip"


def test_a_name_without_an_ending_gets_one(qtbot, monkeypatch, dialog, revealed, tmp_path):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    with qtbot.waitSignal(dialog.finished):
        dialog.choose()
    assert (tmp_path / "mine.zip").is_file()


def test_giving_up_saves_nothing(monkeypatch, dialog):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    dialog.choose()
    assert dialog.isVisible()
    assert dialog.save_button.isEnabled()
    dialog.reject()


def test_a_folder_that_takes_nothing_is_told_in_place(qtbot, dialog, revealed, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    dialog.save(tmp_path / "file" / "report.zip")
    qtbot.waitUntil(lambda: dialog.error.text() != "")
    assert dialog.save_button.isEnabled()
    assert revealed == []
    dialog.reject()


def test_a_failed_render_offers_it(qtbot, window, dialog):
    dialog.reject()
    button = window.stage.ended_page.report_button
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert any(other.isVisible() for other in window.findChildren(ReportDialog))
