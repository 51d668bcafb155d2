"""Wan2.2-TI2V-5B's configurations, in diffusers' and transformers' words: enough to measure it without weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from wan_desktop.domain.weight_names import TEXT_ENCODER, TRANSFORMER, VAE
from wan_desktop.engine.wan22_vae import LATENTS_MEAN, LATENTS_STD

if TYPE_CHECKING:
    from torch import nn

CONFIGS: dict[str, dict[str, Any]] = {
    TRANSFORMER: {
        "patch_size": (1, 2, 2), "num_attention_heads": 24, "attention_head_dim": 128, "in_channels": 48,
        "out_channels": 48, "text_dim": 4096, "freq_dim": 256, "ffn_dim": 14336, "num_layers": 30,
        "cross_attn_norm": True, "qk_norm": "rms_norm_across_heads", "rope_max_seq_len": 1024,
    },
    VAE: {
        "base_dim": 160, "decoder_base_dim": 256, "z_dim": 48, "dim_mult": [1, 2, 4, 4], "num_res_blocks": 2,
        "attn_scales": [], "temperal_downsample": [False, True, True], "is_residual": True, "in_channels": 12,
        "out_channels": 12, "patch_size": 2, "scale_factor_temporal": 4, "scale_factor_spatial": 16,
        "latents_mean": LATENTS_MEAN, "latents_std": LATENTS_STD,
    },
    TEXT_ENCODER: {
        "vocab_size": 256384, "d_model": 4096, "d_kv": 64, "d_ff": 10240, "num_heads": 64, "num_layers": 24,
        "feed_forward_proj": "gated-gelu", "tie_word_embeddings": True,
    },
}  # fmt: skip


def outline(component: str, dtype: torch.dtype, configs: dict[str, dict[str, Any]] = CONFIGS) -> nn.Module:
    """The network without contents, on the "meta" device, in `dtype`."""
    from wan_desktop.engine import components

    config = configs[component]
    if component == TRANSFORMER:
        config = {"patch_size": (1, 2, 2)} | config
    with torch.device("meta"):
        module = components._MAKERS[component](config)
    for parameter in module.parameters():
        parameter.data = parameter.data.to(dtype)
    return module.eval().requires_grad_(False)


def filled(module: nn.Module, device: torch.device) -> nn.Module:
    """An outline made real on `device`, with random weights: they cost what trained ones cost."""
    module = module.to_empty(device=device)
    generator = torch.Generator(device).manual_seed(0)
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            some = torch.empty(2**16, device=device).normal_(0, 0.02, generator=generator).to(tensor.dtype)
            flat = tensor.data.view(-1)
            for start in range(0, flat.numel(), some.numel()):
                flat[start : start + some.numel()] = some[: flat.numel() - start]
    return module
