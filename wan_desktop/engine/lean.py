"""The Wan transformer's forward pass with less traffic: the same mathematics on the same weights.

diffusers expands one timestep per token to [tokens, 6, width] in float32, makes the rotary tables and the text's
keys and values anew in every step, and calls some forty kernels a block. Here the time modulation is one row per
latent frame, what stays the same over a clip is made once, and a block is its products, its attentions and a few
functions in between (`lean_pieces.py`). Only the classes of a loaded network are exchanged (`adopt`): its weights,
its names and its plain use stay, and so does all that hangs on its modules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from diffusers.models.normalization import FP32LayerNorm
from diffusers.models.transformers.transformer_wan import WanTransformer3DModel, WanTransformerBlock
from torch import Tensor, nn
from torch.nn import functional

from wan_desktop.engine import levers
from wan_desktop.engine.lean_pieces import EAGER

if TYPE_CHECKING:
    from wan_desktop.engine.lean_pieces import Pieces
    from wan_desktop.engine.levers import Levers


class Clip:
    """What all forwards of one clip share. One clip has one set of levers from its first step to its last.

    `keep_text`: the text's keys and values of every block stay in memory (377 MB for two texts of the 5 B) instead
    of being made anew in every step. `fuse`: query, key and value weights that lie on a card may be moved next to
    each other. `feed_forward_parts`: the feed-forward takes the tokens in so many parts, to hold less at a time.
    """

    def __init__(
        self,
        levers: Levers = levers.NONE,
        pieces: Pieces = EAGER,
        *,
        keep_text: bool = True,
        fuse: bool = True,
        feed_forward_parts: int = 1,
    ) -> None:
        self.levers, self.pieces = levers, pieces
        self.keep_text, self.fuse = keep_text, fuse
        self.feed_forward_parts = feed_forward_parts
        self.rope: tuple[Any, tuple[Tensor, Tensor]] | None = None


class Text:
    """One text of a clip: the text encoder's states [1, 512, text_dim], and what the transformer makes of them."""

    def __init__(self, clip: Clip, states: Tensor) -> None:
        self.clip, self.states = clip, states
        self.embedded: Tensor | None = None
        self.keys_values: dict[int, tuple[Tensor, Tensor]] = {}


def adopt(transformer: nn.Module) -> bool:
    """Teach a loaded transformer the lean forward; False, and nothing is changed, when it is of another make.

    Called with tensors it goes on computing as diffusers does; with a `Text` it takes the lean way.
    """
    if type(transformer) is LeanTransformer:
        return True
    if type(transformer) is not WanTransformer3DModel or not _fits(transformer):
        return False
    transformer.__class__ = LeanTransformer
    for index, block in enumerate(transformer.blocks):
        block.__class__ = LeanBlock
        block.index = index
    return True


def _fits(model: WanTransformer3DModel) -> bool:
    config = model.config
    return (
        config.patch_size[0] == 1
        and config.image_dim is None
        and config.added_kv_proj_dim is None
        and config.qk_norm == "rms_norm_across_heads"
        and all(type(block) is WanTransformerBlock for block in model.blocks)
        and all(isinstance(block.norm2, FP32LayerNorm) for block in model.blocks)
    )


