"""The settings page about servers, through the real dialog; the servers are small ComfyUIs on loopback."""

from __future__ import annotations

import json

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit, QMessageBox, QPushButton
from support.comfy_stub import ComfyStub
from support.tls import self_signed

from wan_desktop.remote.secrets import FILE as TOKENS
from wan_desktop.ui.settings_dialog import SettingsDialog

SECRET = "correct-horse"


@pytest.fixture
def stub():
    with ComfyStub() as running:
        yield running


@pytest.fixture
def page(desk, window):
    dialog = SettingsDialog(desk.session, window)
    dialog.show_page("servers")
    dialog.show()
    yield dialog.servers
    dialog.deleteLater()


@pytest.fixture
def fill(page):
    """Types into the form and saves."""

    def do(**values):
        for field, text in values.items():
            getattr(page.form, field).setText(text)
        page.form.save.click()

    return do


@pytest.fixture
def answer(qtbot, page):
    """Waits for the question and clicks the button of that name; the question's texts."""

    def do(words):
        qtbot.waitUntil(lambda: page.findChild(QMessageBox) is not None)
        box = page.findChild(QMessageBox)
        told = f"{box.text()} {box.informativeText()}"
        next(button for button in box.findChildren(QPushButton) if button.text() == words).click()
        return told

    return do


def card(qtbot, page, name):
    qtbot.waitUntil(lambda: name in page.cards)
    return page.cards[name]


def until_told(qtbot, page, name, words):
    qtbot.waitUntil(lambda: words in card(qtbot, page, name).status.text())


def test_adding_one_checks_it_and_says_what_it_has(qtbot, desk, page, fill, stub):
    page.add_button.click()
    fill(name="studio", url=stub.address, token=SECRET)
    until_told(qtbot, page, "studio", "Ready: ComfyUI 0.3.75 · RTX")
    facts = page.cards["studio"].facts.text()
    assert "wan2.2_ti2v_5B_fp16.safetensors, umt5_xxl_fp8_e4m3fn_scaled.safetensors, wan2.2_vae" in facts
    assert "only you can read" in facts
    assert "unipc → uni_pc/simple" in facts
    assert "The same seed gives another clip than here." in facts
    assert page.currentWidget() is not page.form
    assert desk.session.servers.names == ("studio",)


def test_the_token_is_kept_apart_and_never_shown_again(qtbot, desk, page, fill, stub):
    page.add_button.click()
    fill(name="studio", url=stub.address, token=SECRET)
    until_told(qtbot, page, "studio", "Ready")
    assert json.loads((desk.folder / TOKENS).read_text()) == {"studio": SECRET}
    page.cards["studio"].edit.click()
    assert page.form.token.echoMode() is QLineEdit.EchoMode.Password
    shown = [w.text() for kind in (QLabel, QLineEdit, QPushButton) for w in page.window().findChildren(kind)]
    assert not any(SECRET in text for text in shown)
    fill(url=stub.address)  # nothing typed: it stays
    until_told(qtbot, page, "studio", "Ready")
    assert desk.book.get("studio").token == SECRET
    page.cards["studio"].edit.click()
    page.form.forget.click()
    fill(url=stub.address)
    qtbot.waitUntil(lambda: desk.book.get("studio").token == "")


def test_what_it_lacks_and_what_is_odd_is_told_in_a_sentence(qtbot, desk, page, stub):
    stub.nodes["VAELoader"] = {"vae_name": [["other.safetensors"], {}]}
    desk.book.add("studio", stub.address)
    card(qtbot, page, "studio").check.click()
    until_told(qtbot, page, "studio", "lacks the file wan2.2_vae.safetensors; it has other.safetensors")
    assert "Put the file there." in page.cards["studio"].status.text()


def test_nobody_is_asked_before_somebody_says_so(qtbot, desk, page, stub):
    desk.book.add("studio", stub.address)  # as by the command line, beside the open dialog
    assert card(qtbot, page, "studio").status.text() == "Not asked yet."
    assert stub.asked == []


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "two words", "url": "https://studio.example"}, "name"),
        ({"name": "studio", "url": "ftp://studio"}, "url"),
        ({"name": "studio", "url": "https://studio.example", "token": "two words"}, "token"),
        ({"name": "studio", "url": "https://studio.example", "certificate": "abc"}, "certificate"),
    ],
)
def test_what_is_refused_is_told_at_its_field(qtbot, desk, page, fill, values, field):
    page.add_button.click()
    fill(**values)
    qtbot.waitUntil(lambda: page.form.errors[field].isVisible())
    assert page.currentWidget() is page.form
    assert desk.book.names() == []
    if field == "name":
        fill(name="studio")
        qtbot.waitUntil(lambda: desk.book.names() == ["studio"])


def test_plain_http_to_another_computer_is_warned_about(qtbot, desk, page):
    desk.book.add("cellar", "http://192.168.1.20:8188")
    assert "Not encrypted" in card(qtbot, page, "cellar").facts.text()


def test_removing_asks_first_and_says_what_it_costs(qtbot, desk, page, stub, answer):
    desk.book.add("studio", stub.address, SECRET)
    desk.session.servers.look()
    panel = desk.window.create_panel
    panel.prompt.editor.setPlainText("a red ball")
    panel.where._choose("on:studio")
    panel.submit()
    qtbot.waitUntil(lambda: bool(desk.session.jobs))
    card(qtbot, page, "studio").remove.click()
    assert "render there: 1" in answer("Keep")
    assert desk.book.names() == ["studio"]
    qtbot.waitUntil(lambda: page.findChild(QMessageBox) is None)
    page.cards["studio"].remove.click()
    answer("Remove")
    qtbot.waitUntil(lambda: page.cards == {})
    assert json.loads((desk.folder / TOKENS).read_text()) == {}


def test_a_certificate_of_its_own_is_trusted_after_a_look_at_it(qtbot, desk, page, tmp_path, answer):
    context, fingerprint = self_signed(tmp_path / "server.pem")
    with ComfyStub(context) as stub:
        desk.book.add("studio", stub.address, SECRET)
        card(qtbot, page, "studio").check.click()
        until_told(qtbot, page, "studio", "cannot be verified")
        assert page.cards["studio"].trust.isVisible()
        assert stub.asked == []
        page.cards["studio"].trust.click()
        told = answer("Trust it").replace(":", "").replace("\n", "")
        assert fingerprint in told
        until_told(qtbot, page, "studio", "Ready")
        assert desk.book.get("studio").certificate == fingerprint
        assert desk.book.get("studio").token == SECRET


def test_every_sentence_has_room(qtbot, desk, page, stub):
    stub.broken = None
    desk.book.add("studio", stub.address, SECRET)
    card(qtbot, page, "studio").check.click()
    until_told(qtbot, page, "studio", "Ready")
    qtbot.waitUntil(
        lambda: all(
            label.height() >= label.heightForWidth(label.width())
            for label in page.findChildren(QLabel)
            if label.isVisible() and label.wordWrap()
        )
    )
