"""The Wan transformer's forward pass for training: the same mathematics on the same weights, with less traffic.

diffusers expands one timestep per token to [tokens, 6, width] in float32, unfolds every clip into patches and calls
some forty kernels a block. Here clips come as patches, the time modulation is one vector per latent frame, a block
is one compiled function, and attention to the text reads TOKENS + 1 positions instead of 512.
tests/training/test_lean.py holds the equality.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from training.configs import LATENT_CHANNELS, TEXT_LENGTH, TRANSFORMER

if TYPE_CHECKING:
    from diffusers import WanTransformer3DModel
    from diffusers.models.transformers.transformer_wan import WanAttention, WanTransformerBlock

TOKENS = 64  # of a caption, </s> and padding included; the default negative prompt fits
HEADS = int(str(TRANSFORMER["num_attention_heads"]))
EPS = 1e-6
_REST = math.log(TEXT_LENGTH - TOKENS)


def to_patches(latents: Tensor) -> Tensor:
    """Latents [N, 48, T, 2h, 2w] as patches [N, T, h * w, 192] in the order of `proj_out`."""
    count, channels, frames, height, width = latents.shape
    x = latents.view(count, channels, frames, height // 2, 2, width // 2, 2)
    return x.permute(0, 2, 3, 5, 4, 6, 1).reshape(count, frames, height * width // 4, 4 * channels)


def from_patches(patches: Tensor, height: int, width: int) -> Tensor:
    """What `to_patches` made of latents [N, 48, T, height, width]."""
    count, frames = patches.shape[:2]
    x = patches.view(count, frames, height // 2, width // 2, 2, 2, LATENT_CHANNELS)
    return x.permute(0, 6, 1, 2, 4, 3, 5).reshape(count, LATENT_CHANNELS, frames, height, width)


class Attention(NamedTuple):
    """The weights of one attention: q, k, v, out as (weight, bias) pairs, and the two norms."""

    wq: Tensor
    bq: Tensor
    wk: Tensor
    bk: Tensor
    wv: Tensor
    bv: Tensor
    wo: Tensor
    bo: Tensor
    norm_q: Tensor
    norm_k: Tensor


class Block(NamedTuple):
    """The weights of one block."""

    table: Tensor
    self_attention: Attention
    norm2_weight: Tensor
    norm2_bias: Tensor
    cross_attention: Attention
    w1: Tensor
    b1: Tensor
    w2: Tensor
    b2: Tensor


def _attention(module: WanAttention) -> Attention:
    parts = (module.to_q, module.to_k, module.to_v, module.to_out[0])
    pairs = [value for part in parts for value in (part.weight, part.bias)]
    return Attention(*pairs, module.norm_q.weight, module.norm_k.weight)


def block_weights(block: WanTransformerBlock) -> Block:
    """The parameters of diffusers' block, as they are: gradients go to them."""
    inner, outer = block.ffn.net[0].proj, block.ffn.net[2]
    return Block(
        block.scale_shift_table,
        _attention(block.attn1),
        block.norm2.weight,
        block.norm2.bias,
        _attention(block.attn2),
        inner.weight,
        inner.bias,
        outer.weight,
        outer.bias,
    )