class LeanTransformer(WanTransformer3DModel):
    """diffusers' transformer that knows a second, leaner way."""

    def forward(  # type: ignore[override]
        self,
        hidden_states: Tensor,
        timestep: Tensor,
        encoder_hidden_states: Tensor | Text,
        *rest: Any,
        **named: Any,
    ) -> Any:
        """The velocity (a tuple of one) of latents [1, z, f, h, w]; timesteps float [f], one per latent frame.

        That is with a `Text`; with tensors it is diffusers' own forward, as documented there.
        """
        if not isinstance(encoder_hidden_states, Text):
            return super().forward(hidden_states, timestep, encoder_hidden_states, *rest, **named)
        return (self._lean(hidden_states, timestep, encoder_hidden_states),)

    def _lean(self, latents: Tensor, timestep: Tensor, text: Text) -> Tensor:
        clip = text.clip
        embedder = self.condition_embedder
        rope = self._rope(latents, clip)
        if text.embedded is None:
            text.embedded = embedder.text_embedder(text.states.to(latents.device))
        frequencies = embedder.timesteps_proj(timestep).to(embedder.time_embedder.linear_1.weight.dtype)
        temb = embedder.time_embedder(frequencies).type_as(text.embedded)[None]  # [1, f, D]
        modulation = embedder.time_proj(embedder.act_fn(temb)).float().unflatten(-1, (6, -1))
        x = self._patches(latents)
        for block in self.blocks:
            x = block(x, text, modulation, rope)
        shift, scale = (self.scale_shift_table.to(temb.device) + temb.unsqueeze(2)).float().unbind(2)
        x = self.proj_out(clip.pieces.modulate(x, shift, scale, self.norm_out.eps))
        return self._unpatch(x, latents)

    def _rope(self, latents: Tensor, clip: Clip) -> tuple[Tensor, Tensor]:
        """cos and signed sin, each float32 [tokens, 1, d], made once for the clip."""
        key = (latents.shape, latents.device)
        if clip.rope is None or clip.rope[0] != key:
            clip.rope = key, rope(self, latents)
        return clip.rope[1]

    def _patches(self, latents: Tensor) -> Tensor:
        """The embedded patches [1, tokens, D]: the convolution's stride is its size, so it is one product."""
        embedding = self.patch_embedding
        if not plain(embedding, nn.Conv3d):
            return embedding(latents).flatten(2).transpose(1, 2).contiguous()
        _, ph, pw = self.config.patch_size
        parts = latents.unflatten(4, (-1, pw)).unflatten(3, (-1, ph)).permute(0, 2, 3, 5, 1, 4, 6)
        return functional.linear(parts.flatten(4).flatten(1, 3), embedding.weight.flatten(1), embedding.bias)

    def _unpatch(self, patches: Tensor, latents: Tensor) -> Tensor:
        count, _, frames, height, width = latents.shape
        _, ph, pw = self.config.patch_size
        parts = patches.reshape(count, frames, height // ph, width // pw, ph, pw, -1)
        return parts.permute(0, 6, 1, 2, 4, 3, 5).reshape(count, -1, frames, height, width)


class LeanBlock(WanTransformerBlock):
    """diffusers' block that knows a second, leaner way."""

    index: int

    def forward(
        self, hidden_states: Tensor, encoder_hidden_states: Any, temb: Tensor, rotary_emb: Any
    ) -> Any:
        """The tokens [1, S, D] after this block; `temb` is float32 [1, f, 6, D] when the second is a `Text`."""
        if not isinstance(encoder_hidden_states, Text):
            return super().forward(hidden_states, encoder_hidden_states, temb, rotary_emb)
        text, clip = encoder_hidden_states, encoder_hidden_states.clip
        table = (self.scale_shift_table.to(temb.device) + temb).unbind(2)
        shift, scale, gate, shift_forward, scale_forward, gate_forward = table
        x, pieces = hidden_states, clip.pieces
        y = self._look_around(pieces.modulate(x, shift, scale, self.norm1.eps), rotary_emb, clip)
        x, y = pieces.leave_self(x, y, gate, self.norm2.weight, self.norm2.bias, self.norm2.eps)
        x, y = pieces.leave_text(x, self._read(y, text), shift_forward, scale_forward, self.norm3.eps)
        return pieces.gated(x, self._feed_forward(y, clip), gate_forward)

    def _look_around(self, x: Tensor, rope: tuple[Tensor, Tensor], clip: Clip) -> Tensor:
        attn, pieces = self.attn1, clip.pieces
        query, key, value = _query_key_value(attn, x, fuse=clip.fuse)
        query = pieces.turn(query, attn.norm_q.weight, *rope, attn.norm_q.eps)
        key = pieces.turn(key, attn.norm_k.weight, *rope, attn.norm_k.eps)
        value = value.unflatten(-1, (attn.heads, -1))
        return attn.to_out[0](levers.attention(query, key, value, cudnn=clip.levers.cudnn))

    def _read(self, x: Tensor, text: Text) -> Tensor:
        attn, clip = self.attn2, text.clip
        kept = text.keys_values.get(self.index)
        key, value = kept or self._text_keys_values(text)
        if clip.keep_text and kept is None:
            text.keys_values[self.index] = key, value
        query = clip.pieces.norm_heads(attn.to_q(x), attn.norm_q.weight, key.shape[-1], attn.norm_q.eps)
        return attn.to_out[0](levers.attention(query, key, value, cudnn=clip.levers.cudnn))

    def _text_keys_values(self, text: Text) -> tuple[Tensor, Tensor]:
        """The text's keys and values for this block, each [1, 512, heads, d]."""
        attn, states = self.attn2, text.embedded
        key = attn.norm_k(attn.to_k(states)).unflatten(-1, (attn.heads, -1))
        return key, attn.to_v(states).unflatten(-1, (attn.heads, -1))

    def _feed_forward(self, x: Tensor, clip: Clip) -> Tensor:
        if clip.feed_forward_parts == 1:
            return self._feed(x, clip)
        out = torch.empty_like(x)
        parts = (t.chunk(clip.feed_forward_parts, dim=1) for t in (x, out))
        for part, place in zip(*parts, strict=True):
            place.copy_(self._feed(part, clip))
        return out

    def _feed(self, x: Tensor, clip: Clip) -> Tensor:
        inner, outer = self.ffn.net[0].proj, self.ffn.net[2]
        if plain(inner):
            in_product = clip.levers.gelu_in_product
            return outer(levers.linear_gelu(x, inner.weight, inner.bias, in_product=in_product))
        return outer(functional.gelu(inner(x), approximate="tanh"))


def rope(model: WanTransformer3DModel, latents: Tensor) -> tuple[Tensor, Tensor]:
    """The rotary tables for `latents` [..., f, h, w]: cos and sin, each float32 [tokens, 1, d].

    Pairs (a, b) become (a cos - b sin, b cos + a sin): every element times cos, plus its neighbour times sin, where
    sin is negative at the first of a pair.
    """
    cos, sin = (table[0].float().to(latents.device) for table in model.rope(latents))
    sign = torch.tensor([-1.0, 1.0], device=sin.device).repeat(sin.shape[-1] // 2)
    return cos.contiguous(), (sin * sign).contiguous()


def plain(layer: nn.Module, kind: type[nn.Module] = nn.Linear) -> bool:
    """Is it just its weights: nothing packed in it, and nothing hung on it?"""
    hooks = layer._forward_hooks or layer._forward_pre_hooks or "forward" in vars(layer)
    return type(layer) is kind and not hooks


def _query_key_value(attn: Any, x: Tensor, *, fuse: bool) -> tuple[Tensor, ...]:
    """The three projections of x, in one product where their weights lie next to each other."""
    layers = (attn.to_q, attn.to_k, attn.to_v)
    if not (fuse and x.is_cuda and all(map(plain, layers))):
        return tuple(layer(x) for layer in layers)
    weight = _joined([layer.weight for layer in layers])
    bias = _joined([layer.bias for layer in layers])
    return functional.linear(x, weight, bias).chunk(3, dim=-1)


def _joined(parts: list[nn.Parameter]) -> Tensor:
    """The parts, each [n, ...], as one tensor that they are views of: joined once, moved if they are apart."""
    first, size = parts[0], parts[0].nbytes
    apart = any(
        part.data_ptr() != first.data_ptr() + i * size
        or part.untyped_storage().data_ptr() != first.untyped_storage().data_ptr()
        for i, part in enumerate(parts)
    )
    if apart:
        joined = torch.cat([part.data for part in parts])
        for part, view in zip(parts, joined.chunk(len(parts)), strict=True):
            part.data = view
        return joined
    return torch.as_strided(
        first.data, (len(parts) * first.shape[0], *first.shape[1:]), first.stride(), first.storage_offset()
    )
