"""Rendering on another Wan Desktop: our own API server on loopback, with a scripted backend behind it."""

from __future__ import annotations

import json

import pytest
from PIL import Image

from wan_desktop.domain.errors import Cancelled, OutOfMemory, Paused
from wan_desktop.domain.events import Preview, Progress
from wan_desktop.domain.job import JobState, Stage
from wan_desktop.media.clips import probe
from wan_desktop.remote.problems import RemoteProblem

DEMO = {"model": "on:there/demo"}


def drawing(event):
    return isinstance(event, Progress) and event.stage is Stage.DENOISING


def test_a_job_is_rendered_there_and_its_clip_comes_back(start, elsewhere):
    served = start()
    render = elsewhere.begin(served.api.address, elsewhere.job(**DEMO)).end()
    rendered = render.rendered
    info = probe(rendered.path)
    assert (info.codec, info.num_frames, info.width, info.height, info.fps) == ("h264", 9, 128, 96, 24)
    (asked,) = served.backend.requests
    ours = elsewhere.job(**DEMO).request
    for field in (
        "prompt",
        "negative_prompt",
        "num_inference_steps",
        "guidance_scale",
        "flow_shift",
        "seed",
        "sampler",
    ):
        assert getattr(asked.request, field) == getattr(ours, field), field
    stages = [p.stage for p in render.progress]
    assert stages[0] is Stage.LOADING
    assert stages[-1] is Stage.SAVING
    assert rendered.made_by["remote"]["wan_desktop"]
    assert rendered.made_by["remote"]["changes"] == {}
    assert not render.notes


def test_its_steps_and_previews_are_shown(start, elsewhere):
    served = start()
    served.backend.script("red", hold=Stage.DENOISING)
    render = elsewhere.begin(served.api.address, elsewhere.job(**DEMO))
    render.until(drawing)
    served.backend.release()
    render.end()
    assert [(p.done, p.total) for p in render.progress if drawing(p) and p.total][-1] == (3, 3)
    previews = [event for event in render.events if isinstance(event, Preview)]
    assert previews
    frame = previews[0].frames[0]
    assert len(frame.rgb) == frame.width * frame.height * 3


def test_the_start_image_is_uploaded_as_it_is_cropped_here(start, elsewhere, tmp_path):
    served = start()
    path = tmp_path / "start.png"
    Image.new("RGB", (300, 200), (200, 60, 40)).save(path)
    sha, _ = elsewhere.images.add(str(path))
    assert elsewhere.begin(served.api.address, elsewhere.job(image=sha, **DEMO)).end().rendered
    (asked,) = served.backend.requests
    with Image.open(served.host.images.path(asked.request.image)) as there:
        assert there.size == (128, 96)
        assert there.convert("RGB").getpixel((64, 48)) == (200, 60, 40)


def test_cancel_interrupts_our_job_and_leaves_the_others(start, elsewhere):
    served = start()
    served.backend.script("red", hold=Stage.DENOISING)
    render = elsewhere.begin(served.api.address, elsewhere.job(**DEMO))
    render.until(drawing)
    other = elsewhere.begin(served.api.address, elsewhere.job("job2", prompt="a blue star", **DEMO))
    other.until(lambda event: "behind" in getattr(event, "sentence", ""))
    render.cancel.cancel()
    assert isinstance(render.end().error, Cancelled)
    assert other.end().rendered
    states = {job.request.prompt: job.state for job in served.host.jobs().result()}
    assert states == {"a red ball": JobState.CANCELLED, "a blue star": JobState.DONE}


def test_cancel_takes_a_waiting_job_out_of_the_queue(start, elsewhere):
    served = start()
    served.backend.script("red", hold=Stage.DENOISING)
    first = elsewhere.begin(served.api.address, elsewhere.job(**DEMO))
    first.until(drawing)
    second = elsewhere.begin(served.api.address, elsewhere.job("job2", prompt="a blue star", **DEMO))
    second.until(lambda event: "behind" in getattr(event, "sentence", ""))
    second.cancel.cancel()
    assert isinstance(second.end().error, Cancelled)
    served.backend.release()
    assert first.end().rendered
    assert [job.request.prompt for job in served.backend.requests] == ["a red ball"]


def test_after_our_own_end_the_same_prompt_is_followed_further(start, elsewhere):
    served = start()
    served.backend.script("red", hold=Stage.DENOISING)
    render = elsewhere.begin(served.api.address, elsewhere.job(**DEMO))
    render.until(drawing)
    render.cancel.cancel(ending=True)
    assert isinstance(render.end().error, Cancelled)
    again = elsewhere.begin(served.api.address, elsewhere.job(**DEMO))
    again.until(lambda event: "already asked" in getattr(event, "sentence", ""))
    served.backend.release()
    assert again.end().rendered.made_by["remote"]["wan_desktop"]
    assert len(served.backend.requests) == 1


def test_a_pause_lets_go_and_the_clip_is_fetched_later(start, elsewhere):
    served = start()
    served.backend.script("red", hold=Stage.DENOISING)
    render = elsewhere.begin(served.api.address, elsewhere.job(**DEMO))
    render.until(drawing)
    render.cancel.pause()
    assert isinstance(render.end().error, Paused)
    assert "cannot pause" in render.notes[-1]
    served.backend.release()
    assert elsewhere.begin(served.api.address, elsewhere.job(**DEMO)).end().rendered
    assert len(served.backend.requests) == 1


def test_a_failure_there_is_told_and_going_on_renders_anew(start, elsewhere):
    served = start()
    served.backend.script("red", fail=OutOfMemory("The graphics card has no memory left."), times=1)
    failed = elsewhere.begin(served.api.address, elsewhere.job(**DEMO)).end()
    assert isinstance(failed.error, RemoteProblem)
    assert "memory" in failed.error.sentence
    assert elsewhere.begin(served.api.address, elsewhere.job(**DEMO)).end().rendered
    assert len(served.backend.requests) == 2


def test_without_the_right_token_nothing_is_sent(start, elsewhere):
    served = start(token="correct horse")
    wrong = elsewhere.begin(served.api.address, elsewhere.job(**DEMO), token="wrong").end()
    assert isinstance(wrong.error, RemoteProblem)
    assert "token" in wrong.error.sentence
    assert "wrong horse" not in json.dumps(wrong.error.to_json())
    right = elsewhere.begin(served.api.address, elsewhere.job("job2", **DEMO), token="correct horse").end()
    assert right.rendered


def test_what_it_lacks_is_named(start, elsewhere):
    served = start()
    render = elsewhere.begin(served.api.address, elsewhere.job()).end()
    with pytest.raises(RemoteProblem, match=r"wan2\.2_ti2v_5B_fp16\.safetensors; it has demo"):
        _ = render.rendered
