"""A job becomes frames and events, in order; what is odd is said, what is wrong is raised."""

import dataclasses

import numpy as np
import pytest
import torch
from support.engine_jobs import DEMO, RESOURCES, a_job, a_model

from wan_desktop.domain.errors import Cancelled, ModelMissing, Paused, WanError
from wan_desktop.domain.events import Note, Preview, Progress
from wan_desktop.domain.job import Stage
from wan_desktop.engine import plans
from wan_desktop.engine.control import Control
from wan_desktop.engine.device import Device
from wan_desktop.engine.renderer import Renderer
from wan_desktop.engine.stopwatch import Stopwatch, made_by
from wan_desktop.jobs.cancel import CancelToken


class Run:
    """One render: its events and frames."""

    def __init__(self, renderer, device, job, image=None, model=None):
        self.groups, self.events = [], []
        self.watch = Stopwatch(device)
        for event in renderer.render(job, model or a_model(), image, self.groups.append, self.watch):
            self.events.append(event)
        self.frames = np.concatenate(self.groups)

    def of(self, kind):
        return [e for e in self.events if isinstance(e, kind)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def renderer(cpu, cache):
    return Renderer(cpu, cache, RESOURCES)


def test_events_in_order(renderer, cpu):
    run = Run(renderer, cpu, a_job())
    progress = run.of(Progress)
    assert [p.stage for p in progress if p.done == 0] == [
        Stage.LOADING,
        Stage.ENCODING,
        Stage.DENOISING,
        Stage.DECODING,
    ]
    assert [(p.done, p.total) for p in progress if p.stage is Stage.DENOISING] == [
        (0, 3),
        (1, 3),
        (2, 3),
        (3, 3),
    ]
    assert [(p.done, p.total) for p in progress if p.stage is Stage.DECODING] == [
        (0, 9),
        (1, 9),
        (5, 9),
        (9, 9),
    ]
    assert [len(g) for g in run.groups] == [1, 4, 4]
    assert run.frames.shape == (9, 64, 96, 3)
    assert run.frames.dtype == np.uint8
    assert run.of(Preview)[-1].step == 3
    assert len(run.of(Preview)[-1].frames) == 3
    assert not run.of(Note)
    assert set(run.watch.seconds) == {"loading", "encoding", "denoising", "decoding"}
    about = made_by(cpu, "abc", run.watch, "whole")
    assert "levers" not in about  # the processor has none
    assert about["peak_memory"] > 10**8
    assert about["model_fingerprint"] == "abc"
    assert about["torch"] == torch.__version__


def test_same_job_twice_is_identical(renderer, cpu):
    first = Run(renderer, cpu, a_job()).frames
    assert np.array_equal(first, Run(renderer, cpu, a_job()).frames)
    assert not np.array_equal(first, Run(renderer, cpu, a_job(seed=8)).frames)


def test_cached_prompt_gives_the_same_frames(cpu, tmp_path):
    """The second renderer's text encoder is not asked: the cache knows the prompt."""
    first = Run(Renderer(cpu, tmp_path, RESOURCES), cpu, a_job()).frames
    second = Renderer(cpu, tmp_path, RESOURCES)
    asked = []
    second.load(a_model()).pipeline.text_encoder.register_forward_pre_hook(lambda *_: asked.append(1))
    assert np.array_equal(first, Run(second, cpu, a_job()).frames)
    assert not asked
    Run(second, cpu, a_job(prompt="a blue ball"))
    assert asked


def test_start_image_is_the_first_frame(renderer, cpu, picture):
    with_image = Run(renderer, cpu, a_job(image="sha"), picture)
    vae = renderer.load(a_model()).pipeline.vae
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None, :, None] / 127.5 - 1
    with torch.no_grad():
        seen = vae.decode(vae.encode(pixels).latent_dist.mode()).sample[0, :, 0]
    seen = ((seen * 0.5 + 0.5) * 255).round().permute(1, 2, 0).numpy().astype(int)
    assert np.abs(with_image.frames[0].astype(int) - seen).max() <= 1
    previews = with_image.of(Preview)
    assert previews[0].frames[0] == previews[-1].frames[0]


def test_without_guidance_the_negative_prompt_is_not_read(renderer, cpu):
    one = Run(renderer, cpu, a_job(guidance_scale=1.0)).frames
    two = Run(renderer, cpu, a_job(guidance_scale=1.0, negative_prompt="other")).frames
    assert np.array_equal(one, two)


@pytest.mark.parametrize("field", ["prompt", "negative_prompt"])
def test_cut_prompt_is_noted(renderer, cpu, field):
    text = "ball " * 900 + "purple elephants"
    (note,) = Run(renderer, cpu, a_job(**{field: text})).of(Note)
    assert "purple elephants" in note.sentence
    assert field.replace("_", " ") in note.sentence


def test_one_frame(renderer, cpu):
    assert Run(renderer, cpu, a_job(num_frames=1)).frames.shape == (1, 64, 96, 3)


def test_overflow_is_said_before_decoding(renderer, cpu):
    proj_out = renderer.load(a_model()).pipeline.transformer.proj_out
    overflow = proj_out.register_forward_hook(lambda module, args, out: out * float("inf"))
    groups = []
    with pytest.raises(WanError, match="overflowed"):
        list(renderer.render(a_job(), a_model(), None, groups.append, Stopwatch(cpu)))
    overflow.remove()
    assert not groups


