"""The fast way: fewer forwards, nearly the same clip, and what is guessed survives a pause."""

import numpy as np
import pytest
import torch
from support.engine_jobs import REQUEST, RESOURCES, a_job, a_model

from wan_desktop.engine import fast, keeping, sampler_state, samplers
from wan_desktop.engine.keeping import Snapshot
from wan_desktop.engine.prediction import FLOW, SAMPLE
from wan_desktop.engine.renderer import Renderer
from wan_desktop.engine.stopwatch import Stopwatch


def test_the_table_is_for_fifty_steps_and_begins_with_computed_ones():
    assert fast.table_for(50, "unipc") == fast.TABLE
    assert len(fast.TABLE) == 50
    assert set(fast.TABLE) <= {fast.FULL, fast.COND, fast.SKIP}
    assert fast.TABLE.startswith(2 * fast.FULL)
    assert fast.forwards(fast.TABLE) <= 42
    assert fast.forwards(fast.TABLE, guided=False) < 50


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 20, 49, 51, 80, 200])
def test_other_numbers_of_steps_skip_no_larger_parts_of_the_clip(steps):
    letters = fast.table_for(steps, "unipc")
    assert len(letters) == steps
    assert letters.startswith(fast.FULL * min(2, steps))
    for place, letter in enumerate(letters):
        if letter == fast.SKIP and steps <= 50:
            covered = fast.TABLE[place * 50 // steps : (place + 1) * 50 // steps]
            assert set(covered) == {fast.SKIP}
    if steps > 50:
        assert fast.forwards(letters) <= fast.forwards(fast.TABLE) + 4


@pytest.mark.parametrize("sampler", ["fastwan", "turbo"])
def test_few_step_samplers_skip_nothing(sampler):
    assert fast.table_for(8, sampler) == 8 * fast.FULL


def draw(pipeline, asked=None, *, steps=20, guidance=5.0, speed="fast", image=None, resume=None, keep=None):
    """The latents of a small clip; `asked` gets a mark for every forward, `keep` a snapshot after each step."""
    embeds = pipeline.encode_prompt(REQUEST.prompt)
    noise = pipeline.prepare_latents(64, 96, 9, torch.Generator("cpu").manual_seed(5))
    count = pipeline.transformer.register_forward_hook(
        lambda *_: asked.append(1) if asked is not None else None
    )
    try:
        for step in pipeline.steps(
            embeds,
            pipeline.encode_prompt(""),
            noise,
            num_inference_steps=steps,
            guidance_scale=guidance,
            flow_shift=5.0,
            speed=speed,
            image_latents=image,
            resume=resume,
        ):
            if keep is not None:
                state = sampler_state.state(step.scheduler)
                keep.append(Snapshot(step.index + 1, steps, step.latents.clone(), state))
        return step.latents
    finally:
        count.remove()


@pytest.mark.parametrize("guidance", [1.0, 5.0])
def test_it_takes_as_many_forwards_as_the_table_says(pipeline, guidance):
    asked = []
    draw(pipeline, asked, steps=30, guidance=guidance)
    letters = fast.table_for(30, "unipc")
    assert len(asked) == fast.forwards(letters, guided=guidance > 1)
    assert len(asked) < 30 * (2 if guidance > 1 else 1)


def test_the_clip_is_nearly_the_exact_one(pipeline):
    exact, quick = draw(pipeline, steps=50, speed="exact"), draw(pipeline, steps=50)
    few = draw(pipeline, steps=5, speed="exact")
    error = float((quick - exact).square().mean() / exact.square().mean())
    assert 0 < error < 0.1
    assert error < float((few - exact).square().mean() / exact.square().mean())


@pytest.mark.parametrize("with_image", [False, True])
def test_going_on_after_any_step_gives_the_same_clip(pipeline, tmp_path, with_image):
    image = torch.randn(1, 48, 1, 4, 6, generator=torch.Generator().manual_seed(1)) if with_image else None
    kept = []
    whole = draw(pipeline, steps=12, image=image, keep=kept)
    for snapshot in kept[:-1]:
        made = dict.fromkeys(("kind", "format", "model", "request", "torch", "diffusers"), "x")
        made |= {"request": {"loras": []}, "loras": []}
        keeping.save_snapshot(tmp_path / "kept", snapshot, made)
        back = keeping.load_snapshot(tmp_path / "kept", made)
        assert np.array_equal(draw(pipeline, steps=12, image=image, resume=back), whole)


def test_every_sampler_can_skip(pipeline):
    embeds = pipeline.encode_prompt(REQUEST.prompt)
    noise = pipeline.prepare_latents(64, 96, 5, torch.Generator("cpu").manual_seed(5))
    for sampler in samplers.SAMPLERS:
        steps = pipeline.steps(
            embeds,
            embeds,
            noise,
            num_inference_steps=8,
            guidance_scale=2.0,
            flow_shift=5.0,
            sampler=sampler,
            speed="fast",
        )
        assert all(torch.isfinite(step.latents).all() for step in steps)


@pytest.mark.parametrize("speed", ["exact", "fast"])
def test_a_network_that_says_it_the_other_way_draws_the_same_clip(pipeline, speed):
    """x0 = x_t - sigma * velocity: told as clean latents or as the velocity, it is the same clip."""
    network, plain = pipeline.transformer, draw(pipeline, steps=6, speed=speed)
    own = getattr(network, "prediction_type", FLOW)
    scheduler = samplers.make("unipc", 6, 5.0, "cpu")
    levels = dict(zip(scheduler.timesteps.tolist(), scheduler.sigmas.tolist(), strict=False))

    def otherwise(_, inputs, output):
        latents, sigma = inputs[0], levels[int(inputs[1][0])]
        return ((latents - output[0]) / sigma if own == SAMPLE else latents - sigma * output[0],)

    handle = network.register_forward_hook(otherwise)
    network.prediction_type = FLOW if own == SAMPLE else SAMPLE
    try:
        told = draw(pipeline, steps=6, speed=speed)
    finally:
        network.prediction_type = own
        handle.remove()
    assert torch.allclose(told, plain, rtol=1e-3, atol=1e-3)


def test_a_job_is_rendered_fast(cpu, tmp_path):
    """As its request says: other frames than exactly, but nearer to them than another clip's are."""
    renderer, frames = Renderer(cpu, tmp_path, RESOURCES), {}
    for speed, seed in (("exact", 7), ("fast", 7), ("exact", 8)):
        groups: list[np.ndarray] = []
        job = a_job(num_inference_steps=30, speed=speed, seed=seed)
        for _ in renderer.render(job, a_model(), None, groups.append, Stopwatch(cpu)):
            pass
        frames[speed, seed] = np.concatenate(groups).astype(float)
    exact, fast_one, other = frames.values()
    assert 0 < np.abs(fast_one - exact).mean() < np.abs(other - exact).mean() / 2
