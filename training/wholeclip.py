"""The Wan VAE over a whole clip at once, for training: the same mathematics as the chunk-by-chunk original.

AutoencoderKLWan walks through a clip four frames at a time and carries feature caches. Its convolutions are
causal and zero-padded, so the caches amount to one convolution over the whole clip; only the two temporal
resamplings treat the first frame apart. tests/training/test_wholeclip.py holds the equality.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import WanResample, patchify, unpatchify
from torch import Tensor

if TYPE_CHECKING:
    from diffusers import AutoencoderKLWan


def _spatial(module: WanResample, x: Tensor) -> Tensor:
    """The resampling of each frame. x: [N, C, T, H, W]."""
    count, channels, frames, height, width = x.shape
    y = module.resample(x.transpose(1, 2).reshape(count * frames, channels, height, width))
    return y.view(count, frames, *y.shape[1:]).transpose(1, 2)


def _downsample(module: WanResample, x: Tensor, feat_cache: object = None, feat_idx: object = None) -> Tensor:
    """1 + 2k frames to 1 + k: the first passes as it is."""
    x = _spatial(module, x)
    if x.shape[2] == 1:
        return x
    return torch.cat([x[:, :, :1], module.time_conv(x)], dim=2)


def _upsample(module: WanResample, x: Tensor, feat_cache: object = None, feat_idx: object = None) -> Tensor:
    """1 + k frames to 1 + 2k: the first passes as it is and is not seen by the others."""
    if x.shape[2] > 1:
        later = module.time_conv(x[:, :, 1:])
        count, channels, frames, height, width = later.shape
        later = later.view(count, 2, channels // 2, frames, height, width).permute(0, 2, 3, 1, 4, 5)
        x = torch.cat([x[:, :, :1], later.reshape(count, channels // 2, 2 * frames, height, width)], dim=2)
    return _spatial(module, x)


def use_whole_clips(vae: AutoencoderKLWan) -> None:
    """Make `encode_moments` and `decode_pixels` valid for `vae`; its own encode and decode no longer are."""
    forwards = {"downsample3d": _downsample, "upsample3d": _upsample}
    for module in vae.modules():
        if isinstance(module, WanResample) and module.mode in forwards:
            module.forward = types.MethodType(forwards[module.mode], module)


def encode_moments(vae: AutoencoderKLWan, pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and log variance, each [N, 48, 1+k, H/16, W/16], of pixels [N, 3, 1+4k, H, W] in [-1, 1]."""
    moments = vae.quant_conv(vae.encoder(patchify(pixels, 2)))
    mean, log_variance = moments.chunk(2, dim=1)
    return mean, log_variance.clamp(-30.0, 20.0)


def decode_pixels(vae: AutoencoderKLWan, latents: Tensor) -> Tensor:
    """Pixels [N, 3, 1+4k, H, W], not clamped, of latents [N, 48, 1+k, H/16, W/16] (not normalised)."""
    return unpatchify(vae.decoder(vae.post_quant_conv(latents), first_chunk=True), 2)
