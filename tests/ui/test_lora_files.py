"""LoRAs in the window: chosen, weighted, sent, refused at their place, and there again with a clip that had them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog
from safetensors.torch import save_file

from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Draft, Lora
from wan_desktop.ui.panels.stage_recipe import RecipeDialog


@pytest.fixture
def lora(tmp_path):
    """Makes LoRA files: `lora("name")`, for a transformer of some width."""

    def make(name: str, width: int = 256) -> str:
        file = tmp_path / f"{name}.safetensors"
        stem = "diffusion_model.blocks.0.self_attn.q"
        weights = {"lora_down": torch.zeros(4, width), "lora_up": torch.zeros(width, 4)}
        save_file({f"{stem}.{kind}.weight": w for kind, w in weights.items()}, file)
        return str(file)

    return make


@pytest.fixture
def choose(panel, qtbot, monkeypatch):
    """Chooses files in the dialog that the button opens."""

    def do(*files: str) -> None:
        monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: (list(files), ""))
        qtbot.mouseClick(panel.advanced.loras.add, Qt.MouseButton.LeftButton)

    panel.advanced.fold.set_open(True)
    return do


def names(panel):
    return [Path(row.path).stem for row in panel.advanced.loras.rows]


def test_several_are_chosen_each_with_its_strength_and_go_with_the_job(panel, desk, qtbot, lora, choose):
    files = [lora("cats"), lora("watercolour")]
    choose(*files)
    assert names(panel) == ["cats", "watercolour"]
    panel.advanced.loras.rows[1].strength.setValue(0.8)
    panel.prompt.editor.setPlainText("a red ball")
    with qtbot.waitSignal(desk.session.submitted) as told:
        qtbot.mouseClick(panel.foot.render_button, Qt.MouseButton.LeftButton)
    used = told.args[0].request.loras
    assert [(each.path, each.strength) for each in used] == [(files[0], 1.0), (files[1], 0.8)]
    assert all(each.fingerprint for each in used)


def test_one_is_listed_once_and_taken_off_again(panel, qtbot, lora, choose):
    file = lora("cats")
    choose(file)
    choose(file)
    choose()  # nothing was chosen
    assert names(panel) == ["cats"]
    with qtbot.waitSignal(panel.advanced.loras.edited):
        qtbot.mouseClick(panel.advanced.loras.rows[0].remove, Qt.MouseButton.LeftButton)
    assert names(panel) == []
    assert panel.draft().loras == ()


def test_one_for_another_model_is_refused_at_its_place_and_nothing_is_queued(
    panel, desk, qtbot, lora, choose
):
    choose(lora("big", 5120))
    panel.prompt.editor.setPlainText("a red ball")
    panel.advanced.fold.set_open(False)
    with qtbot.waitSignal(desk.session.refused):
        qtbot.mouseClick(panel.foot.render_button, Qt.MouseButton.LeftButton)
    assert "14 B" in panel.advanced.loras.error.text()
    assert panel.advanced.loras.error.isVisible()
    assert not desk.session.jobs
    qtbot.mouseClick(panel.advanced.loras.rows[0].remove, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.advanced.loras.error.isHidden())


def test_a_draft_is_shown_as_it_was(panel):
    used = (Lora("/a/cats.safetensors", 0.5), Lora("/b/ink.safetensors", -1.25))
    panel.fill(Draft(prompt="x", loras=used))
    assert panel.draft().loras == used
    panel.fill(Draft(prompt="x"))
    assert panel.draft().loras == ()


def test_what_was_chosen_is_there_after_a_restart(desk, panel, qtbot, lora, choose):
    file = lora("cats")
    choose(file)
    panel.prompt.editor.setPlainText("a red ball")
    desk.close()
    desk.open()
    again = desk.window.create_panel
    qtbot.waitUntil(lambda: bool(again.advanced.loras.rows))
    assert again.draft().loras == (Lora(file, 1.0),)


def test_a_clip_that_had_one_says_so_and_is_made_again_with_it(panel, desk, qtbot, lora, choose):
    file = lora("cats")
    choose(file)
    panel.prompt.editor.setPlainText("a red ball")
    with qtbot.waitSignal(desk.session.submitted) as told:
        qtbot.mouseClick(panel.foot.render_button, Qt.MouseButton.LeftButton)
    job = told.args[0]
    qtbot.waitUntil(lambda: desk.session.jobs[job.id].state is JobState.DONE)
    (clip,) = desk.session.clips.values()
    rows = dict(RecipeDialog(clip)._rows())
    assert rows["LoRAs"] == "cats × 1"
    panel.clear()
    assert names(panel) == []
    panel.fill(Draft.from_request(desk.session.jobs[job.id].request))
    assert panel.draft().loras == (replace(job.request.loras[0], fingerprint=""),)
