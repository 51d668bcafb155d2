"""`precision: fp8`: the products of the transformer's blocks in eight-bit floats, weights and inputs alike.

Every row of a weight, and every token of an input, has a scale of its own, so that its largest number becomes the
largest that fits. A card that multiplies such numbers does it so; elsewhere the same rounded numbers are multiplied
in the type of the input, which gives what the card gives and saves memory alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from wan_desktop.engine import levers

if TYPE_CHECKING:
    from collections.abc import Callable

KIND = torch.float8_e4m3fn
LARGEST = torch.finfo(KIND).max
_PIECE = 2**23
"""Weights rounded between two ticks: a fraction of a second on a slow processor."""


class Fp8Linear(nn.Linear):
    """A linear layer on `packed` [out, in] in eight bits with a `scale` [1, out], float32, for its rows."""

    def __init__(
        self, packed: torch.Tensor, scale: torch.Tensor, like: nn.Linear, dtype: torch.dtype
    ) -> None:
        nn.Module.__init__(self)
        self.in_features, self.out_features = like.in_features, like.out_features
        self.register_buffer("packed", packed, persistent=False)
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("weight", torch.empty(0, dtype=dtype), persistent=False)
        self.bias = like.bias

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """x W^T + b, in the dtype of `hidden_states`."""
        rounded, scale = rounded_rows(hidden_states)
        dtype = hidden_states.dtype
        bias = None if self.bias is None else self.bias.to(dtype)
        if dtype == torch.bfloat16 and levers.of(str(hidden_states.device), "bfloat16").eight_bits:
            tokens, scales = rounded.flatten(0, -2), scale.flatten(0, -2)
            out = torch._scaled_mm(tokens, self.packed.t(), scales, self.scale, bias, out_dtype=dtype)
            return out.unflatten(0, hidden_states.shape[:-1])
        weight = (self.packed.float() * self.scale.t()).to(dtype)
        return nn.functional.linear((rounded.float() * scale).to(dtype), weight, bias)


def rounded_rows(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """`x` [..., n] in eight bits, and the float32 scale [..., 1] of each row: x is about rounded * scale."""
    if x.is_cuda and levers.of(str(x.device), str(x.dtype).removeprefix("torch.")).rounding:
        from wan_desktop.engine.rounding_kernel import round_rows

        return round_rows(x, KIND)
    return plainly_rounded(x)


def plainly_rounded(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """`rounded_rows` in PyTorch's own functions."""
    scale = x.abs().amax(-1, keepdim=True).float().clamp(min=1e-12) / LARGEST
    return (x.float() / scale).clamp(-LARGEST, LARGEST).to(KIND), scale


def rounded_layer(
    weight: torch.Tensor, like: nn.Linear, dtype: torch.dtype, tick: Callable[[], None]
) -> Fp8Linear:
    """The layer of this weight [out, in], of any float type, rounded; `tick` is called between pieces of it."""
    packed, scale = torch.empty(weight.shape, dtype=KIND), torch.empty(1, len(weight))
    rows = max(1, _PIECE * len(weight) // weight.numel())
    for start in range(0, len(weight), rows):
        piece = slice(start, start + rows)
        packed[piece], found = rounded_rows(weight[piece])
        scale[0, piece] = found[:, 0]
        tick()
    return Fp8Linear(packed, scale, like, dtype)
