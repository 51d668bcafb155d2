"""The lean forward pass of training must equal diffusers' own, and its gradients must too."""

import torch

from training.configs import LATENT_CHANNELS, TEXT_DIM, TEXT_LENGTH, TRANSFORMER
from training.lean import TOKENS, LeanTransformer, from_patches, to_patches


def _transformer() -> torch.nn.Module:
    from diffusers import WanTransformer3DModel

    torch.manual_seed(0)
    return WanTransformer3DModel(**(TRANSFORMER | {"num_layers": 2}))


def test_patches_come_back_as_they_were() -> None:
    latents = torch.randn(2, LATENT_CHANNELS, 3, 6, 4)
    torch.testing.assert_close(from_patches(to_patches(latents), 6, 4), latents, rtol=0, atol=0)


def test_lean_equals_stock_with_a_timestep_for_every_frame() -> None:
    model, frames = _transformer(), 3
    latents = torch.randn(2, LATENT_CHANNELS, frames, 6, 4)
    timestep = torch.tensor([[0.0, 700.0, 700.0], [300.0, 300.0, 300.0]])
    context = torch.zeros(2, TEXT_LENGTH, TEXT_DIM)
    context[:, :9] = torch.randn(2, 9, TEXT_DIM)
    goal = torch.randn_like(latents)

    per_token = timestep.repeat_interleave(6, dim=1)
    stock = model(latents, per_token, context, return_dict=False)[0]
    ((stock - goal) ** 2).mean().backward()
    gradients = {name: value.grad.clone() for name, value in model.named_parameters()}
    model.zero_grad()

    lean = LeanTransformer(model, torch.float32, compiled=False)
    ours = lean(to_patches(latents), timestep, context[:, : TOKENS + 1], lean.rope(frames, 6, 4))
    ((from_patches(ours, 6, 4) - goal) ** 2).mean().backward()

    torch.testing.assert_close(from_patches(ours, 6, 4), stock, rtol=1e-4, atol=1e-5)
    for name, value in model.named_parameters():
        torch.testing.assert_close(value.grad, gradients[name], rtol=1e-3, atol=1e-6, msg=name)
