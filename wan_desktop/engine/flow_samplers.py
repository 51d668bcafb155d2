"""Samplers that diffusers has not, for a model that predicts the velocity of x_t = (1 - sigma) x0 + sigma noise.

Plain attributes only (numbers, tensors, a generator): a sampler's whole state can be kept and taken up again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import torch
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler

if TYPE_CHECKING:
    from collections.abc import Sequence


class ComfyUniPC(UniPCMultistepScheduler):
    """ComfyUI's uni_pc: order 3, B(h) = h, with lambda = -log(sigma).

    ComfyUI runs UniPC in the coordinates of x0 + sigma noise, which flows share with these (both follow
    dx/dsigma = (x - x0) / sigma), so alpha is 1 there. It ends at a sigma above 0 and divides by 1 - sigma
    (`comfy/extra_samplers/uni_pc.py: sample_unipc`, `comfy/model_sampling.py: CONST.inverse_noise_scaling`).
    """

    def _sigma_to_alpha_sigma_t(self, sigma: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return torch.ones_like(sigma), sigma

    def step(self, model_output: torch.Tensor, timestep: Any, sample: torch.Tensor, **rest: Any) -> Any:
        """As diffusers' own; the last step also takes out the scale of the noise that is left."""
        (latents,) = super().step(model_output, timestep, sample, return_dict=False)
        if self.step_index == len(self.timesteps):
            latents = latents / (1.0 - self.sigmas[-1].to(latents))
        return (latents,)


class FlowEuler:
    """Euler's method: x' = x + (sigma' - sigma) * velocity."""

    def __init__(self, sigmas: Sequence[float], timesteps: Sequence[float], device: Any) -> None:
        self.sigmas = torch.tensor(sigmas, dtype=torch.float32)
        self.timesteps = torch.tensor(timesteps, dtype=torch.float32).to(device)
        self.model_outputs: list[torch.Tensor | None] = [None]
        self.index = 0

    def step(self, model_output: torch.Tensor, timestep: Any, sample: torch.Tensor, **rest: Any) -> Any:
        """One step; `model_output` is the velocity, the result a tuple with the new sample."""
        sigma, following = (float(s) for s in self.sigmas[self.index : self.index + 2])
        self.model_outputs = [sample - sigma * model_output]
        self.index += 1
        return (self._next(self.model_outputs[0], model_output, sample, sigma, following),)

    def _next(
        self, x0: Any, velocity: torch.Tensor, sample: torch.Tensor, sigma: float, following: float
    ) -> torch.Tensor:
        return sample + (following - sigma) * velocity


class Renoising(FlowEuler):
    """Distribution matching distillation's sampler: estimate x0, add fresh noise of the next level, repeat.

    Source: FastVideo `stages/denoising.py: DmdDenoisingStage`. The fresh noise comes from a CPU generator that the
    first noise seeds: one seed gives one clip on every machine.
    """

    def __init__(self, sigmas: Sequence[float], timesteps: Sequence[float], device: Any) -> None:
        super().__init__(sigmas, timesteps, device)
        self.generator: torch.Generator | None = None

    def _next(
        self, x0: torch.Tensor, velocity: torch.Tensor, sample: torch.Tensor, sigma: float, following: float
    ) -> torch.Tensor:
        if self.generator is None:
            self.generator = torch.Generator("cpu").manual_seed(_seed(sample))
        if following == 0:
            return x0
        noise = torch.randn(sample.shape, generator=self.generator, dtype=torch.float32).to(sample)
        return (1 - following) * x0 + following * noise


def _seed(noise: torch.Tensor) -> int:
    """A seed from the last latent frame (a start image may stand in the first)."""
    last = noise[:, :, -1].float().cpu().contiguous().numpy().tobytes()
    return int.from_bytes(hashlib.sha256(last).digest()[:6], "little")
