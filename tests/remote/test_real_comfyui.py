"""Rendering on a real ComfyUI (`support/real_comfyui.py` says which, and how it comes here)."""

from __future__ import annotations

import pytest
from PIL import Image

from wan_desktop.domain.errors import Cancelled
from wan_desktop.domain.events import Preview, Progress
from wan_desktop.domain.job import Stage
from wan_desktop.graph import names
from wan_desktop.media.clips import probe
from wan_desktop.remote.book import Remote
from wan_desktop.remote.checking import checked

pytestmark = [pytest.mark.comfyui, pytest.mark.timeout(600)]


def drawing(event):
    return isinstance(event, Progress) and event.stage is Stage.DENOISING


def test_it_is_ready(comfyui):
    told = checked(Remote("there", comfyui.address))
    assert told["ready"], told
    assert names.UNET in told["sentence"]


def test_a_clip_from_a_picture_comes_back_with_steps_and_previews(comfyui, elsewhere, tmp_path):
    Image.new("RGB", (300, 200), (200, 60, 40)).save(tmp_path / "start.png")
    sha, _ = elsewhere.images.add(str(tmp_path / "start.png"))
    render = elsewhere.begin(comfyui.address, elsewhere.job(image=sha)).end(60)
    info = probe(render.rendered.path)
    assert (info.codec, info.num_frames, info.width, info.height, info.fps) == ("h264", 9, 128, 96, 24)
    assert [p.done for p in render.progress if drawing(p) and p.total] == [1, 2, 3]
    assert any(isinstance(event, Preview) for event in render.events)
    assert render.rendered.made_by["remote"]["changes"]["sampler"]["theirs"] == "uni_pc/simple"


def test_what_it_has_in_its_cache_comes_back_too(comfyui, elsewhere):
    for ident in ("first", "second"):
        assert elsewhere.begin(comfyui.address, elsewhere.job(ident, seed=99)).end(60).rendered


def test_cancel_reaches_our_jobs_alone(comfyui, elsewhere):
    runs = elsewhere.begin(comfyui.address, elsewhere.job("a", num_inference_steps=100, seed=1))
    runs.until(drawing)
    stays = elsewhere.begin(comfyui.address, elsewhere.job("b", seed=2))
    stays.until(lambda event: "behind" in getattr(event, "sentence", ""))
    waits = elsewhere.begin(comfyui.address, elsewhere.job("c", seed=3))
    waits.until(lambda event: "behind" in getattr(event, "sentence", ""))
    for stopped in (waits, runs):
        stopped.cancel.cancel()
        assert isinstance(stopped.end().error, Cancelled)
    assert stays.end(60).rendered


def test_after_our_own_end_the_same_prompt_is_followed_further(comfyui, elsewhere):
    job = elsewhere.job(num_inference_steps=20, seed=4)
    first = elsewhere.begin(comfyui.address, job)
    first.until(drawing)
    first.cancel.cancel(ending=True)
    assert isinstance(first.end().error, Cancelled)
    again = elsewhere.begin(comfyui.address, job).end(60)
    assert again.rendered
    assert any("already asked" in note for note in again.notes)


def test_its_restart_in_the_middle_means_sending_again(comfyui, elsewhere):
    from wan_desktop.remote.pace import Pace

    render = elsewhere.begin(
        comfyui.address, elsewhere.job(num_inference_steps=40, seed=5), pace=Pace(poll_s=0.2, retry_s=0.2)
    )
    render.until(drawing)
    comfyui.stop()
    render.until(lambda event: "does not answer" in getattr(event, "sentence", ""))
    comfyui.start()
    assert render.end(120).rendered
    assert any("sent again" in note for note in render.notes)
