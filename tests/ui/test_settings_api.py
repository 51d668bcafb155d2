"""The switch for other programs, through the real settings dialog and a real socket on loopback."""

from __future__ import annotations

import socket
import subprocess
import sys
from dataclasses import replace

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog, QLabel
from support.loopback import Client
from support.workflows import template

from wan_desktop.bridge.api_door import ApiDoor
from wan_desktop.domain.settings import Settings
from wan_desktop.server.switch import ApiSwitch
from wan_desktop.ui.settings_dialog import SettingsDialog


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def door(desk, window, tmp_path, free_port):
    """The switch wired as the program wires it, off."""
    desk.session.change_settings(Settings(appearance="dark", language="en", api_port=free_port))
    switch = ApiSwitch(desk.host, data=tmp_path, config=tmp_path)
    desk.session.api = ApiDoor(switch, desk.session)
    desk.session.settings_changed.connect(desk.session.api.use)
    desk.session.api.changed.connect(window._show_api)
    yield desk.session.api
    switch.close()


@pytest.fixture
def page(desk, door, window):
    dialog = SettingsDialog(desk.session, window)
    dialog.show_page("api")
    dialog.show()
    yield dialog.api
    dialog.deleteLater()


@pytest.fixture
def click(qtbot, door):
    """Clicks, and waits until what follows is done."""

    def do(button):
        button.click()
        qtbot.waitUntil(lambda: not door.busy)

    return do


def refused(port):
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) != 0


def test_it_is_off_until_somebody_turns_it_on(desk, page, free_port):
    assert not page.on.isChecked()
    assert (page.address.text(), page.copy_address.isEnabled()) == ("Off", False)
    assert refused(free_port)


def test_on_answers_and_takes_prompts_off_refuses(qtbot, desk, page, click, free_port):
    click(page.on)
    assert page.address.text() == f"http://127.0.0.1:{free_port}"
    assert desk.settings.api_on
    click(page.copy_address)
    client = Client(QGuiApplication.clipboard().text())
    assert client.get("/system_stats").status == 200
    large = {"width": 1280, "height": 704, "length": 121}
    prompt_id = client.prompt(template("a heron at dusk", n55=large))
    qtbot.waitUntil(lambda: any(j.request.prompt == "a heron at dusk" for j in desk.session.jobs.values()))
    assert prompt_id in desk.session.jobs
    assert desk.window.side.queue.model.row_of(prompt_id) >= 0
    click(page.on)
    assert page.address.text() == "Off"
    assert refused(free_port)


def test_with_a_token_only_who_sends_it_comes_in(desk, page, click, tmp_path):
    click(page.on)
    click(page.needs_token)
    address, token = page.address.text(), page.token.text()
    assert Client(address).get("/system_stats").status == 401
    click(page.copy_token)
    assert QGuiApplication.clipboard().text() == token == (tmp_path / "api-token").read_text()
    assert Client(address, token).get("/system_stats").status == 200
    assert "file that only you can read" in page.token_note.text()
    click(page.new_token)
    assert page.token.text() not in ("", token)
    assert Client(address, token).get("/system_stats").status == 401
    assert Client(address, page.token.text()).get("/system_stats").status == 200


def test_a_taken_port_is_told_and_another_one_mends_it(desk, page, click, door, qtbot):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        free = page.port.value()
        page.port.setValue(taken)
        page.port.editingFinished.emit()
        click(page.on)
        assert f"has port {taken}: choose another port" in page.error.text()
        assert page.address.text() == "Off"
        assert any(str(taken) in text for text in desk.window.banners.texts())
    page.port.setValue(free)
    page.port.editingFinished.emit()
    qtbot.waitUntil(lambda: not door.busy and door.state.on)
    assert page.error.text() == ""
    assert Client(page.address.text()).get("/system_stats").status == 200
    assert not any(str(taken) in text for text in desk.window.banners.texts())


def test_every_sentence_has_room(desk, page, click, qtbot):
    click(page.on)
    click(page.needs_token)
    qtbot.waitUntil(
        lambda: all(
            label.height() >= label.heightForWidth(label.width())
            for label in page.findChildren(QLabel)
            if label.isVisible() and label.wordWrap()
        )
    )
    assert page.copy_token.visibleRegion().boundingRect().height() == page.copy_token.height()


def test_a_port_that_cannot_be_is_told(desk, page, door, qtbot):
    desk.session.change_settings(replace(desk.session.settings, api_on=True, api_port=70_000))
    qtbot.waitUntil(lambda: not door.busy)
    assert "cannot listen on 127.0.0.1:70000" in page.error.text()


def test_the_demo_model_answers_only_when_it_may(desk, page, click, monkeypatch):
    monkeypatch.setattr(desk.models, "all", lambda: [desk.models.demo])
    click(page.on)
    client = Client(page.address.text())
    small = template("a red ball", n55={"width": 256, "height": 160, "length": 25})
    assert client.post("/prompt", {"prompt": small}).status == 400
    click(page.demo)
    assert client.post("/prompt", {"prompt": small}).status == 200


def test_workflows_may_name_the_loras_of_the_chosen_folder(
    qtbot, desk, page, click, door, tmp_path, monkeypatch
):
    folder, empty = tmp_path / "my LoRAs", tmp_path / "empty"
    (folder / "sub").mkdir(parents=True)
    empty.mkdir()
    for name in ("a.safetensors", "sub/b.safetensors", "readme.txt"):
        (folder / name).write_bytes(b"")
    chosen = iter([str(folder), str(empty), ""])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: next(chosen))
    click(page.on)
    client = Client(page.address.text())
    assert (page.loras.text(), page.no_loras.isVisible()) == ("None", False)
    assert client.get("/models/loras").json() == []
    click(page.choose_loras)
    assert page.loras.text() == desk.settings.api_loras == str(folder)
    assert page.loras_note.text().startswith("2 LoRAs were found")
    assert client.get("/models/loras").json() == ["a.safetensors", "sub/b.safetensors"]
    click(page.choose_loras)
    assert page.loras_note.text().startswith("No LoRA was found in it")
    click(page.choose_loras)  # nothing was chosen
    assert page.loras.text() == str(empty)
    click(page.no_loras)
    assert (page.loras.text(), desk.settings.api_loras, page.no_loras.isVisible()) == ("None", "", False)


def test_wishes_that_come_quickly_end_with_the_last_one(desk, page, door, qtbot, free_port):
    for _ in range(5):
        page.on.click()  # on, off, on, off, on
    qtbot.waitUntil(lambda: not door.busy and door.state.on)
    assert Client(page.address.text()).get("/system_stats").status == 200


def test_nothing_of_the_server_is_loaded_while_it_is_off():
    code = (
        "import sys, wan_desktop.app.window, wan_desktop.bridge.api_door, wan_desktop.ui.settings_api\n"
        "from wan_desktop.server.switch import ApiSwitch\n"
        "from wan_desktop.domain.settings import Settings\n"
        "assert not ApiSwitch(None, data=None, config=None).apply(Settings()).on\n"
        "print(sorted({'aiohttp', 'keyring', 'wan_desktop.server.api'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"