@pytest.mark.parametrize("calls", [2, 9, 60])
def test_check_stops_in_the_middle_of_a_step_or_frame_group(renderer, cpu, calls):
    """6 transformer blocks, 2 guided halves, 3 steps: 36 calls; the rest are the decoder's."""
    seen, groups = [], []
    token = CancelToken()

    def beat():
        seen.append(1)
        if len(seen) == calls:
            token.cancel()

    with pytest.raises(Cancelled):
        list(renderer.render(a_job(), a_model(), None, groups.append, Stopwatch(cpu), Control(token, beat)))
    assert len(seen) == calls
    assert bool(groups) == (calls == 60)
    assert Run(renderer, cpu, a_job()).frames.any()
    assert len(seen) == calls


@pytest.mark.parametrize("stage", [Stage.LOADING, Stage.ENCODING, Stage.DENOISING, Stage.DECODING])
@pytest.mark.parametrize("word", ["cancel", "pause"])
def test_each_stage_stops_before_it_has_done_anything_more(cpu, tmp_path, stage, word):
    """A word said inside a stage is heard inside it; only a pause of the drawing waits for the step."""
    token, events = CancelToken(), []

    def beat():
        if events and events[-1].stage is stage:
            getattr(token, word)()

    renderer = Renderer(cpu, tmp_path, RESOURCES)
    job = a_job(image="sha")
    image = np.zeros((64, 96, 3), np.uint8)
    run = renderer.render(job, a_model(), image, list, Stopwatch(cpu), Control(token, beat))
    with pytest.raises(Cancelled if word == "cancel" else Paused):
        events.extend(event for event in run if isinstance(event, Progress))
    drawn = 1 if (stage, word) == (Stage.DENOISING, "pause") else 0
    assert (events[-1].stage, events[-1].done) == (stage, drawn)


@pytest.mark.parametrize("stop_at", [Stage.DENOISING, Stage.DECODING])
def test_closing_between_steps_and_frame_groups_stops(renderer, cpu, stop_at):
    groups = []
    events = renderer.render(a_job(), a_model(), None, groups.append, Stopwatch(cpu))
    for event in events:
        if isinstance(event, Progress) and event.stage is stop_at and event.done:
            break
    events.close()
    assert len(groups) == (1 if stop_at is Stage.DECODING else 0)
    assert np.array_equal(Run(renderer, cpu, a_job()).frames, Run(renderer, cpu, a_job()).frames)


def test_another_model_replaces_the_loaded_one(cpu, tmp_path):
    renderer = Renderer(cpu, tmp_path, RESOURCES)
    first = renderer.load(a_model()).pipeline
    assert renderer.load(a_model()).pipeline is first
    assert renderer.load(a_model(fingerprint="changed")).pipeline is not first
    missing = dataclasses.replace(a_model(tmp_path / "gone"), fingerprint="gone")
    with pytest.raises(ModelMissing):
        renderer.load(missing)
    renderer.load(a_model(DEMO))
    assert Run(renderer, cpu, a_job()).frames.any()


def test_every_plan_computes_the_same_and_by_stage_holds_one_network_at_a_time(renderer, cpu, tmp_path):
    """The last number is beyond the table: it means the last plan."""
    whole = Run(renderer, cpu, a_job()).frames
    for number in (1, 2, 9):
        held = []
        frugal = Renderer(cpu, tmp_path, RESOURCES)
        job = dataclasses.replace(a_job(), plan=number)
        groups = []
        for event in frugal.render(job, a_model(), None, groups.append, Stopwatch(cpu)):
            if (
                isinstance(event, Progress)
                and event.stage in (Stage.DENOISING, Stage.DECODING)
                and event.done
            ):
                loaded = frugal.load(a_model(), plans.choose(number, cpu))
                held.append((event.stage, loaded.has("text_encoder"), loaded.has("transformer")))
        assert np.array_equal(np.concatenate(groups), whole)
        assert set(held) == {(Stage.DENOISING, False, True), (Stage.DECODING, False, False)}


@pytest.mark.parametrize("number", range(1, len(plans.CARD)))
def test_every_plan_of_a_card_makes_the_same_clip(renderer, cpu, tmp_path, monkeypatch, picture, number):
    """Here the blocks come and go between two places of the same memory; tiles may round a pixel otherwise."""
    job = a_job(image="sha")
    whole = Run(renderer, cpu, job, picture).frames.astype(int)
    monkeypatch.setattr(plans, "available", lambda device: plans.CARD)
    frugal = Renderer(cpu, tmp_path, RESOURCES)
    difference = np.abs(Run(frugal, cpu, dataclasses.replace(job, plan=number), picture).frames - whole)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3
    transformer = frugal.load(a_model(), plans.CARD[number]).pipeline.transformer
    assert transformer is None or transformer.blocks.card_bytes == 0


def test_plans_are_names_that_differ():
    card = Device("cuda:0", "a card", "bfloat16", "2.13.0")
    names = [plan.name for plan in plans.available(card)]
    assert names[0] == "whole"
    assert len(set(names)) == len(names)
    assert plans.choose(99, card).vae_on_cpu
