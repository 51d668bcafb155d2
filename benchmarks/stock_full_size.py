"""Full-size Wan2.2-TI2V-5B with random weights, and what stock diffusers does with it.

Random weights cost exactly what trained ones cost, so speed and memory can be measured without a download. Only
ratios taken in one run on one GPU count: `full_size.py` times this and our engine alternately in one process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from wan_desktop.domain import weight_names
from wan_desktop.engine.full_size import CONFIGS

if TYPE_CHECKING:
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan
    from diffusers.models.transformers.transformer_wan import WanTransformer3DModel

TRANSFORMER: dict[str, Any] = CONFIGS[weight_names.TRANSFORMER]
VAE: dict[str, Any] = CONFIGS[weight_names.VAE] | {"latents_mean": [0.0] * 48, "latents_std": [1.0] * 48}
"""Random weights know no statistics of latents."""
TINY_TRANSFORMER = TRANSFORMER | {
    "num_attention_heads": 2,
    "attention_head_dim": 16,
    "text_dim": 32,
    "freq_dim": 32,
    "ffn_dim": 64,
    "num_layers": 2,
}
TINY_VAE = VAE | {"base_dim": 8, "decoder_base_dim": 8, "num_res_blocks": 1}
KEPT_FP32 = ("time_embedder", "scale_shift_table", "norm1", "norm2", "norm3")
"""As `from_pretrained` keeps them."""


@dataclass(frozen=True)
class Size:
    """A clip's size, in pixels and frames."""

    width: int
    height: int
    frames: int

    @property
    def latents(self) -> tuple[int, int, int, int, int]:
        """The shape of its latents, [1, z, f, h, w]."""
        return (1, VAE["z_dim"], (self.frames - 1) // 4 + 1, self.height // 16, self.width // 16)

    @property
    def tokens_a_frame(self) -> int:
        """Tokens of one latent frame."""
        return (self.height // 32) * (self.width // 32)


def random_transformer(config: dict[str, Any], dtype: torch.dtype, device: str) -> WanTransformer3DModel:
    """A transformer with N(0, 0.02) weights; what diffusers keeps in float32 is in float32."""
    from diffusers.models.transformers.transformer_wan import WanTransformer3DModel

    model = _made(lambda: WanTransformer3DModel(**config), dtype, device)
    for name, parameter in model.named_parameters():
        if parameter.dim() > 1:
            parameter.data.normal_(0, 0.02)
        if any(part in name for part in KEPT_FP32):
            parameter.data = parameter.data.float()
    return model


def random_vae(config: dict[str, Any], dtype: torch.dtype, device: str) -> AutoencoderKLWan:
    """A VAE with PyTorch's default random initialisation."""
    from diffusers.models.autoencoders.autoencoder_kl_wan import AutoencoderKLWan

    return _made(lambda: AutoencoderKLWan(**config), dtype, device)


def _made(make: Any, dtype: torch.dtype, device: str) -> Any:
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            module = make()
    finally:
        torch.set_default_dtype(before)
    return module.eval().requires_grad_(False)


@torch.no_grad()
def forward(
    model: WanTransformer3DModel, latents: torch.Tensor, context: torch.Tensor, t: float, *, image: bool
) -> torch.Tensor:
    """One forward as stock pipelines do it: a timestep per token, 0 for those of a start image."""
    _, _, frames, height, width = latents.shape
    timesteps = torch.full((frames, height * width // 4), t, device=latents.device)
    if image:
        timesteps[0] = 0
    velocity: torch.Tensor = model(latents, timesteps.flatten()[None], context, return_dict=False)[0]
    return velocity


@torch.no_grad()
def decode(vae: AutoencoderKLWan, latents: torch.Tensor) -> torch.Tensor:
    """Latents to pixels as stock pipelines do it: [1, 3, frames, height, width] in [-1, 1]."""
    pixels: torch.Tensor = vae.decode(latents.to(vae.dtype), return_dict=False)[0]
    return pixels
