"""The arithmetic between a transformer block's matrix products and attentions, as functions that can be compiled.

Layers stay calls of their own: whatever hangs on them (a LoRA, packed weights, weights that come to the card just
in time) goes on working, and what lies between two of them is one kernel once it is compiled. Each function takes
plain tensors and computes what diffusers' `WanTransformerBlock` does, sums in float32, rounded at the same places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def modulate(x: Tensor, shift: Tensor, scale: Tensor, eps: float) -> Tensor:
    """The normed x [N, T * P, D] times 1 + scale plus shift, each float32 [N, T, D]: one row a latent frame."""
    y = functional.layer_norm(x.float(), x.shape[-1:], eps=eps).unflatten(1, (shift.shape[1], -1))
    return (y * (1 + scale.unsqueeze(2)) + shift.unsqueeze(2)).flatten(1, 2).to(x.dtype)


def turn(x: Tensor, weight: Tensor, cos: Tensor, sin: Tensor, eps: float) -> Tensor:
    """x [N, S, D] normed across all heads and turned, [N, S, heads, d], by cos and signed sin [S, 1, d]."""
    y = functional.rms_norm(x, x.shape[-1:], weight, eps).unflatten(-1, (-1, cos.shape[-1])).float()
    neighbours = y.unflatten(-1, (-1, 2)).flip(-1).flatten(-2)
    return (y * cos + neighbours * sin).to(x.dtype)


def norm_heads(x: Tensor, weight: Tensor, head: int, eps: float) -> Tensor:
    """x [N, S, D] normed across all heads, as [N, S, heads, head]."""
    return functional.rms_norm(x, x.shape[-1:], weight, eps).unflatten(-1, (-1, head))


def leave_self(
    x: Tensor, y: Tensor, gate: Tensor, weight: Tensor, bias: Tensor, eps: float
) -> tuple[Tensor, Tensor]:
    """x plus what self-attention says, gated [N, T, D]; and that normed, for the attention to the text."""
    x = gated(x, y, gate)
    return x, functional.layer_norm(x.float(), x.shape[-1:], weight.float(), bias.float(), eps).to(x.dtype)


def leave_text(x: Tensor, y: Tensor, shift: Tensor, scale: Tensor, eps: float) -> tuple[Tensor, Tensor]:
    """x plus what the text says; and that normed and modulated, for the feed-forward."""
    x = x + y
    return x, modulate(x, shift, scale, eps)


def gated(x: Tensor, y: Tensor, gate: Tensor) -> Tensor:
    """x + y * gate, [N, T * P, D] and float32 [N, T, D]."""
    rows = (gate.shape[1], -1)
    total = x.float().unflatten(1, rows) + y.float().unflatten(1, rows) * gate.unsqueeze(2)
    return total.flatten(1, 2).to(x.dtype)


class Pieces(NamedTuple):
    """The functions of this file, as they are or compiled."""

    modulate: Callable[..., Any]
    turn: Callable[..., Any]
    norm_heads: Callable[..., Any]
    leave_self: Callable[..., Any]
    leave_text: Callable[..., Any]
    gated: Callable[..., Any]


EAGER = Pieces(modulate, turn, norm_heads, leave_self, leave_text, gated)
