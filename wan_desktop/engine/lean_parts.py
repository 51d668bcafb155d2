"""Which functions stand between a block's products where nothing is compiled; and the plain ones in parts.

Our own kernels hold nothing but what they give. The plain functions hold several float32 copies of all tokens; where
memory is short they are done in parts. Each works on rows alone, so parts give what the whole gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from wan_desktop.engine.lean_pieces import EAGER, Pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from wan_desktop.engine.levers import Levers


def pieces_for(found: Levers, count: int = 1) -> Pieces:
    """Our own kernels where they work; else the plain functions, done in `count` parts."""
    if found.pieces:
        from wan_desktop.engine.lean_kernels import KERNELS

        return KERNELS
    return EAGER if count == 1 else in_parts(EAGER, count)


def in_parts(pieces: Pieces, count: int) -> Pieces:
    """`pieces`, done in `count` parts."""

    def modulate(x: Tensor, shift: Tensor, scale: Tensor, eps: float) -> Tensor:
        out = torch.empty_like(x)
        for tokens, frames in _parts(x, shift, count):
            out[:, tokens] = pieces.modulate(x[:, tokens], shift[:, frames], scale[:, frames], eps)
        return out

    def turn(x: Tensor, weight: Tensor, cos: Tensor, sin: Tensor, eps: float) -> Tensor:
        out = torch.empty_like(x).unflatten(-1, (-1, cos.shape[-1]))
        for tokens, _ in _parts(x, None, count):
            out[:, tokens] = pieces.turn(x[:, tokens], weight, cos[tokens], sin[tokens], eps)
        return out

    def leave_self(x: Tensor, y: Tensor, gate: Tensor, *norm: Any) -> tuple[Tensor, Tensor]:
        outs = torch.empty_like(x), torch.empty_like(x)
        for tokens, frames in _parts(x, gate, count):
            made = pieces.leave_self(x[:, tokens], y[:, tokens], gate[:, frames], *norm)
            outs[0][:, tokens], outs[1][:, tokens] = made
        return outs

    def leave_text(x: Tensor, y: Tensor, shift: Tensor, scale: Tensor, eps: float) -> tuple[Tensor, Tensor]:
        outs = torch.empty_like(x), torch.empty_like(x)
        for tokens, frames in _parts(x, shift, count):
            made = pieces.leave_text(x[:, tokens], y[:, tokens], shift[:, frames], scale[:, frames], eps)
            outs[0][:, tokens], outs[1][:, tokens] = made
        return outs

    def gated(x: Tensor, y: Tensor, gate: Tensor) -> Tensor:
        out = torch.empty_like(x)
        for tokens, frames in _parts(x, gate, count):
            out[:, tokens] = pieces.gated(x[:, tokens], y[:, tokens], gate[:, frames])
        return out

    return Pieces(modulate, turn, pieces.norm_heads, leave_self, leave_text, gated)


def _parts(x: Tensor, rows: Tensor | None, count: int) -> Iterator[tuple[slice, slice]]:
    """Slices of the tokens of x [N, S, D] and of the frames of `rows` [N, f, D] that belong together.

    With one row for all, or none, the tokens are cut anywhere.
    """
    frames = 1 if rows is None else rows.shape[1]
    units = frames if frames > 1 else x.shape[1]
    size = x.shape[1] // units
    for part in range(count):
        begin, end = units * part // count, units * (part + 1) // count
        if begin < end:
            yield slice(begin * size, end * size), slice(begin, end) if frames > 1 else slice(None)
