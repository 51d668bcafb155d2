"""ComfyUI workflows through the real window: dropped, opened, refused in a sentence, copied."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QThreadPool
from PySide6.QtGui import QGuiApplication
from safetensors.numpy import save_file
from support.comfy_files import LAYOUT, WRITERS, plain_json, png
from support.workflows import node, template

from wan_desktop.bridge.workflows import workflow_text
from wan_desktop.domain.request import Draft, Lora

SIZE = {"width": 256, "height": 160, "length": 25}


@pytest.fixture
def told(qtbot, window):
    """Waits for a banner with these words; the whole sentence."""

    def wait(words):
        qtbot.waitUntil(lambda: any(words in text for text in window.banners.texts()))
        return next(text for text in window.banners.texts() if words in text)

    return wait


def arrived(qtbot, panel, prompt):
    qtbot.waitUntil(lambda: panel.draft().prompt == prompt)
    return panel.draft()


@pytest.mark.parametrize("name", WRITERS)
def test_a_dropped_workflow_becomes_the_form(qtbot, desk, panel, window, drop, files, tmp_path, name):
    tall = {"width": 160, "height": 256, "length": 17}
    graph = template("a blue star", n55=tall, n3={"seed": 77, "steps": 6, "cfg": 4.5}, n48={"shift": 3})
    assert drop(window, files(str(WRITERS[name](tmp_path / name, graph))))
    draft = arrived(qtbot, panel, "a blue star")
    assert (draft.negative_prompt, draft.seed, draft.num_inference_steps) == ("dull", 77, 6)
    assert (draft.guidance_scale, draft.flow_shift, draft.fps, draft.sampler) == (4.5, 3, 24, "uni_pc")
    assert (draft.width, draft.height, draft.num_frames) == (160, 256, 17)
    assert not panel.image.has_image()
    assert window.banners.texts() == []
    panel.submit()
    qtbot.waitUntil(lambda: any(j.request.prompt == "a blue star" for j in desk.session.jobs.values()))


def test_its_loras_come_back_when_they_are_known(qtbot, desk, panel, window, told, drop, files, tmp_path):
    """Those of the folder that Settings name, and those that an earlier job used."""
    folder = tmp_path / "loras"
    used, listed = write_lora(tmp_path / "used.safetensors"), write_lora(folder / "sub" / "ink.safetensors")
    panel.fill(Draft(prompt="before", loras=(Lora(str(used), 0.5),)))
    with qtbot.waitSignal(desk.session.submitted) as job:
        panel.submit()
    text = workflow_text(job.args[0].request)
    panel.clear()
    (tmp_path / "copied.json").write_text(text)
    assert drop(window, files(str(tmp_path / "copied.json")))
    assert [(one.path, one.strength) for one in arrived(qtbot, panel, "before").loras] == [(str(used), 0.5)]

    (tmp_path / "other.json").write_text(
        text.replace("used.safetensors", "ink.safetensors").replace("before", "after")
    )
    assert drop(window, files(str(tmp_path / "other.json")))
    assert "ink.safetensors" in told("cannot be rendered here")
    desk.session.change_settings(replace(desk.settings, api_loras=str(folder)))
    assert drop(window, files(str(tmp_path / "other.json")))
    assert [one.path for one in arrived(qtbot, panel, "after").loras] == [str(listed)]


def write_lora(file):
    file.parent.mkdir(parents=True, exist_ok=True)
    stem = "diffusion_model.blocks.0.self_attn.q"
    shapes = {"lora_down": (4, 256), "lora_up": (256, 4)}
    save_file({f"{stem}.{kind}.weight": np.zeros(shape, np.float32) for kind, shape in shapes.items()}, file)
    return file


def test_dropped_on_the_start_image_or_opened_it_is_the_same(qtbot, panel, window, drop, files, tmp_path):
    file = plain_json(tmp_path / "a.json", template("first", n55=SIZE))
    assert drop(panel.image, files(str(file)))
    arrived(qtbot, panel, "first")
    window.open_file(str(plain_json(tmp_path / "b.json", {"prompt": template("second", n55=SIZE)})))
    arrived(qtbot, panel, "second")


def test_a_picture_of_another_model_is_a_start_image(qtbot, panel, window, drop, files, tmp_path):
    panel.prompt.editor.setPlainText("kept")
    other = {"1": node("CheckpointLoaderSimple", ckpt_name="xl.safetensors"), "2": node("EmptyLatentImage")}
    assert drop(window, files(str(png(tmp_path / "portrait.png", other))))
    qtbot.waitUntil(lambda: panel.image.image() is not None)
    assert panel.draft().image.endswith("portrait.png")
    assert panel.draft().prompt == "kept"
    assert window.banners.texts() == []


def test_on_the_start_image_a_picture_is_always_a_picture(qtbot, panel, drop, files, tmp_path):
    file = png(tmp_path / "frame.png", template("not this", n55=SIZE))
    assert drop(panel.image, files(str(file)))
    qtbot.waitUntil(lambda: panel.image.image() is not None)
    assert panel.draft().image == str(file)
    assert panel.draft().prompt == ""


def test_a_start_image_beside_the_workflow_is_used(qtbot, panel, window, picture, tmp_path):
    graph = template("from a picture", n55={**SIZE, "start_image": ["56", 0]})
    graph["56"] = node("LoadImage", image="harbour.png")
    file = plain_json(tmp_path / "a.json", graph)
    window.open_file(str(file))
    draft = arrived(qtbot, panel, "from a picture")
    assert draft.image is None
    assert "“harbour.png”, which is not here" in panel.image.error.text()
    picture("harbour.png", 320, 200)
    window.open_file(str(file))
    qtbot.waitUntil(lambda: panel.image.image() is not None)
    assert panel.draft().image == str(tmp_path / "harbour.png")
    assert panel.image.error.text() == ""


def test_a_start_image_is_scaled_as_the_workflow_says(qtbot, panel, window, picture, tmp_path):
    picture("harbour.png", 320, 200)
    graph = template("stretched", n55={**SIZE, "start_image": ["57a", 0]})
    graph["56"] = node("LoadImage", image="harbour.png")
    scale = {"upscale_method": "bilinear", "width": 100, "height": 150, "crop": "disabled"}
    graph["57a"] = node("ImageScale", image=["56", 0], **scale)
    window.open_file(str(plain_json(tmp_path / "a.json", graph)))
    qtbot.waitUntil(lambda: panel.image.image() is not None)
    assert (panel.image.image().width, panel.image.image().height) == (100, 150)


def test_of_two_files_that_come_quickly_the_last_one_counts(qtbot, panel, window, picture, tmp_path):
    window.open_file(str(png(tmp_path / "slow.png", template("slow", n55=SIZE)).absolute()))
    window.open_file(str(plain_json(tmp_path / "quick.json", template("quick", n55=SIZE))))
    arrived(qtbot, panel, "quick")
    qtbot.waitUntil(lambda: QThreadPool.globalInstance().activeThreadCount() == 0)
    QCoreApplication.processEvents()
    assert panel.draft().prompt == "quick"


def test_what_cannot_be_done_is_told_with_its_node(panel, window, tmp_path, told):
    panel.prompt.editor.setPlainText("kept")
    graph = template("no", n55=SIZE)
    graph["99"] = node("RIFE VFI", frames=["8", 0])
    window.open_file(str(plain_json(tmp_path / "a.json", graph)))
    assert "the node “RIFE VFI” (number 99)" in told("a.json")
    half = template("no", n55=SIZE, n3={"denoise": 0.5})
    window.open_file(str(plain_json(tmp_path / "half.json", half)))
    assert "“KSampler” (number 3): denoise - Clips are drawn from pure noise" in told("half.json")
    window.open_file(str(plain_json(tmp_path / "layout.json", LAYOUT)))
    assert "export it there as “API”" in told("layout.json")
    (tmp_path / "shopping.json").write_text('{"milk": 1}')
    window.open_file(str(tmp_path / "shopping.json"))
    assert "no ComfyUI workflow" in told("shopping.json")
    assert panel.draft().prompt == "kept"


def test_a_job_and_its_clip_are_copied_as_workflows_that_bring_them_back(
    qtbot, desk, panel, window, picture, tmp_path
):
    panel.prompt.editor.setPlainText("a red ball")
    panel.set_image(picture())
    qtbot.waitUntil(lambda: panel.image.image() is not None)
    with qtbot.waitSignal(desk.session.clip_added) as added:
        panel.submit()
    clip = added.args[0]
    window.side.queue.select(clip.job_id)
    window.side.library.select(clip.id)
    copied = []
    for owner in (window.side.queue, window.side.library):
        QGuiApplication.clipboard().clear()
        menu = owner.context_menu()
        next(a for a in menu.actions() if a.text() == "Copy as ComfyUI workflow").trigger()
        copied.append(json.loads(QGuiApplication.clipboard().text()))
    assert copied[0] == copied[1]
    assert copied[0]["37"]["inputs"]["unet_name"] == "demo"
    panel.clear()
    window.open_file(str(plain_json(tmp_path / "copied.json", copied[0])))
    draft = arrived(qtbot, panel, "a red ball")
    assert (draft.seed, draft.stored_image) == (clip.request["seed"], clip.request["image"])
