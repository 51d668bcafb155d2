"""Settings apply at once; what cannot be is told there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from wan_desktop.domain.errors import DiskProblem
from wan_desktop.domain.events import BackendState
from wan_desktop.ui import theme
from wan_desktop.ui.settings_dialog import SettingsDialog


@pytest.fixture
def dialog(desk, qtbot):
    dialog = SettingsDialog(desk.session, desk.window)
    dialog.show()
    yield dialog
    dialog.deleteLater()


def pick(box, key):
    box.setCurrentIndex(box.findData(key))
    box.activated.emit(box.currentIndex())


def test_it_shows_what_is_set(desk, dialog):
    assert dialog.folder.text() == str(desk.session.library_folder)
    assert dialog.appearance.currentData() == "dark"
    assert dialog.notify.value() == 30
    labels = [dialog.model.itemText(n) for n in range(dialog.model.count())]
    assert labels == ["Best present", desk.models.large.label, "Built-in demo"]


def test_choices_apply_at_once(desk, dialog):
    pick(dialog.appearance, "light")
    assert theme.current() is theme.LIGHT
    assert desk.settings.appearance == "light"
    pick(dialog.device, "cpu")
    assert desk.settings.device == "cpu"
    dialog.notify.setValue(90)
    dialog.notify.editingFinished.emit()
    assert desk.settings.notify_after_s == 90


def test_every_card_of_the_computer_can_be_chosen(desk, qtbot):
    cards = [["cuda:0", "NVIDIA RTX 4090"], ["cuda:1", "NVIDIA RTX 3060"]]
    info = {"device": "cpu", "device_name": "CPU", "problems": [], "cards": cards}
    with qtbot.waitSignal(desk.session.backend_changed):
        desk.backend.tell(BackendState("ready", info))
    dialog = SettingsDialog(desk.session, desk.window)
    labels = [dialog.device.itemText(n) for n in range(dialog.device.count())]
    assert labels[2:] == ["NVIDIA RTX 4090 (cuda:0)", "NVIDIA RTX 3060 (cuda:1)"]
    pick(dialog.device, "cuda:1")
    assert desk.settings.device == "cuda:1"
    dialog.deleteLater()


def test_keeping_work_is_set_there(qtbot, desk, dialog):
    qtbot.mouseClick(dialog.tabs.button("work"), Qt.MouseButton.LeftButton)
    assert dialog.at_start.isVisible()
    assert (dialog.at_start.currentData(), dialog.snapshot.value(), dialog.keep.value()) == ("ask", 15, 10)
    pick(dialog.at_start, "continue")
    for box, value in ((dialog.snapshot, 0), (dialog.keep, 25)):
        box.setValue(value)
        box.editingFinished.emit()
    assert (desk.settings.at_start, desk.settings.snapshot_every_s, desk.settings.keep_gb) == (
        "continue",
        0,
        25,
    )


def test_keeping_awake_can_be_left_alone(qtbot, desk, dialog):
    qtbot.mouseClick(dialog.tabs.button("rendering"), Qt.MouseButton.LeftButton)
    assert dialog.awake.isChecked()
    dialog.awake.click()
    assert desk.settings.keep_awake is False


def test_another_model_reaches_the_window(qtbot, desk, dialog):
    with qtbot.waitSignal(desk.session.model_changed):
        pick(dialog.model, desk.models.large.id)
    assert desk.window.bar.model.text() == desk.models.large.label
    assert desk.window.create_panel.advanced.steps.value() == 50


def test_a_model_folder_is_remembered(desk, dialog):
    dialog.use_model("/models/another")
    dialog.use_model("/models/another")
    assert desk.settings.model == "/models/another"
    assert desk.settings.model_dirs == ("/models/another",)


def test_what_cannot_be_saved_is_told_and_stays_as_it_was(desk, dialog, monkeypatch):
    def refuse(_settings):
        raise DiskProblem("{place} cannot be written to.", place="/video")

    monkeypatch.setattr(desk.session, "_save_settings", refuse)
    dialog.use_folder("/video")
    assert dialog.error.text() == "/video cannot be written to."
    assert desk.session.settings == replace(desk.session.settings, library_dir="")
    assert desk.window.banners.texts() in ([], ["/video cannot be written to."])


def test_the_window_opens_it(qtbot, desk, window):
    window.actions_by_id["settings"].trigger()
    opened = window.findChild(SettingsDialog)
    assert opened.isVisible()
    opened.reject()


def test_about_and_keys_open(qtbot, window):
    from PySide6.QtWidgets import QLabel

    from wan_desktop import __version__
    from wan_desktop.ui.about_dialog import AboutDialog, KeysDialog

    window.actions_by_id["about"].trigger()
    window.actions_by_id["keys"].trigger()
    about, keys = window.findChild(AboutDialog), window.findChild(KeysDialog)
    text = " ".join(label.text() for label in about.findChildren(QLabel))
    assert __version__ in text
    assert "arXiv:2503.20314" in text
    assert "Ctrl+Return" in [label.text() for label in keys.findChildren(QLabel)]
    about.reject()
    keys.reject()
