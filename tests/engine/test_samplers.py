"""The noise schedule is the official one, and every sampler of the domain exists."""

import numpy as np
import pytest

from wan_desktop.domain.samplers import SAMPLERS as NAMES
from wan_desktop.engine import samplers


def test_every_name_has_a_factory():
    assert tuple(samplers.SAMPLERS) == NAMES


def test_official_table():
    """Wan2.2's own scheduler at 50 steps and shift 5 starts at 999, 995 and ends at 92."""
    scheduler = samplers.make("unipc", 50, 5.0, "cpu")
    timesteps = scheduler.timesteps.tolist()
    assert (timesteps[:2], timesteps[-1], len(timesteps)) == ([999, 995], 92, 50)


@pytest.mark.parametrize(("steps", "shift"), [(50, 5.0), (20, 8.0), (10, 3.0), (1, 5.0), (200, 20.0)])
def test_sigmas_follow_the_formula(steps, shift):
    scheduler = samplers.make("unipc", steps, shift, "cpu")
    flat = np.linspace(0.999, 0, steps + 1)[:-1]
    shifted = shift * flat / (1 + (shift - 1) * flat)
    assert np.allclose(scheduler.sigmas[:-1].numpy(), shifted, atol=1e-6)
    assert float(scheduler.sigmas[-1]) == 0.0


def test_a_straight_flow_is_followed_exactly():
    """For one clip x0 the velocity is noise - x0 everywhere: any number of steps must end at x0."""
    import torch

    generator = torch.Generator().manual_seed(0)
    x0, noise = torch.randn(2, 1, 4, 2, 2, 2, generator=generator)
    scheduler = samplers.make("unipc", 7, 5.0, "cpu")
    start = float(scheduler.sigmas[0])
    latents = (1 - start) * x0 + start * noise
    for t in scheduler.timesteps:
        latents = scheduler.step(noise - x0, t, latents, return_dict=False)[0]
    assert torch.allclose(latents, x0, atol=1e-4)
    assert torch.allclose(scheduler.model_outputs[-1], x0, atol=1e-4)