def _linear(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return functional.linear(x, weight.to(x.dtype), bias.to(x.dtype))


def _norm(x: Tensor) -> Tensor:
    return functional.layer_norm(x.float(), x.shape[-1:], eps=EPS)


def _rms(x: Tensor, weight: Tensor) -> Tensor:
    x32 = x.float()
    return (x32 * torch.rsqrt(x32.square().mean(-1, keepdim=True) + EPS) * weight).to(x.dtype)


def _turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary embedding of x [N, S, heads, d] by cos, sin [S, 1, d / 2]: neighbours are pairs."""
    one, two = x.unflatten(-1, (-1, 2)).unbind(-1)
    return torch.stack([one * cos - two * sin, one * sin + two * cos], dim=-1).flatten(-2).to(x.dtype)


def _heads(x: Tensor) -> Tensor:
    return x.unflatten(-1, (HEADS, -1))


def run_block(x: Tensor, context: Tensor, modulation: Tensor, cos: Tensor, sin: Tensor, w: Block) -> Tensor:
    """One block: x [N, T, P, D], context [N, TOKENS + 1, D], modulation [N, T, 6, D] float32."""
    _count, frames, patches, _ = x.shape
    table = (w.table + modulation).unsqueeze(2)  # [N, T, 1, 6, D]
    shift, scale, gate, shift2, scale2, gate2 = table.unbind(3)
    a, c = w.self_attention, w.cross_attention
    y = (_norm(x) * (1 + scale) + shift).to(x.dtype).flatten(1, 2)
    query = _turned(_heads(_rms(_linear(y, a.wq, a.bq), a.norm_q)), cos, sin).transpose(1, 2)
    key = _turned(_heads(_rms(_linear(y, a.wk, a.bk), a.norm_k)), cos, sin).transpose(1, 2)
    value = _heads(_linear(y, a.wv, a.bv)).transpose(1, 2)
    y = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
    y = _linear(y, a.wo, a.bo).unflatten(1, (frames, patches))
    x = (x.float() + y * gate).to(x.dtype)
    y = functional.layer_norm(x.float(), x.shape[-1:], w.norm2_weight, w.norm2_bias, EPS).to(x.dtype)
    x = x + _read(y.flatten(1, 2), context, c).unflatten(1, (frames, patches))
    y = (_norm(x) * (1 + scale2) + shift2).to(x.dtype)
    y = _linear(functional.gelu(_linear(y, w.w1, w.b1), approximate="tanh"), w.w2, w.b2)
    return (x.float() + y.float() * gate2).to(x.dtype)


def _read(x: Tensor, context: Tensor, c: Attention) -> Tensor:
    """Attention of x [N, S, D] to the text.

    All positions past the first TOKENS hold the same zero-padded vector, so one of them with the logarithm of
    their number added to its score weighs exactly what all of them weigh.
    """
    query = _heads(_rms(_linear(x, c.wq, c.bq), c.norm_q)).transpose(1, 2)
    key = _heads(_rms(_linear(context, c.wk, c.bk), c.norm_k)).transpose(1, 2)
    value = _heads(_linear(context, c.wv, c.bv)).transpose(1, 2)
    score = (query @ key.transpose(-1, -2)).float() * query.shape[-1] ** -0.5
    extra = torch.arange(score.shape[-1], device=score.device) == TOKENS
    weight = (score + extra * _REST).softmax(-1).to(value.dtype)
    return _linear((weight @ value).transpose(1, 2).flatten(2), c.wo, c.bo)


class LeanTransformer:
    """Runs `transformer` on patches; `compiled` compiles one block for each shape it meets."""

    def __init__(self, transformer: WanTransformer3DModel, dtype: torch.dtype, compiled: bool) -> None:
        self.transformer, self.dtype = transformer, dtype
        self.blocks = [block_weights(block) for block in transformer.blocks]
        self.run_block = torch.compile(run_block, dynamic=False, fullgraph=True) if compiled else run_block

    def rope(self, frames: int, height: int, width: int) -> tuple[Tensor, Tensor]:
        """cos and sin, each [tokens, 1, head / 2] float32, of latents [..., frames, height, width]."""
        shape = (1, LATENT_CHANNELS, frames, height, width)
        cos, sin = self.transformer.rope(torch.empty(shape, device="meta"))
        return cos[0, ..., 0::2].float().contiguous(), sin[0, ..., 1::2].float().contiguous()

    def __call__(
        self, patches: Tensor, timestep: Tensor, context: Tensor, rope: tuple[Tensor, Tensor]
    ) -> Tensor:
        """The clean latents as patches [N, T, P, 192], by patches [N, T, P, 192] at timestep [N, T] (0 to 1000).

        `context` [N, TOKENS + 1, text_dim] holds the text encoder's states, zero past each text.
        """
        model, embedder = self.transformer, self.transformer.condition_embedder
        weight = model.patch_embedding.weight.permute(0, 2, 3, 4, 1).flatten(1)
        x = _linear(patches.to(self.dtype), weight, model.patch_embedding.bias)
        frequencies = embedder.timesteps_proj(timestep.flatten()).unflatten(0, timestep.shape)
        temb = embedder.time_embedder(frequencies)  # float32, as diffusers keeps it
        modulation = _linear(functional.silu(temb).to(self.dtype), *_pair(embedder.time_proj))
        modulation = modulation.float().unflatten(-1, (6, -1))
        text = embedder.text_embedder
        context = _linear(context.to(self.dtype), *_pair(text.linear_1))
        context = _linear(functional.gelu(context, approximate="tanh"), *_pair(text.linear_2))
        for block in self.blocks:
            x = self.run_block(x, context, modulation, *rope, block)
        shift, scale = (model.scale_shift_table + temb.unsqueeze(2)).unsqueeze(2).unbind(3)
        x = (_norm(x) * (1 + scale) + shift).to(self.dtype)
        return _linear(x, *_pair(model.proj_out))


def _pair(linear: torch.nn.Linear) -> tuple[Tensor, Tensor]:
    return linear.weight, linear.bias
