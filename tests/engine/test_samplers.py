"""The noise schedules are those of the programs they are named after, and every sampler of the domain exists."""

import json

import numpy as np
import pytest
import torch

from wan_desktop.domain.samplers import FEW_STEP
from wan_desktop.domain.samplers import SAMPLERS as NAMES
from wan_desktop.engine import sampler_state, samplers

EXACT = [name for name in NAMES if name not in FEW_STEP]


def test_every_name_has_a_factory():
    assert tuple(samplers.SAMPLERS) == NAMES


TABLE = {
    # sampler, steps, shift: the first two and the last timestep, the first two and the last two noise levels
    ("unipc", 50, 5.0): ((999, 995, 92), (0.9998, 0.99573, 0.09251, 0.0)),
    ("unipc", 20, 8.0): ((999, 993, 296), (0.99987, 0.99333, 0.29605, 0.0)),
    ("uni_pc", 20, 8.0): ((1000.0, 993.46, 296.30), (1.0, 0.99346, 0.29630, 0.001)),
    ("uni_pc", 10, 8.0): ((1000.0, 986.30, 470.59), (1.0, 0.98630, 0.47059, 0.001)),
    ("euler", 20, 8.0): ((1000.0, 993.46, 296.30), (1.0, 0.99346, 0.29630, 0.0)),
    ("euler", 50, 5.0): ((1000.0, 995.93, 92.59), (1.0, 0.99593, 0.09259, 0.0)),
    ("dpm++", 50, 5.0): ((1000, 995, 92), (1.0, 0.99593, 0.09259, 0.0)),
    ("fastwan", 3, 5.0): ((1000, 757, 522), (1.0, 0.7566, 0.5223, 0.0)),
    ("turbo", 4, 5.0): ((1000, 750, 250), (1.0, 0.7500, 0.2500, 0.0)),
}


@pytest.mark.parametrize(("key", "told"), TABLE.items(), ids=lambda x: str(x[0]) if len(x) == 3 else "")
def test_the_table_of_noise_levels(key, told):
    name, steps, shift = key
    scheduler = samplers.make(name, steps, shift, "cpu")
    t, sigmas = scheduler.timesteps.tolist(), scheduler.sigmas.tolist()
    assert (len(t), len(sigmas)) == (steps, steps + 1)
    assert [t[0], t[1], t[-1]] == pytest.approx(told[0], abs=0.01)
    assert [sigmas[0], sigmas[1], sigmas[-2], sigmas[-1]] == pytest.approx(
        told[1], abs=1e-3 if steps < 5 else 6e-5
    )


@pytest.mark.parametrize(("steps", "shift"), [(50, 5.0), (20, 8.0), (10, 3.0), (1, 5.0), (200, 20.0)])
def test_sigmas_follow_the_formula(steps, shift):
    scheduler = samplers.make("unipc", steps, shift, "cpu")
    flat = np.linspace(0.999, 0, steps + 1)[:-1]
    assert np.allclose(scheduler.sigmas[:-1].numpy(), shift * flat / (1 + (shift - 1) * flat), atol=1e-6)
    assert float(scheduler.sigmas[-1]) == 0.0


def test_comfyuis_levels_stay_close_to_those_of_the_plain_schedule():
    """At 20 steps and shift 8 they differ from shifted evenly spaced levels by less than 0.0042."""
    from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

    stock = UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=8.0)
    stock.set_timesteps(20)
    ours = samplers.make("uni_pc", 20, 8.0, "cpu").sigmas[:-1]
    assert float((ours - stock.sigmas[:-1]).abs().max()) < 0.0042


@pytest.mark.parametrize(
    ("name", "trained"), [("fastwan", (1000, 757, 522)), ("turbo", (1000, 750, 500, 250))]
)
def test_few_step_models_see_the_steps_they_were_made_for(name, trained):
    for shift in (1.0, 5.0, 8.0):
        assert tuple(samplers.make(name, len(trained), shift, "cpu").timesteps.tolist()) == trained
    for steps in (1, 2, 6):
        t = samplers.make(name, steps, 5.0, "cpu").timesteps.tolist()
        assert (t[0], len(t)) == (1000, steps)
        assert t == sorted(t, reverse=True)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7])
def test_a_straight_flow_is_followed_exactly(name, steps):
    """For one clip x0 the velocity points away from it everywhere: any number of steps must end at x0."""
    generator = torch.Generator().manual_seed(0)
    x0, noise = torch.randn(2, 1, 4, 2, 2, 2, generator=generator)
    scheduler = samplers.make(name, steps, 5.0, "cpu")
    start = float(scheduler.sigmas[0])
    latents = (1 - start) * x0 + start * noise
    for i, t in enumerate(scheduler.timesteps):
        velocity = (latents - x0) / float(scheduler.sigmas[i])
        latents = scheduler.step(velocity, t, latents, return_dict=False)[0]
    left = 2e-3 * float(noise.abs().max()) if name == "uni_pc" else 1e-4  # its last level is 0.001
    assert float((latents - x0).abs().max()) <= left + 1e-4
    assert torch.allclose(scheduler.model_outputs[-1], x0, atol=1e-4)


