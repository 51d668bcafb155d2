"""Every sampler's noise levels, whole, against the programs they are named after, written out here.

Nothing of the product's formulas is used: each table is made as its own program makes it, step by step.
"""

import math

import numpy as np
import pytest
import torch

from wan_desktop.domain.samplers import SAMPLERS
from wan_desktop.engine import samplers

RECIPES = [(50, 5.0), (50, 3.0), (20, 8.0), (20, 5.0), (10, 8.0), (7, 1.0), (1, 5.0)]


def official_unipc(steps, shift):
    """Wan2.2 `wan/utils/fm_solvers_unipc.py`, class FlowUniPCMultistepScheduler, made with shift 1 by `generate`."""
    alphas = np.linspace(1, 1 / 1000, 1000)[::-1].copy()
    trained = torch.from_numpy(1.0 - alphas).to(torch.float32)
    highest, lowest = trained[0].item(), trained[-1].item()
    sigmas = np.linspace(highest, lowest, steps + 1).copy()[:-1]
    sigmas = shift * sigmas / (1 + (shift - 1) * sigmas)
    timesteps = (sigmas * 1000).astype(np.int64)
    return [*sigmas, 0.0], timesteps


def official_dpm(steps, shift):
    """Wan2.2 `wan/utils/fm_solvers.py`: get_sampling_sigmas, then retrieve_timesteps(sigmas=...) at shift 1."""
    sigma = np.linspace(1, 0, steps + 1)[:steps]
    sigmas = shift * sigma / (1 + (shift - 1) * sigma)
    return [*sigmas, 0.0], (sigmas * 1000).astype(np.int64)


def comfy_simple(steps, shift):
    """ComfyUI `comfy/model_sampling.py: ModelSamplingDiscreteFlow`, `comfy/samplers.py: simple_scheduler`."""
    table = [shift * t / (1 + (shift - 1) * t) for t in (i / 1000 for i in range(1, 1001))]
    every = len(table) / steps
    sigmas = [table[-(1 + int(x * every))] for x in range(steps)]
    return [*sigmas, 0.0], [s * 1000 for s in sigmas]


def comfy_uni_pc(steps, shift):
    """ComfyUI `comfy/extra_samplers/uni_pc.py: sample_unipc`: a last level of 0 becomes 0.001."""
    sigmas, timesteps = comfy_simple(steps, shift)
    return [*sigmas[:-1], 0.001], timesteps


PROGRAMS = {
    "unipc": official_unipc,
    "dpm++": official_dpm,
    "uni_pc": comfy_uni_pc,
    "euler": comfy_simple,
}
WRITTEN = {
    # sampler, steps, shift: every level to five places, by a desk calculator from shift * s / (1 + (shift - 1) * s)
    ("unipc", 5, 5.0): (0.9998, 0.95215, 0.88209, 0.76893, 0.55525, 0.0),
    ("dpm++", 5, 5.0): (1.0, 0.95238, 0.88235, 0.76923, 0.55556, 0.0),
    ("euler", 5, 8.0): (1.0, 0.96970, 0.92308, 0.84211, 0.66667, 0.0),
    ("uni_pc", 5, 8.0): (1.0, 0.96970, 0.92308, 0.84211, 0.66667, 0.001),
    ("fastwan", 3, 5.0): (1.0, 0.75661, 0.52229, 0.0),
    ("turbo", 4, 5.0): (1.0, 0.75, 0.50, 0.25, 0.0),
}
"""FastWan's and Turbo's timesteps were made for their own levels; at shift 8, the nearest of a thousand is taken."""


def test_no_sampler_is_left_out():
    assert {name for name, _, _ in WRITTEN} == set(SAMPLERS)


@pytest.mark.parametrize(("steps", "shift"), RECIPES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_every_level_is_the_program_s(name, steps, shift):
    sigmas, timesteps = PROGRAMS[name](steps, shift)
    made = samplers.make(name, steps, shift, "cpu")
    assert made.sigmas.tolist() == pytest.approx(sigmas, abs=1e-6)
    assert made.timesteps.tolist() == pytest.approx(list(timesteps), abs=1e-3)
    assert len(made.sigmas) == steps + 1


@pytest.mark.parametrize(("key", "written"), WRITTEN.items(), ids=lambda x: "-".join(map(str, x[:3])))
def test_the_levels_as_they_are_written_down(key, written):
    name, steps, shift = key
    made = samplers.make(name, steps, shift, "cpu").sigmas.tolist()
    near = 1.5e-3 if name in ("fastwan", "turbo") else 1e-5
    assert made == pytest.approx(written, abs=near)


@pytest.mark.parametrize(("name", "steps"), [("fastwan", 3), ("turbo", 4)])
def test_few_step_levels_are_those_of_the_distillation(name, steps):
    """The level nearest to the timestep among a thousand at shift 8, as both programs look it up."""
    made = samplers.make(name, steps, 1.0, "cpu")
    table = [8.0 * s / (1 + 7.0 * s) for s in (i / 1000 for i in range(1000, 0, -1))]
    for t, sigma in zip(made.timesteps.tolist(), made.sigmas.tolist(), strict=False):
        nearest = min(table, key=lambda s: abs(s * 1000 - t))
        assert math.isclose(sigma, nearest, abs_tol=1e-6)
