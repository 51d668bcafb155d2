"""The page about models: a real manager on real files."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from support import formats

from wan_desktop.bridge.model_shelf import ModelShelf
from wan_desktop.config.paths import resources_dir
from wan_desktop.domain.settings import Settings
from wan_desktop.models.catalog import ModelCatalog
from wan_desktop.models.manager import ModelManager
from wan_desktop.models.registry import Registry
from wan_desktop.ui.models_page import ModelsPage


@pytest.fixture(scope="module")
def made():
    return formats.networks(), formats.spiece()


@pytest.fixture
def own(tmp_path):
    return tmp_path / "own models"


@pytest.fixture
def shelf(tmp_path, own, qtbot):
    registry = Registry(tmp_path / "models.json")
    catalog = ModelCatalog(resources_dir() / "models" / "demo", Settings, registry)
    return ModelShelf(ModelManager(catalog, registry, own, {"HOME": str(tmp_path / "home")}))


@pytest.fixture
def page(shelf, qtbot):
    page = ModelsPage(shelf)
    qtbot.addWidget(page)
    with qtbot.waitSignal(shelf.changed):
        page.show()
    return page


def rows(page):
    return [page.list.item(i).text() for i in range(page.list.count())]


def test_with_no_model_it_says_what_to_get(page, own):
    assert len(rows(page)) == 1
    assert "wan2.2_vae.safetensors, 1.4 GB" in page.state.text()
    assert str(own) in page.state.text()
    assert not page.yes.isVisible()
    assert not page.leave.isEnabled()


def test_files_that_arrive_are_noticed(page, shelf, own, made, qtbot):
    formats.write_comfy(own, *made)
    with qtbot.waitSignal(shelf.changed):
        shelf.look()
    assert rows(page)[0].startswith("Wan2.2 TI2V-5B (bf16)\n")
    assert page.state.text() == ""


def test_added_checked_and_taken_off(page, shelf, tmp_path, made, qtbot, monkeypatch):
    comfy = formats.write_comfy(tmp_path / "comfy", *made)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(comfy))
    with qtbot.waitSignal(shelf.changed):
        page.folder.click()
    assert len(rows(page)) == 2
    with qtbot.waitSignals([shelf.verified, shelf.changed]):
        page.check.click()
    qtbot.waitUntil(lambda: "3 files are as they should be" in page.state.text())
    (vae,) = (comfy / "vae").iterdir()
    vae.write_bytes(vae.read_bytes()[:-1] + b"!")
    with qtbot.waitSignals([shelf.verified, shelf.changed]):
        page.check.click()
    qtbot.waitUntil(lambda: f"changed: {vae}" in page.state.text())
    page.list.item(0).setSelected(True)
    assert page.leave.isEnabled()
    with qtbot.waitSignal(shelf.changed):
        page.leave.click()
    assert len(rows(page)) == 1
    assert vae.exists()


def test_what_is_refused_is_told(page, shelf, tmp_path, qtbot, monkeypatch):
    (tmp_path / "x.safetensors").write_text("no weights")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "x.safetensors"), ""))
    with qtbot.waitSignal(shelf.refused):
        page.file.click()
    assert "x.safetensors" in page.state.text()
    assert page.look.isEnabled()


@pytest.mark.parametrize(
    ("button", "label"), [("yes", "FastWan2.2 TI2V-5B (bf16)"), ("no", "Wan2.2 TI2V-5B (bf16)")]
)
def test_a_question_is_asked_once(page, shelf, tmp_path, made, qtbot, button, label):
    comfy = formats.write_comfy(tmp_path / "comfy", *made)
    (file,) = (comfy / "diffusion_models").iterdir()
    file.rename(file.with_name("my-fastwan.safetensors"))
    with qtbot.waitSignal(shelf.changed):
        shelf.add(Path(comfy))
    assert "my-fastwan.safetensors" in page.state.text()
    assert page.yes.isVisible()
    with qtbot.waitSignal(shelf.changed):
        getattr(page, button).click()
    assert rows(page)[0].startswith(label)
    assert not page.yes.isVisible()


def test_it_opens_from_the_menu_and_a_new_model_is_used(desk, shelf, own, made, qtbot):
    """`desk` has a window of its own; its models here are those of `shelf`."""
    window = desk.window
    desk.session.model_shelf = shelf
    with qtbot.waitSignal(shelf.changed):
        window._commands.open_models()
    page = window.findChild(ModelsPage)
    assert page.isVisible()
    desk.models.chosen = "5b"
    with qtbot.waitSignal(desk.session.model_changed) as told:
        page.reject()
    assert told.args[0].label == "Wan2.2 TI2V-5B"