def curved(x, t):
    """A flow without a simple solution."""
    return torch.sin(3 * x) + x * t / 1000 - torch.cos(x * 2 + t / 300)


def drawn(name, steps, start, shift=5.0):
    scheduler = samplers.make(name, steps, shift, "cpu")
    latents = start
    for t in scheduler.timesteps:
        latents = scheduler.step(curved(latents, float(t)), t, latents, return_dict=False)[0]
    return latents


def test_all_exact_samplers_agree_with_many_steps():
    start = torch.randn(1, 4, 2, 3, 3, generator=torch.Generator().manual_seed(1))
    reference = drawn("unipc", 200, start)
    for name in EXACT:
        assert torch.allclose(drawn(name, 200, start), reference, atol=0.05), name
        assert not torch.equal(drawn(name, 10, start), drawn("unipc", 10, start)) or name == "unipc"


def comfy_uni_pc(model, x, sigmas):
    """ComfyUI's algorithm written out: UniPC B1 of order 3 with lambda = -log sigma, data prediction."""
    sigmas = sigmas.double()
    x = x.double()
    steps = len(sigmas) - 1
    order = min(3, steps - 1)
    lam = -torch.log(sigmas)
    outputs, at = [model(x, sigmas[0])], [0]
    for k in range(1, steps + 1):
        this = min(order, k, steps + 1 - k)
        s0, m0 = at[-1], outputs[-1]
        h = lam[k] - lam[s0]
        hh = -h
        rks = [(lam[at[-1 - i]] - lam[s0]) / h for i in range(1, this)]
        d1s = [(outputs[-1 - i] - m0) / rk for i, rk in zip(range(1, this), rks, strict=True)]
        rks.append(torch.tensor(1.0, dtype=torch.float64))
        rows, b, factorial = [], [], 1.0
        phi = torch.expm1(hh) / hh - 1
        for i in range(1, this + 1):
            rows.append(torch.stack([rk ** (i - 1) for rk in rks]))
            b.append(phi * factorial / hh)
            factorial *= i + 1
            phi = phi / hh - 1 / factorial
        rows, b = torch.stack(rows), torch.stack(b)
        base = sigmas[k] / sigmas[s0] * x - torch.expm1(hh) * m0
        rho = (
            torch.tensor([0.5], dtype=torch.float64)
            if this == 2
            else torch.linalg.solve(rows[:-1, :-1], b[:-1])
        )
        predicted = base - hh * sum((r * d for r, d in zip(rho, d1s, strict=True)), torch.zeros_like(x))
        if k == steps:
            return predicted / (1 - sigmas[-1])
        new = model(predicted, sigmas[k])
        rho = torch.tensor([0.5], dtype=torch.float64) if this == 1 else torch.linalg.solve(rows, b)
        correction = sum((r * d for r, d in zip(rho, d1s, strict=False)), torch.zeros_like(x))
        x = base - hh * (correction + rho[-1] * (new - m0))
        outputs, at = [*outputs, new], [*at, k]
    raise AssertionError


@pytest.mark.parametrize("steps", [5, 10, 20])
def test_uni_pc_is_comfyuis(steps):
    start = torch.randn(1, 4, 2, 3, 3, generator=torch.Generator().manual_seed(1))
    sigmas = samplers.make("uni_pc", steps, 8.0, "cpu").sigmas

    def denoised(x, sigma):
        return x - sigma * curved(x, float(sigma) * 1000)

    theirs = comfy_uni_pc(denoised, start, sigmas).float()
    assert float((drawn("uni_pc", steps, start, 8.0) - theirs).abs().max() / theirs.abs().max()) <= 1e-4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_sampler_goes_on_from_its_kept_state(name, at):
    start = torch.randn(1, 4, 2, 3, 3, generator=torch.Generator().manual_seed(2))
    whole = samplers.make(name, 4, 5.0, "cpu")
    latents = start
    for i, t in enumerate(whole.timesteps):
        if i == at:
            kept, kept_latents = sampler_state.state(whole), latents.clone()
        latents = whole.step(curved(latents, float(t)), t, latents, return_dict=False)[0]
    fresh = samplers.make(name, 4, 5.0, "cpu")
    tree = json.loads(json.dumps(kept.tree))
    sampler_state.restore(fresh, sampler_state.SamplerState(tree, kept.tensors), torch.device("cpu"))
    again = kept_latents
    for t in fresh.timesteps[at:]:
        again = fresh.step(curved(again, float(t)), t, again, return_dict=False)[0]
    assert torch.equal(again, latents)


def test_fresh_noise_follows_from_the_first():
    start = torch.randn(1, 4, 2, 3, 3, generator=torch.Generator().manual_seed(2))
    assert torch.equal(drawn("fastwan", 3, start), drawn("fastwan", 3, start))
    other = start.clone()
    other[:, :, 0] = 0  # a start image stands there
    assert torch.allclose(drawn("turbo", 4, start)[:, :, 1], drawn("turbo", 4, other)[:, :, 1])
    assert not torch.allclose(drawn("turbo", 4, start), drawn("turbo", 4, start * 1.001), atol=1e-2)
