"""The flow-matching objective of the demo transformer, text and start-image conditioned, in Wan2.2 TI2V's terms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.configs import FLOW_SHIFT, NEGATIVE_PROMPT, TEXT_LENGTH
from training.latents import TOKENS
from training.tokenizer import encode_padded

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel
    from diffusers.models.transformers.transformer_wan import WanAttention
    from transformers import UMT5EncoderModel

DROP = 0.12  # share of clips whose caption becomes an unconditional prompt
IMAGE = 0.35  # share of clips that keep their first latent frame clean


class PaddedContext:
    """Cross-attention to TOKENS + 1 positions that equals attention to TEXT_LENGTH of them.

    All positions past the first TOKENS hold the same zero-padded vector, so one of them with the logarithm of
    their number added to its score weighs exactly what all of them weigh.
    """

    def __call__(
        self,
        attn: WanAttention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        rotary_emb: object = None,
    ) -> Tensor:
        """Attend from hidden_states [N, S, dim] to encoder_hidden_states [N, TOKENS + 1, dim]."""
        query = attn.norm_q(attn.to_q(hidden_states)).unflatten(2, (attn.heads, -1)).transpose(1, 2)
        key = attn.norm_k(attn.to_k(encoder_hidden_states)).unflatten(2, (attn.heads, -1)).transpose(1, 2)
        value = attn.to_v(encoder_hidden_states).unflatten(2, (attn.heads, -1)).transpose(1, 2)
        score = query.to(value.dtype) @ key.to(value.dtype).transpose(-1, -2) * query.shape[-1] ** -0.5
        extra = score[..., -1:].float() + math.log(TEXT_LENGTH - TOKENS)
        weight = torch.cat([score[..., :-1].float(), extra], dim=-1).softmax(-1).to(value.dtype)
        return attn.to_out[0]((weight @ value).transpose(1, 2).flatten(2))


def use_short_context(transformer: WanTransformer3DModel) -> None:
    """Let `transformer` take contexts of TOKENS + 1 positions, for training only."""
    for block in transformer.blocks:
        block.attn2.set_processor(PaddedContext())


def encode_text(text_encoder: UMT5EncoderModel, tokens: Tensor) -> Tensor:
    """[N, TOKENS + 1, dim] context of tokens [N, TOKENS] (0 is padding): zero past each text, as in Wan."""
    mask = (tokens != 0).float()
    bias = (mask - 1)[:, None, None, :] * 1e4
    states = text_encoder(input_ids=tokens, attention_mask=bias).last_hidden_state
    return functional.pad(states * mask[..., None].to(states.dtype), (0, 0, 0, 1))


def unconditional_tokens(device: torch.device) -> Tensor:
    """[2, TOKENS]: the empty prompt and the default negative prompt."""
    return torch.tensor(encode_padded(["", NEGATIVE_PROMPT], TOKENS), device=device)


class Denoiser(nn.Module):
    """Text encoder and transformer with the loss they are trained on together."""

    def __init__(self, text_encoder: UMT5EncoderModel, transformer: WanTransformer3DModel) -> None:
        super().__init__()
        self.text_encoder, self.transformer = text_encoder, transformer
        device = next(transformer.parameters()).device
        self.register_buffer("unconditional", unconditional_tokens(device), persistent=False)

    def drop_captions(self, tokens: Tensor) -> Tensor:
        """Replace a share DROP of the captions [N, TOKENS], half by the empty, half by the negative prompt."""
        count = len(tokens)
        other = self.unconditional[torch.randint(2, (count,), device=tokens.device)]
        return torch.where(torch.rand(count, 1, device=tokens.device) < DROP, other, tokens)

    def loss(self, latents: Tensor, tokens: Tensor) -> Tensor:
        """Mean squared error of the predicted velocity noise - latents on all frames that are noised."""
        count, device = len(latents), latents.device
        uniform = (torch.arange(count, device=device) + torch.rand(count, device=device)) / count
        sigma = FLOW_SHIFT * uniform / (1 + (FLOW_SHIFT - 1) * uniform)
        noised = torch.ones(count, latents.shape[2], device=device)
        noised[:, 0] = (torch.rand(count, device=device) > IMAGE).float()
        noise = torch.randn_like(latents)
        level = (sigma[:, None] * noised)[:, None, :, None, None]  # [N, 1, T, 1, 1]
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            context = encode_text(self.text_encoder, self.drop_captions(tokens))
            velocity = self.transformer(
                hidden_states=(1 - level) * latents + level * noise,
                timestep=self._per_token(sigma[:, None] * noised * 1000, latents),
                encoder_hidden_states=context,
                return_dict=False,
            )[0]
        error = (velocity.float() - (noise - latents)).square().mean(dim=(1, 3, 4))  # [N, T]
        return (error * noised).sum() / noised.sum()

    @staticmethod
    def _per_token(timestep: Tensor, latents: Tensor) -> Tensor:
        """[N, tokens] timesteps of the 1x2x2 patches from those of the frames [N, T]."""
        return timestep.repeat_interleave(latents.shape[3] * latents.shape[4] // 4, dim=1)
