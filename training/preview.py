"""A linear map from normalised latents to colours, for previews while a clip is being made."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from training.pixels import Window, draw_window

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan

WHAT = (
    "Linear map from this VAE's normalised latents (48 channels) to RGB in about [-1, 1]: "
    "rgb = latents @ factors + bias, one pixel per 16x16 pixels and latent frame. For previews."
)


@torch.no_grad()
def fit_latent_rgb(vae: AutoencoderKLWan, device: torch.device, smoke: bool = False) -> dict[str, object]:
    """Least squares from latents to the mean colour of the 16x16 pixels and 4 frames (first: 1) they stand for."""
    rng, rows, colours = random.Random(3), [], []
    mean = torch.tensor(vae.config.latents_mean, device=device).view(1, -1, 1, 1, 1)
    std = torch.tensor(vae.config.latents_std, device=device).view(1, -1, 1, 1, 1)
    window = Window(5, 64, 64) if smoke else Window(9, 160, 256)
    for _ in range(2 if smoke else 48):
        pixels = draw_window(2, window, rng, device).float() / 127.5 - 1
        latents = (vae.encode(pixels).latent_dist.mode() - mean) / std
        rows.append(latents.movedim(1, -1).flatten(0, -2))
        still = functional.avg_pool3d(pixels[:, :, :1], (1, 16, 16))
        moving = functional.avg_pool3d(pixels[:, :, 1:], (4, 16, 16))
        colours.append(torch.cat([still, moving], 2).movedim(1, -1).flatten(0, -2))
    inputs = torch.cat(rows).double().cpu()
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1, dtype=torch.float64)], 1)
    ridge = 1e-3 * len(inputs) * torch.eye(inputs.shape[1], dtype=torch.float64)
    solution = torch.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ torch.cat(colours).double().cpu())
    factors = [[round(value, 5) for value in row] for row in solution.tolist()]
    return {
        "what": WHAT,
        "source": "least squares on procedural clips",
        "factors": factors[:-1],
        "bias": factors[-1],
    }
