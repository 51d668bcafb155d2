"""Latents become frames, one frame group at a time, so that memory does not grow with the clip's length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan


@torch.no_grad()
def decode_groups(vae: AutoencoderKLWan, latents: torch.Tensor) -> Iterator[torch.Tensor]:
    """The frames of normalised `latents` [1, z, f, h, w]: per latent frame a tensor [n, 3, H, W] in [-1, 1].

    The first group has 1 frame, every other 4; H = 16 h, W = 16 w. Equal to `vae.decode` of the whole: this is
    `AutoencoderKLWan._decode` without keeping what it has made. The VAE's feature cache is emptied at the end,
    also when the caller stops early.
    """
    mean, std = latent_statistics(vae, latents.device)
    vae.clear_cache()
    try:
        for i in range(latents.shape[2]):
            z = (latents[:, :, i : i + 1].float() * std + mean).to(vae.dtype)
            vae._conv_idx = [0]
            out = vae.decoder(
                vae.post_quant_conv(z), feat_cache=vae._feat_map, feat_idx=vae._conv_idx, first_chunk=i == 0
            )
            if vae.config.patch_size is not None:
                out = unpatchify(out, patch_size=vae.config.patch_size)
            yield out[0].transpose(0, 1).clamp(-1.0, 1.0)
    finally:
        vae.clear_cache()


def to_uint8(frames: torch.Tensor) -> torch.Tensor:
    """Frames [n, 3, H, W] in [-1, 1] as uint8 [n, H, W, 3] on the CPU, rounded to nearest."""
    pixels = ((frames.float() * 0.5 + 0.5) * 255).round_().clamp_(0, 255).to(torch.uint8)
    return pixels.permute(0, 2, 3, 1).contiguous().cpu()


def latent_statistics(vae: AutoencoderKLWan, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of the VAE's raw latents, each float32 [1, z, 1, 1, 1] on `device`."""
    shape = (1, -1, 1, 1, 1)
    mean = torch.tensor(vae.config.latents_mean, dtype=torch.float32, device=device).view(shape)
    std = torch.tensor(vae.config.latents_std, dtype=torch.float32, device=device).view(shape)
    return mean, std
